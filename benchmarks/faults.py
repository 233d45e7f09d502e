"""Studies past one machine that are disturbed: killed drivers and workers of a folder, a real SLURM, a real Ray.

After each the study must be the one that nobody disturbed: same runs, metrics, series and predictions, nothing twice,
nothing left in the queue.

    PYTHONPATH=src python benchmarks/faults.py --n 100
    PYTHONPATH=src python benchmarks/faults.py --n 1 --slurm   # a time limit that is hit; takes four minutes
    PYTHONPATH=src python benchmarks/faults.py --n 10 --ray    # nodes that are lost
"""

from __future__ import annotations

import os
import random
import sys
import tempfile
import threading
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parent / "campaigns"))

from command import run_campaign

from seedwise.execution import RayExecutor, Resources, Serving, SlurmExecutor, SlurmOptions, serve
from seedwise.study import Silent
from tests.execution import ray_cluster
from tests.execution.queues import KILLED_STUDY, files, killed_study, problems_of
from tests.execution.slurm_cluster import cluster, missing, wait_for
from tests.nursery import environment_of_families, nursery
from tests.toy_project import Project

Found = tuple[Counter[tuple[str, str]], list[str]]


def kills(folder: Path, n: int, seed: int) -> Found:
    """Kill drivers and workers of a folder ``n`` times, at most 15 of one study."""
    reference = Project(folder / "reference")
    reference.run(reference.study(**KILLED_STUDY), workers=2)
    expected = reference.everything()
    ends: Counter[tuple[str, str]] = Counter()
    wrong: list[str] = []
    number = 0
    while ends.total() < n and not wrong:
        project, queue = Project(folder / str(number)), folder / str(number) / "queue"
        rng = random.Random(f"{seed} {number}")
        try:
            family = nursery(), environment_of_families()
            killed = killed_study(project, family, queue, rng, most=min(15, n - ends.total()))
            wrong += [f"study {number}: {problem}" for problem in problems_of(project, queue)]
            if project.everything() != expected:
                wrong.append(f"study {number} is not the one that nobody disturbed")
            ends.update({(f"kill -9 of a {who}", "as it must be"): times for who, times in killed.items()})
        except AssertionError as error:
            wrong.append(f"study {number}: {error}")
        number += 1
        print(f"{number} studies, {ends.total()} kills", file=sys.stderr, flush=True)
    return ends, wrong


def time_limits(folder: Path, n: int, _seed: int) -> Found:
    """Let ``n`` arrays of two workers run into the time limit of SLURM; what they hand back is done here."""
    ends: Counter[tuple[str, str]] = Counter()
    wrong: list[str] = []
    if missing():
        raise SystemExit(missing())
    ours = str(Path(__file__).parents[1] / "src")
    os.environ["PYTHONPATH"] = os.pathsep.join([ours, os.environ.get("PYTHONPATH", "")])
    study = KILLED_STUDY | {"train": {"function": "toy:train", "config": {"epochs": 200}}, "methods": {"base": {}}}
    reference = Project(folder / "reference")
    reference.run(reference.study(**study), workers=2)
    for number in range(n):
        project, queue = Project(folder / str(number)), folder / str(number) / "queue"
        temporary = tempfile.TemporaryDirectory(prefix="slurm-", ignore_cleanup_errors=True)
        with temporary as root, cluster(Path(root)) as nodes:
            os.environ["TOY_PAUSE"] = "1"  # an epoch takes a second, and a run more than the limit
            options = SlurmOptions(queue, 20, nodes=2, slurm="time=0:03:00")
            executor = SlurmExecutor(Resources(workers=1), options)

            planned = project.study(**study)
            driver = threading.Thread(target=project.run, args=(planned,), kwargs={"executor": executor})
            driver.start()
            wait_for(lambda: nodes.say("squeue", "--noheader", "--format=%T").split() == ["RUNNING"] * 2, 60)
            wait_for(lambda: nodes.say("squeue", "--noheader", "--format=%T").split() == ["PENDING"] * 2, 240)
            back = files(queue, "todo")
            if files(queue, "claimed", "leases") or any(not name.endswith("@0") for name in back):
                wrong.append(f"array {number}: not all was handed back: {back}")
            ends["time limit hit", "handed back and requeued"] += 1
            os.environ["TOY_PAUSE"] = "0"
            serve(queue, Serving(Resources(workers=2), idle=10), Silent())
            driver.join()
            executor.close()
        if project.everything() != reference.everything():
            wrong.append(f"array {number}: the study is not the one that nobody disturbed")
        if not any(max(run.resumed_from, default=0) > 0 for run in project.runs().values()):
            wrong.append(f"array {number}: no run went on from its checkpoint")
    return ends, wrong


def node_losses(folder: Path, n: int, seed: int) -> Found:
    """Remove a node of Ray ``n`` times, at moments that are drawn, at most four of one study; another follows it."""
    ends: Counter[tuple[str, str]] = Counter()
    wrong: list[str] = []
    if ray_cluster.missing():
        raise SystemExit(ray_cluster.missing())
    long = {"train": {"function": "toy:train", "config": {"epochs": 60}}, "methods": {"base": {}}, "replicates": 10}
    study = KILLED_STUDY | long  # 6 s a run
    reference = Project(folder / "reference")
    reference.run(reference.study(**study), workers=2)
    expected = reference.everything()
    resumed = number = 0
    with ray_cluster.cluster(1) as nodes:
        while ends.total() < n and not wrong:
            project, rng = Project(folder / str(number)), random.Random(f"{seed} {number}")
            planned, executor, before = project.study(**study), RayExecutor(), ends.total()
            driver = threading.Thread(target=project.run, args=(planned,), kwargs={"executor": executor})
            driver.start()
            while driver.is_alive() and ends.total() < min(n, before + 4):
                node = ray_cluster.add_node(nodes)  # in the main thread, as Ray asks
                driver.join(rng.uniform(5, 30))
                nodes.remove_node(node, allow_graceful=False)
                if driver.is_alive():
                    ends["a node of Ray is lost", "as it must be"] += 1
            driver.join()
            runs = project.runs()
            resumed += sum(bool(run.resumed_from) for run in runs.values())
            wrong += [f"study {number}: run {key} was taken in twice" for key, run in runs.items() if run.attempt]
            if project.everything() != expected:
                wrong.append(f"study {number} is not the one that nobody disturbed")
            number += 1
            print(f"{number} studies, {ends.total()} nodes lost, {resumed} runs resumed", file=sys.stderr, flush=True)
    return ends, wrong


CAMPAIGNS = {"--slurm": (time_limits, "arrays"), "--ray": (node_losses, "losses")}

if __name__ == "__main__":
    asked = [word for word in sys.argv if word in CAMPAIGNS]
    sys.argv = [word for word in sys.argv if word not in CAMPAIGNS]
    campaign, unit = CAMPAIGNS[asked[0]] if asked else (kills, "kills")
    run_campaign(campaign, unit, __doc__, n=100)
