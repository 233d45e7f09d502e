"""Half precision and compilation."""

import shutil
import warnings

import pytest
import torch

from seedwise.data import load
from seedwise.run import execute
from seedwise.training import _loop, _tasks, train

NO_DROPOUT = {"dropout": 0.0}


def test_bf16(new_run, trained, monkeypatch):
    kinds = set()
    step = _loop.Trainer.step

    def observed(trainer, batch):
        hook = trainer.model.register_forward_hook(lambda _m, _i, output: kinds.add(output.dtype))
        loss = step(trainer, batch)
        hook.remove()
        assert loss.dtype == torch.float32
        return loss

    full = trained(epochs=4)
    monkeypatch.setattr(_loop.Trainer, "step", observed)
    half = execute(new_run(epochs=4, numerics={"precision": "bf16"}), train)
    assert kinds == {torch.bfloat16}
    assert half.status == "finished"
    assert half.id != full.id
    assert half.weights_sha256 != full.weights_sha256
    assert half.metrics["test/accuracy"] == pytest.approx(full.metrics["test/accuracy"], abs=0.05)


@pytest.mark.parametrize("precision", ["float32", "bf16"])
def test_the_loss_is_computed_in_float32(new_run, precision, monkeypatch):
    seen = set()
    trainer = _loop.Trainer(new_run(numerics={"precision": precision}), _tasks.Classification(load("digits"), True))
    loss = trainer.loss

    def observed(outputs, labels):
        seen.add(outputs.dtype)
        return loss(outputs, labels)

    trainer.loss = observed
    for batch in list(trainer.batches(0))[:1]:
        trainer.step(batch)
    assert seen == {torch.float32}


METHODS = {
    "base": {},
    "swa": {"averaging": {"name": "swa", "start": 0.5}},
    "sam": {
        "averaging": {"name": "ema", "decay": 0.5},
        "sharpness": {"rho": 0.05},
        "clip_gradient": 0.5,
        "loss": {"name": "lr_control", "controller": {"name": "vml", "warmup_steps": 2, "lambda_max": 0.5}},
    },
}


@pytest.mark.skipif(shutil.which("c++") is None, reason="inductor needs a C++ compiler")
@pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
def test_compiled_training_equals_eager(trained, tiny_net, method):
    model = {"name": tiny_net, "dropout": 0.0} if method else NO_DROPOUT
    options = {"model": model, "epochs": 2, "batch_size": 479, "optimizer": {"name": "sgd", "lr": 0.05}, **method}
    eager = trained({"init": 1}, **options)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch's own, while it compiles
        compiled = trained({"init": 1}, numerics={"compile": True}, **options)
    assert compiled.status == "finished", compiled.error
    assert compiled.id != eager.id
    for row, expected in zip(compiled.series, eager.series, strict=True):
        assert row == pytest.approx(expected, rel=1e-3, abs=3 / 360)
    torch.testing.assert_close(
        torch.tensor(compiled.predictions[0].logits), torch.tensor(eager.predictions[0].logits), atol=1e-3, rtol=1e-3
    )


@pytest.mark.skipif(shutil.which("c++") is None, reason="inductor needs a C++ compiler")
def test_compiled_sharpness_aware_passes_draw_the_same_masks(new_run, tiny_net):
    options = {"model": {"name": tiny_net, "dropout": 0.5}, "batch_size": 479, "numerics": {"compile": True}}
    task = _tasks.Classification(load("digits"), True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        # The weights are moved by next to nothing: with the same masks the two gradients are almost the same.
        still = _loop.Trainer(new_run(sharpness={"rho": 1e-9}, **options), task)
        plain = _loop.Trainer(new_run(**options), task)
        batch = next(iter(plain.batches(0)))
        gradients = []
        for trainer, seed in ((plain, 0), (still, 0), (plain, 1)):
            with torch.random.fork_rng():
                torch.manual_seed(seed)
                trainer.backward(batch)
            gradients.append(trainer.model[5].weight.grad.clone())
    first, both, other = gradients
    torch.testing.assert_close(both, first, rtol=1e-3, atol=1e-5)
    assert (other - first).abs().max() > 1e-3


def test_compilation_is_really_asked_for(new_run, monkeypatch):
    asked = []
    monkeypatch.setattr(torch, "compile", lambda model: asked.append(model) or model)
    record = execute(new_run(epochs=1, numerics={"compile": True}), train)
    assert record.status == "finished"
    assert len(asked) == 1
    execute(new_run(epochs=1), train)
    assert len(asked) == 1
