import numpy as np
import pytest

from seedwise.statistics import influence

X = np.random.default_rng(2).normal(97.0, 0.2, 8)


def test_the_run_is_the_one_without_which_the_sd_is_smallest() -> None:
    for study in np.random.default_rng(3).standard_normal((50, 6)):
        without = [np.delete(study, i).std(ddof=1) for i in range(6)]
        found = influence(study)
        assert (found.run, found.sd_without) == (int(np.argmin(without)), pytest.approx(min(without)))
        assert found.sd == pytest.approx(study.std(ddof=1))
        g = abs(study[found.run] - study.mean()) / found.sd
        assert found.sd_without**2 == pytest.approx(found.sd**2 * (5 - 6 * g**2 / 5) / 4)


@pytest.mark.parametrize(("n", "limit"), [(6, 1.973), (8, 2.274), (10, 2.482), (20, 3.001)])
def test_limits_are_those_of_grubbs_table(n: int, limit: float) -> None:
    """Two-sided 1 % points of the most distant run, in SDs: Grubbs & Beck (1972), Technometrics 14, 847-854."""
    others = np.random.default_rng(n).standard_normal(n - 1)
    others = (others - others.mean()) / others.std(ddof=1)

    def distance(at: float) -> float:
        values = np.append(others, at)
        return float((at - values.mean()) / values.std(ddof=1))

    low, high = 0.0, 1e4
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if distance(middle) < limit else (low, middle)
    assert influence(np.append(others, low)).p_value == pytest.approx(0.01, rel=0.03)


@pytest.mark.parametrize("n", [5, 20])
def test_null_studies_name_a_run_in_one_of_a_hundred(n: int) -> None:
    studies = 3000
    named = sum(influence(x).makes_the_spread for x in np.random.default_rng(n).standard_normal((studies, n)))
    assert named / studies == pytest.approx(0.01, abs=3 * np.sqrt(0.01 * 0.99 / studies))


def test_units_do_not_matter() -> None:
    p = influence(X).p_value
    assert influence(1e30 * (X - 97) + 1e30).p_value == pytest.approx(p, rel=1e-6)
    assert influence(-X).run == influence(X).run


def test_runs_without_spread_and_but_one_equal() -> None:
    found = influence([0.1] * 5)
    assert (found.p_value, found.sd, found.makes_the_spread) == (1, 0, False)
    found = influence([0.1, 0.1, 0.1, 0.1, 0.3])
    assert (found.run, found.sd_without, found.makes_the_spread) == (4, 0, True)


def test_too_few_runs_are_refused() -> None:
    with pytest.raises(ValueError, match="values has 3 runs: leaving one out needs at least 4"):
        influence([1.0, 2.0, 3.0])
