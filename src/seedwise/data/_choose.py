"""Which examples are trained on: subsets, hold-outs and bootstraps, each class by itself."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Labels = NDArray[np.int64]
Index = NDArray[np.int64]


def first_of_each_class(labels: Labels, count: int) -> Index:
    """Return ``count`` examples, the first of each class, in proportion to the classes: a subset without a seed.

    Args:
        labels: (N,) classes.
        count: how many; classes get their share of it, rounded so that the shares add up.

    Returns:
        (count,) ascending.

    Raises:
        ValueError: if there are fewer than ``count`` examples.

    Example:
        >>> first_of_each_class(np.array([0, 0, 0, 0, 1, 1]), 3).tolist()
        [0, 1, 4]

    """
    if not 1 <= count <= len(labels):
        raise ValueError(f"there are {len(labels)} examples: a subset has 1 to {len(labels)}, not {count}")
    # An example's quantile within its class orders all classes evenly.
    quantile = np.empty(len(labels))
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label)
        quantile[members] = (np.arange(len(members)) + 0.5) / len(members)
    return np.sort(np.argsort(quantile, kind="stable")[:count])


def hold_out(labels: Labels, fraction: float, generator: np.random.Generator) -> NDArray[np.bool_]:
    """Return which examples are held out: ``fraction`` of each class, drawn without replacement.

    Args:
        labels: (N,) classes.
        fraction: of each class, 0 to 1, rounded to whole examples.
        generator: draws.

    Returns:
        (N,) booleans.

    """
    chosen = np.zeros(len(labels), dtype=bool)
    for label in np.unique(labels):
        members = generator.permutation(np.flatnonzero(labels == label))
        chosen[members[: round(fraction * len(members))]] = True
    return chosen


def bootstrap(labels: Labels, generator: np.random.Generator) -> Index:
    """Return a stratified bootstrap: of each class as many examples as it has, drawn with replacement.

    About 36.8 % of the examples are not drawn (out of bootstrap).

    Args:
        labels: (N,) classes.
        generator: draws.

    Returns:
        (N,) ascending; an example drawn twice is there twice, as two slots.

    Example:
        >>> chosen = bootstrap(np.array([0, 0, 1, 1, 1]), np.random.default_rng(0))
        >>> np.array([0, 0, 1, 1, 1])[chosen].tolist()
        [0, 0, 1, 1, 1]

    Source: Bouthillier et al. 2021 (arXiv 2103.03098), section 3.

    """
    parts = []
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label)
        parts.append(generator.choice(members, len(members)))
    return np.sort(np.concatenate(parts))
