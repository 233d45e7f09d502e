"""Sharpness-aware training for free: a network is held near the outputs it had some epochs ago."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from seedwise.losses.trajectory_options import TrajectoryOptions

if TYPE_CHECKING:
    from torch import Tensor

    from seedwise.training._averaging import ExponentialAverage
    from seedwise.training._loop import Trainer
    from seedwise.training._task import Batch


@dataclass(frozen=True)
class SAF(TrajectoryOptions):
    """A penalty on the distance from the logits that the same images had some epochs ago (SAF), or from an average.

    Args:
        weight: of the penalty, > 0.
        temperature: by which logits are divided before probabilities are taken of them, > 0.
        start_epoch: first epoch with the penalty, counted from 0.
        epochs_back: how many epochs ago the logits are from; without meaning where there is an ``average_decay``.
        average_decay: share of the old average in the new one after every step. Then the distance is that from the
            logits of the average of the weights (MESA), which costs a further forward pass and no ring of logits.

    """

    average_decay: Annotated[float, ("gt", 0), ("lt", 1)] | None = None

    learns = ("classification",)

    @property
    def on_host(self) -> str | None:
        """What of a step the host decides."""
        return None if self.average_decay is None else "saf with average_decay looks which epoch it is"

    def fits(self, train: Mapping[str, Any]) -> None:
        """Raise ValueError unless there is a penalty, and nothing takes two passes over a batch."""
        if self.start_epoch >= train["epochs"]:
            raise ValueError(f"the penalty would begin after the last epoch: set start_epoch below {train['epochs']}")
        if train["sharpness"] is not None:
            raise ValueError("saf takes the place of sharpness, which steps twice on a batch: leave out one of the two")

    def holds(self, examples: int, classes: int) -> int:
        """Return how many bytes are held while so many examples of so many classes are trained on."""
        return 0 if self.average_decay is not None else 4 * (self.epochs_back + 1) * examples * classes


def saf(
    trainer: Trainer,
    *,
    weight: float,
    temperature: float,
    start_epoch: int,
    epochs_back: int,
    average_decay: float | None,
) -> None:
    r"""Train on

        loss + weight T^2 mean_i KL(softmax(q_i / T) || softmax(z_i / T))

    with q_i the logits of the same image ``epochs_back`` epochs ago (SAF), or of the average of the weights (MESA).

    Source: Du et al. 2022, Sharpness-aware training for free (arXiv 2205.14083).

    """
    import torch

    from seedwise.losses import TrajectoryLoss, past_distance
    from seedwise.training._averaging import ExponentialAverage

    examples, members, objective = len(trainer.splits["train"]), trainer.members, trainer.objective

    def near_past(loss: Tensor, outputs: Tensor, batch: Batch) -> Tensor:
        # Of several networks in one, each has its own past.
        member = torch.arange(members, device=batch.slots.device).repeat_interleave(len(batch) // members)
        return objective(loss, outputs, batch) + past.penalty(outputs, batch.slots + examples * member)

    def near_average(loss: Tensor, outputs: Tensor, batch: Batch) -> Tensor:
        total = objective(loss, outputs, batch)
        if averaged.epoch < start_epoch:
            return total
        with torch.no_grad(), trainer.precision():
            others = averaged.average.network(*batch.inputs).float()
        return total + weight * past_distance(outputs, others, temperature).mean()

    if average_decay is not None:
        averaged = _Averaged(ExponentialAverage(trainer.model, decay=average_decay, debias=False))
        trainer.optimizer.register_step_post_hook(lambda *_: averaged.average.after_step())
        trainer.after_epoch.append(averaged.after_epoch)
        trainer.parts["saf"] = averaged
        trainer.objective = near_average
        return
    *_, targets = trainer.task.batch(trainer.splits["train"], slice(0, 1))
    _, classes = trainer.task.output_shape(targets)
    options = {"weight": weight, "temperature": temperature, "start_epoch": start_epoch, "epochs_back": epochs_back}
    past = TrajectoryLoss(examples=members * examples, classes=classes, **options).to(trainer.device)
    trainer.after_epoch.append(lambda _: past.on_epoch_end())
    trainer.parts["saf"] = past
    trainer.objective = near_past


class _Averaged:
    """The average of the weights, as it is evaluated, and the running epoch: what a checkpoint holds."""

    def __init__(self, average: ExponentialAverage) -> None:
        self.average = average
        self.epoch = 0
        average.network.eval()

    def after_epoch(self, epoch: int) -> None:
        self.average.after_epoch(epoch)
        self.epoch = epoch + 1

    def state_dict(self) -> dict[str, Any]:
        return {"average": self.average.state(), "epoch": self.epoch}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.average.load(state["average"])
        self.epoch = state["epoch"]
