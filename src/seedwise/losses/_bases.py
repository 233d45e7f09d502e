"""What is known of PyTorch's losses when they are the base: what they are for, and over what they take their mean."""

from collections.abc import Callable
from functools import partial
from typing import Any, Literal, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils._pytree import tree_leaves

Kind = Literal["classes", "binary", "values"]

_FUNCTIONS: dict[Callable[..., Tensor], Kind] = {
    F.cross_entropy: "classes",
    F.nll_loss: "classes",
    F.binary_cross_entropy_with_logits: "binary",
    F.binary_cross_entropy: "binary",
    F.mse_loss: "values",
    F.l1_loss: "values",
    F.smooth_l1_loss: "values",
    F.huber_loss: "values",
}
# A subclass may average in its own way: nothing is known of it.
_MODULES: dict[type, Callable[..., Tensor]] = {
    nn.CrossEntropyLoss: F.cross_entropy,
    nn.NLLLoss: F.nll_loss,
    nn.BCEWithLogitsLoss: F.binary_cross_entropy_with_logits,
    nn.BCELoss: F.binary_cross_entropy,
    nn.MSELoss: F.mse_loss,
    nn.L1Loss: F.l1_loss,
    nn.SmoothL1Loss: F.smooth_l1_loss,
    nn.HuberLoss: F.huber_loss,
}


class Base(NamedTuple):
    """A base loss, as far as it is one of PyTorch's.

    Attributes:
        function: of `torch.nn.functional`; None if the loss is none of these.
        weight: of each class, (C,), or None.
        ignore_index: the class index of entries that do not count.
    """

    function: Callable[..., Tensor] | None = None
    weight: Tensor | None = None
    ignore_index: int = -100

    @property
    def kind(self) -> Kind | None:
        """What the loss is for: classes, yes or no, or values; None where it is not known."""
        return None if self.function is None else _FUNCTIONS[self.function]

    def mean_over(self, target: Any) -> Tensor | int:
        """Return what the loss divides its sum by: a number of examples or entries, or a sum of class weights.

        Without a known loss for classes that is the number of examples, the first axis of the first tensor in `target`.

        Raises:
            TypeError: if there is no tensor in it.
        """
        if self.kind == "classes" and isinstance(target, Tensor):
            if target.dtype.is_floating_point:  # probabilities, their classes on axis 1: PyTorch divides by the rest
                return target.numel() // (target.shape[1] if target.dim() > 1 else target.numel())
            counts = target != self.ignore_index
            if self.weight is None:
                return counts.sum()
            return torch.where(counts, self.weight[torch.where(counts, target, 0)], 0.0).sum()
        tensors = [leaf for leaf in tree_leaves(target) if isinstance(leaf, Tensor)]
        if not tensors:
            raise TypeError(
                f"no tensor in the target, {type(target).__name__}, whose first axis would count the examples: "
                "pass weight=, a function of (output, target) that returns what the base loss averages over"
            )
        return tensors[0].shape[0] if tensors[0].dim() > 0 else 1


def known(base: Callable[..., Tensor] | None) -> Base:
    """Say what is known of a base loss: a function of PyTorch's, `functools.partial` of one, or its module."""
    if base is None:
        return Base(F.cross_entropy)
    options: dict[str, Any] = {}
    function: Any = base
    if isinstance(base, partial) and not base.args:
        function, options = base.func, base.keywords
    elif type(base) in _MODULES:
        function, options = _MODULES[type(base)], vars(base) | dict(base.named_buffers())  # type: ignore[attr-defined]
    if not callable(function) or function not in _FUNCTIONS or options.get("reduction", "mean") != "mean":
        return Base()
    return Base(function, options.get("weight"), options.get("ignore_index", -100))
