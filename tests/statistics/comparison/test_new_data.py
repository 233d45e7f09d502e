import numpy as np

from seedwise.statistics import Generalization, crossed_difference, crossed_mean
from seedwise.statistics.comparison.new_data import generalizations

from .cells import TRUTH, cell, predicted


def test_accuracies_and_differences_are_those_of_the_crossed_design() -> None:
    base, new = predicted("base", 1), predicted("new", 2)
    first, second = generalizations([base, new], [TRUTH, TRUTH], "base")
    assert isinstance(first, Generalization)
    assert isinstance(second, Generalization)
    assert (first.is_base, first.difference, second.is_base) == (True, None, False)
    right = [one.predictions == TRUTH for one in (base, new)]
    assert first.accuracy == crossed_mean(right[0])
    assert second.difference == crossed_difference(right[1], right[0], paired=True)


def test_what_is_not_known_is_none_or_said() -> None:
    bare, few = cell("bare", [0.8, 0.9, 0.7]), predicted("few", 3, runs=2)
    ids = [np.arange(40)] * 5 + [np.arange(1, 41)]
    other = predicted("base", 1, example_ids=ids)
    nothing, too_few, why = generalizations([bare, few, other], [None, TRUTH, TRUTH], "base")
    assert (nothing, too_few) == (None, None)
    assert isinstance(why, str)
    assert "different examples" in why


def test_a_base_without_predictions_leaves_the_difference_open() -> None:
    base, new = cell("base", np.linspace(0.7, 0.8, 6)), predicted("new", 2)
    _, found = generalizations([base, new], [None, TRUTH], "base")
    assert isinstance(found, Generalization)
    assert (found.difference, found.is_base) == (None, False)
