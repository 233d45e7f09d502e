"""A small training of the built-in digits."""

from pathlib import Path

import pytest

from seedwise.run import Checkpoint, Keep, Numerics, Run, RunSpec, configure, execute
from seedwise.training import FUNCTION, train

SGD = {"name": "sgd", "lr": 0.1, "momentum": 0.9}


def _run(seeds=None, *, model=None, augment=True, numerics=None, checkpoint=None, keep=None, on_epoch=None, **options):
    evaluate_epochs, examples = options.pop("evaluate_epochs", True), options.pop("examples", None)
    config = {
        "task": {"dataset": "digits", "augment": augment} | ({"train_examples": examples} if examples else {}),
        "model": model if model and "name" in model else {"name": "small_cnn", "width": 4, **(model or {})},
        "train": {"epochs": 2, "batch_size": 64, "optimizer": SGD, **options},
    }
    return Run(
        RunSpec(FUNCTION, config, seeds or {}, Numerics(**(numerics or {}))),
        configure(train, config),
        checkpoint=checkpoint or Checkpoint(None),
        keep=Keep(predictions="full") if keep is None else keep,
        evaluate_epochs=evaluate_epochs,
        on_epoch=on_epoch or (lambda epoch: None),
    )


@pytest.fixture
def tiny_net(monkeypatch):
    """The name of a network with batch norm and dropout."""
    monkeypatch.syspath_prepend(Path(__file__).parent)
    return "tiny_net:make"


@pytest.fixture(scope="session")
def new_run():
    """A run of the small network on the digits; keywords are options of the training."""
    return _run


@pytest.fixture(scope="session")
def trained():
    """The record of such a run."""

    def record(*args, **options):
        return execute(_run(*args, **options), train)

    return record
