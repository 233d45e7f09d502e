"""Whatever happens in a training becomes a status and one line."""

import errno
import platform
import re

import pytest
import torch

from seedwise.errors import SeedwiseError, StorageError
from seedwise.run import Checkpoint, Diverged, Interrupted, Keep, Numerics, Run, RunSpec, execute


def outcome(train, *, seeds=None, numerics=None, **options):
    return execute(Run(RunSpec("my.train:train", {}, seeds or {}, numerics or Numerics()), {}, **options), train)


def raises(error):
    def train(run):
        run.log(0, loss=1.0)
        run.save_predictions([0], [0])
        run.save_weights({"w": torch.ones(1)})
        raise error

    return train


def test_a_run_that_finishes():
    def train(run):
        run.log(0, loss=0.5)
        run.save_predictions([0, 1], [0, 0])
        run.save_weights({"w": torch.ones(1)})
        run.notes.append("a note")
        run.finish(accuracy=0.5)

    record = outcome(train, keep=Keep(weights="final"), checkpoint=Checkpoint(None, keep_trace=True))
    assert (record.status, record.error, record.traceback) == ("finished", None, None)
    assert record.metrics == {"test/accuracy": 0.5}
    assert record.series == [{"epoch": 0, "loss": 0.5}]
    assert record.notes == ["a note"]
    assert len(record.weights_sha256) == 64
    assert len(record.predictions) == 1
    assert list(record.weights) == ["final"]
    assert record.id == RunSpec("my.train:train", {}, {}).id
    assert record.content == {"schema": 1, "function": "my.train:train", "config": {}, "seeds": {}}
    assert record.environment["torch"] == torch.__version__
    assert record.environment["python"] == platform.python_version()
    assert record.environment["device"] == "cpu"
    assert record.seconds >= 0


def test_a_metric_that_is_not_finite_is_a_divergence():
    record = outcome(lambda run: run.finish(accuracy=0.1, loss=float("nan")))
    assert (record.status, record.error) == ("diverged", "test/loss is not finite")
    assert record.metrics == {"test/accuracy": 0.1, "test/loss": None}


@pytest.mark.parametrize(
    ("error", "status", "message"),
    [
        (Diverged("the loss is nan"), "diverged", "the loss is nan"),
        (Interrupted(), "interrupted", None),
        (ValueError("first line\nsecond line"), "crashed", "ValueError: first line"),
        (KeyError(), "crashed", "KeyError: no message"),
        (SeedwiseError("do this"), "crashed", "SeedwiseError: do this"),
        (SystemExit(3), "crashed", "my.train:train called sys.exit(3)"),
        (MemoryError(), "out_of_memory", "MemoryError: no message"),
        (OSError(errno.ENOMEM, "no fork"), "out_of_memory", f"OSError: [Errno {errno.ENOMEM}] no fork"),
        (ValueError("the buffer is out of memory 3"), "crashed", "ValueError: the buffer is out of memory 3"),
        (torch.OutOfMemoryError("CUDA out of memory."), "out_of_memory", "OutOfMemoryError: CUDA out of memory."),
    ],
)
def test_what_the_function_raises(error, status, message):
    record = outcome(raises(error), keep=Keep(weights="final"))
    assert record.status == status
    if isinstance(error, Diverged | Interrupted | SeedwiseError | SystemExit):
        assert record.error == message
    else:  # the line of ours that it comes from
        assert re.fullmatch(re.escape(message) + r" \(test_execute\.py, line \d+\)", record.error)
    assert record.series == [{"epoch": 0, "loss": 1.0}]
    assert (record.metrics, record.weights_sha256, record.predictions, record.weights) == ({}, None, [], {})
    if status in ("crashed", "out_of_memory"):
        assert record.traceback.startswith("Traceback (most recent call last):")
        assert "in train" in record.traceback
    else:
        assert record.traceback is None


def test_a_tensor_too_large_for_the_memory():
    record = outcome(lambda run: torch.empty(2**59))
    assert record.status == "out_of_memory"
    assert "allocate memory" in record.error


def test_a_full_disk_is_no_outcome():
    with pytest.raises(StorageError, match="full"):
        outcome(raises(StorageError("full")))


def test_ctrl_c_is_no_outcome():
    with pytest.raises(KeyboardInterrupt):
        outcome(raises(KeyboardInterrupt()))


def test_a_function_that_forgets_to_finish():
    record = outcome(lambda run: run.log(0, loss=1.0))
    assert (record.status, record.error) == ("crashed", "my.train:train returned without calling run.finish(...)")


def nondeterministic(run):
    torch.zeros(3).put_(torch.tensor([0, 0]), torch.tensor([1.0, 2.0]))
    run.finish(accuracy=1.0)


def test_an_operation_without_a_deterministic_form_is_named_with_the_remedy():
    record = outcome(nondeterministic)
    assert record.status == "crashed"
    assert record.error == (
        "put_ has no deterministic form on this device: set 'train: {deterministic: false}', "
        "or vary the source 'hardware', to allow it"
    )


@pytest.mark.parametrize(
    "options", [{"numerics": Numerics(deterministic=False)}, {"seeds": {"hardware": 1}}], ids=["numerics", "hardware"]
)
def test_the_remedy_helps(options):
    assert outcome(nondeterministic, **options).status == "finished"


def test_a_run_sets_its_threads():
    def train(run):
        run.finish(threads=torch.get_num_threads())

    assert outcome(train, numerics=Numerics(threads=2)).metrics == {"test/threads": 2}
    assert outcome(train).metrics == {"test/threads": 1}
