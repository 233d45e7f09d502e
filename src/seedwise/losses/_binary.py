"""What the losses of yes or no share: the two forms that outputs and targets can have."""

import torch
from torch import Tensor

from seedwise.losses._classes import at_least_float32


def is_binary(output: Tensor) -> bool:
    """Return whether outputs are one logit for yes, (N,) or (N, 1), or the two of no and yes, (N, 2)."""
    return output.dim() == 1 or (output.dim() == 2 and output.shape[1] <= 2)


def yes_logits(name: str, output: Tensor, target: Tensor, several: str) -> tuple[Tensor, Tensor]:
    """Return the logit of yes, (N,) in at least float32, and the targets as 0 and 1, (N,) of the same type.

    Args:
        name: of the loss, for error messages.
        output: (N,) or (N, 1), the logit of yes; or (N, 2), those of no and yes, whose difference it is.
        target: of the shape of one logit, or (N,), true or false, 0 or 1.
        several: what to do with more classes, for the error message.

    Raises:
        ValueError: if there are more classes, or the shapes do not match.
        TypeError: if the outputs are not floating point.
    """
    if not output.dtype.is_floating_point:
        raise TypeError(f"{name} needs floating-point outputs, got {output.dtype}")
    if not is_binary(output):
        raise ValueError(f"{name} is for yes or no, got outputs of shape {tuple(output.shape)}: {several}")
    two = output.dim() == 2 and output.shape[1] == 2
    if two and target.shape == output.shape:
        raise ValueError(
            f"{name} is not defined for class probabilities as targets, shape {tuple(target.shape)}: pass class indices"
        )
    if target.shape not in ((output.shape[0],), *(() if two else (output.shape,))):
        raise ValueError(
            f"{name} of outputs {tuple(output.shape)} needs targets of shape ({output.shape[0]},), 0 or 1 each, "
            f"got {tuple(target.shape)}"
        )
    output = at_least_float32(output)
    logit = output[:, 1] - output[:, 0] if two else output.reshape(-1)
    return logit, target.reshape(-1).to(logit.dtype)


def targets_of_classes(name: str, output: Tensor, target: Tensor) -> Tensor:
    """Return class indices (N,) as a membership of (N, C).

    Raises:
        ValueError: if they are something else, such as probabilities.
    """
    if output.dim() != 2 or target.shape != output.shape[:1] or target.dtype.is_floating_point:
        raise ValueError(
            f"{name} of outputs {tuple(output.shape)} needs outputs (N, C) and class indices (N,), got targets of "
            f"shape {tuple(target.shape)}, {target.dtype}; it is not defined for class probabilities"
        )
    return target[:, None] == torch.arange(output.shape[1], device=output.device)
