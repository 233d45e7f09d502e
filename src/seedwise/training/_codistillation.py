"""Co-distillation: a network is trained with a twin, which is thrown away."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

if TYPE_CHECKING:
    from torch import Tensor

    from seedwise.training._loop import Trainer
    from seedwise.training._task import Batch


@dataclass(frozen=True)
class Codistill:
    """A twin with an initialization of its own is trained on the same batches, and both are made to agree.

    Args:
        weight: of the disagreement in the loss, above 0. The run costs two trainings, and one network at inference.

    """

    weight: Annotated[float, ("gt", 0)] = 1.0

    learns = ("classification",)

    def fits(self, train: Mapping[str, Any]) -> None:
        """Raise ValueError unless a twin can be trained as the rest says."""
        if train["sharpness"] is not None:
            raise ValueError("sharpness looks at the weights of one network: leave out one of the two")
        if train["loss"].name == "lr_control":
            raise ValueError("the learning rate would follow the loss of one of the two: leave out loss: lr_control")


def codistill(trainer: Trainer, *, weight: float) -> None:
    r"""Train both on

        loss_1 + loss_2 + weight (KL(p_1 || p_2) + KL(p_2 || p_1))

    with the probabilities p on the same images, varied in the same way. Both have the same options and learning rate;
    initial weights and dropout masks of the twin have streams of their own, which come from the run's seeds.

    Source: Bhojanapalli et al. 2021, On the reproducibility of neural network predictions (arXiv 2102.03349).

    """
    import torch
    from torch import nn

    from seedwise.losses import ControlledLoss, symmetric_kl
    from seedwise.training._losses import build_loss, checked_loss
    from seedwise.training._optim import build_optimizer, clip_gradient

    options, randomness = trainer.options, trainer.run.randomness.within("twin")
    twin = trainer.new_network(randomness)
    twin.to(device=trainer.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    loss = build_loss(options.loss, trainer.task, randomness)
    if isinstance(loss, nn.Module):
        loss.to(trainer.device)
        trainer.parts["codistill.loss"] = loss
    if isinstance(loss, ControlledLoss):
        trainer.after_epoch.append(lambda _epoch: loss.on_epoch_end())
    optimizer = build_optimizer(options.optimizer, twin)
    if options.clip_gradient is not None:
        clip_gradient(optimizer, options.clip_gradient)
    trainer.parts |= {"codistill": twin, "codistill.optimizer": optimizer}

    def step(*_: object) -> None:
        for own, other in zip(optimizer.param_groups, trainer.optimizer.param_groups, strict=True):
            own["lr"] = other["lr"]
        optimizer.step()

    trainer.optimizer.register_step_post_hook(step)
    objective = trainer.objective

    def with_twin(own_loss: Tensor, outputs: Tensor, batch: Batch) -> Tensor:
        twin.train()
        with trainer.precision():
            others = twin(*batch.inputs).float()
        optimizer.zero_grad()
        both = objective(own_loss, outputs, batch) + checked_loss(loss(others, batch.targets), options.loss.name)
        return both + weight * symmetric_kl(outputs, others)

    trainer.objective = with_twin
