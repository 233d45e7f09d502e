"""Which source of randomness makes how much of what varies between runs."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from seedwise.statistics.attribution.design import MINIMUM_BLOCKS, AttributionDesign
from seedwise.statistics.core import _checks, _predictions
from seedwise.statistics.core._distributions import t_quantile
from seedwise.statistics.core._moments import sd
from seedwise.statistics.core.interval import Interval
from seedwise.statistics.disagreement.churn import label_codes

Quantity = Literal["churn", "logit variance", "variance"]
"""Whose sources are looked for."""

_VALUES_AT_ONCE = 4_000_000  # bounds the working copies of outputs at some 100 MB
_PROCEDURE = "jackknife over blocks"


@dataclass(frozen=True)
class SourceEffect:
    """What one source does. Shares are fractions of the whole; ``n`` of every interval is the number of blocks.

    Attributes:
        source: its name.
        alone: churn or variance between runs that differ in this source only, in the unit of the quantity.
        total: the total effect, ``alone`` as a share of what runs show that differ in every source: the share that
            would remain if every other source were held fixed. Exactly 0 if no such pair of runs differs.
        first_order: the first-order effect, 1 less what runs show that share this source only, as a share of the same:
            what holding this source fixed would take away, on average over the values to hold it at. An estimate may be
            negative. None if fewer than 3 blocks have such a pair.
        pairs: number of pairs of runs behind ``total``.
    """

    source: str
    alone: Interval
    total: Interval
    first_order: Interval | None
    pairs: int


@dataclass(frozen=True)
class Attribution:
    """What varies between runs, attributed to its sources.

    Attributes:
        quantity: ``churn``, ``logit variance`` or ``variance`` (of a metric).
        amount: the whole, between runs that differ in every source, with its interval: churn as a fraction, variances
            in the squared unit.
        effects: one entry per source, in the order of the design.
        total_sum: sum of the total effects: 1 if the sources act on their own, more if they interact.
        first_order_sum: sum of the first-order effects: 1 if the sources act on their own, less if they interact; None
            where one is missing.
        blocks: number of blocks.
        runs: number of runs.
    """

    quantity: Quantity
    amount: Interval
    effects: tuple[SourceEffect, ...]
    total_sum: Interval
    first_order_sum: Interval | None
    blocks: int
    runs: int


def churn_attribution(
    predictions: ArrayLike | Sequence[ArrayLike],
    design: AttributionDesign,
    *,
    example_ids: _predictions.ExampleIds = None,
    level: float = 0.95,
) -> Attribution:
    r"""Attribute churn to the sources of randomness.

    Churn is half the mean squared distance of one-hot predictions, so it is a variance and splits like one: the total
    effect of source i is the churn between runs that differ in i only, divided by the churn between runs that differ in
    every source. See :func:`variance_attribution`.

    Args:
        predictions: class labels (integers or strings), shape (R, N): runs axis first, in the order of the design.
        design: which seeds the runs have, see :func:`attribution_design`.
        example_ids: which example each column is: None, ids of shape (N,), or one row of ids per run.
        level: confidence level, between 0 and 1.

    Returns:
        Attribution; ``amount`` is a fraction from 0 to 1.

    Raises:
        TypeError: scores instead of class labels.
        ValueError: another number of runs than in the design, runs that predict different examples, runs that all
            predict the same, fewer than 3 blocks with a pair for some source, or a level outside (0, 1).

    Example:
        >>> from seedwise.statistics import attribution_design
        >>> design = attribution_design(["init", "shuffle"], blocks=20)
        >>> draws = np.random.default_rng(0).integers(0, 10, size=(41, 3))
        >>> runs = [[draws[i, 0], draws[i, 1], draws[s, 2]] for i, s in design.seeds]  # init decides 2 of 3 examples
        >>> init, shuffle = churn_attribution(runs, design).effects
        >>> f"{init.total.estimate:.2f} {shuffle.total.estimate:.2f}"  # in truth 2 and 1 of 3
        '0.71 0.32'

    Source:
        Jansen (1999), Computer Physics Communications 117, 35-43; Gamboa, Janon, Klein & Lagnoux (2014), Sensitivity
        analysis for multidimensional and functional outputs, Electronic Journal of Statistics 8, 575-603; Milani Fard
        et al. (2016), NeurIPS 29, for churn.
    """
    codes = label_codes(predictions)
    _predictions.same_examples(example_ids, codes.shape)
    _same_runs(len(codes), design)
    runs, examples = codes.shape
    classes = np.arange(int(codes.max()) + 1)
    step = max(1, _VALUES_AT_ONCE // (runs * classes.size))
    one_hot = (
        (codes[:, start : start + step, None] == classes).reshape(runs, -1).astype(np.float64)
        for start in range(0, examples, step)
    )
    return _attribution("churn", one_hot, examples, design, level)


def logit_attribution(
    logits: ArrayLike | Sequence[ArrayLike],
    design: AttributionDesign,
    *,
    example_ids: _predictions.ExampleIds = None,
    level: float = 0.95,
) -> Attribution:
    r"""Attribute the variance of the logits over runs to the sources of randomness.

    Each example's mean over the classes is subtracted first, since a softmax does not see it; the variance is then the
    mean over examples and classes. It is the most precise of the three: every run gives N C numbers, not one. See
    :func:`variance_attribution`.

    Args:
        logits: scores before the softmax, shape (R, N, C): runs axis first, in the order of the design. Any precision.
        design: which seeds the runs have, see :func:`attribution_design`.
        example_ids: which example each column is: None, ids of shape (N,), or one row of ids per run.
        level: confidence level, between 0 and 1.

    Returns:
        Attribution; ``amount`` is a variance, in squared units of the logits.

    Raises:
        TypeError: logits that are not numbers.
        ValueError: another number of runs than in the design, logits that are not finite, different examples, runs
            whose logits are all the same, fewer than 3 blocks with a pair for some source, or a level outside (0, 1).

    Example:
        >>> from seedwise.statistics import attribution_design
        >>> design = attribution_design(["init", "shuffle"], blocks=20)
        >>> x = np.random.default_rng(0).normal(size=(41, 2, 30, 3))  # 30 examples of 3 classes
        >>> init, shuffle = logit_attribution([2 * x[i, 0] + x[s, 1] for i, s in design.seeds], design).effects
        >>> f"{init.total.estimate:.2f} {shuffle.total.estimate:.2f}"  # in truth 2^2 and 1^2 of 2^2 + 1^2
        '0.76 0.20'

    Source:
        Jansen (1999), Computer Physics Communications 117, 35-43; Gamboa, Janon, Klein & Lagnoux (2014), Sensitivity
        analysis for multidimensional and functional outputs, Electronic Journal of Statistics 8, 575-603.
    """
    z = _predictions.logits(logits)
    _predictions.same_examples(example_ids, z.shape)
    _same_runs(len(z), design)

    def centred() -> Iterator[NDArray[np.float64]]:
        for block in _predictions.blocks(z.shape):
            part = z[:, block].astype(np.float64)
            yield (part - part.mean(axis=2, keepdims=True)).reshape(len(z), -1)

    return _attribution("logit variance", centred(), z.shape[1] * z.shape[2], design, level)


def variance_attribution(values: ArrayLike, design: AttributionDesign, *, level: float = 0.95) -> Attribution:
    r"""Attribute the variance of a metric over runs to the sources of randomness.

    With V the variance of f between unrelated runs, A_i a run that differs from A in source i only and B_i one that
    shares source i only with B:

        V   = 1/2 E (f(A) - f(B))^2               over all pairs of runs from different blocks
        T_i = 1/2 E (f(A) - f(A_i))^2 / V         total effect
        S_i = 1 - 1/2 E (f(B) - f(B_i))^2 / V     first-order effect

    For T_i, V comes from all runs. For S_i it comes from the runs B and B_i alone: this is Janon's estimator, in which
    what varies in both cancels. Its mean of products less the squared mean is V less half the mean squared difference;
    V is unbiased here.

    S_i <= T_i <= 1 in truth, sum S_i <= 1 <= sum T_i, and both sums are 1 only if the sources add up. SDs with one
    source varied at a time, as papers give them, are roots of T_i V (at one value of the other seeds), so that they do
    not add up, and need not.

    The interval leaves out one block at a time: theta +- t SD / sqrt(B), with the SD of the pseudo-values B theta -
    (B - 1) theta_without_b and t with B - 1 degrees of freedom; on the logarithm for what cannot be negative. Estimates
    and limits may lie outside 0 to 1, where the truth lies, and are left as they are.
    A metric is one number per run, so its shares are wide: with fewer than some 50 pairs a source they say little.
    Churn and logits say much more with the same runs.

    Args:
        values: the metric, shape (R,): runs axis, in the order of the design.
        design: which seeds the runs have, see :func:`attribution_design`.
        level: confidence level, between 0 and 1.

    Returns:
        Attribution; ``amount`` is a variance, in the squared unit of the metric.

    Raises:
        TypeError: values that are not numbers.
        ValueError: another number of runs than in the design, values that are not finite or all the same, fewer than
            3 blocks with a pair for some source, or a level outside (0, 1).

    Example:
        >>> from seedwise.statistics import attribution_design
        >>> design = attribution_design(["init", "shuffle"], blocks=60)
        >>> draws = np.random.default_rng(0).normal(size=(122, 2))
        >>> found = variance_attribution([2 * draws[i, 0] + draws[s, 1] for i, s in design.seeds], design)
        >>> init = found.effects[0]  # in truth 2^2 / (2^2 + 1^2)
        >>> f"{init.total.estimate:.2f} [{init.total.low:.2f}, {init.total.high:.2f}], {init.pairs} pairs"
        '0.75 [0.54, 1.06], 120 pairs'

    Source:
        Jansen (1999), Analysis of variance designs for model output, Computer Physics Communications 117, 35-43, for
        T_i; Janon, Klein, Lagnoux, Nodet & Prieur (2014), Asymptotic normality and efficiency of two Sobol index
        estimators, ESAIM: Probability and Statistics 18, 342-364, equation (6), for S_i; Homma & Saltelli (1996),
        Reliability Engineering and System Safety 52, 1-17, for total effects.
    """
    x = _checks.runs_axis(values, "values")
    _same_runs(len(x), design)
    return _attribution("variance", iter([x[:, None]]), 1, design, level)


def _same_runs(runs: int, design: AttributionDesign) -> None:
    if runs != len(design.block):
        raise ValueError(f"{_checks.runs(runs)} for a design of {len(design.block)}; pass them in its order")


def _attribution(
    quantity: Quantity,
    outputs: Iterator[NDArray[np.float64]],
    size: int,
    design: AttributionDesign,
    level: float,
) -> Attribution:
    """Attribute half the mean squared distance of the outputs of two runs.

    Args:
        quantity: its name.
        outputs: parts of the output vectors, (R, numbers) each.
        size: what the squared distance is divided by.
        design: the design.
        level: confidence level.

    """
    level = _checks.level_in_range(level)
    labels, block = np.unique(design.block, return_inverse=True)
    blocks = len(labels)
    first, second = design.pairs
    # The whole is taken over all runs, and for every source over the runs of the pairs that share it alone.
    weights = np.ones((1 + len(design.sources), len(block)))
    for i, member in enumerate(design.shared.T):
        weights[1 + i] = np.bincount(np.concatenate([first[member], second[member]]), minlength=len(block))
    of_block = weights[:, None, :] * (np.arange(blocks)[:, None] == block)
    within = np.zeros(len(first))
    squares, products = np.zeros(of_block.shape[:2]), np.zeros((len(weights), blocks, blocks))
    for part in outputs:
        # Differences from a run, not the values: they keep their digits, and runs that agree give exactly 0.
        x = part - part[:1]
        within += np.sum((x[first] - x[second]) ** 2, axis=1) / 2
        squares += of_block @ np.sum(x**2, axis=1)
        sums = of_block @ x
        products += sums @ sums.transpose(0, 2, 1)
    amount, *of_shared = (
        _between(of.sum(axis=1), square, product, size)
        for of, square, product in zip(of_block, squares, products, strict=True)
    )
    if amount is None:
        raise ValueError(
            f"no {quantity} to attribute: no two blocks have runs that differ, or only one differs; pass more blocks"
        )
    changed, shared = (
        [_mean(within[member] / size, block[first[member]], blocks) for member in kind.T]
        for kind in (design.changed, design.shared)
    )
    for source, found in zip(design.sources, changed, strict=True):
        if found is None:
            raise ValueError(
                f"fewer than {MINIMUM_BLOCKS} blocks have runs that differ in {source} only: pass more blocks"
            )
    totals = [_over(found, amount) for found in changed if found is not None]
    firsts = [
        None if found is None or whole is None else _one_less(_over(found, whole))
        for found, whole in zip(shared, of_shared, strict=True)
    ]
    known = [found for found in firsts if found is not None]
    effects = tuple(
        SourceEffect(
            source=source,
            alone=_positive(alone, level),
            total=_positive(total, level),
            first_order=None if first_order is None else _interval(first_order, level),
            pairs=int(pairs),
        )
        for source, alone, total, first_order, pairs in zip(
            design.sources, changed, totals, firsts, design.pairs_that_change, strict=True
        )
        if alone is not None
    )
    return Attribution(
        quantity=quantity,
        amount=_positive(amount, level),
        effects=effects,
        total_sum=_positive(_sum(totals), level),
        first_order_sum=_interval(_sum(known), level) if len(known) == len(firsts) else None,
        blocks=blocks,
        runs=len(block),
    )


@dataclass(frozen=True)
class _Estimate:
    """An estimate from all blocks, and without each of them, shape (blocks,)."""

    whole: float
    without: NDArray[np.float64]


def _between(
    runs: NDArray[np.float64], squares: NDArray[np.float64], products: NDArray[np.float64], size: int
) -> _Estimate | None:
    """Mean over pairs of runs from different blocks; None if they do not differ, or those of one block alone do.

    From each block's number of runs and sum of squares, (blocks,), and the products of the blocks' sums.
    """
    scale = np.outer(runs, squares) + np.outer(squares, runs)
    sums = scale / 2 - products
    sums[np.abs(sums) <= 1e-13 * scale] = 0.0  # rounding
    counts = np.outer(runs, runs)
    np.fill_diagonal(sums, 0.0)
    np.fill_diagonal(counts, 0.0)
    total, count = sums.sum() / 2, counts.sum() / 2
    left, left_count = total - sums.sum(axis=1), count - counts.sum(axis=1)
    if total <= 0 or np.any(left_count <= 0) or np.any(left <= 1e-13 * total):
        return None
    return _Estimate(float(total / count / size), left / left_count / size)


def _mean(distances: NDArray[np.float64], block: NDArray[np.int64], blocks: int) -> _Estimate | None:
    """Mean over pairs within blocks; None where too few blocks have any."""
    sums, counts = np.bincount(block, distances, blocks), np.bincount(block, minlength=blocks)
    if np.count_nonzero(counts) < MINIMUM_BLOCKS:
        return None
    return _Estimate(float(sums.sum() / counts.sum()), (sums.sum() - sums) / (counts.sum() - counts))


def _over(part: _Estimate, whole: _Estimate) -> _Estimate:
    return _Estimate(part.whole / whole.whole, part.without / whole.without)


def _one_less(part: _Estimate) -> _Estimate:
    return _Estimate(1 - part.whole, 1 - part.without)


def _sum(parts: Sequence[_Estimate]) -> _Estimate:
    return _Estimate(sum(p.whole for p in parts), np.sum([p.without for p in parts], axis=0))


def _interval(estimate: _Estimate, level: float) -> Interval:
    blocks = len(estimate.without)
    pseudo: NDArray[Any] = blocks * estimate.whole - (blocks - 1) * estimate.without
    half = t_quantile((1 + level) / 2, blocks - 1) * sd(pseudo) / math.sqrt(blocks)
    return Interval(estimate.whole, estimate.whole - half, estimate.whole + half, level, blocks, _PROCEDURE)


def _positive(estimate: _Estimate, level: float) -> Interval:
    """The interval on the logarithm, which is nearer to symmetric for what cannot be negative."""
    if estimate.whole <= 0 or np.any(estimate.without <= 0):
        plain = _interval(estimate, level)
        return replace(plain, low=max(0.0, plain.low))
    log = _interval(_Estimate(math.log(estimate.whole), np.log(estimate.without)), level)
    # exp(700) is about the largest number there is.
    low, high = math.exp(log.low), math.exp(min(log.high, 700.0))
    return replace(log, estimate=estimate.whole, low=low, high=high)
