"""Subsets, hold-outs and bootstraps: what they hold, class by class."""

import numpy as np
import pytest

from seedwise.data import bootstrap, first_of_each_class, hold_out

CLASSES = np.random.default_rng(0).choice(4, 4000, p=[0.4, 0.3, 0.2, 0.1])


@pytest.mark.parametrize("count", [1, 7, 100, 3999, 4000])
def test_a_subset_is_the_first_of_each_class_in_proportion(count):
    chosen = first_of_each_class(CLASSES, count)
    assert len(chosen) == count
    assert (np.diff(chosen) > 0).all()
    for label in range(4):
        members = np.flatnonzero(label == CLASSES)
        mine = chosen[CLASSES[chosen] == label]
        assert np.array_equal(mine, members[: len(mine)])
        assert abs(len(mine) - count * len(members) / 4000) <= 1


def test_a_larger_subset_holds_the_smaller():
    assert set(first_of_each_class(CLASSES, 50)) <= set(first_of_each_class(CLASSES, 51))


@pytest.mark.parametrize("count", [0, 4001])
def test_a_subset_cannot_be_larger_than_the_whole(count):
    with pytest.raises(ValueError, match=f"1 to 4000, not {count}"):
        first_of_each_class(CLASSES, count)


def test_a_hold_out_is_stratified():
    chosen = hold_out(CLASSES, 0.25, np.random.default_rng(1))
    assert np.abs(np.bincount(CLASSES[chosen]) - 0.25 * np.bincount(CLASSES)).max() <= 0.5


def test_a_bootstrap_keeps_the_classes_and_leaves_out_what_theory_says():
    generator = np.random.default_rng(2)
    out = []
    for _ in range(50):
        chosen = bootstrap(CLASSES, generator)
        assert np.array_equal(np.bincount(CLASSES[chosen]), np.bincount(CLASSES))
        out.append(1 - len(np.unique(chosen)) / len(CLASSES))
    # An example of a class of m is left out with probability (1 - 1/m)^m.
    sizes = np.bincount(CLASSES)
    expected = np.sum(sizes * (1 - 1 / sizes) ** sizes) / len(CLASSES)
    assert abs(np.mean(out) - expected) < 5 * np.std(out, ddof=1) / np.sqrt(50)


def test_every_example_of_a_class_is_equally_likely_in_a_bootstrap():
    labels = np.array([0, 0, 0, 1])
    generator = np.random.default_rng(3)
    counts = np.sum([np.bincount(bootstrap(labels, generator), minlength=4) for _ in range(3000)], axis=0)
    assert counts[3] == 3000
    assert np.abs(counts[:3] - 3000).max() < 5 * np.sqrt(3000 * 3 * (1 / 3) * (2 / 3))
