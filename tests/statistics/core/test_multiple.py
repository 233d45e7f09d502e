from itertools import combinations

import numpy as np
import pytest

from seedwise.statistics import holm


def by_closure(p: list[float]) -> list[float]:
    """Holm is Bonferroni closed: reject i if every set of hypotheses that contains i is rejected."""
    subsets = [s for size in range(1, len(p) + 1) for s in combinations(range(len(p)), size)]
    return [max(min(1.0, len(s) * min(p[j] for j in s)) for s in subsets if i in s) for i in range(len(p))]


@pytest.mark.parametrize(
    "p",
    [[0.01], [0.01, 0.04, 0.03], [0.2, 0.2, 0.2], [0.0, 1.0, 0.5, 0.02, 0.011], [0.9, 0.001, 0.01, 0.012, 0.3, 0.3]],
)
def test_holm_is_bonferroni_closed(p: list[float]) -> None:
    assert holm(p).tolist() == pytest.approx(by_closure(p))


def test_holm_of_nothing_is_nothing() -> None:
    assert holm([]).shape == (0,)


def test_a_comparison_without_a_p_value_counts_as_one_that_found_nothing() -> None:
    assert holm([0.0, None, 0.02]).tolist() == [0.0, 1.0, 0.04]


def test_bad_p_values_are_refused() -> None:
    for p in ([0.5, 1.5], [0.5, -0.1], [0.5, float("nan")]):
        with pytest.raises(ValueError, match=r"p_values\[1\] is .*; pass p-values from 0 to 1"):
            holm(p)
    with pytest.raises(ValueError, match="shape"):
        holm(np.ones((2, 2)))
    with pytest.raises(TypeError, match="p_values must be numbers"):
        holm(["a"])
