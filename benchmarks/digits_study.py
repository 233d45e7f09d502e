"""The digits study in runs per hour, against what people write by hand.

    python benchmarks/digits_study.py [--ours 40] [--theirs 10]

By hand: `handwritten_digits.py`, one process per seed, one after the other. Ours: `seedwise run` on the base method of
the digits recipe, its start, the table and the report included. Same network, batches, epochs and evaluations; the
accuracies of the two are shown beside each other. Both are measured in this one call, in turns.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import torch

from seedwise.statistics import mean_difference

HERE = Path(__file__).parent


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ours", type=int, default=40, help="runs of seedwise")
    parser.add_argument("--theirs", type=int, default=10, help="runs by hand")
    options = parser.parse_args()
    cores = len(os.sched_getaffinity(0))
    print(f"{_processor()}, {cores} cores, Python {platform.python_version()}, torch {torch.__version__}")
    half = options.theirs // 2
    first = _by_hand(range(half))
    ours = _ours(options.ours)
    second = _by_hand(range(half, options.theirs))
    pairs = _by_hand(range(options.theirs), at_once=2)
    single = _by_hand(range(2), threads=1)
    start = _by_hand(range(3), epochs=0)
    hand = _Times(
        first.seconds + second.seconds, first.accuracies + second.accuracies, first.training + second.training
    )
    per_hand = hand.seconds / options.theirs
    per_ours = ours.seconds / options.ours
    per_pair = pairs.seconds / options.theirs
    for name, seconds, n in (
        ("by hand, one after the other", per_hand, options.theirs),
        ("by hand, two at once", per_pair, options.theirs),
        (f"seedwise, {cores} workers", per_ours, options.ours),
    ):
        print(f"{name:29s} {3600 / seconds:6.0f} runs an hour ({seconds:.2f} s a run, n = {n})")
    print(f"ratio to one after the other: {per_hand / per_ours:.1f}   ratio to two at once: {per_pair / per_ours:.1f}")
    workers = min(cores, options.ours)
    training = sum(ours.training) / workers
    print(f"seedwise, itemised: {ours.seconds:.1f} s = {training:.1f} s training + {ours.seconds - training:.1f} s for")
    print("  starting the driver and the workers, taking runs in, the table and the report")
    print("what the gain consists of, for one run:")
    print(f"  python, torch and data started: {start.seconds / 3:.2f} s by hand, once per worker with seedwise")
    print(
        f"  training: {np.median(hand.training):.2f} s by hand, {np.median(single.training):.2f} s by hand on one "
        f"thread, {np.median(ours.training):.2f} s with seedwise while {workers} runs share the machine"
    )
    difference = mean_difference(ours.accuracies, hand.accuracies, paired=False)
    print(
        f"accuracy: by hand {100 * np.mean(hand.accuracies):.2f} %, seedwise {100 * np.mean(ours.accuracies):.2f} %, "
        f"difference {100 * difference.estimate:.2f} [{100 * difference.low:.2f}, {100 * difference.high:.2f}] points"
    )


class _Times:
    def __init__(self, seconds: float, accuracies: list[float], training: list[float]) -> None:
        self.seconds = seconds
        self.accuracies = accuracies
        self.training = training

    def and_(self, other: _Times) -> _Times:
        """Return both together."""
        return _Times(self.seconds + other.seconds, self.accuracies + other.accuracies, self.training + other.training)


def _by_hand(seeds: range, *, at_once: int = 1, threads: int | None = None, epochs: int = 12) -> _Times:
    environment = dict(os.environ)
    if threads is not None:
        environment["OMP_NUM_THREADS"] = str(threads)
    began = time.perf_counter()
    answers: list[list[float]] = []
    for k in range(0, len(seeds), at_once):
        processes = [
            subprocess.Popen(
                [sys.executable, str(HERE / "handwritten_digits.py"), str(seed), "--epochs", str(epochs)],
                stdout=subprocess.PIPE,
                text=True,
                env=environment,
            )
            for seed in seeds[k : k + at_once]
        ]
        answers += [[float(word) for word in process.communicate()[0].split()] for process in processes]
    return _Times(time.perf_counter() - began, [a[0] for a in answers], [a[1] for a in answers])


def _ours(runs: int) -> _Times:
    from importlib import resources

    import yaml

    recipe = yaml.safe_load(resources.files("seedwise").joinpath("recipes/digits.yaml").read_text(encoding="utf-8"))
    recipe["methods"] = {"base": {}}
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "digits.yaml"
        file.write_text(yaml.safe_dump(recipe))
        seedwise = [sys.executable, "-m", "seedwise"]
        began = time.perf_counter()
        subprocess.run([*seedwise, "run", str(file), "--replicates", str(runs)], check=True, stdout=subprocess.DEVNULL)
        seconds = time.perf_counter() - began
        shown = subprocess.run([*seedwise, "show", str(file), "--json"], check=True, capture_output=True, text=True)
    results = json.loads(shown.stdout)
    assert len(results) == runs
    return _Times(seconds, [r["metrics"]["test/accuracy"] for r in results], [r["seconds"] for r in results])


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


if __name__ == "__main__":
    main()
