from dataclasses import replace

import numpy as np
import pytest

from seedwise.statistics import group_size_table, group_spreads, spread, spread_sources
from seedwise.statistics.comparison.disagreement import disagreements
from seedwise.statistics.comparison.of_cells import (
    assisted_spread_of,
    group_sizes_of,
    group_spreads_of,
    profile_of,
    sources_of,
)

from .cells import RNG, TRUTH, cell, predicted

VALUES = 0.9 + 0.01 * RNG.normal(size=12)
TWO = [0] * 6 + [1] * 6


def test_sources_are_those_of_the_predictions_at_one_value_of_the_fixed_seeds() -> None:
    one = predicted("base", 1)
    assert sources_of(one, TRUTH) == spread_sources(one.predictions == TRUTH)  # type: ignore[arg-type]
    assert assisted_spread_of(one, TRUTH) is not None
    several = predicted("base", 1, group=[0, 0, 0, 1, 1, 1])
    for unknown, truth in ((several, TRUTH), (one, None), (predicted("base", 1, runs=2), TRUTH)):
        assert sources_of(unknown, truth) is None
        assert assisted_spread_of(unknown, truth) is None


def test_runs_that_predicted_different_examples_have_no_sources() -> None:
    other = predicted("base", 1, example_ids=[np.arange(40)] * 5 + [np.arange(1, 41)])
    with pytest.raises(ValueError, match="different examples"):
        sources_of(other, TRUTH)
    assert assisted_spread_of(other, TRUTH) is None


def test_groups_are_as_large_as_there_are_runs() -> None:
    base, new = cell("base", VALUES), cell("new", VALUES[::-1])
    found = group_sizes_of(new, [base, new], "base")
    assert found is not None
    assert found == group_size_table(VALUES[::-1], VALUES, [5, 10], paired=True)
    assert group_sizes_of(base, [base, new], "base") is None
    few = cell("few", VALUES[:9])
    assert group_sizes_of(few, [base, few], "base") is None


def test_spreads_are_by_value_of_the_fixed_seeds() -> None:
    assert group_spreads_of(cell("base", VALUES, group=TWO)) == group_spreads(VALUES, TWO)
    assert group_spreads_of(cell("base", VALUES)) is None


def test_profiles_take_two_degrees_of_freedom() -> None:
    columns = np.stack([VALUES, 2 * VALUES], axis=1)
    found = profile_of(cell("base", VALUES, group=TWO), columns)
    assert found is not None
    assert found.sd[1] == pytest.approx(spread(2 * VALUES, groups=TWO).estimate)
    assert profile_of(cell("base", VALUES[:3], group=[0, 0, 1]), columns[:3]) is None


def test_methods_that_predicted_other_examples_are_not_compared_on_churn() -> None:
    base, other = predicted("base", 1), predicted("other", 2)
    fewer = replace(
        other,
        predictions=np.delete(other.predictions, 0, axis=1),  # type: ignore[arg-type]
        example_ids=[np.arange(1, len(TRUTH))] * len(other.predictions),  # type: ignore[arg-type]
    )
    found = disagreements([base, fewer], [TRUTH, TRUTH[1:]], "base", 0.9)
    assert found[0] is None
    assert "examples" in str(found[1])
