"""Two arms compared by a mean over pairs of runs, such as churn: difference and ratio, with the jackknife over runs."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from seedwise.statistics.core._distributions import t_quantile, t_two_sided_p
from seedwise.statistics.core._moments import sd
from seedwise.statistics.core._pairs import PairMean, pair_mean
from seedwise.statistics.core._predictions import ExampleIds, same_examples, same_test_set
from seedwise.statistics.core.interval import Interval

_ROUNDING = 1e-12


@dataclass(frozen=True, eq=False)
class Arm:
    """The shape (runs, examples) of an arm, and for each run its sum over its partners and how many those are."""

    shape: tuple[int, ...]
    sums: NDArray[np.float64]
    partners: NDArray[np.int64]


def two_arms(
    make: Callable[[Any, ExampleIds, ArrayLike | None], Arm],
    values: tuple[Any, Any],
    paired: bool,
    example_ids: tuple[ExampleIds, ExampleIds],
    groups: tuple[ArrayLike, ArrayLike] | None,
) -> tuple[PairMean, PairMean]:
    """Average both arms over their pairs of runs, or say why they cannot be compared."""
    of_method, of_base = groups or (None, None)
    method, base = make(values[0], example_ids[0], of_method), make(values[1], example_ids[1], of_base)
    ids = (same_examples(example_ids[0], method.shape), same_examples(example_ids[1], base.shape))
    same_test_set(method.shape, base.shape, *ids, ("method", "base"))
    if paired and method.shape[0] != base.shape[0]:
        raise ValueError(
            f"paired arms need one run per pair; got {method.shape[0]} and {base.shape[0]} runs: "
            "pass the runs present in both arms, in the same order, or paired=False"
        )
    if paired and groups and not np.array_equal(np.asarray(of_method), np.asarray(of_base)):
        raise ValueError("the groups of a pair differ; pass both arms in the same order")
    return pair_mean(method.sums, method.partners), pair_mean(base.sums, base.partners)


def difference(method: PairMean, base: PairMean, *, paired: bool, level: float) -> Interval:
    """Estimate method - base."""
    n = [method.without.size, base.without.size]
    estimate = method.estimate - base.estimate
    of_method, of_base = (_pseudo_values(arm.estimate, arm.without) for arm in (method, base))
    se, df = _error(of_method, of_base, paired)
    procedure = _procedure(paired)
    if se <= _ROUNDING * max(method.estimate, base.estimate):
        if abs(estimate) > _ROUNDING:
            raise ValueError(
                f"the difference is {estimate:.6g} whichever run is left out and has no interval; pass more runs"
            )
        return Interval(0.0, 0.0, 0.0, level, n, procedure, 1.0)
    half = t_quantile((1 + level) / 2, df) * se
    return Interval(estimate, estimate - half, estimate + half, level, n, procedure, t_two_sided_p(estimate / se, df))


def ratio(method: PairMean, base: PairMean, *, paired: bool, level: float, quantity: str) -> Interval:
    """Estimate method / base, on the log scale; without limits where leaving out a run leaves nothing of an arm."""
    if base.estimate == 0:
        raise ValueError(f"the ratio is undefined: the {quantity} of base is 0; pass a base whose runs differ")
    if method.estimate == 0:
        raise ValueError(f"a ratio of 0 has no interval: the {quantity} of method is 0; use {quantity}_difference")
    n, procedure = [method.without.size, base.without.size], _procedure(paired)
    log = math.log(method.estimate / base.estimate)
    if min(method.without.min(), base.without.min()) <= 0:
        return Interval(math.exp(log), 0.0, math.inf, level, n, procedure, 1.0)
    of_method, of_base = (_pseudo_values(math.log(arm.estimate), np.log(arm.without)) for arm in (method, base))
    se, df = _error(of_method, of_base, paired)
    if se <= _ROUNDING:
        if abs(log) > _ROUNDING:
            raise ValueError(
                f"the ratio is {math.exp(log):.6g} whichever run is left out and has no interval; pass more runs"
            )
        return Interval(1.0, 1.0, 1.0, level, n, procedure, 1.0)
    half = t_quantile((1 + level) / 2, df) * se
    p = t_two_sided_p(log / se, df)
    return Interval(math.exp(log), math.exp(log - half), math.exp(log + half), level, n, procedure, p)


def _pseudo_values(estimate: float, without: NDArray[np.float64]) -> NDArray[np.float64]:
    values: NDArray[np.float64] = without.size * estimate - (without.size - 1) * without
    return values


def _error(method: NDArray[np.float64], base: NDArray[np.float64], paired: bool) -> tuple[float, float]:
    """Return the standard error of the difference of two means of pseudo-values, and its degrees of freedom."""
    if paired:
        return sd(method - base) / math.sqrt(method.size), method.size - 1.0
    v_method, v_base = (sd(values) ** 2 / values.size for values in (method, base))
    if v_method + v_base == 0:
        return 0.0, 1.0
    df = (v_method + v_base) ** 2 / (v_method**2 / (method.size - 1) + v_base**2 / (base.size - 1))
    return math.sqrt(v_method + v_base), df


def _procedure(paired: bool) -> str:
    return "paired jackknife" if paired else "jackknife"
