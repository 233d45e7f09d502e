"""Read out one finished run: load what it kept, and predict the test set again."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from seedwise.errors import SeedwiseError
from seedwise.execution._folder import StudyFolder
from seedwise.execution._jobs import Reading
from seedwise.readouts import Readout, parse_readout
from seedwise.run import FINAL, Interrupted, Keep, ReadoutRecord, Run, execute, weights_sha256
from seedwise.training import TrainerConfig

if TYPE_CHECKING:
    from torch import Tensor

    from seedwise.training._loop import Trainer

_WARM_UP = 256
"""Examples predicted before the time is taken."""


def read_out(
    reading: Reading, folder: StudyFolder, *, device: str, keep: Keep, should_stop: Callable[[], bool]
) -> ReadoutRecord:
    """Predict the test set by a readout of a finished run, with the run's own precision and threads, not compiled.

    The time is measured beside that of a plain evaluation of the same weights in the same process.

    Args:
        reading: what to read out, of a run of the built-in trainer.
        folder: where its weights lie.
        device: where to compute.
        keep: what is kept of the predictions.
        should_stop: asked before each forward pass; if true, the record is ``interrupted``.

    """
    record = ReadoutRecord(reading.record("finished").result, reading.nonce, reading.readout, reading.passes)

    def between() -> None:
        if should_stop():
            raise Interrupted

    def read(run: Run[Any]) -> None:
        from seedwise.training._loop import Trainer
        from seedwise.training._tasks import load_task

        trainer = Trainer(run, load_task(run.config.task, run.device))
        states = [_load(reading, folder, tag, run.device) for tag in reading.states]
        _read(trainer, states, record, between)

    run = Run(reading.spec, TrainerConfig.model_validate(reading.spec.config), device=device, keep=keep)
    result = execute(run, read)
    return replace(record, result=replace(result, seconds=record.seconds or 0.0))


def _read(
    trainer: Trainer, states: list[dict[str, Tensor]], record: ReadoutRecord, between: Callable[[], None]
) -> None:
    import torch

    from seedwise.data import Shift
    from seedwise.readouts import mean_logits, view_rows
    from seedwise.training._tasks import Classification

    run, readout, task = trainer.run, parse_readout(record.readout), trainer.task
    test, network = trainer.splits["test"], trainer.model
    precision: Any = run.numerics.precision

    def predict(what: Readout, examples: Any, first: int | None = None) -> Tensor:
        # On the host: a device that is still computing has not taken its time yet.
        if not isinstance(task, Classification):
            between()
            return trainer.predict(network, examples, first)[0].cpu()
        # Without a view, however images are varied.
        dataset = task.dataset if readout.view else replace(task.dataset, augmentation=Shift(0))
        rows, images = view_rows(what, dataset.augmentation), examples.images[:first]
        return mean_logits(
            network, dataset, images, rows, precision=precision, chunk=trainer.chunk, between=between
        ).cpu()

    if readout.average:
        began = time.perf_counter()
        shares = _shares(trainer, states, predict, readout.power) if readout.power else None
        states = [_average(trainer, states, between, shares)]
        record.preparation_seconds = time.perf_counter() - began
    network.load_state_dict(states[0])
    predict(Readout(), test, _WARM_UP)
    began = time.perf_counter()
    predict(Readout(), test)
    record.plain_seconds = time.perf_counter() - began
    began = time.perf_counter()
    logits = []
    for state in states:
        network.load_state_dict(state)
        logits.append(predict(readout, test))
    mean = torch.stack(logits).mean(0)
    record.seconds = time.perf_counter() - began
    epoch = run.config.train.epochs - 1
    targets = _targets(test)
    task.keep(run, test, mean, targets, "test", tag=record.readout, epoch=epoch)
    run.finish(**task.evaluate(mean, targets))


def _targets(examples: Any) -> Tensor:
    """Return what is to be predicted of some examples, on the host."""
    targets: Tensor = examples.labels if hasattr(examples, "labels") else examples.targets
    return targets.cpu()


def _shares(
    trainer: Trainer, states: list[dict[str, Tensor]], predict: Callable[[Readout, Any], Tensor], power: int
) -> list[float]:
    """Return how much states weigh in a mean, by what they give on the validation examples of the run."""
    from seedwise.readouts import gain_shares

    rule, held_out = trainer.run.config.train.validation, trainer.splits["validation"]
    assert rule is not None  # checked when the study was planned
    metric = next(one for one in trainer.task.metrics if one.name == rule.metric)
    scores = []
    for state in states:
        trainer.model.load_state_dict(state)
        found = trainer.task.evaluate(predict(Readout(), held_out), _targets(held_out))
        scores.append(found[metric.name] * (1 if metric.higher_is_better else -1))
    return gain_shares(scores, power)


def _average(
    trainer: Trainer, states: list[dict[str, Tensor]], between: Callable[[], None], shares: list[float] | None
) -> dict[str, Tensor]:
    """Return the mean of states, with the batch-norm statistics of the training set, not varied."""
    from seedwise.readouts import average_weights

    def inputs() -> Any:
        for batch in trainer.training_inputs():
            between()
            yield batch

    with trainer.precision():
        average_weights(trainer.model, states, inputs(), shares)
    return {name: value.clone() for name, value in trainer.model.state_dict().items()}


def _load(reading: Reading, folder: StudyFolder, tag: str, device: str) -> dict[str, Tensor]:
    import torch

    path = folder.weights_file(reading.spec.id, tag)
    state: dict[str, Tensor] = torch.load(path, map_location=device, weights_only=True)
    if tag == FINAL and reading.weights_sha256 not in (None, weights_sha256(state)):
        raise SeedwiseError(f"{path} does not hold the weights of this run: restore it, or train it again")
    return state
