"""What a task supplies to the trainer, which knows no images and no forecasts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

from torch import Tensor, nn

from seedwise.declarations import Part
from seedwise.randomness import Randomness
from seedwise.run import Run
from seedwise.statistics import Metric
from seedwise.training._config import Validation


@dataclass(frozen=True)
class Batch:
    """Examples of one step.

    Attributes:
        inputs: what the network takes, such as images (B, C, H, W).
        targets: (B,) or (B, ...).
        slots: (B,) their rows in the training set.

    """

    inputs: tuple[Tensor, ...]
    targets: Tensor
    slots: Tensor

    def __len__(self) -> int:
        return len(self.targets)

    def repeated(self, times: int) -> Batch:
        """Return targets and slots ``times`` times over, for the outputs of so many networks one after another."""
        return Batch(self.inputs, self.targets.repeat(times, *[1] * (self.targets.dim() - 1)), self.slots.repeat(times))


Backward = Callable[[Batch], Tensor]
"""Leaves the gradients of a batch in ``.grad`` and returns its loss, detached."""

Objective = Callable[[Tensor, Tensor, Batch], Tensor]
"""From the loss, the outputs and the batch to what is minimized."""


class Task(Protocol):
    """What is learned: its examples, its loss, its metrics, and what is kept of a finished run.

    Attributes:
        default_loss: (outputs, targets) to one number, where a study names no loss.
        variance: what CLF takes for the variance of outputs, (outputs, targets) to one number.
        chunk: examples gathered, varied and predicted at once: for small batches the calls cost more than the work.
        augment: whether the inputs of training are varied.
        metrics: what ``evaluate`` gives, the primary one first.

    """

    chunk: ClassVar[int]
    augment: bool
    metrics: tuple[Metric, ...]

    @property
    def default_loss(self) -> Callable[..., Tensor]:
        """See above."""

    @property
    def variance(self) -> Callable[..., Tensor]:
        """See above."""

    def split(self, validation: Validation | None, randomness: Randomness) -> dict[str, Any]:
        """Return the examples of ``train``, ``test`` and perhaps ``validation``, each with a length."""

    def table(self, slots: int, randomness: Randomness, epoch: int, device: str) -> Tensor | None:
        """Draw how the inputs of one epoch are varied: (slots, k), or None."""

    def batch(self, examples: Any, at: Tensor | slice, table: Tensor | None = None) -> tuple[Tensor, ...]:
        """Return what the network takes and, last, the targets, of the examples at the slots ``at``."""

    def build_model(self, model: Part) -> nn.Module:
        """Return a network that fits the task."""

    def output_shape(self, targets: Tensor) -> tuple[int, ...]:
        """Return the shape that outputs must have for these targets."""

    def evaluate(self, outputs: Tensor, targets: Tensor) -> dict[str, float]:
        """Return every metric."""

    def baselines(self, examples: Any) -> dict[str, float]:
        """Return the metrics of what needs no training, by other names, to be kept beside those of the run."""

    def keep(self, run: Run[Any], examples: Any, outputs: Tensor, targets: Tensor, split: str, **place: Any) -> None:
        """Keep what belongs to a metric; ``place`` is its tag and epoch."""


class Stateful(Protocol):
    """What a checkpoint holds of a way to train."""

    def state_dict(self) -> dict[str, Any]:
        """Return tensors, numbers, strings, and dicts of them."""

    def load_state_dict(self, state: dict[str, Any], /) -> Any:
        """Go on from a state."""
