"""What is known of losses when they are the base: what they are for, and over what they take their mean."""

from collections.abc import Callable
from functools import partial
from typing import Any, Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils._pytree import tree_leaves

from seedwise.losses.comp_sum import CompSumLoss, comp_sum_loss
from seedwise.losses.log_partition import LogPartitionLoss, log_partition_loss
from seedwise.losses.taylor_softmax import TaylorSoftmaxLoss, taylor_softmax_loss
from seedwise.losses.zloss import ZLoss, z_loss

Kind = Literal["classes", "binary", "values"]

_FUNCTIONS: dict[Callable[..., Tensor], Kind] = {
    F.cross_entropy: "classes",
    F.nll_loss: "classes",
    comp_sum_loss: "classes",
    z_loss: "classes",
    log_partition_loss: "classes",
    taylor_softmax_loss: "classes",
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
    CompSumLoss: comp_sum_loss,
    ZLoss: z_loss,
    LogPartitionLoss: log_partition_loss,
    TaylorSoftmaxLoss: taylor_softmax_loss,
    nn.BCEWithLogitsLoss: F.binary_cross_entropy_with_logits,
    nn.BCELoss: F.binary_cross_entropy,
    nn.MSELoss: F.mse_loss,
    nn.L1Loss: F.l1_loss,
    nn.SmoothL1Loss: F.smooth_l1_loss,
    nn.HuberLoss: F.huber_loss,
}


class Base:
    """What is known of a base loss: a function of PyTorch's, `functools.partial` of one, or its module.

    Attributes:
        function: of `torch.nn.functional`; None if the loss is none of these, or does not take a mean.
        kind: what the loss is for: classes, yes or no, or values; None where it is not known.
    """

    def __init__(self, base: Callable[..., Tensor] | None) -> None:
        self._base: Any = F.cross_entropy if base is None else base
        function = _MODULES.get(type(base), self._base)
        if isinstance(base, partial) and not base.args:
            function = base.func
        known = next((one for one in _FUNCTIONS if one is function), None)  # a function of anyone may have no hash
        self.function = known if self._option("reduction", "mean") == "mean" else None
        self.kind = None if self.function is None else _FUNCTIONS[self.function]

    def _option(self, name: str, default: Any) -> Any:
        """Return an option as it is now: the weights of a module move with it to a device."""
        if isinstance(self._base, partial):
            return self._base.keywords.get(name, default)
        return getattr(self._base, name, default)

    def mean_over(self, target: Any) -> Tensor | int:
        """Return what the loss divides its sum by: a number of examples or entries, or a sum of class weights.

        Without a known loss for classes that is the number of examples, the first axis of the first tensor in `target`.

        Raises:
            TypeError: if there is no tensor in it.
        """
        if self.kind == "classes" and isinstance(target, Tensor):
            if target.dtype.is_floating_point:  # probabilities, their classes on axis 1: PyTorch divides by the rest
                return target.numel() // (target.shape[1] if target.dim() > 1 else target.numel())
            counts: Tensor = target != self._option("ignore_index", -100)
            weight: Tensor | None = self._option("weight", None)
            if weight is None:
                return counts.sum()
            return torch.where(counts, weight[torch.where(counts, target, 0)], 0.0).sum()
        tensors = [leaf for leaf in tree_leaves(target) if isinstance(leaf, Tensor)]
        if not tensors:
            raise TypeError(
                f"no tensor in the target, {type(target).__name__}, whose first axis would count the examples: "
                "pass weight=, a function of (output, target) that returns what the base loss averages over"
            )
        return tensors[0].shape[0] if tensors[0].dim() > 0 else 1
