"""What is likely to be a mistake is said before a study trains, once for each method."""

import pytest

from seedwise.study import Store, Study

TEXT = """
name: tiny
task: {dataset: digits, train_examples: 128, test_examples: 20}
model: {name: small_cnn, width: 2}
train: {epochs: 2, batch_size: 16, optimizer: {name: sgd, lr: 0.1}, schedule: cosine}
methods:
  base: {}
  ema: {averaging: {name: ema, decay: 0.9}}
  ema+snapshots: {averaging: {name: ema, decay: 0.9}, snapshots: {cycles: 2}}
  vml: {loss: vml}
replicates: 2
"""
WINDOW = "the average looks back over 10 steps, and there are 16: set decay to 0.6 or less"
WARMUP = "the penalty warms up for 200 of 16 steps: set warmup_steps to about 2"


def test_before_it_trains_once_per_method_and_in_the_notes_of_the_runs(tmp_path, notes_of):
    study = Study.from_text(TEXT, store=tmp_path / "tiny.db")
    expected = [f"ema, ema+snapshots: {WINDOW}", f"vml: {WARMUP}"]
    assert study.warnings() == expected
    assert notes_of(study) == expected
    with Store(tmp_path / "tiny.db") as store:
        found = {(run.link.method, run.link.replicate): run.notes for run in store.runs()}
    by_method = {"base": [], "ema": [WINDOW], "ema+snapshots": [WINDOW], "vml": [WARMUP]}
    assert found == {(method, r): notes for method, notes in by_method.items() for r in (0, 1)}
    assert notes_of(study) == []  # nothing is left to train


def test_a_shard_says_it_too(tmp_path, notes_of):
    study = Study.from_text(TEXT, store=tmp_path / "tiny.db", replicates=1)
    assert notes_of(study, shard=(1, 1)) == study.warnings() != []


def test_tasks_have_lengths_of_their_own():
    text = TEXT + "tasks: {short: {}, long: {train: {epochs: 8}}}"
    assert Study.from_text(text).warnings()[0] == f"ema on short, ema+snapshots on short: {WINDOW}"
    assert not any("ema on long" in line for line in Study.from_text(text).warnings())  # 64 steps


def test_a_function_of_ones_own_is_not_judged(project):
    assert project.study(methods={"base": {"config": {"averaging": {"name": "ema", "decay": 0.9}}}}).warnings() == []


@pytest.fixture
def notes_of():
    """What a study says while it is run."""
    from seedwise.execution import Silent

    class Notes(Silent):
        def __init__(self):
            self.notes = []
            self.trained = False

        def started(self, run_id):
            self.trained = True

        def note(self, text):
            assert not self.trained, "said too late"
            self.notes.append(text)

    def run(study, **options):
        notes = Notes()
        study.run(workers=1, progress=notes, **options)
        return notes.notes

    return run
