"""A shared warm start: the first epochs are the same in all runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from seedwise.training._prior import Prior, conditional_on

if TYPE_CHECKING:
    from seedwise.training._loop import Trainer


@dataclass(frozen=True)
class WarmStart:
    """The first ``epochs`` epochs are those of one training that all runs share; then their seeds differ.

    Args:
        epochs: how many; they are trained once for all runs of a machine, and count among those of the training.
        artifact: number of that training. The spread between runs holds for this one alone: give several methods an
            artifact each to see how far artifacts lie apart.

    """

    epochs: Annotated[int, ("ge", 1)]
    artifact: Annotated[int, ("ge", 0)] = 0

    def fits(self, train: Mapping[str, Any]) -> None:
        """Raise ValueError unless there are epochs left for the runs themselves."""
        if self.epochs >= train["epochs"]:
            raise ValueError(f"{self.epochs} shared epochs leave none of {train['epochs']} in which seeds differ")
        if train["snapshots"] is not None:
            raise ValueError("cycles start anew: leave out snapshots")

    def notes(self, steps: int) -> list[str]:  # noqa: ARG002 - as long as it is
        """Return that the spread is conditional."""
        return [conditional_on(self.artifact)]


def start_warm(trainer: Trainer, *, epochs: int, artifact: int) -> None:
    """Go on from the state, optimizer included, that the shared training has after ``epochs`` epochs.

    Source: how runs that share a start and then differ grow apart is Altıntaş et al. 2025, The butterfly effect (arXiv
    2506.13234).

    """
    options = {"warm_start": None, "distill": None}
    start = Prior("start", 1, epochs, options, lambda _, shared: shared.state(), artifact=artifact)
    trainer.priors.append(start)

    def begin() -> int:
        shared, own = start.value, trainer.state()
        trainer.load({**shared, "parts": {**own.get("parts", {}), **shared.get("parts", {})}})
        start.value = None
        return epochs

    trainer.begin = begin
