"""A run that was stopped goes on bit for bit."""

import pytest

from seedwise.run import Checkpoint, Keep, execute
from seedwise.training import _loop, train

EPOCHS = 4
SEEDS = {"init": 1, "shuffle": 2, "augment": 3, "dropout": 4, "split": 5}
VML = {"name": "vml", "warmup_steps": 10, "lambda_base": 1.0}
LOSSES = {
    "base": "cross_entropy",
    "vml": VML,
    "clf": {"name": "clf", "lambda_s": 0.5, "lambda_v": 0.05},
    "placebo": {"name": "placebo", "controller": VML},
    "lr_control": {"name": "lr_control", "controller": {**VML, "lambda_max": 0.5}},
}
COSINE = {"name": "cosine", "warmup_epochs": 1}
OPTIMIZERS = {
    "sgd": {"optimizer": {"name": "sgd", "lr": 0.1, "momentum": 0.9}, "schedule": COSINE},
    "adamw": {
        "optimizer": {"name": "adamw", "lr": 0.01, "groups": [{"kinds": ["bias"], "weight_decay": 0, "lr_scale": 2}]}
    },
}


METHODS = {
    "ema": {"averaging": {"name": "ema", "decay": 0.9, "debias": True}},
    "ema-biased": {"averaging": {"name": "ema", "decay": 0.9}},
    "swa": {"averaging": {"name": "swa", "start": 0.3}},
    "aswa": {"averaging": {"name": "aswa", "start": 0.3}},
    "aswa-watching": {"averaging": {"name": "aswa", "replace": False}},
    "snapshots": {"snapshots": {"cycles": 2, "warmup": "every_cycle"}, "schedule": {**COSINE, "warmup_epochs": 0.5}},
    "snapshots-ema": {
        "snapshots": {"cycles": 2},
        "schedule": "cosine",
        "averaging": {"name": "ema", "decay": 0.9, "debias": True},
    },
    "sam": {"sharpness": {"rho": 0.1}},
    "sam-vml": {"sharpness": {"rho": 0.1}, "loss": VML},
    "sam-placebo": {"sharpness": {"rho": 0.1}, "loss": LOSSES["placebo"]},
    "saf": {"saf": {"weight": 3.0, "start_epoch": 1, "epochs_back": 2}},
    "saf-packed": {"saf": {"start_epoch": 1, "epochs_back": 1}, "packed": {"members": 2}},
    "mesa": {"saf": {"weight": 3.0, "start_epoch": 1, "average_decay": 0.9}},
    "clipping": {"clip_gradient": 0.5},
    "smoothing": {"loss": {"name": "cross_entropy", "label_smoothing": 0.1}},
}


class Killed(BaseException):
    """A process that ends without a chance to clean up."""


def outcome(record):
    assert record.status == "finished", record.error
    predictions = [
        (p.split, p.tag, p.epoch, p.ids.tolist(), p.labels.tolist(), p.predicted.tolist(), p.logits.tolist())
        for p in record.predictions
    ]
    return record.weights_sha256, record.metrics, record.series, predictions, record.weights


@pytest.fixture(params=[(loss, optimizer) for loss in LOSSES for optimizer in OPTIMIZERS], ids="-".join)
def options(request):
    loss, optimizer = request.param
    return {"epochs": EPOCHS, "examples": 480, "loss": LOSSES[loss], **OPTIMIZERS[optimizer]}


def test_after_a_stop(new_run, trained, tmp_path, options):
    expected = outcome(trained(SEEDS, **options))
    stop = Checkpoint(tmp_path / "c", should_stop=lambda: True)
    record = execute(new_run(SEEDS, checkpoint=stop, **options), train)
    assert (record.status, record.resumed_from) == ("interrupted", [])
    record = execute(new_run(SEEDS, checkpoint=Checkpoint(tmp_path / "c"), **options), train)
    assert outcome(record) == expected
    assert record.resumed_from == [1]


@pytest.mark.parametrize("metric", ["accuracy", "loss"])
def test_after_a_stop_at_every_epoch_with_the_best_epoch_kept(new_run, trained, tmp_path, options, metric):
    options["validation"] = {"fraction": 0.2, "rule": "best", "metric": metric}
    expected = outcome(trained(SEEDS, **options))
    for _ in range(EPOCHS):
        stop = Checkpoint(tmp_path / "c", should_stop=lambda: True)
        assert execute(new_run(SEEDS, checkpoint=stop, **options), train).status == "interrupted"
    record = execute(new_run(SEEDS, checkpoint=Checkpoint(tmp_path / "c"), **options), train)
    assert outcome(record) == expected
    assert record.resumed_from == [1, 2, 3, 4]


@pytest.mark.parametrize("rule", ["last", "best"])
@pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
def test_a_method_after_a_stop_at_every_epoch(new_run, trained, tmp_path, tiny_net, method, rule):
    options = {"epochs": EPOCHS, "batch_size": 479, "model": {"name": tiny_net}, "keep": Keep("full", "snapshots")}
    method = dict(method)
    options["model"] |= {"packed": method.pop("packed", None)}
    options |= {"validation": {"fraction": 0.2, "rule": rule, "metric": "loss"}, **method}
    expected = outcome(trained(SEEDS, **options))
    for _ in range(EPOCHS):
        stop = Checkpoint(tmp_path / "c", should_stop=lambda: True)
        assert execute(new_run(SEEDS, checkpoint=stop, **options), train).status == "interrupted"
    record = execute(new_run(SEEDS, checkpoint=Checkpoint(tmp_path / "c"), **options), train)
    assert outcome(record) == expected
    assert record.resumed_from == [1, 2, 3, 4]
    assert len(record.predictions) == (6 if "snapshots" in method else 2)


def test_after_a_kill_in_the_middle_of_an_epoch(new_run, trained, tmp_path, monkeypatch):
    options = {"epochs": EPOCHS, "loss": VML}
    expected = outcome(trained(SEEDS, **options))
    step, steps = _loop.Trainer.step, []

    def killed_step(trainer, *batch):
        steps.append(1)
        if len(steps) == 2 * 23 + 7:
            raise Killed
        return step(trainer, *batch)

    with monkeypatch.context() as patch:
        patch.setattr(_loop.Trainer, "step", killed_step)
        with pytest.raises(Killed):
            execute(new_run(SEEDS, checkpoint=Checkpoint(tmp_path / "c", every_epochs=1), **options), train)
    record = execute(new_run(SEEDS, checkpoint=Checkpoint(tmp_path / "c", every_epochs=1), **options), train)
    assert outcome(record) == expected
    assert record.resumed_from == [2]


def test_after_a_kill_between_the_log_and_the_checkpoint(new_run, trained, tmp_path):
    expected = outcome(trained(SEEDS, epochs=EPOCHS))

    def killed(epoch):
        if epoch == 2:
            raise Killed

    checkpoint = Checkpoint(tmp_path / "c", every_epochs=2)
    with pytest.raises(Killed):
        execute(new_run(SEEDS, epochs=EPOCHS, checkpoint=checkpoint, on_epoch=killed), train)
    record = execute(new_run(SEEDS, epochs=EPOCHS, checkpoint=Checkpoint(tmp_path / "c")), train)
    assert outcome(record) == expected
    assert record.resumed_from == [2]


@pytest.mark.parametrize("rule", ["last", "best"])
def test_after_a_kill_between_the_last_checkpoint_and_the_end(new_run, trained, tmp_path, monkeypatch, rule):
    options = {"epochs": EPOCHS, "validation": {"fraction": 0.2, "rule": rule}, "loss": LOSSES["placebo"]}
    expected = outcome(trained(SEEDS, **options))

    def killed(trainer):
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(_loop.Trainer, "_finish", killed)
        with pytest.raises(Killed):
            execute(new_run(SEEDS, checkpoint=Checkpoint(tmp_path / "c", every_epochs=1), **options), train)
    record = execute(new_run(SEEDS, checkpoint=Checkpoint(tmp_path / "c"), **options), train)
    assert outcome(record) == expected
    assert record.resumed_from == [EPOCHS]


def test_after_the_newest_checkpoint_was_damaged(new_run, trained, tmp_path):
    expected = outcome(trained(SEEDS, epochs=EPOCHS))
    for _ in range(3):
        stop = Checkpoint(tmp_path / "c", should_stop=lambda: True)
        execute(new_run(SEEDS, epochs=EPOCHS, checkpoint=stop), train)
    content = (tmp_path / "c").read_bytes()
    (tmp_path / "c").write_bytes(content[: len(content) // 2])
    record = execute(new_run(SEEDS, epochs=EPOCHS, checkpoint=Checkpoint(tmp_path / "c")), train)
    assert outcome(record) == expected
    assert record.resumed_from == [1, 2]
    assert len(record.notes) == 1
    assert "is damaged" in record.notes[0]
