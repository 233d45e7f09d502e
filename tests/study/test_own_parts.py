"""``"module:name"`` in the place of a built-in loss, optimizer, schedule or network."""

import os
import sys

import numpy as np
import pandas as pd
import pytest
import torch
import yaml

from seedwise.errors import ChangedCodeError, SeedwiseError
from seedwise.losses import PlaceboLoss
from seedwise.randomness import Randomness
from seedwise.study import Study, parse_study, plan
from seedwise.training import TrainerConfig
from seedwise.training._loop import Trainer
from seedwise.training._tasks import load_task
from tests.nursery import BLOCKED, nursery

PARTS = '''
import math, torch, torch.nn.functional as F
from torch import nn
from seedwise.losses import Control, Controller
from own_helper import SCALE

def scaled(scale=2.0, *, axes=(1, 2)):
    return lambda outputs, targets: scale * SCALE * F.cross_entropy(outputs, targets)

class Doubled(Controller):
    def __init__(self, base=None, *, weight=1.0):
        super().__init__(base)
        self.weight = weight
        self.register_buffer("seen", torch.tensor(0.0))

    def control(self, loss, output, target):
        self.seen.add_(1)
        factor = torch.tensor(1 + self.weight)
        return Control(self.weight * loss, factor, torch.tensor(self.weight), loss.detach().isfinite())

class AsModule(nn.Module):
    """No controller, and with a state."""
    def __init__(self):
        super().__init__()
        self.register_buffer("seen", torch.tensor(0.0))
    def forward(self, outputs, targets):
        self.seen.add_(1)
        return F.cross_entropy(outputs, targets)

class Signs(torch.optim.Optimizer):
    def __init__(self, params, lr, eps=0.0):
        super().__init__(params, {"lr": lr, "eps": eps})
    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            for p in group["params"]:
                p.sub_(group["lr"] * p.grad.sign())

def root(power=0.5):
    return lambda step, steps, epoch: 1 - (step / steps) ** power

def net(in_channels, num_classes, width=3):
    return nn.Sequential(nn.Flatten(), nn.Linear(64, width), nn.ReLU(), nn.Linear(width, num_classes))

def forecaster(variables, lookback, horizon, calendar, *, bias=True):
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = nn.Linear(lookback, horizon, bias=bias)
        def forward(self, values, calendar):
            return self.layer(values.transpose(1, 2)).transpose(1, 2)
    return Net()

def vector(): return lambda outputs, targets: F.cross_entropy(outputs, targets, reduction="none")
def number(): return lambda outputs, targets: 0.5
def detached(): return lambda outputs, targets: F.cross_entropy(outputs, targets).detach()
def nothing(): return None
def wrong_shapes(): return lambda outputs, targets: ((outputs - targets) ** 2).mean()
def text(): return lambda step, steps, epoch: "half"
def only_step(): return lambda step: 1.0
def broken(): raise KeyError("no such thing")
def no_optimizer(params, lr): return nn.Linear(1, 1)
class Learnt(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(()))
    def forward(self, outputs, targets):
        return self.weight * F.cross_entropy(outputs, targets)
def narrow(in_channels, num_classes): return nn.Sequential(nn.Flatten(), nn.Linear(64, 3))
def flat(in_channels, num_classes): return nn.Linear(64, num_classes)
'''
BASE = {
    "name": "own",
    "task": {"dataset": "digits"},
    "model": "small_cnn",
    "train": {"epochs": 2, "batch_size": 256, "optimizer": {"name": "sgd", "lr": 0.1}},
    "replicates": 1,
}


@pytest.fixture(autouse=True)
def parts(tmp_path, monkeypatch):
    (tmp_path / "own_parts.py").write_text(PARTS)
    (tmp_path / "own_helper.py").write_text("SCALE = 1.0\n")
    monkeypatch.syspath_prepend(tmp_path)
    yield tmp_path
    for name in ("own_parts", "own_helper"):
        sys.modules.pop(name, None)


def study(**changes):
    train = {**BASE["train"], **changes.pop("train", {})}
    return parse_study(yaml.safe_dump({**BASE, "train": train, **changes}))


def config_of(**train):
    (run,) = plan(study(train=train))
    return run.spec.config["train"]


def trainer_of(**changes):
    config = TrainerConfig.model_validate(study(**changes).configs()["base"])
    (run,) = plan(study(**changes))
    from seedwise.run import Run

    return Trainer(Run(run.spec, config), load_task(config.task, "cpu"))


LION = {"name": "own_parts:Signs", "lr": 0.01}


@pytest.mark.parametrize(
    ("kind", "given", "kept"),
    [
        ("loss", "own_parts:scaled", {"name": "own_parts:scaled"}),
        ("loss", {"name": "own_parts:scaled", "scale": 2.0}, {"name": "own_parts:scaled"}),
        (
            "loss",
            {"name": "own_parts:scaled", "scale": 3, "axes": [1]},
            {"name": "own_parts:scaled", "scale": 3, "axes": [1]},
        ),
        (
            "loss",
            {"name": "placebo", "controller": "own_parts:Doubled"},
            {"name": "placebo", "controller": {"name": "own_parts:Doubled"}},
        ),
        ("optimizer", {**LION, "eps": 0.0}, LION),
        ("optimizer", {**LION, "eps": 1e-3, "groups": []}, {**LION, "eps": 1e-3}),
        ("schedule", "own_parts:root", {"name": "own_parts:root"}),
        (
            "schedule",
            {"name": "own_parts:root", "power": 0.5, "warmup_epochs": 1},
            {"name": "own_parts:root", "warmup_epochs": 1.0},
        ),
    ],
)
def test_options_at_their_default_are_left_out_of_the_name(kind, given, kept):
    assert config_of(**{kind: given})[kind] == kept


@pytest.mark.parametrize(
    ("kind", "given", "line"),
    [
        ("loss", "own_parts:missing", "train.loss: there is no function 'missing' in 'own_parts'"),
        ("loss", "absent:make", "train.loss: there is no module 'absent' for the function 'absent:make'"),
        (
            "loss",
            {"name": "own_parts:scaled", "scal": 3},
            "train.loss: 'own_parts:scaled' is called as make(**options) with these options (scal), and does not fit: "
            "got an unexpected keyword argument 'scal'",
        ),
        (
            "loss",
            {"name": "lr_control", "controller": {"name": "own_parts:Doubled", "q": 1}},
            "train.loss.controller: 'own_parts:Doubled' is called as make(**options) with these options (q)",
        ),
        ("optimizer", "own_parts:Signs", "train.optimizer.lr is missing"),
        ("optimizer", {**LION, "lr": 0}, "train.optimizer.lr is 0: input should be greater than 0"),
        (
            "optimizer",
            {**LION, "momentum": 0.9},
            "train.optimizer: 'own_parts:Signs' is called as make(parameter_groups, lr=..., **options) with these "
            "options (momentum), and does not fit: got an unexpected keyword argument 'momentum'",
        ),
        ("schedule", {"name": "own_parts:root", "pow": 2}, "train.schedule: 'own_parts:root' is called as make("),
        ("schedule", {"name": "own_parts:root", "warmup_epochs": -1}, "train.schedule.warmup_epochs is -1"),
        ("averaging", "own_parts:root", "unknown averaging 'own_parts:root' in train: allowed: ema, swa, aswa"),
    ],
)
def test_a_mistake_is_one_line_when_the_study_is_read(kind, given, line):
    with pytest.raises(SeedwiseError) as caught:
        study(train={kind: given})
    assert line in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        (
            {"train": {"loss": "own_parts:vector"}},
            "the loss 'own_parts:vector' returned a tensor of shape (8,), torch.float32: a 0-dim float tensor is",
        ),
        ({"train": {"loss": "own_parts:number"}}, "the loss 'own_parts:number' returned 0.5: a 0-dim float tensor is"),
        ({"train": {"loss": "own_parts:detached"}}, "returned a number without a gradient: compute it from"),
        (
            {"train": {"loss": "own_parts:nothing"}},
            "'own_parts:nothing' returned NoneType: what is called with outputs and targets is needed",
        ),
        (
            {"train": {"loss": "own_parts:wrong_shapes"}},
            "train.loss: 'own_parts:wrong_shapes' fails on outputs (8, 10) and targets (8,): RuntimeError: The size of",
        ),
        ({"train": {"loss": "own_parts:broken"}}, "'own_parts:broken' cannot be made: KeyError: 'no such thing'"),
        (
            {"train": {"loss": {"name": "placebo", "controller": "own_parts:scaled"}}},
            "the loss 'placebo' cannot be made: controller must be a Controller such as VarianceMinimizerLoss, got ",
        ),
        (
            {"train": {"loss": "own_parts:Learnt"}},
            "the loss 'own_parts:Learnt' has parameters of its own, which the optimizer does not know",
        ),
        (
            {"train": {"optimizer": {"name": "own_parts:no_optimizer", "lr": 1}}},
            "'own_parts:no_optimizer' returned Linear: a torch.optim.Optimizer is needed",
        ),
        (
            {"train": {"optimizer": {**LION, "groups": [{"kinds": ["bias"], "weight_decay": 0.1}]}}},
            "'own_parts:Signs' has no weight_decay: leave it out of the groups of train.optimizer",
        ),
        (
            {"train": {"schedule": "own_parts:text"}},
            "what 'own_parts:text' makes returned str: a function of (step, steps, epoch) that returns a number",
        ),
        ({"train": {"schedule": "own_parts:nothing"}}, "'own_parts:nothing' returned NoneType: a function of (step,"),
        (
            {"train": {"schedule": "own_parts:only_step"}},
            "train.schedule: 'own_parts:only_step' fails in a step: TypeError: ",
        ),
        (
            {"model": "own_parts:narrow"},
            "model: 'own_parts:narrow' returned (8, 3) for inputs (8, 1, 8, 8): (8, 10) is needed",
        ),
        ({"model": "own_parts:flat"}, "model: 'own_parts:flat' fails on inputs (8, 1, 8, 8): RuntimeError: mat1 and"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_not_what_it_must_be_is_one_line_before_anything_is_trained(changes, line, tmp_path):
    made = Study(study(**changes), store=tmp_path / "s.db")
    with pytest.raises(SeedwiseError) as caught:
        made.run(workers=1)
    assert line in str(caught.value)
    assert "\n" not in str(caught.value)


def test_trying_a_part_draws_nothing_from_the_callers_generators(tmp_path):
    made = Study(study(train={"loss": "own_parts:vector"}), store=tmp_path / "s.db")
    torch.manual_seed(1)
    expected = torch.rand(1)
    torch.manual_seed(1)
    with pytest.raises(SeedwiseError):
        made.run(workers=1)
    assert torch.equal(torch.rand(1), expected)


def one_batch(trainer):
    return next(trainer.batches(0))


def test_a_loss_is_told_the_base_of_the_task_and_has_the_rights_of_ours():
    trainer = trainer_of(train={"loss": {"name": "own_parts:Doubled", "weight": 0.5}})
    batch = one_batch(trainer)
    torch.manual_seed(0)
    base = trainer.step(batch)
    torch.manual_seed(0)
    plain = trainer_of()
    assert torch.equal(base, plain.step(batch)), "the base loss is logged, not what was added"
    assert trainer.loss.last_factor == 1.5
    assert trainer.state()["loss"]["seen"] == 1


def test_the_state_of_a_loss_that_is_a_module_is_kept_in_checkpoints():
    trainer = trainer_of(train={"loss": "own_parts:AsModule"})
    trainer.step(one_batch(trainer))
    assert trainer.state()["loss"] == {"seen": torch.tensor(1.0)}


def test_a_placebo_takes_any_controller_with_the_seed_of_the_dropout_source():
    trainer = trainer_of(train={"loss": {"name": "placebo", "controller": "own_parts:Doubled"}})
    assert isinstance(trainer.loss, PlaceboLoss)
    assert type(trainer.loss.controller).__name__ == "Doubled", "a third controller became CLF"
    expected = PlaceboLoss(trainer.loss.controller, seed=Randomness(trainer.run.seeds).integer("dropout", "placebo"))
    assert torch.equal(trainer.loss.keys, expected.keys)
    trainer.step(one_batch(trainer))
    assert trainer.loss.last_factor == 1
    trainer.step(one_batch(trainer))
    assert trainer.loss.last_factor == 2


def test_a_schedule_gives_the_rate_of_each_step():
    trainer = trainer_of(train={"schedule": {"name": "own_parts:root", "power": 2, "warmup_epochs": 1}})
    # Two epochs of six steps: the first warms up.
    expected = [*((k + 1) / 6 for k in range(6)), *(1 - (k / 6) ** 2 for k in range(6))]
    assert [trainer.lr_factor(step) for step in range(12)] == pytest.approx(expected)


def test_an_optimizer_gets_groups_with_their_own_rates():
    groups = [{"kinds": ["bias"], "lr_scale": 3}]
    trainer = trainer_of(train={"optimizer": {**LION, "groups": groups}, "schedule": "cosine"})
    assert [group["lr_scale"] for group in trainer.optimizer.param_groups] == [1.0, 3.0]
    rates = []
    step = trainer.optimizer.step
    trainer.optimizer.step = lambda: (rates.append([g["lr"] for g in trainer.optimizer.param_groups]), step())
    trainer.fit()
    steps = len(rates)
    cosine = [LION["lr"] * (1 + np.cos(np.pi * k / steps)) / 2 for k in range(steps)]
    assert np.array(rates) == pytest.approx(np.outer(cosine, [1, 3]))


def test_a_study_of_own_parts_trains_is_read_out_and_notices_when_their_code_changes(parts):
    methods = {
        "base": {},
        "loss": {"loss": {"name": "placebo", "controller": "own_parts:Doubled"}},
        "optimizer": {"optimizer": LION},
        "schedule": {"schedule": "own_parts:root"},
    }
    train = {**BASE["train"], "epochs": 1}
    changes = {"methods": methods, "readouts": ["crop25"], "keep": {"weights": "final"}, "train": train}
    (parts / "own.yaml").write_text(yaml.safe_dump({**BASE, **changes}))
    made = Study.from_yaml(parts / "own.yaml")
    assert made.estimate().seconds > 0
    assert made.run(workers=1).counts == {"finished": 4}
    assert {cell.readout for cell in made.cells()} == {"plain", "crop25"}
    assert len({tuple(cell.values.tolist()) for cell in made.cells() if cell.readout == "plain"}) > 1
    (parts / "own_helper.py").write_text("SCALE = 2.0\n")
    with pytest.raises(ChangedCodeError, match=r"since 3 of the finished runs were trained \(own_helper\.py\)"):
        Study.from_yaml(parts / "own.yaml").run(workers=1)


WITHOUT_TORCH = """
import sys
sys.modules["torch"] = None
from seedwise.study import parse_study, plan
(run,) = plan(parse_study(sys.stdin.read()))
print(run.spec.id, run.spec.config["train"]["loss"], run.spec.functions[1:])
"""


def planned_without_torch(text, folder):
    return nursery().run(["-c", WITHOUT_TORCH], given=text, cwd=folder, env={**os.environ, **BLOCKED}, timeout=100)


@pytest.mark.parametrize("scale", [3.5, 2.0])
def test_without_torch_options_are_taken_as_given(parts, scale):
    """An option at its default names no other run, wherever the study is planned."""
    train = {**BASE["train"], "loss": {"name": "own_parts:scaled", "scale": scale}}
    text = yaml.safe_dump({**BASE, "train": train})
    done = planned_without_torch(text, parts)
    (run,) = plan(parse_study(text))
    assert done.stdout.split()[0] == run.spec.id, done.stderr
    # A name that does not fit is for the worker to find, a missing module is not.
    assert planned_without_torch(text.replace("scale:", "scal:"), parts).returncode == 0
    assert "there is no module 'nowhere'" in planned_without_torch(text.replace("own_parts", "nowhere"), parts).stderr


def test_a_forecast_takes_an_own_network(tmp_path):
    times = pd.date_range("2020-01-01", periods=240, freq="h")
    waves = {"t": times, "a": np.sin(np.arange(240) / 4), "b": np.cos(np.arange(240) / 5)}
    pd.DataFrame(waves).to_csv(tmp_path / "waves.csv", index=False)
    series = {"csv": str(tmp_path / "waves.csv"), "time": "t", "lookback": 12, "horizon": 6}
    changes = {"task": {"dataset": series}, "model": {"name": "own_parts:forecaster", "bias": True}}
    assert study(**changes).configs()["base"]["model"] == {"name": "own_parts:forecaster"}
    (tmp_path / "waves.yaml").write_text(yaml.safe_dump({**BASE, **changes}))
    assert Study.from_yaml(tmp_path / "waves.yaml").run(workers=1).counts == {"finished": 1}
    with pytest.raises(SeedwiseError, match=r"make\(variables, lookback, horizon, calendar, \*\*options\)"):
        study(**{**changes, "model": "own_parts:net"})
    for model, line in (("resnet14", "takes images"), ("naive", "has no seeds and nothing to train")):
        with pytest.raises(SeedwiseError, match=line):
            study(**{**changes, "model": model})
