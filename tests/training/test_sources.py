"""Each seed decides one thing: the initial weights, the orders, the augmentation tables or the dropout masks."""

import hashlib
import math
from collections import defaultdict

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from seedwise.run import execute, weights_sha256
from seedwise.training import _loop, _tasks, train

EPOCHS = 2
WHAT = {"init": "weights", "shuffle": "orders", "augment": "tables", "dropout": "masks"}


class Masks(TorchDispatchMode):
    """Collects what dropout draws, whatever it is multiplied with."""

    def __init__(self, masks):
        super().__init__()
        self.masks = masks

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        result = func(*args, **(kwargs or {}))
        if func is torch.ops.aten.bernoulli_.float:
            self.masks.append(result.numpy().copy())
        return result


@pytest.fixture
def used(new_run, monkeypatch):
    """Train, and return digests of what was really used."""

    def observe(seeds, **options):
        seen = defaultdict(list)
        fit, inputs = _loop.Trainer.fit, _tasks.Classification.inputs

        def observed_fit(trainer):
            def first_call(model, _inputs):
                if not seen["weights"]:
                    seen["weights"].append(weights_sha256(model.state_dict()))

            trainer.model.register_forward_pre_hook(first_call)
            with Masks(seen["masks"]):
                fit(trainer)

        def observed_inputs(task, examples, at, table=None):
            if isinstance(at, torch.Tensor):
                seen["orders"].append(examples.ids[at].numpy())
                seen["tables"].append(table.numpy())
            return inputs(task, examples, at, table)

        with monkeypatch.context() as patch:
            patch.setattr(_loop.Trainer, "fit", observed_fit)
            patch.setattr(_tasks.Classification, "inputs", observed_inputs)
            record = execute(new_run(seeds, epochs=EPOCHS, **options), train)
        assert record.status == "finished", record.error
        assert len(seen["orders"]) == len(seen["tables"]) == EPOCHS
        steps = math.ceil(len(seen["orders"][0]) / 64)
        assert len(seen["masks"]) == EPOCHS * steps  # one a step, and none in evaluation
        for name in ("orders", "tables", "masks"):
            parts = [part.tobytes() for part in seen[name]]
            assert len(set(parts)) == len(parts), f"{name} of two epochs or steps are equal"
            seen[name] = hashlib.sha256(b"".join(parts)).hexdigest()
        return dict(seen)

    return observe


@pytest.mark.parametrize("others", [0, 5])
def test_changing_one_seed_changes_one_thing(used, others):
    seeds = dict.fromkeys(WHAT, others)
    base = used(seeds)
    assert used(seeds) == base
    changed = {}
    for source in WHAT:
        other = used({**seeds, source: others + 1})
        changed[source] = [name for name in base if other[name] != base[name]]
    assert changed == {source: [name] for source, name in WHAT.items()}


def test_a_moved_weight_changes_the_initial_weights_alone(used):
    base, other = used({}), used({"ulp": 1})
    assert [name for name in base if other[name] != base[name]] == ["weights"]


def test_the_validation_split_changes_who_is_trained_on_alone(used):
    # The same slots in the same order, filled with other examples.
    base, other = (used({"split": seed}, validation={"fraction": 0.1}) for seed in (0, 1))
    assert [name for name in base if other[name] != base[name]] == ["orders"]


def test_a_placebo_draws_from_the_dropout_seed(trained):
    options = {
        "model": {"dropout": 0.0},
        "loss": {"name": "placebo", "controller": {"name": "vml", "warmup_steps": 5, "lambda_min": 0.5}},
    }
    weights = [trained({"dropout": seed}, **options).weights_sha256 for seed in (1, 2)]
    assert weights[0] != weights[1]
    without = [trained({"dropout": seed}, model={"dropout": 0.0}).weights_sha256 for seed in (1, 2)]
    assert without[0] == without[1]


def test_the_model_and_the_loss_change_none_of_them(used):
    base = used({"init": 1})
    vml = used({"init": 1}, loss={"name": "vml", "warmup_steps": 5})
    placebo = used({"init": 1}, loss={"name": "placebo", "controller": {"name": "vml", "warmup_steps": 5}})
    assert vml == placebo == base
