"""Distillation: a network that learns from others, which the run trains for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from seedwise.training._prior import Prior, conditional_on

if TYPE_CHECKING:
    from torch import Tensor

    from seedwise.training._loop import Trainer
    from seedwise.training._task import Batch


@dataclass(frozen=True)
class Distill:
    """One network learns from the mean of ``members`` others, which the run trains before with seeds of its own.

    Args:
        members: how many; the run costs as many trainings more, and one network at inference.
        weight: share of the others' probabilities in the loss, the rest is that of the labels.
        temperature: by which logits are divided before probabilities are taken of them.
        member_epochs: how long the others are trained; default: as long as the run's own network.
        artifact: number of a set of others that all runs share, trained once for all runs of a machine. The spread
            between runs then holds for this set alone. Default: every run has its own.

    """

    members: Annotated[int, ("ge", 1)] = 5
    weight: Annotated[float, ("gt", 0), ("le", 1)] = 0.9
    temperature: Annotated[float, ("gt", 0)] = 2.0
    member_epochs: Annotated[int, ("ge", 1)] | None = None
    artifact: Annotated[int, ("ge", 0)] | None = None

    learns = ("classification",)

    def fits(self, train: Mapping[str, Any]) -> None:
        """Raise ValueError unless the others can be trained as the rest says."""
        if train["snapshots"] is not None:
            raise ValueError("the others would be trained in cycles, too: leave out snapshots")

    def notes(self, steps: int) -> list[str]:  # noqa: ARG002 - as long as it is
        """Return that the spread is conditional, where it is."""
        return [] if self.artifact is None else [conditional_on(self.artifact)]


def distill(
    trainer: Trainer,
    *,
    members: int,
    weight: float,
    temperature: float,
    member_epochs: int | None,
    artifact: int | None,
) -> None:
    r"""Train the members, and then the network on

        (1 - weight) loss + weight T^2 KL(q || softmax(z / T)),    q = mean over members m of softmax(z_m / T),

    where q is computed once per example of the training set, on its image as it is, without augmentation: (N, C).

    Source: Hinton et al. 2015, Distilling the knowledge in a neural network (arXiv 1503.02531), section 2. That it
    makes runs of different seeds agree is Jiang et al. 2022, Churn reduction via distillation (arXiv 2106.02654).

    """
    import torch

    from seedwise.losses import distillation

    def add(total: Tensor | None, member: Trainer) -> Tensor:
        network = member.evaluated().eval()
        with torch.no_grad(), member.precision():
            outputs = torch.cat([network(inputs).float() for inputs in trainer.training_inputs()])
        share = (outputs / temperature).softmax(1) / members
        return share if total is None else total + share

    epochs = member_epochs or trainer.options.epochs
    options = {"distill": None, "warm_start": None, "epochs": epochs}

    def nothing_known() -> Tensor:
        examples = trainer.splits["train"]
        *_, targets = trainer.task.batch(examples, slice(0, 1))
        _, classes = trainer.task.output_shape(targets)
        return torch.full((len(examples), classes), 1 / classes, device=trainer.device)

    teacher = Prior("member", members, epochs, options, add, nothing_known, artifact)
    trainer.priors.append(teacher)
    trainer.parts["distill"] = teacher
    objective = trainer.objective

    def with_teacher(loss: Tensor, outputs: Tensor, batch: Batch) -> Tensor:
        total = (1 - weight) * objective(loss, outputs, batch)
        return total + weight * distillation(outputs, teacher.value[batch.slots], temperature)

    trainer.objective = with_teacher
