"""Does a training do what it promises?"""

from __future__ import annotations

import functools
import importlib.util
from pathlib import Path

import pytest

from seedwise.errors import SeedwiseError
from seedwise.run import Checkpoint, Run, RunRecord, RunSpec, execute
from seedwise.study import CHECKS, ProgramPatient, Study, StudyPatient, diagnose, trainings

LOOPS = """
import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


def data():
    g = torch.Generator().manual_seed(0)
    x = torch.randn(64, 6, generator=g)
    return x, (x.sum(1) > 0).long()


def network(run, seed=None):
    with run.randomness.scope("init"):
        if seed is not None:
            torch.manual_seed(seed)
        return nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Dropout(0.2), nn.Linear(8, 2))


def epoch_of(model, optimizer, batches):
    total = 0.0
    for x, y in batches:
        loss = nn.functional.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item()
    return total


def finish(run, model, x, y):
    out = model.eval()(x)
    run.save_weights(model.state_dict())
    run.finish(accuracy=float((out.argmax(1) == y).double().mean()))


def loop(run, model, batches, epochs=4, before=None, scoped=True):
    x, y = data()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    saved = run.checkpoint.load()
    if saved:
        model.load_state_dict(saved["model"])
        optimizer.load_state_dict(saved["optimizer"])
    for epoch in range(saved["epoch"] + 1 if saved else 0, epochs):
        if before is not None:
            before(epoch)
        if scoped:
            with run.randomness.scope("dropout", epoch):
                loss = epoch_of(model, optimizer, batches)
        else:
            loss = epoch_of(model, optimizer, batches)
        run.log(epoch, loss=loss)
        run.checkpoint.save(epoch, model=model.state_dict(), optimizer=optimizer.state_dict())
    finish(run, model, x, y)


def sound(run):
    order = torch.Generator()
    batches = DataLoader(TensorDataset(*data()), 16, shuffle=True, generator=order)
    loop(run, network(run), batches, before=lambda e: order.manual_seed(run.randomness.integer("shuffle", e)))


def reseeds(run):
    order = torch.Generator()
    batches = DataLoader(TensorDataset(*data()), 16, shuffle=True, generator=order)
    before = lambda e: order.manual_seed(run.randomness.integer("shuffle", e))
    loop(run, network(run, seed=42), batches, before=before)


def resumes_wrongly(run):
    model = network(run)
    torch.manual_seed(run.seed_for("shuffle"))
    loop(run, model, DataLoader(TensorDataset(*data()), 16, shuffle=True), scoped=False)


def draws_outside(run):
    loop(run, network(run), DataLoader(TensorDataset(*data()), 16, shuffle=True), scoped=False)


def seeds_itself(run):
    torch.manual_seed(42)
    draws_outside(run)


def seeds_itself_for_nothing(run):
    torch.manual_seed(42)
    torch.rand(3)
    sound(run)


CALLS = []


def remembers(run):
    CALLS.append(run.id)
    model = network(run)
    with torch.no_grad():
        model[0].bias += len(CALLS)
    sound_order = torch.Generator()
    batches = DataLoader(TensorDataset(*data()), 16, shuffle=True, generator=sound_order)
    loop(run, model, batches, before=lambda e: sound_order.manual_seed(run.randomness.integer("shuffle", e)))
"""


NOISE = """
import os


def noisy(run, log, state):
    for epoch in range(4):
        noise = int.from_bytes(os.urandom(4), "little") if epoch == 2 else 0
        run.log(epoch, loss=noise if log else 0)
        run.checkpoint.save(epoch, noise=noise if state else 0)
    run.finish(accuracy=0.5)


def entropy(run):
    noisy(run, True, False)


def drift(run):
    noisy(run, False, True)
"""


class Patient:
    """One of the loops, trained here; each call has the module to itself, as a fresh process would."""

    notes = ()

    def __init__(self, folder: Path, name: str, text: str = LOOPS, sources=("init", "shuffle", "augment", "dropout")):
        self.file = folder / "doctor_loops.py"
        self.file.write_text(text)
        self.sources = sources
        self.spec = RunSpec(f"doctor_loops:{name}", {}, dict.fromkeys(sources, 1))

    def examine(self, exams, folder):
        folder.mkdir(parents=True, exist_ok=True)
        spec = importlib.util.spec_from_file_location("doctor_loops", self.file)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        train = getattr(module, self.spec.function.partition(":")[2])
        return [
            self.one(exam, exam.of(self.spec), folder / str(k) if k else folder / "0", train)
            for k, exam in enumerate(exams)
        ]

    @staticmethod
    def one(exam, spec, path, train):
        run = Run(spec, {}, checkpoint=Checkpoint(path, stop_after=exam.stop_after, keep_trace=True))
        with exam.logged(run):
            record = execute(run, train, exam.outside)
        assert record.status in ("finished", "interrupted"), record.traceback
        return record


@pytest.fixture
def loops(tmp_path):
    return functools.partial(Patient, tmp_path)


def by_name(found):
    return {check.name: check for check in found.checks}


def test_the_built_in_trainer_keeps_every_promise():
    study = Study.from_text("""
name: digits
task: {dataset: digits}
model: small_cnn
train: {epochs: 3, batch_size: 64, optimizer: {name: sgd, lr: 0.1}}
methods: {vml: {loss: {name: vml, warmup_steps: 2}}}
""")
    found = diagnose(StudyPatient(study))
    assert found.healthy
    assert found.run_id == study.plan()[0].spec.id
    assert [check.name for check in found.checks] == list(CHECKS)
    checks = by_name(found)
    assert checks["twice"].compared == "2 epochs of logged numbers, 2 training states"
    assert checks["sources"].compared == "init, shuffle, augment, dropout"
    assert checks["scopes"].difference is None, "what is drawn while libraries are imported decides nothing"
    assert not study.store_path.exists()


def test_a_sound_loop_passes_and_a_source_that_nothing_draws_from_is_named(loops):
    found = diagnose(loops("sound"))
    checks = by_name(found)
    assert found.healthy
    assert all(checks[name].passed for name in CHECKS)
    assert checks["sources"].undrawn == ("augment",)
    assert checks["sources"].compared == "init, shuffle, dropout"


def test_a_seed_left_over_inside_a_scope_is_found(loops):
    found = diagnose(loops("reseeds"), ["sources", "scopes"])
    checks = by_name(found)
    assert not found.healthy
    assert checks["sources"].still == ("init",)
    assert checks["scopes"].reseeded == {"init": ["torch (42)"]}
    assert not checks["scopes"].passed


def test_a_checkpoint_without_the_order_is_found_with_its_first_operation(loops):
    (check,) = diagnose(loops("resumes_wrongly"), ["resumed"]).checks
    assert not check.passed
    assert check.difference.epoch == 1
    operation = check.difference.operation
    # The DataLoader draws the seed of its order from the global generator.
    assert (operation.epoch, operation.step) == (1, 0)
    assert operation.name.startswith("aten.random_")


@pytest.mark.parametrize(("name", "outside"), [("draws_outside", "torch"), ("seeds_itself", "torch (42)")])
def test_draws_outside_every_scope_that_decide_a_bit_are_a_fault(loops, name, outside):
    (check,) = diagnose(loops(name), ["scopes"]).checks
    assert not check.passed
    assert check.outside == (outside,)
    assert check.difference.epoch == 0


def test_draws_outside_every_scope_that_decide_nothing_are_none(loops):
    (check,) = diagnose(loops("seeds_itself_for_nothing"), ["scopes"]).checks
    assert check.passed
    assert check.outside == ("torch (42)",)


def test_a_loop_that_remembers_earlier_runs_is_found(loops):
    twice, after = diagnose(loops("remembers"), ["twice", "after"]).checks
    assert twice.passed
    assert not after.passed


@pytest.mark.parametrize(("plant", "what"), [("entropy", "loss"), ("drift", "the training state")])
def test_nondeterminism_is_found_in_its_epoch(loops, plant, what):
    patient = loops(plant, LOOPS + NOISE)
    (check,) = diagnose(patient, ["twice"], epochs=4).checks
    assert (check.passed, check.difference.epoch, check.difference.what) == (False, 2, what)
    (early,) = diagnose(patient, ["twice"], epochs=2).checks
    assert early.passed, "no training is longer than it is said to be"


def test_where_two_loops_part_the_layer_and_the_operation_are_named(loops):
    noisy = "def noisy(run):\n    torch.seed()\n    sound(run)\n\n\ndef sound(run):"
    unscoped = LOOPS.replace('with run.randomness.scope("dropout", epoch):', "if True:")
    (check,) = diagnose(loops("noisy", unscoped.replace("def sound(run):", noisy)), ["twice"]).checks
    assert not check.passed
    operation = check.difference.operation
    assert (operation.epoch, operation.step, operation.layer) == (0, 0, "Sequential.2")
    assert operation.name == "aten.bernoulli_.float"


def test_a_run_that_does_not_finish_is_said(project):
    study = project.study(train={"function": "toy:train", "config": {"do": "raise"}})
    with pytest.raises(SeedwiseError, match=r"the run \w{16} crashed: ValueError: no such \(toy\.py, line \d+\)$"):
        diagnose(StudyPatient(study))


def test_an_unknown_check_is_refused(project):
    with pytest.raises(SeedwiseError, match="unknown check 'twize' in --checks: did you mean 'twice'"):
        diagnose(StudyPatient(project.study()), ["twize"])


def test_the_cost_counts_every_training():
    assert trainings(list(CHECKS), 4) == 1 + 1 + 2 + 2 + 4 + 1
    assert trainings(["resumed"], 4) == 3


@pytest.mark.parametrize(
    ("checks", "seconds"),
    [
        (["twice"], 2 * 10),
        (["after"], 2 * 10 + 4),
        (["resumed"], 3 * 10),
        (["twice", "after"], 2 * 10 + 2 * 4),
        (["twice", "resumed", "sources"], 4 * 10 + 2 * 4),
    ],
)
def test_the_time_is_that_of_the_checks_asked_for(checks, seconds, monkeypatch):
    now = 0

    class Timed:
        """A process takes 6 s to start, and each training in it 4 s."""

        sources = ("init", "shuffle")
        notes = ()

        def examine(self, exams, _folder):
            nonlocal now
            now += 6 + 4 * len(exams)
            return [RunRecord("0" * 16, {}, "finished", seconds=4) for _ in exams]

    said = []
    monkeypatch.setattr("seedwise.study._doctor.time.monotonic", lambda: now)
    diagnose(Timed(), checks, report=said.append)
    assert said == [f"one of them took 4.0 s; all together will take about {seconds} s"]


PROGRAM = """
import sys
import seedwise
import toy

for run in seedwise.replicates(3, vary=["init", "shuffle", "dropout"], store=sys.argv[1]):
    toy.NAME(run)
print("after the loop", file=open(sys.argv[2], "w"))
"""


@pytest.mark.timeout(600)
def test_a_program_is_examined_as_a_study_is(project, tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONHASHSEED", "0")
    project.code.write_text(LOOPS)
    program, store, after = project.folder / "program.py", tmp_path / "a.db", tmp_path / "after"
    program.write_text(PROGRAM.replace("NAME", "resumes_wrongly"))
    found = diagnose(ProgramPatient([str(program), str(store), str(after)]), ["twice", "after", "resumed"])
    checks = by_name(found)
    assert checks["twice"].passed
    assert checks["after"].passed
    assert not checks["resumed"].passed
    assert found.notes == ()
    assert not store.exists()
    assert not after.exists(), "what comes after the loop is not run"


@pytest.mark.timeout(600)
def test_a_program_whose_hashes_are_not_fixed_is_told_so_and_found(tmp_path, monkeypatch):
    monkeypatch.delenv("PYTHONHASHSEED", raising=False)
    program = tmp_path / "program.py"
    program.write_text("""
import sys
sys.modules["torch"] = None  # a machine without it
import seedwise

for run in seedwise.replicates(1, store="s.db"):
    order = list({"one", "two", "three", "four", "five", "six"})
    run.log(0, loss=sum(k * len(word) for k, word in enumerate(order)) + 0.1 * order.index("one"))
    run.finish(accuracy=0.5)
""")
    found = diagnose(ProgramPatient([str(program)]), ["twice"])
    assert not found.healthy
    assert found.checks[0].difference.what == "loss"
    assert [note.partition(":")[0] for note in found.notes] == ["PYTHONHASHSEED was not fixed"]


def test_a_program_without_a_loop_and_one_that_fails_are_said(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONHASHSEED", "0")
    program = tmp_path / "program.py"
    program.write_text("print('nothing')\n")
    with pytest.raises(SeedwiseError, match=r"does not come to a loop over seedwise\.replicates"):
        ProgramPatient([str(program)])
    loop = "for run in seedwise.replicates(1, store='s.db'):\n    raise ValueError('no luck')\n"
    program.write_text(f"import seedwise\n{loop}")
    with pytest.raises(SeedwiseError, match="crashed: ValueError: no luck"):
        diagnose(ProgramPatient([str(program)]), ["twice"])
    assert not Path("s.db").exists()
