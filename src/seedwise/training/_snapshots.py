"""Snapshots: several networks of one training."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal

from seedwise.training._schedules import lr_schedule

if TYPE_CHECKING:
    from seedwise.training._loop import Trainer


@dataclass(frozen=True)
class Snapshots:
    """The cosine schedule ``cycles`` times, with predictions and state of the end of each (tag ``snapshot-k``).

    ``warmup`` says whether the schedule's warm-up comes in the first cycle or in every one.
    """

    cycles: Annotated[int, ("ge", 2)]
    warmup: Literal["first_cycle", "every_cycle"] = "first_cycle"

    def fits(self, train: Mapping[str, Any]) -> None:
        """Raise ValueError unless the rest of the training has such cycles."""
        epochs, schedule, cycles = train["epochs"], train["schedule"], self.cycles
        if train["validation"] is not None and train["validation"].patience is not None:
            raise ValueError("training that stops early may not reach the last cycle: leave out patience")
        if schedule.name != "cosine":
            raise ValueError(f"cycles are cosines, and the schedule is {schedule.name}: set schedule: cosine")
        if train["averaging"] is not None and train["averaging"].name == "swa":
            raise ValueError("averaging: swa would mix the cycles: leave out one of the two, or use averaging: ema")
        if epochs % cycles:
            raise ValueError(
                f"{cycles} cycles do not divide {epochs} epochs: set epochs to {max(epochs // cycles, 1) * cycles}"
            )
        if schedule.warmup_epochs >= epochs / cycles:
            raise ValueError(
                f"the warm-up of {schedule.warmup_epochs:g} epochs fills the first cycle of {epochs // cycles}: "
                "set fewer cycles or a shorter warm-up"
            )
        if self.warmup == "every_cycle" and schedule.warmup_epochs == 0:
            raise ValueError(
                "every_cycle repeats the warm-up of the schedule, and it has none: set schedule: "
                "{name: cosine, warmup_epochs: 3}, or leave out warmup"
            )


def take_snapshots(trainer: Trainer, *, cycles: int, warmup: str) -> None:
    """Repeat the schedule, and keep what there is at the end of each cycle.

    Source: Huang et al. 2017, Snapshot ensembles: train 1, get M for free.

    """
    schedule, epochs = trainer.options.schedule, trainer.options.epochs
    trainer.lr_factor = lr_schedule(schedule, epochs, trainer.steps, cycles, warmup_in_all=warmup == "every_cycle")

    def keep(epoch: int) -> None:
        if (epoch + 1) % (epochs // cycles) == 0:
            trainer.keep(f"snapshot-{(epoch + 1) // (epochs // cycles)}", epoch)

    trainer.after_epoch.append(keep)
