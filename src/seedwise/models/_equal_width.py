"""How narrow the networks of a packed ensemble have to be, so that all of them cost what one does."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from seedwise.models._flops import flops
from seedwise.models._packed import PackedEnsemble
from seedwise.statistics import Interval

EQUAL: Final = 1.05
"""What costs no more than so many times what the base does counts as equal."""
_SEARCHED: Final = 9
"""Rounds in which a width is timed while it is looked for."""


@dataclass(frozen=True)
class PackedCost:
    """What a packed ensemble costs, relative to one network of full width.

    Attributes:
        width: of each of its networks.
        flops: floating-point operations of a forward pass.
        training: seconds of a step of training (forward, backward) with the given batch, median over rounds.
        single, many: seconds of a forward pass in evaluation mode, of one example and of 256, likewise.
        parameters: how many.
        memory: bytes of parameters, gradients and what a step keeps for its backward pass.

    """

    width: int
    flops: float
    training: Interval
    single: Interval
    many: Interval
    parameters: float
    memory: float

    @property
    def is_equal(self) -> bool:
        """Whether operations and seconds, of training and of both forward passes, are at most 1.05 of the base's."""
        seconds = (self.training.estimate, self.single.estimate, self.many.estimate)
        return max(self.flops, *seconds) <= EQUAL


@dataclass(frozen=True)
class EqualWidths:
    """The widths at which a packed ensemble costs what one network does, each with all of its costs.

    Attributes:
        flops: the largest width whose operations are at most 1.05 of the base's.
        seconds: the largest width whose training takes at most 1.05 of the base's seconds.

    """

    flops: PackedCost
    seconds: PackedCost


def equal_widths(
    make: Callable[[int], nn.Module], width: int, members: int, inputs: Tensor, *, rounds: int = 21
) -> EqualWidths:
    """Find how wide ``members`` networks may be that together cost what one of ``width`` does.

    First and last layers, activations and calls do not shrink as the products in between do, so that equal operations
    are not equal seconds. Ensemble and base are timed in turns on the same batches, in random order. Call it in a fresh
    process with the threads that training has. Where width 1 is too dear already it is returned with its costs.

    Args:
        make: from a width to a new network, from inputs to logits (B, C).
        width: of the network that one run of the base trains.
        members: networks of the ensemble.
        inputs: a batch (B, ...) of training, on the device on which it trains.
        rounds: how often each is timed, 6 or more.

    Returns:
        Both widths with their costs; intervals are of medians (order statistics, 95 %), ``n`` the rounds.

    Example:
        >>> from seedwise.models import small_cnn
        >>> def make(width):
        ...     return small_cnn(1, 10, width=width)
        >>> equal_widths(make, 16, 4, torch.rand(8, 1, 28, 28), rounds=6).flops.width
        8

    """
    base = make(width).to(inputs.device)
    operations = _operations(base, inputs)

    def packed(narrow: int) -> PackedEnsemble:
        return PackedEnsemble(make(narrow) for _ in range(members)).to(inputs.device)

    def costs(narrow: int) -> PackedCost:
        ensemble = packed(narrow)
        once, often = inputs[:1], inputs[torch.arange(256, device=inputs.device) % len(inputs)]
        return PackedCost(
            narrow,
            _operations(ensemble, inputs) / operations,
            _timed(_step(ensemble, inputs), _step(base, inputs), rounds),
            _timed(_pass(ensemble, once), _pass(base, once), rounds),
            _timed(_pass(ensemble, often), _pass(base, often), rounds),
            _parameters(ensemble) / _parameters(base),
            _memory(ensemble, inputs) / _memory(base, inputs),
        )

    def by_flops(narrow: int) -> bool:
        return _operations(packed(narrow), inputs) <= EQUAL * operations

    def by_seconds(narrow: int) -> bool:
        return _timed(_step(packed(narrow), inputs), _step(base, inputs), _SEARCHED).estimate <= EQUAL

    by_time = costs(_largest(by_seconds, width))
    return EqualWidths(costs(_largest(by_flops, width)), by_time)


def _largest(holds: Callable[[int], bool], most: int) -> int:
    """Return the largest number up to ``most`` for which something holds, as it does for all smaller ones; else 1.

    They are tried from the smallest on: once large networks were trained in a process, its memory is handed out in
    another way, and the base has become faster by a fifth.
    """
    return next((number - 1 for number in range(2, most + 1) if not holds(number)), most)


def _timed(one: Callable[[], object], base: Callable[[], object], rounds: int) -> Interval:
    """Return the median ratio of the times that two calls take, each called twice beforehand."""
    calls = {"one": one, "base": base}
    order = random.Random(0)
    ratios = []
    for k in range(rounds + 2):
        took = {}
        for name in order.sample(sorted(calls), 2):
            began = time.perf_counter()
            calls[name]()
            took[name] = time.perf_counter() - began
        if k >= 2:
            ratios.append(took["one"] / took["base"])
    return _median(ratios)


def _median(values: Sequence[float]) -> Interval:
    from scipy import stats

    found, n = sorted(values), len(values)
    out = max(int(stats.binom.ppf(0.025, n, 0.5)) - 1, 0)
    return Interval(found[n // 2], found[out], found[n - 1 - out], 0.95, n, "order statistics")


def _step(network: nn.Module, inputs: Tensor) -> Callable[[], None]:
    members = network.members if isinstance(network, PackedEnsemble) else 1
    targets = torch.zeros(members * len(inputs), dtype=torch.long, device=inputs.device)

    def step() -> None:
        network.train().zero_grad()
        (members * F.cross_entropy(network(inputs), targets)).backward()
        _wait(inputs)

    return step


def _pass(network: nn.Module, inputs: Tensor) -> Callable[[], None]:
    def forward() -> None:
        with torch.no_grad():
            network.eval()(inputs)
        _wait(inputs)

    return forward


def _wait(inputs: Tensor) -> None:
    if inputs.is_cuda:
        torch.cuda.synchronize(inputs.device)


def _operations(network: nn.Module, inputs: Tensor) -> int:
    found = flops(network.eval(), [inputs[:1]])
    if not found:
        raise ValueError(f"a network takes no example of shape {tuple(inputs[:1].shape)}, or has no products to count")
    return found


def _parameters(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


def _memory(network: nn.Module, inputs: Tensor) -> int:
    """Return the bytes of parameters, gradients and what a step keeps for its backward pass."""
    kept: dict[int, int] = {}

    def keep(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        kept[storage.data_ptr()] = storage.nbytes()
        return tensor

    parameters = list(network.parameters())
    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        outputs = network.train()(inputs)
    for tensor in (*parameters, inputs):
        kept.pop(tensor.untyped_storage().data_ptr(), None)
    del outputs
    return sum(kept.values()) + 2 * sum(p.numel() * p.element_size() for p in parameters)
