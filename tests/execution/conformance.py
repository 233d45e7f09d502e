"""What every executor has to give: what the local one gives."""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import seedwise
from seedwise.errors import SeedwiseError
from seedwise.execution import Executor, StudyFolder
from seedwise.study import Store, Study
from tests.toy_project import Project

DIGITS = """
name: read
task: {dataset: digits, train_examples: 100, test_examples: 50}
model: {name: small_cnn, width: 2}
train: {epochs: 2, batch_size: 20, optimizer: {name: sgd, lr: 0.1}}
readouts: [crop25]
keep: {weights: final}
replicates: 2
"""
METHODS: dict[str, Any] = {
    "base": {},
    "raises": {"config": {"do": "raise"}},
    "killed_once": {"config": {"do": "kill once"}},
    "killed": {"config": {"do": "kill"}},
    "sleeps": {"config": {"do": "sleep"}},
    "not_a_number": {"config": {"do": "nan"}},
    "ends": {"config": {"do": "end"}},
}


def bits_are_those_of_the_local_executor(folder: Path, executor: Executor, contents_of: Callable[[Path], Any]) -> None:
    """Runs, readouts and kept weights, and the ids of all."""
    folders = [folder / name for name in ("here", "there")]
    for one in folders:
        one.mkdir()
        (one / "read.yaml").write_text(DIGITS)
    here, there = (Study.from_yaml(one / "read.yaml") for one in folders)
    here.run(workers=2)
    outcome = there.run(executor=executor)
    assert (outcome.counts, outcome.trained, outcome.read, outcome.unread) == ({"finished": 2}, 2, 2, 0)
    assert contents_of(there.store_path) == contents_of(here.store_path)
    read = []
    for study in (here, there):
        with Store(study.store_path) as store:
            read.append({key: (one.status, one.metrics) for key, one in store.readouts().items()})
    assert read[0] == read[1]
    assert {status for status, _ in read[1].values()} == {"finished"}
    weights = [
        sorted(f.read_bytes() for f in StudyFolder.of_store(s.store_path).weights.iterdir()) for s in (here, there)
    ]
    assert weights[0] == weights[1]


def runs_end_as_they_do_locally(folder: Path, executor: Executor) -> None:
    """Also where their function raises, or ends or kills its process, or takes too long."""
    ended = []
    for name in ("here", "there"):
        project = Project(folder / name)
        methods = {
            method: {"config": own["config"] | {"marker": str(folder / name / method)}} if own else {}
            for method, own in METHODS.items()
        }
        study = project.study(
            methods=methods, limits={"seconds": 4, "retries": 1}, checkpoint={"every_epochs": 1}, replicates=1
        )
        project.run(study, **({"workers": 2} if name == "here" else {"executor": executor}))
        ended.append(
            {
                method: (run.status, (run.error or "").partition("; see ")[0], run.metrics, run.resumed_from)
                for (method, _), run in project.runs().items()
            }
        )
    assert ended[0] == ended[1]
    assert {method: end[0] for method, end in ended[1].items()} == {
        "base": "finished",
        "raises": "crashed",
        "killed_once": "finished",
        "killed": "crashed",
        "sleeps": "timeout",
        "not_a_number": "diverged",
        "ends": "crashed",
    }
    assert "2 times" in ended[1]["killed"][1]


def a_study_grows_until_it_is_resolved(project: Project, executor: Executor) -> None:
    """``run --until resolved``."""
    study = project.study(
        methods={"base": {}, "other": {"config": {"epochs": 4}}},
        replicates=20,
        until={"looks": [10]},
        question={"sd_ratio": 0.3, "power": 0.8},
    )
    grown = study.run_until(executor=executor)
    assert grown.outcome.counts["finished"] == 2 * grown.study.spec.replicates
    assert grown.interim is not None


def a_function_is_trained(folder: Path, executor: Executor, monkeypatch: pytest.MonkeyPatch) -> None:
    """``replicates`` with a function; a loop cannot leave its process."""
    module = re.sub(r"\W", "_", f"trained_in_{folder.name}")  # imported once in this process
    (folder / f"{module}.py").write_text("def train(run):\n    run.finish(accuracy=run.seeds['init'] / 100)\n")
    monkeypatch.syspath_prepend(str(folder))
    train = importlib.import_module(module).train
    outcome = seedwise.replicates(train, 3, store=folder / "loop.db", executor=executor, quiet=True)
    assert outcome.counts == {"finished": 3}
    with pytest.raises(SeedwiseError, match=r"executor=\.\.\. takes a function"):
        list(seedwise.replicates(3, store=folder / "other.db", executor=executor, quiet=True))
