"""What many runs cost: through an executor, and in a store that holds them; runs of a function that does nothing.

    PYTHONPATH=src nice -n 10 python benchmarks/scale.py --runs 10000 --executor folder --workers 2
    PYTHONPATH=src nice -n 10 python benchmarks/scale.py --runs 100000 --executor none
    python benchmarks/scale.py --plot docs/figures/scaling.svg

Each call adds a line to ``docs/results/scaling.jsonl``, and ``--plot`` draws what is in it. Executor ``none`` trains
nothing: the driver makes the records itself and takes them in, 200 at a time. Measured are jobs per second from the
first to the last record, the processor time of driver and workers for a job, the largest memory of the driver, the size
of the store, and, each in a process of its own, ``run`` again, ``status`` and ``report``: seconds by the clock and of
the processor. Where other programs use the processors, processor time says more than the clock.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from seedwise.execution import (
    Executor,
    FolderExecutor,
    Ingest,
    Job,
    Progress,
    QueueOptions,
    Resources,
    Settings,
    opened,
)
from seedwise.run import Observed, Record, RunRecord, environment
from seedwise.study import Silent, Store, Study

FUNCTION: Final = "def train(run):\n    run.finish(accuracy=run.seeds['init'] % 977)\n"
RESULTS: Final = Path(__file__).parents[1] / "docs" / "results" / "scaling.jsonl"
AFTERWARDS: Final = {
    "run again": ["-c", "import seedwise; seedwise.Study.from_yaml('nothing.yaml').run()"],
    "status": ["-m", "seedwise", "status", "nothing.db"],
    "report": ["-m", "seedwise", "report", "nothing.db"],
}
"""What python is started with on a finished study."""
_AT_ONCE: Final = 200


class Timed(Silent):
    """Notes when the first and the last record came."""

    def __init__(self) -> None:
        self.times: list[float] = []

    def ended(self, run_id: str, record: Record) -> None:
        del run_id, record
        self.times.append(time.monotonic())

    @property
    def per_second(self) -> float:
        """Records per second, the first one, for which processes had to start, left out."""
        return (len(self.times) - 1) / (self.times[-1] - self.times[0])


class MadeUp:
    """An executor that trains nothing: it makes the records that the function leaves."""

    def execute(self, jobs: Sequence[Job], settings: Settings, ingest: Ingest, progress: Progress) -> bool:
        del settings
        where = environment("cpu")
        for start in range(0, len(jobs), _AT_ONCE):
            specs = [job.spec for job in jobs[start : start + _AT_ONCE]]
            records = [
                RunRecord(
                    spec.id,
                    spec.content,
                    "finished",
                    {"test/accuracy": float(spec.seeds["init"] % 977)},
                    observed=Observed(["init"]),
                    environment=where,
                )
                for spec in specs
            ]
            ingest(*records)
            for record in records:
                progress.ended(record.id, record)
        return False

    def close(self) -> None: ...


@contextmanager
def executor_of(name: str, folder: Path, workers: int) -> Iterator[Executor]:
    """Yield an executor; that of a folder is served by one ``seedwise worker`` with so many processes."""
    resources = Resources(workers=workers)
    if name == "none":
        yield MadeUp()
        return
    if name != "folder":
        with opened(name, resources) as found:
            yield found
        return
    queue = folder / "queue"
    words = [sys.executable, "-m", "seedwise", "worker", str(queue), "--workers", str(workers)]
    server = subprocess.Popen(words, stderr=subprocess.DEVNULL)
    try:
        yield FolderExecutor(resources, QueueOptions(queue))
    finally:
        server.terminate()
        server.wait()


def measured(words: Sequence[str]) -> dict[str, float]:
    """Start python, and return the seconds and the memory that it took."""
    began = time.monotonic()
    process = subprocess.Popen([sys.executable, *words], stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    assert status == 0, f"python {' '.join(words)} ended with status {status}"
    seconds = {"clock": time.monotonic() - began, "processor": used.ru_utime + used.ru_stime}
    return {**seconds, "megabytes": used.ru_maxrss / 1024}


def _processor(who: int) -> float:
    used = resource.getrusage(who)
    return used.ru_utime + used.ru_stime


def measure(runs: int, executor_name: str, workers: int, root: Path) -> dict[str, Any]:
    """Run a study in a new folder, and what follows."""
    (root / "nothing.py").write_text(FUNCTION)
    text = f"name: nothing\ntrain: {{function: 'nothing:train'}}\nreplicates: {runs}\n"
    (root / "nothing.yaml").write_text(text)
    study, timed = Study.from_yaml(root / "nothing.yaml"), Timed()
    before = _processor(resource.RUSAGE_SELF)
    with executor_of(executor_name, root, workers) as executor:
        study.run(executor=executor, progress=timed)
    own, others = _processor(resource.RUSAGE_SELF) - before, _processor(resource.RUSAGE_CHILDREN)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    with Store(study.store_path) as store:
        done = sum(status == "finished" for status, _ in store.statuses().values())
    assert done == runs, f"{done} of {runs} runs finished"
    return {
        "runs": runs,
        "executor": executor_name,
        "workers": workers,
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "jobs per second": timed.per_second,
        "driver, ms a job": 1000 * own / runs,
        "workers, ms a job": 1000 * others / runs,
        "driver, MB": memory,
        "store, MB": study.store_path.stat().st_size / 1e6,
        **{name: measured(words) for name, words in AFTERWARDS.items()},
        "load": os.getloadavg()[0],
    }


def plot(target: Path) -> None:
    """Draw jobs per second of two processors, and the processor time of commands, by the number of runs."""
    import matplotlib.pyplot as plt
    import numpy as np

    found = [json.loads(line) for line in RESULTS.read_text().splitlines()]
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.6), layout="constrained")
    for name in dict.fromkeys(one["executor"] for one in found):
        of_one = sorted((one for one in found if one["executor"] == name), key=lambda one: one["runs"])
        runs = [one["runs"] for one in of_one]
        # Each of two processors gives a second of itself in a second.
        left.loglog(runs, [2000 / (one["driver, ms a job"] + one["workers, ms a job"]) for one in of_one], "o-")
        left.annotate(name, (runs[-1], 2000 / (of_one[-1]["driver, ms a job"] + of_one[-1]["workers, ms a job"])))
    left.axhline(200, color="gray", linestyle=":")
    left.set(xlabel="runs", ylabel="jobs per second that two processors give")
    for name in AFTERWARDS:
        points = sorted((one["runs"], one[name]["processor"]) for one in found)
        x, y = np.array(points).T
        largest = x >= x.max() / 10
        slope = np.polyfit(np.log(x[largest]), np.log(y[largest]), 1)[0]
        right.loglog(x, y, "o", label=f"{name}, slope {slope:.2f} from {x[largest].min():,.0f} runs on")
    right.set(xlabel="runs", ylabel="seconds of the processor")
    right.legend(fontsize="small")
    figure.savefig(target)


def main() -> None:
    """Measure, or draw what was measured."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--executor", choices=("local", "folder", "ray", "none"), default="folder")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--plot", type=Path, help="draw what was measured into this file, and measure nothing")
    given = parser.parse_args()
    if given.plot is not None:
        plot(given.plot)
        return
    with tempfile.TemporaryDirectory() as root, contextlib.chdir(root):
        found = measure(given.runs, given.executor, given.workers, Path(root))
    line = json.dumps({k: round(v, 3) if isinstance(v, float) else v for k, v in found.items()})
    with RESULTS.open("a") as file:
        file.write(f"{line}\n")
    print(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
