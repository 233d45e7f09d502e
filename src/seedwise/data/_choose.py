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


def long_tail(labels: Labels, factor: float) -> Index:
    """Return examples of which the classes are exponentially less frequent, the first of each class: without a seed.

        n_c = floor(n_max factor^(-c / (C - 1))),   c = 0 ... C - 1

    Args:
        labels: (N,) classes from 0 to C - 1, all of them there.
        factor: how many times as frequent as the last class the first is, at least 1; n_max is the number of examples
            of the most frequent class. A class that has fewer than n_c keeps all that it has, and each at least one.

    Returns:
        (M,) ascending.

    Example:
        >>> long_tail(np.array([0, 1, 2] * 4), 4).tolist()  # 4, 2 and 1 of them
        [0, 1, 2, 3, 4, 6, 9]

    Source: Cui et al. 2019 (arXiv 1901.05555), section 5.1; Cao et al. 2019 (arXiv 1906.07413), section 4.1.

    """
    counts = np.bincount(labels)
    # Rounded first, as 100 x 10^(-1) is 10, not 9.
    wanted = np.round(counts.max() * factor ** (-np.arange(len(counts)) / max(len(counts) - 1, 1)), 9)
    members = [np.flatnonzero(labels == label)[: max(int(count), 1)] for label, count in enumerate(wanted)]
    return np.sort(np.concatenate(members))


def with_noise(labels: Labels, share: float, classes: int, generator: np.random.Generator) -> Labels:
    """Return labels of which a share is wrong: each of these is any of the other classes, equally likely.

    Args:
        labels: (N,) classes.
        share: 0 to less than 1, rounded to whole examples, which are drawn without replacement.
        classes: how many there are, at least 2.
        generator: draws.

    Example:
        >>> int((with_noise(np.zeros(10, dtype=int), 0.3, 4, np.random.default_rng(0)) != 0).sum())
        3

    Source: symmetric noise, as in Zhang & Sabuncu 2018 (arXiv 1805.07836), without the share that stays right.

    """
    wrong = generator.permutation(len(labels))[: round(share * len(labels))]
    noisy = labels.copy()
    noisy[wrong] = (labels[wrong] + generator.integers(1, classes, len(wrong))) % classes
    return noisy


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
