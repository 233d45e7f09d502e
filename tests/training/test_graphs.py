"""Steps that the device takes by itself. What a GPU would replay is replayed here by a tape of tensor operations."""

import sys
import types

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from seedwise.data import load
from seedwise.errors import SeedwiseError
from seedwise.run import Checkpoint, execute
from seedwise.training import _graphs, _loop, _tasks, train

ON = {"graphs": True}
VML = {"name": "vml", "warmup_steps": 2, "lambda_base": 1}


class Tape(TorchDispatchMode):
    """Repeats the operations of a step on the same tensors with the same numbers, as a captured graph does."""

    def __init__(self):
        super().__init__()
        self.calls = []
        self.replays = -1

    def __torch_dispatch__(self, function, _types, args=(), kwargs=None):
        out = function(*args, **(kwargs or {}))
        self.calls.append((function, args, kwargs or {}, out))
        return out

    def replay(self):
        self.replays += 1
        if self.replays == 0:  # writing it down has taken the step already
            return
        for function, args, kwargs, out in self.calls:
            for kept, new in zip(tree_leaves(out), tree_leaves(function(*args, **kwargs)), strict=True):
                if isinstance(kept, torch.Tensor) and kept.data_ptr() != new.data_ptr():
                    kept.detach().copy_(new)


@pytest.fixture
def tapes(monkeypatch):
    made = []

    def captured(step, stream):
        made.append(tape := Tape())
        with tape:
            step()
        return tape.replay

    monkeypatch.setattr(_graphs, "captured", captured)
    monkeypatch.setattr(_graphs, "WARM_UP", 1)
    return made


METHODS = {
    "vml": {"loss": VML},
    "clf": {"loss": {"name": "clf"}},
    "placebo": {"loss": {"name": "placebo", "controller": VML}},
    "lr_control": {"loss": {"name": "lr_control", "controller": VML}, "schedule": {"name": "cosine"}},
    "adamw": {"optimizer": {"name": "adamw", "lr": 0.003}, "clip_gradient": 0.5},
    "groups": {"optimizer": {"name": "sgd", "lr": 0.1, "groups": [{"kinds": ["bias"], "lr_scale": 2.0}]}},
    "saf": {"saf": {"weight": 0.3, "start_epoch": 1, "epochs_back": 1}},
    "codistill": {"codistill": {"weight": 0.5}},
    "distill": {"distill": {"members": 2, "member_epochs": 1}, "averaging": {"name": "swa", "start": 0.5}},
}


@pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
def test_a_replay_has_the_bits_of_a_step_that_is_taken(new_run, tiny_net, tapes, monkeypatch, method):
    options = {"model": {"name": tiny_net, "dropout": 0.5}, "epochs": 3, "batch_size": 400, "numerics": ON, **method}
    replayed = execute(new_run({"dropout": 2}, **options), train)
    assert replayed.status == "finished", replayed.error
    assert [tape.replays for tape in tapes[-2:]] == [7, 1]  # 3 epochs of 400, 400, 400 and 237, one warm-up of each
    monkeypatch.setattr(_graphs, "captured", lambda step, _stream: step)
    taken = execute(new_run({"dropout": 2}, **options), train)
    assert replayed.series == taken.series
    assert replayed.weights_sha256 == taken.weights_sha256


@pytest.mark.parametrize("optimizer", [{"name": "sgd", "lr": 0.1, "momentum": 0.9}, {"name": "adam", "lr": 0.003}])
def test_steps_are_those_that_are_taken_one_by_one(trained, optimizer):
    options = {"optimizer": optimizer, "loss": VML, "schedule": {"name": "cosine", "warmup_epochs": 1}, "epochs": 3}
    one_by_one, graphed = trained({"shuffle": 1}, **options), trained({"shuffle": 1}, numerics=ON, **options)
    assert graphed.id != one_by_one.id
    for row, expected in zip(graphed.series, one_by_one.series, strict=True):
        assert row == pytest.approx(expected, rel=1e-4, abs=1e-6)


def test_resumed_with_the_same_bits(new_run, tapes, tmp_path):
    options = {"epochs": 3, "loss": VML, "numerics": ON}
    whole = execute(new_run(**options), train)
    stopped = execute(new_run(checkpoint=Checkpoint(tmp_path / "run", stop_after=1), **options), train)
    assert stopped.status == "interrupted"
    resumed = execute(new_run(checkpoint=Checkpoint(tmp_path / "run"), **options), train)
    assert resumed.resumed_from == [1]
    assert resumed.weights_sha256 == whole.weights_sha256


class Reads(TorchDispatchMode):
    """Notes operations whose result the host waits for, and numbers that it sends."""

    def __init__(self):
        super().__init__()
        self.found = []

    def __torch_dispatch__(self, function, _types, args=(), kwargs=None):
        name = str(function)
        if any(
            part in name for part in ("_local_scalar_dense", "nonzero", "is_nonzero", "lift_fresh", "equal.default")
        ):
            self.found.append(name)
        return function(*args, **(kwargs or {}))


@pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
def test_the_host_waits_for_nothing_in_a_step(new_run, tiny_net, method):
    options = {"model": {"name": tiny_net, "dropout": 0.5}, "epochs": 3, "batch_size": 400, "numerics": ON, **method}
    trainer = _loop.Trainer(new_run(**options), _tasks.Classification(load("digits"), True))
    for prior in trainer.priors:
        prior.value = prior.stand_in()
    steps = trainer.graphed
    steps.begin(0)
    steps.take(400)
    with Reads() as reads:
        steps.take(400)
    assert reads.found == []
    with Reads() as reads:
        float(torch.ones(()) * torch.tensor(2.0))
    assert len(reads.found) == 2, "what would be waited for is seen"


def test_a_step_that_counts_in_python_is_refused(new_run, trained, monkeypatch):
    module = types.ModuleType("own_parts_of_graphs")
    module.loss = lambda: torch.nn.functional.cross_entropy
    module.optimizer = lambda groups, lr: torch.optim.SGD(groups, lr=lr)
    monkeypatch.setitem(sys.modules, module.__name__, module)
    for options, why in (
        ({"averaging": {"name": "ema", "decay": 0.9}}, "ema counts its steps"),
        ({"sharpness": {"rho": 0.05}}, "sharpness puts"),
        ({"saf": {"weight": 0.3, "start_epoch": 0, "average_decay": 0.9}}, "saf with average_decay looks"),
        ({"loss": {"name": f"{module.__name__}:loss"}}, "'own_parts_of_graphs:loss' may count its steps in Python"),
        ({"optimizer": {"name": f"{module.__name__}:optimizer", "lr": 0.1}}, "'own_parts_of_graphs:optimizer' may"),
    ):
        with pytest.raises(SeedwiseError, match=f"{why}.*: leave out train: {{graphs: true}}$"):
            _loop.Trainer(new_run(numerics=ON, **options), _tasks.Classification(load("digits"), True))
        assert trained(epochs=1, **options).status == "finished"
