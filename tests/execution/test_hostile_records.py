"""Records that are not what they say, and workers that leave none."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from seedwise.errors import SeedwiseError
from seedwise.execution import Silent, StudyFolder
from seedwise.run import Run, RunRecord, RunSpec, write_checked
from seedwise.store import Store
from seedwise.study import Study, merge

CAMPAIGNS = Path(__file__).parents[2] / "benchmarks" / "campaigns"


class Notes(Silent):
    def __init__(self) -> None:
        self.notes: list[str] = []

    def note(self, text: str) -> None:
        self.notes.append(text)


@pytest.fixture(scope="module")
def hostile() -> Iterator[ModuleType]:
    """The campaign that runs at length outside the tests."""
    sys.path.insert(0, str(CAMPAIGNS))
    yield importlib.import_module("hostile_shards")
    sys.path.remove(str(CAMPAIGNS))


def test_shards_of_which_one_thing_was_changed(hostile, tmp_path):
    ends, wrong = hostile.campaign(tmp_path, len(hostile.CHANGES) + 20, seed=1)
    assert wrong == []
    failed = {what for what, end in ends if end == "crashed"}
    assert {"content of another", "metric not finite", "weights at a path", "ids floats", "unknown status"} <= failed


WORKER = """
import os
import numpy as np

def train(run):
    match run.config.get("do"):
        case "path":
            run.save_weights({}, tag="../escaped")
        case "id":
            run.id = "0" * 16
        case "none":
            import seedwise.execution._folder as folder
            folder.StudyFolder.hand_over = lambda self, record: None
        case "fork":
            if os.fork() == 0:
                run.finish(accuracy=0.25)
                return
        case "surrogate":
            raise ValueError("a\\udc80b")
        case "long":
            raise ValueError("x" * 100_000)
        case "tag":
            run.save_predictions(np.array([0, 1]), np.array([0, 1]), tag="y" * 300)
        case "floats":
            run.save_predictions(np.array([0, 1]), np.array([0, 1]), ids=np.array([0.5, 1.5]))
        case "twice":
            run.save_predictions(np.array([0, 1]), np.array([0, 1]), ids=np.array([3, 3]))
        case "bad":
            run.notes.append(5)
    run.finish(accuracy=0.5)
"""


@pytest.fixture(scope="module")
def odd(tmp_path_factory) -> tuple[dict, Notes, StudyFolder]:
    """A study whose methods do odd things, run by one worker, and what was said."""
    folder = tmp_path_factory.mktemp("odd")
    (folder / "odd.py").write_text(WORKER)
    names = ["path", "id", "fork", "surrogate", "long", "tag", "floats", "twice", "bad", "good", "none"]
    methods = "\n".join(f"  {name}: {{config: {{do: '{name}'}}}}" for name in names)
    text = f"name: s\ntrain: {{function: 'odd:train'}}\nlimits: {{retries: 1}}\nreplicates: 1\nmethods:\n{methods}\n"
    (folder / "s.yaml").write_text(text)
    study = Study.from_yaml(folder / "s.yaml")
    notes = Notes()
    study.run(workers=1, progress=notes)
    with Store(study.store_path) as store:
        return {run.link.method: run for run in store.runs()}, notes, StudyFolder.of_store(study.store_path)


@pytest.mark.parametrize(
    ("method", "status", "error"),
    [
        (
            "path",
            "crashed",
            "SeedwiseError: save_weights(tag='../escaped'): a tag is part of a file's name, and no path",
        ),
        ("id", "finished", None),
        ("fork", "finished", None),
        ("surrogate", "crashed", "ValueError: a?b"),
        ("floats", "crashed", "SeedwiseError: save_predictions: ids must be whole numbers, not float64"),
        ("twice", "crashed", "SeedwiseError: save_predictions: an id is there twice: every example has its own"),
        ("tag", "finished", None),
        ("good", "finished", None),
    ],
)
def test_what_a_function_does_to_its_record_is_its_own_outcome(odd, method, status, error):
    runs, _, _ = odd
    assert (runs[method].status, (runs[method].error or "").partition(" (")[0] or None) == (status, error)
    if status == "finished":
        assert runs[method].metrics == {"test/accuracy": 0.5}


def test_a_long_error_is_cut(odd):
    error = odd[0]["long"].error
    assert error.startswith("ValueError: xxx")
    assert "characters left out" in error
    assert len(error) < 2100


def test_a_record_that_cannot_be_taken_in_is_set_aside_once_and_its_run_has_failed(odd):
    runs, notes, folder = odd
    run = runs["bad"]
    assert run.status == "crashed"
    assert "what it left cannot be taken in" in run.error
    assert [path.name for path in (folder.root / "refused").iterdir()] == [f"{run.run_id}.run"]
    assert len([note for note in notes.notes if run.run_id in note]) == 1


def test_a_worker_that_leaves_no_record_is_asked_as_often_as_retries_allow(odd):
    runs, notes, folder = odd
    run = runs["none"]
    assert run.status == "crashed"
    assert run.error.startswith(
        f"its worker left no record that can be read ({folder.outbox / run.run_id}.run is missing)"
    )
    assert "2 times" in run.error
    assert len([note for note in notes.notes if run.run_id in note]) == 1
    assert list(folder.outbox.iterdir()) == []


class Liar:
    """An executor whose first record is not what it should be."""

    def __init__(self, change) -> None:
        self.change = change

    def execute(self, jobs, settings, ingest, progress):
        for k, job in enumerate(jobs):
            record = RunRecord(job.spec.id, dict(job.spec.content), "finished", {"test/accuracy": 0.5})
            if k == 0:
                self.change(record)
            ingest(record)
        return False

    def close(self) -> None:
        pass


@pytest.mark.parametrize("shard", [None, (1, 1)])
def test_one_bad_record_of_an_executor_holds_up_no_other(tmp_path, shard):
    (tmp_path / "odd.py").write_text(WORKER)
    (tmp_path / "s.yaml").write_text("name: s\ntrain: {function: 'odd:train'}\nreplicates: 3\n")
    study = Study.from_yaml(tmp_path / "s.yaml")
    liar = Liar(lambda record: record.metrics.update({"test/accuracy": float("inf")}))
    outcome = study.run(executor=liar, shard=shard)
    assert outcome.counts == {"crashed": 1, "finished": 2}
    if shard is None:
        with Store(study.store_path) as store:
            (error,) = [run.error for run in store.runs() if run.error]
        assert error == "its record cannot be taken in: a metric is not finite"


@pytest.fixture
def shard(tmp_path) -> tuple[Study, StudyFolder]:
    """A study and an honest shard of it."""
    (tmp_path / "odd.py").write_text(WORKER)
    (tmp_path / "s.yaml").write_text("name: s\ntrain: {function: 'odd:train'}\nreplicates: 2\n")
    study = Study.from_yaml(tmp_path / "s.yaml")
    folder = StudyFolder(tmp_path / "shard")
    folder.create()
    folder.write_plan("s", study.describe(), study.plan())
    for planned in study.plan():
        folder.hand_over(record_of(planned.spec))
    return study, folder


def record_of(spec: RunSpec, **rest) -> RunRecord:
    return RunRecord(spec.id, dict(spec.content), "finished", {"test/accuracy": 0.5}, **rest)


def test_a_merged_record_that_is_refused_counts_once_and_an_honest_one_takes_its_place(shard, tmp_path):
    study, folder = shard
    spec = study.plan()[0].spec
    folder.hand_over(record_of(spec, weights={"../../escaped": b"x"}))
    notes, store = Notes(), tmp_path / "joined.db"
    assert merge(store, [folder.root], notes) == (2, 0)
    (line,) = notes.notes
    assert line.endswith("cannot be taken in: weights are under a name that is none, or a path; its run has failed")
    assert merge(store, [folder.root], Silent()) == (0, 2)
    folder.hand_over(record_of(spec))
    assert merge(store, [folder.root], Silent()) == (1, 1)
    with Store(store) as joined:
        assert [(run.status, run.attempt) for run in joined.runs()] == [("finished", 1), ("finished", 0)]
    assert not list(tmp_path.rglob("*escaped*"))


def test_a_run_that_is_not_in_the_plan_is_left_out(shard, tmp_path):
    study, folder = shard
    stranger = RunSpec("odd:train", {"do": "other"}, {"init": 1})
    folder.hand_over(record_of(stranger))
    notes = Notes()
    assert merge(tmp_path / "joined.db", [folder.root], notes) == (2, 0)
    (line,) = notes.notes
    assert line.endswith(f"{stranger.id}.run: this run is not in the shard's plan; left out")
    # Nor is one that lies in the outbox of the driver.
    outbox = StudyFolder.of_store(study.store_path)
    outbox.create()
    path = outbox.hand_over(record_of(stranger))
    study.run(workers=1, progress=notes)
    assert "its run was not planned" in notes.notes[-1]
    assert not path.exists()
    assert (outbox.root / "refused" / path.name).exists()
    with Store(study.store_path) as store:
        assert stranger.id not in store.statuses()


def test_what_lies_in_the_outbox_and_cannot_be_taken_in_is_said_once(shard):
    study, _ = shard
    outbox = StudyFolder.of_store(study.store_path)
    outbox.create()
    spec = study.plan()[0].spec
    study.run(executor=Liar(lambda record: None))
    path = outbox.hand_over(record_of(spec, seconds=float("nan")))
    notes = Notes()
    outcome = study.run(workers=1, progress=notes)
    assert (outcome.trained, outcome.counts) == (0, {"crashed": 1, "finished": 1})
    (line,) = notes.notes
    assert f"{path} cannot be taken in: its seconds are no time" in line
    assert study.run(workers=1, progress=notes).trained == 0
    assert len(notes.notes) == 1


PLANS = [b"", b"[]", b'["s", {}, [[{}, "", {}]]]', b'["s", {}, 3]', b'{"a": 1}', b"\xff", b"7", b"NaN", b"[" * 100_000]


@pytest.mark.parametrize("content", PLANS, ids=lambda content: content.decode("latin-1")[:30])
def test_a_plan_that_is_none_is_a_line(shard, tmp_path, content):
    _, folder = shard
    write_checked(folder.root / "plan", content)
    with pytest.raises(SeedwiseError, match=r"is no plan|does not describe a study"):
        merge(tmp_path / "joined.db", [folder.root], Silent())


def test_a_plan_that_is_a_folder_is_a_line(shard, tmp_path):
    (tmp_path / "plan").mkdir()
    with pytest.raises(SeedwiseError, match="is not a shard's folder"):
        merge(tmp_path / "joined.db", [tmp_path], Silent())


@pytest.mark.parametrize("tag", ["a/b", "../final", "/tmp/x", "a\\b", "C:x", "", "a\nb"])
def test_weights_are_saved_under_a_name_that_is_no_path(tag):
    run = Run(RunSpec("odd:train", {}, {}), {})
    with pytest.raises(SeedwiseError, match=r"a tag is part of a file's name, and no path"):
        run.save_weights({}, tag=tag)


def test_tags_of_300_characters_stay_apart():
    run = Run(RunSpec("odd:train", {}, {}), {})
    for letter in "ab":
        run.save_predictions(np.array([0]), np.array([0]), tag="x" * 300 + letter)
    tags = [one.tag for one in run.predictions]
    assert len(set(tags)) == 2
    assert all(len(tag) == 100 for tag in tags)
