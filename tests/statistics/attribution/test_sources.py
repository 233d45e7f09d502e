import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import special, stats

from seedwise.statistics import spread, spread_from_churn, spread_sources


def scores_of(runs: int, examples: int, seed: int = 0) -> NDArray[np.float64]:
    rng = np.random.default_rng(seed)
    return 0.3 * rng.normal(size=(runs, 1)) + rng.normal(size=(runs, examples))


@pytest.mark.parametrize(("runs", "examples"), [(3, 2), (5, 20), (30, 7)])
def test_the_parts_are_sums_over_the_covariance_matrix_of_the_examples(runs: int, examples: int) -> None:
    x = scores_of(runs, examples)
    covariances = np.cov(x.T)
    off_diagonal = covariances[~np.eye(examples, dtype=bool)]
    s = spread_sources(x)
    assert s.variance == pytest.approx(np.var(x.mean(axis=1), ddof=1))
    assert s.noise == pytest.approx(np.trace(covariances) / examples**2)
    assert s.covariance == pytest.approx(off_diagonal.sum() / examples**2)
    assert s.variance == pytest.approx(s.noise + s.covariance)
    assert s.distribution.estimate == pytest.approx(off_diagonal.mean())  # Jordan's formula, in other words


def test_the_limits_are_those_of_the_variance_less_the_noise() -> None:
    x = scores_of(8, 50)
    s = spread_sources(x, level=0.9, procedure="chi-square")
    v = np.var(x.mean(axis=1), ddof=1)
    limits = [7 * v / stats.chi2.ppf(p, 7) for p in (0.95, 0.05)]
    assert [s.distribution.low, s.distribution.high] == pytest.approx([50 / 49 * (v - s.noise) for v in limits])
    assert s.noise_share is not None
    assert [s.noise_share.low, s.noise_share.high] == pytest.approx([s.noise / limits[1], s.noise / limits[0]])
    assert s.noise_share.estimate == pytest.approx(s.noise / v)
    assert s.spread == spread(x.mean(axis=1), level=0.9, procedure="chi-square")
    assert (s.distribution.n, s.distribution.level) == (8, 0.9)
    usual = spread_sources(x, level=0.9)
    assert usual.spread == spread(x.mean(axis=1), level=0.9)
    assert usual.distribution.high == pytest.approx(50 / 49 * (usual.spread.high**2 - s.noise))
    assert usual.distribution.procedure == f"{usual.spread.procedure} less noise of the test set"


def test_a_negative_estimate_is_kept_and_its_root_is_zero() -> None:
    x = np.tile(np.eye(4), (2, 1))  # every run misses three examples: no variance, much noise
    s = spread_sources(x)
    assert s.variance == 0
    assert s.distribution.estimate == s.distribution.high == pytest.approx(-4 / 3 * s.noise)
    assert (s.distribution_sd.estimate, s.distribution_sd.low, s.distribution_sd.high) == (0.0, 0.0, 0.0)
    assert s.noise_share is None


def test_the_root_of_the_distribution_wise_variance() -> None:
    s = spread_sources(scores_of(20, 500))
    d = s.distribution_sd
    assert [d.estimate**2, d.low**2, d.high**2] == pytest.approx(
        [s.distribution.estimate, s.distribution.low, s.distribution.high]
    )


def right(rng: np.random.Generator, runs: int, difficulty: NDArray[np.float64], quality: float) -> NDArray[np.bool_]:
    chance = special.expit(difficulty + quality * rng.normal(size=(runs, 1)))
    return rng.random((runs, difficulty.size)) >= chance


@pytest.mark.parametrize("runs", [5, 10, 20])
@pytest.mark.parametrize("quality", [0.0, 0.15, 0.3])  # shares of noise: 1, .6, .3
def test_the_distribution_wise_variance_is_unbiased_and_covered(runs: int, quality: float) -> None:
    studies, examples, rng = 800, 500, np.random.default_rng(runs)
    z = special.ndtri((np.arange(4000) + 0.5) / 4000)
    a = special.ndtri((np.arange(400) + 0.5) / 400)
    true = float(np.var([special.expit(-4 + 2.5 * z + quality * q).mean() for q in a]))
    estimates, covered, shares = np.empty(studies), np.zeros(2), np.empty(studies)
    for study in range(studies):
        x = right(rng, runs, rng.normal(-4, 2.5, examples), quality)
        s, exact = spread_sources(x), spread_sources(x, procedure="chi-square")
        estimates[study] = s.distribution.estimate
        covered += [r.distribution.low <= true <= r.distribution.high for r in (s, exact)]
        assert s.noise_share is not None
        shares[study] = s.noise_share.low <= 1 <= s.noise_share.high
    bias = abs(estimates.mean() - true)
    slack = 3 * np.sqrt(0.05 * 0.95 / studies)
    # the nodes of the truth are a grid, good to about one percent
    assert bias <= 3 * estimates.std() / np.sqrt(studies) + 0.01 * true
    # accuracy is only nearly normal over runs, and so is the default interval only nearly exact
    assert np.all(np.abs(covered / studies - 0.95) <= 0.02 + slack)
    if quality == 0:  # then all of the spread is noise, and the estimate is as often negative
        assert true < 1e-12
        assert abs(shares.mean() - 0.95) <= 0.02 + slack
        assert 0.3 < np.mean(estimates < 0) < 0.7


def test_calibrated_ensembles_have_the_noise_of_half_their_error() -> None:
    rng, examples = np.random.default_rng(8), 20_000
    p = rng.random(examples)  # the chance of class 1, for the label and for every run
    labels = rng.random(examples) < p
    s = spread_sources((rng.random((50, examples)) < p) == labels)
    assert s.calibrated_noise == pytest.approx(s.noise, rel=0.03)
    sure = spread_sources(np.tile(labels, (3, 1)) == (p > 0.5))  # not calibrated: the same errors in every run
    assert sure.noise == 0
    assert sure.calibrated_noise == pytest.approx(0.25 / (2 * examples), rel=0.03)
    assert spread_sources(scores_of(3, 5)).calibrated_noise is None


def test_churn_predicts_the_published_spreads() -> None:
    published = {0.107: 0.231, 0.061: 0.175, 0.082: 0.202, 0.092: 0.214, 0.069: 0.186}  # Summers & Dinneen, percent
    for disagreement, predicted in published.items():
        assert 100 * spread_from_churn(disagreement, 10_000) == pytest.approx(predicted, abs=6e-4)
    assert spread_from_churn(0, 5) == 0


def test_with_two_classes_churn_predicts_the_noise_exactly() -> None:
    from seedwise.statistics import churn

    right_or_wrong = np.random.default_rng(9).random((6, 40)) < 0.7
    predicted = spread_from_churn(churn(right_or_wrong).estimate, 40)
    assert predicted**2 == pytest.approx(spread_sources(right_or_wrong).noise)


def test_what_does_not_fit_is_refused() -> None:
    x = scores_of(3, 4)
    with pytest.raises(ValueError, match="scores has 1 example: at least 2 needed"):
        spread_sources(x[:, :1])
    with pytest.raises(ValueError, match="scores has 2 runs"):
        spread_sources(x[:2])
    with pytest.raises(ValueError, match="procedure is 'jackknife'; pass"):
        spread_sources(x, procedure="jackknife")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="runs 0 and 1 predicted different examples"):
        spread_sources(x, example_ids=[[0, 1, 2, 3], [1, 0, 2, 3], [0, 1, 2, 3]])
    with pytest.raises(ValueError, match="level is 95"):
        spread_sources(x, level=95)
    for bad in (10.7, -0.1, float("nan")):
        with pytest.raises(ValueError, match=r"churn is .*; pass a fraction from 0 to 1, not percent"):
            spread_from_churn(bad, 10)
    with pytest.raises(TypeError, match=r"churn must be a number; got Interval: pass churn\(predictions\).estimate"):
        spread_from_churn(spread([1.0, 2.0, 3.0]), 10)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="examples is 0"):
        spread_from_churn(0.1, 0)
