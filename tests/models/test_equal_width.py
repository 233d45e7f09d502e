"""The widths at which a packed ensemble costs what one network does."""

import pytest
import torch
from torch import nn

from seedwise.models import EqualWidths, PackedCost, _equal_width, equal_widths, small_cnn
from seedwise.statistics import Interval


def operations(width: int, members: int = 1, side: int = 28) -> int:
    """Return those of ``small_cnn`` by hand: two 3 x 3 convolutions and a linear layer, two for a product and a sum."""
    first, second = 2 * 9 * width * side**2, 2 * 9 * width * 2 * width * side**2
    return members * (first + second + 2 * 2 * width * 16 * 10)


def number_of(width: int, members: int = 1) -> int:
    first, second, last = 9 * width + width, 9 * width * 2 * width + 2 * width, 2 * width * 16 * 10 + 10
    return members * (first + second + last)


class Slow(nn.Module):
    """A network whose passes take as long as it is wide, on a clock of its own."""

    now = 0.0

    def __init__(self, width: int, fixed: float = 0.0) -> None:
        super().__init__()
        self.linear = nn.Linear(4, width)
        self.last = nn.Linear(width, 3)
        self.takes = width + fixed

    def forward(self, x):
        Slow.now += self.takes
        return self.last(self.linear(x))


@pytest.fixture
def clock(monkeypatch):
    monkeypatch.setattr(_equal_width.time, "perf_counter", lambda: Slow.now)


def of_small_cnn(width: int = 16, members: int = 4) -> EqualWidths:
    return equal_widths(lambda w: small_cnn(1, 10, width=w), width, members, torch.rand(4, 1, 28, 28), rounds=6)


def test_equal_operations_are_those_counted_by_hand():
    for members, width in ((4, 16), (2, 16)):
        found = of_small_cnn(width, members).flops
        ratios = {w: operations(w, members) / operations(width) for w in range(1, width + 1)}
        assert found.width == max(w for w, ratio in ratios.items() if ratio <= 1.05)
        assert found.flops == pytest.approx(ratios[found.width])
        assert found.parameters == pytest.approx(number_of(found.width, members) / number_of(width))


@pytest.mark.parametrize(("fixed", "expected"), [(0.0, 5), (2.0, 3)])
def test_equal_seconds_are_those_of_the_clock(clock, fixed, expected):
    # 4 (w + fixed) <= 1.05 (20 + fixed), whatever the operations are
    found = equal_widths(lambda width: Slow(width, fixed), 20, 4, torch.rand(8, 4), rounds=7).seconds
    assert found.width == expected
    ratio = 4 * (expected + fixed) / (20 + fixed)
    for seconds in (found.training, found.single, found.many):
        assert (seconds.estimate, seconds.low, seconds.high, seconds.n) == pytest.approx((ratio, ratio, ratio, 7))
    assert found.is_equal == (found.flops <= 1.05)


def test_where_even_the_narrowest_are_too_dear_their_costs_say_so(clock):
    found = equal_widths(lambda width: Slow(width, 100), 20, 4, torch.rand(8, 4), rounds=6).seconds
    assert (found.width, found.is_equal) == (1, False)
    assert found.training.estimate == pytest.approx(4 * 101 / 120)


def test_memory_is_that_of_parameters_gradients_and_what_is_kept(clock):
    # Kept for the backward pass: the first layer's output. Inputs and weights are there anyway.
    def bytes_of(width: int, members: int) -> int:
        return members * 4 * (2 * (5 * width + 3 * width + 3) + 8 * width)

    found = equal_widths(Slow, 20, 4, torch.rand(8, 4), rounds=6).seconds
    assert found.memory == pytest.approx(bytes_of(5, 4) / bytes_of(20, 1))


def test_all_that_is_at_most_a_twentieth_dearer_is_equal():
    def cost(**changes) -> PackedCost:
        given = {"flops": 1.0, "training": 1.0, "single": 1.0, "many": 1.0} | changes
        seconds = {k: Interval(v, v, v, 0.95, 6, "") for k, v in given.items() if k != "flops"}
        return PackedCost(8, given["flops"], **seconds, parameters=2.0, memory=2.0)

    assert cost().is_equal
    assert not any(cost(**{name: 1.06}).is_equal for name in ("flops", "training", "single", "many"))


def test_a_network_that_takes_no_single_example_is_refused():
    with pytest.raises(ValueError, match=r"takes no example of shape \(1, 4\)"):
        equal_widths(lambda width: nn.Linear(3, width), 4, 2, torch.rand(8, 4))
