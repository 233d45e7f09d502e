import numpy as np
import pytest
from scipy import stats

from seedwise.statistics import INTERQUARTILE_COVERAGE, interquartile_mean, optimality_gap, performance_profile

# rliable 1.2.0 on these scores: aggregate_iqm, aggregate_optimality_gap and create_performance_profile, with the limits
# of get_interval_estimates of 50 000 samples (20 000 of the profile).
SCORES = np.random.default_rng(3).gamma(2.0, 0.4, (7, 3)) * [0.5, 1.0, 2.0]
THRESHOLDS = [0.1, 0.5, 1.0, 2.0]


def test_aggregates_are_those_of_rliable() -> None:
    mean, gap = interquartile_mean(SCORES), optimality_gap(SCORES)
    assert mean.estimate == pytest.approx(0.8194982235298659)
    assert [mean.low, mean.high] == pytest.approx([0.60355939, 1.09972115], abs=0.01)
    assert gap.estimate == pytest.approx(0.3166605803569882)
    assert [gap.low, gap.high] == pytest.approx([0.2081946, 0.42017309], abs=0.005)
    assert (mean.n, mean.procedure) == (7, "stratified bootstrap")


def test_the_profile_is_that_of_rliable() -> None:
    shares = performance_profile(SCORES, THRESHOLDS).shares
    assert [share.estimate for share in shares] == pytest.approx([0.95238095, 0.66666667, 0.38095238, 0.04761905])
    assert [share.low for share in shares] == pytest.approx([0.85714286, 0.52380952, 0.19047619, 0.0], abs=1e-6)
    assert [share.high for share in shares] == pytest.approx([1.0, 0.80952381, 0.57142857, 0.14285714], abs=1e-6)


@pytest.mark.parametrize("shape", [(3, 1), (5, 3), (10, 4)])
def test_the_interquartile_mean_is_scipys_trimmed_mean(shape: tuple[int, int]) -> None:
    scores = np.random.default_rng(5).standard_normal(shape)
    assert interquartile_mean(scores, draws=2).estimate == pytest.approx(stats.trim_mean(scores, 0.25, axis=None))


def test_tasks_are_resampled_on_their_own() -> None:
    """Tasks without spread keep their scores in every sample."""
    constant = interquartile_mean(np.tile([0.1, 0.5, 0.9], (5, 1)), draws=200)
    assert (constant.low, constant.high) == pytest.approx((constant.estimate, constant.estimate))


def test_a_seed_gives_the_same_interval_again() -> None:
    assert interquartile_mean(SCORES, draws=100, rng=1) == interquartile_mean(SCORES, draws=100, rng=1)
    assert interquartile_mean(SCORES, draws=100, rng=1) != interquartile_mean(SCORES, draws=100, rng=2)


@pytest.mark.parametrize("runs", sorted(INTERQUARTILE_COVERAGE))
def test_coverage_at_three_tasks_is_what_is_said(runs: int) -> None:
    rng, studies, centre, spread = np.random.default_rng(runs), 500, [0.4, 0.8, 1.3], [0.1, 0.2, 0.15]
    many = np.sort((centre + spread * rng.standard_normal((300_000, 3))).ravel())
    truth = many[many.size // 4 : -(many.size // 4)].mean()
    held = 0
    for _ in range(studies):
        found = interquartile_mean(centre + spread * rng.standard_normal((runs, 3)), draws=200, rng=rng)
        held += found.low <= truth <= found.high
    low, high = INTERQUARTILE_COVERAGE[runs]
    slack = 3 * np.sqrt(0.1 * 0.9 / studies)
    assert low - slack <= held / studies <= high + slack


def test_bad_scores_are_refused() -> None:
    with pytest.raises(ValueError, match="shape"):
        interquartile_mean([0.1, 0.2, 0.3])
    with pytest.raises(ValueError, match="scores of task 0 has 2 runs"):
        optimality_gap([[0.1], [0.2]])
    with pytest.raises(ValueError, match="scores of task 1"):
        interquartile_mean([[0.1, float("nan")]] * 3)
    with pytest.raises(ValueError, match="different numbers of runs"):
        interquartile_mean([[0.1, 0.2], [0.1]])
    with pytest.raises(ValueError, match="thresholds"):
        performance_profile(SCORES, [])
