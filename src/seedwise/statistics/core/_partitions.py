"""Means over random partitions of a pool of runs into groups, and what they are without each run."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class LeftOut:
    """A mean over groups (or pairs of groups), and the same without each run.

    Attributes:
        estimate: the mean over all partitions.
        without: the mean over the groups (or pairs) that do not hold the run, shape (runs,); nan if there are none.
        noise: variance of ``without - estimate`` that comes from drawing partitions, shape (runs,).
        own_noise: variance of ``estimate`` that comes from drawing partitions.
    """

    estimate: float
    without: Array
    noise: Array
    own_noise: float


def random_partitions(runs: int, size: int, count: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Cut the runs into floor(runs/size) disjoint groups, again and again; shape (count, groups, size)."""
    order = rng.permuted(np.tile(np.arange(runs), (count, 1)), axis=1)
    groups = runs // size
    return order[:, : groups * size].reshape(count, groups, size)


def over_groups(values: Array, partitions: NDArray[np.int64], runs: int) -> LeftOut:
    """Average ``values``, shape (partitions, groups), over the groups."""
    inside, group = _group_of_run(partitions, runs)
    removed = np.where(inside, np.take_along_axis(values, group, axis=1), 0.0)
    return _left_out(values.sum(axis=1), values.shape[1], removed, inside.astype(np.float64))


def over_pairs(sums: Array, partitions: NDArray[np.int64], runs: int) -> LeftOut:
    """Average h(a, b) over the pairs of groups of a partition; ``sums[p, a]`` is its sum over the other groups b.

    In a partition, pairs of groups are pairs of disjoint groups drawn at random from the pool. Those without a run are
    the same of the pool without that run, so one set of partitions serves every replicate of the jackknife.
    """
    inside, group = _group_of_run(partitions, runs)
    others = sums.shape[1] - 1
    removed = np.where(inside, np.take_along_axis(sums, group, axis=1), 0.0)
    return _left_out(sums.sum(axis=1) / 2, (others + 1) * others / 2, removed, others * inside.astype(np.float64))


def half_squares(values: Array) -> Array:
    """Sum (x_a - x_b)^2 / 2 over the other groups b; its mean over pairs is the variance with ddof 1."""
    d = values - values.mean(axis=1, keepdims=True)
    sums: Array = (values.shape[1] * d * d + np.sum(d * d, axis=1, keepdims=True)) / 2
    return sums


def jackknife_error(without: Array, noise: Array, own_noise: float) -> float:
    """Return the delete-one standard error, less what drawing partitions adds to its square; infinite if undefined.

    Replicates scatter between the runs, and also because each rests on partitions of its own. The second part is
    known from the scatter between partitions, and is taken off.
    """
    if not np.isfinite(without).all():
        return math.inf
    runs = without.size
    scatter = float(np.sum((without - without.mean()) ** 2) - np.sum(noise))
    return math.sqrt((runs - 1) / runs * max(scatter, 0.0) + own_noise)


def _group_of_run(partitions: NDArray[np.int64], runs: int) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
    count, groups, size = partitions.shape
    group = np.full((count, runs), -1)
    np.put_along_axis(
        group, partitions.reshape(count, -1), np.tile(np.repeat(np.arange(groups), size), (count, 1)), axis=1
    )
    return group >= 0, np.maximum(group, 0)


def _left_out(totals: Array, each: float, removed: Array, lost: Array) -> LeftOut:
    items = totals.size * each
    estimate = float(totals.sum()) / items
    left = items - lost.sum(axis=0)
    defined = left > 0.5
    with np.errstate(divide="ignore", invalid="ignore"):
        without = np.where(defined, (totals.sum() - removed.sum(axis=0)) / left, np.nan)
        own = (totals - estimate * each) / items
        apart = (totals[:, None] - removed - without * (each - lost)) / left - own[:, None]
        correction = totals.size / (totals.size - 1) if totals.size > 1 else 0.0  # one partition: nothing was drawn
        noise = correction * np.sum(apart**2, axis=0)
    return LeftOut(estimate, without, noise, correction * float(np.sum(own**2)))
