"""A smooth ReLU, and networks in which it takes the place of ReLU."""

from __future__ import annotations

from typing import Any, Final

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode

from seedwise.models._options import SmeLUOptions


class _SmeLU(torch.autograd.Function):
    """By hand: it keeps the input alone and works in place, which makes a step several times faster on a CPU."""

    generate_vmap_rule = True

    @staticmethod
    def forward(x: Tensor, beta: float) -> Tensor:
        bend = x.clamp(-beta, beta).add_(beta).square_().mul_(1 / (4 * beta))
        return bend.add_(x.sub(beta).clamp_(min=0))

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor, float], output: Tensor) -> None:  # noqa: ARG004
        x, ctx.beta = inputs
        ctx.save_for_backward(x)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        (x,) = ctx.saved_tensors
        slope = x.add(ctx.beta).mul_(1 / (2 * ctx.beta)).clamp_(0, 1)
        return slope.mul_(gradients[0]), None


def smelu(x: Tensor, beta: float = 1.0) -> Tensor:
    """Smooth ReLU: a parabola between the two straight lines.

        f(x) = 0 for x <= -beta,   (x + beta)^2 / (4 beta) for |x| <= beta,   x for x >= beta

    Its slope rises linearly from 0 at -beta to 1 at beta.

    Args:
        x: any shape, floating point.
        beta: half the width of the bend, in the unit of x, > 0.

    Returns:
        f(x), the shape of ``x``.

    Example:
        >>> smelu(torch.tensor([-2.0, 0.0, 0.5, 2.0]))
        tensor([0.0000, 0.2500, 0.5625, 2.0000])

    Source: Shamir, Lin & Coviello 2020, Smooth activations and reproducibility in deep networks (arXiv 2010.09831).

    """
    found: Tensor = _SmeLU.apply(x, beta)  # type: ignore[no-untyped-call]
    return found


class SmeLU(nn.Module):
    """``smelu`` as a module, without parameters.

    Args:
        beta: half the width of the bend, > 0.

    Raises:
        ValueError: if ``beta`` is out of its range.

    Example:
        >>> nn.Sequential(nn.Linear(4, 3), SmeLU(0.5))
        Sequential(
          (0): Linear(in_features=4, out_features=3, bias=True)
          (1): SmeLU(beta=0.5)
        )

    """

    def __init__(self, beta: float = 1.0) -> None:
        super().__init__()
        self.beta = SmeLUOptions(beta).beta

    def forward(self, x: Tensor) -> Tensor:
        """Return (any shape) as ``x``."""
        return smelu(x, self.beta)

    def extra_repr(self) -> str:
        """Return what stands between the brackets."""
        return f"beta={self.beta:g}"


def replace_relu(network: nn.Module, *, beta: float) -> nn.Module:
    """Put ``SmeLU`` in the place of every ``nn.ReLU`` and ``nn.ReLU6`` of a network.

    The upper limit of ``ReLU6`` goes with it. What a network calls as a function is not seen.

    Args:
        network: changed in place.
        beta: see :class:`SmeLU`.

    Returns:
        The network.

    Raises:
        ValueError: if it has none.

    """
    places = [
        (parent, name)
        for parent in network.modules()
        for name, child in parent.named_children()
        if isinstance(child, nn.ReLU | nn.ReLU6)
    ]
    if not places:
        raise ValueError("there is no torch.nn.ReLU to take the place of: write one for every relu that is called")
    for parent, name in places:
        setattr(parent, name, SmeLU(beta))
    return network


class CallsOfReLU(TorchDispatchMode):
    """Counts the calls of relu inside of it, of modules and of functions.

    Example:
        >>> with CallsOfReLU() as calls:
        ...     _ = torch.zeros(2).relu() + nn.ReLU()(torch.zeros(2))
        >>> calls.count
        2

    """

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.count = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Count, and go on."""
        self.count += func in _RELU
        return func(*args, **(kwargs or {}))


_RELU: Final = (torch.ops.aten.relu.default, torch.ops.aten.relu_.default)
