"""Looking at a study while it grows: when it may stop, with the error rate of a single look."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from seedwise.statistics.core import _checks
from seedwise.statistics.sequential.questions import QUESTIONS, Array

FIRST_LOOK = 10
"""With fewer runs the tests' error rates are not what they say, and an early stop would rest on them."""

_STUDIES = 20_000
_AT_ONCE = 2_000
_LEAST_STOPS = 10


@dataclass(frozen=True)
class SequentialDesign:
    """Looks at a growing study, and the p-value below which each stops it.

    Attributes:
        question: what is compared, a name in ``QUESTIONS``.
        looks: runs per method at each look.
        limits: p-value below which a look resolves the question; 0: this look comes too early to resolve anything.
        spent: share of null studies resolved at a look or before.
        alpha: share of null studies resolved in all, at most.
        paired: whether runs are paired.
        correlation: of paired runs, as assumed.
    """

    question: str
    looks: tuple[int, ...]
    limits: tuple[float, ...]
    spent: tuple[float, ...]
    alpha: float
    paired: bool
    correlation: float

    def level(self, look: int) -> float:
        """Return the confidence level of the repeated interval at a look (counted from 0): 1 - its limit.

        Intervals of these levels at all the looks hold the truth together in 1 - alpha of studies.
        """
        return 1 - self.limits[look]


@dataclass(frozen=True)
class SequentialPower:
    """What a design does if an effect is there.

    Attributes:
        power: share of studies that are resolved.
        resolved_at: share of studies resolved at each look.
        expected_runs: mean number of runs per method at which they stop.
        studies: simulated studies.
    """

    power: float
    resolved_at: tuple[float, ...]
    expected_runs: float
    studies: int


def sequential_design(
    looks: Sequence[int],
    *,
    question: str = "spread",
    paired: bool,
    correlation: float = 0.0,
    alpha: float = 0.05,
    rng: int | np.random.Generator = 0,
) -> SequentialDesign:
    r"""Find how small p must be at each look so that all looks together are wrong in at most alpha of null studies.

    The error rate is spent as the runs come in (Lan & DeMets, of the type of O'Brien & Fleming): with t = n / n_max,

        spent(t) = 4 (1 - Phi(z_{1 - alpha/4} / sqrt(t))),   alpha/2 on either side

    so early looks stop for overwhelming evidence only, and the last one is nearly a test at alpha. The limits come from
    20 000 simulated null studies of normal values with the very tests of :func:`spread_ratio` (default procedure) and
    :func:`mean_difference`, because the textbook's limits are for sums of independent increments, which a log ratio of
    variances is not. Churn's jackknife t behaves as that of means does, and takes its limits. What a look cannot spend,
    as fewer than 10 of the simulated studies would be stopped by it, is left to the next.

    Args:
        looks: runs per method (the length of the runs axis) at each look, rising, at least 10; the last is the maximum.
        question: ``"spread"``, ``"mean"`` or ``"churn"``.
        paired: whether run i of both arms shares its seeds.
        correlation: of paired runs, between -1 and 1; it hardly moves the limits.
        alpha: share of null studies to be resolved in all, between 0 and 1. With m comparisons pass alpha / m.
        rng: seed or generator of the simulation.

    Returns:
        SequentialDesign.

    Raises:
        TypeError: an argument of the wrong type.
        ValueError: looks that do not rise from at least 10, or an argument out of its range.

    Example:
        >>> design = sequential_design([20, 40, 80], paired=False)
        >>> [f"{p:.3f}" for p in design.limits]
        ['0.000', '0.005', '0.053']

    Source:
        Lan & DeMets (1983), Discrete sequential boundaries for clinical trials, Biometrika 70, 659-663; O'Brien &
        Fleming (1979), Biometrics 35, 549-556; Jennison & Turnbull (1989), Interim analyses: the repeated confidence
        interval approach, JRSS B 51, 305-361.
    """
    looks = _looks(looks)
    alpha = _checks.between(alpha, 0, 1, "alpha", ".05")
    _arguments(question, paired, correlation)
    p = _simulate(looks, question, paired, correlation, QUESTIONS[question].no_effect, _STUDIES, rng)
    alive = np.ones(len(p), dtype=bool)
    limits, spent = [], []
    for k, n in enumerate(looks):
        target = _spent(n / looks[-1], alpha)
        stops = math.floor(target * len(p)) - int(np.sum(~alive))
        here = np.sort(p[alive, k])
        limit = 0.0 if stops < _LEAST_STOPS else float(here[stops])
        alive &= p[:, k] >= limit
        limits.append(limit)
        spent.append(float(np.mean(~alive)))
    return SequentialDesign(question, looks, tuple(limits), tuple(spent), alpha, paired, correlation)


def sequential_power(
    design: SequentialDesign, effect: float, *, studies: int = 10_000, rng: int | np.random.Generator = 1
) -> SequentialPower:
    """Simulate what a design does if an effect is there, on normal values.

    Args:
        design: the looks (lengths of the runs axis) and their limits.
        effect: the true ratio of SDs for ``"spread"``, otherwise the true difference in SDs over runs (for churn, of
            its pseudo-values). The effect that you care about, never one that was observed.
        studies: how many are simulated, at least 100.
        rng: seed or generator.

    Returns:
        SequentialPower.

    Raises:
        TypeError: an argument of the wrong type.
        ValueError: an argument out of its range.

    Example:
        >>> design = sequential_design([20, 40, 80], paired=False)
        >>> found = sequential_power(design, 0.5, studies=2000)
        >>> found.power > 0.99, 30 < found.expected_runs < 50
        (True, True)

    Source:
        As :func:`sequential_design`.
    """
    effect = _checks.between(effect, QUESTIONS[design.question].least_effect, math.inf, "effect", ".7")
    if studies < 100:
        raise ValueError(f"studies is {studies}; pass at least 100")
    p = _simulate(design.looks, design.question, design.paired, design.correlation, effect, studies, rng)
    resolved = p < np.array(design.limits)
    first = np.where(resolved.any(axis=1), resolved.argmax(axis=1), len(design.looks))
    shares = tuple(float(np.mean(first == k)) for k in range(len(design.looks)))
    runs = np.array([*design.looks, design.looks[-1]])[first]
    return SequentialPower(float(sum(shares)), shares, float(np.mean(runs)), studies)


def _looks(looks: Sequence[int]) -> tuple[int, ...]:
    whole = tuple(_checks.at_least(n, "looks") for n in looks)
    rising = all(a < b for a, b in pairwise(whole))
    if not whole or not rising or whole[0] < FIRST_LOOK:
        raise ValueError(f"looks are {list(whole)}; pass rising numbers of runs, the first at least {FIRST_LOOK}")
    return whole


def _arguments(question: str, paired: bool, correlation: float) -> None:
    if question not in QUESTIONS:
        *others, last = map(repr, QUESTIONS)
        raise ValueError(f"question is {question!r}; pass {', '.join(others)} or {last}")
    _checks.between(correlation, -1, 1, "correlation", ".5")
    if correlation and not paired:
        raise ValueError("unpaired arms are not correlated; pass paired=True or correlation=0")


def _spent(share: float, alpha: float) -> float:
    from scipy import special

    return float(4 * special.ndtr(special.ndtri(alpha / 4) / math.sqrt(share)))


def _simulate(  # noqa: PLR0917 - each is what a study consists of
    looks: Sequence[int],
    question: str,
    paired: bool,
    correlation: float,
    effect: float,
    studies: int,
    rng: int | np.random.Generator,
) -> Array:
    """Return the p-value of every study at every look, shape (studies, looks)."""
    draw = np.random.default_rng(rng)
    asked = QUESTIONS[question]
    found = []
    for done in range(0, studies, _AT_ONCE):
        x, y = draw.standard_normal((2, min(_AT_ONCE, studies - done), looks[-1]))
        x = correlation * y + math.sqrt(1 - correlation**2) * x
        x = asked.with_effect(x, effect)
        found.append(np.stack([asked.p_values(x[:, :n], y[:, :n], paired) for n in looks], axis=1))
    return np.concatenate(found)
