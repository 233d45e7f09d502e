import math
from itertools import permutations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from seedwise.statistics import reactivity

Series = NDArray[np.float64]
RNG = np.random.default_rng(7)
LAM, LOSS = 0.1 + 0.02 * RNG.random((5, 24)), RNG.random((5, 24)).cumsum(axis=1)


def pairs(lam: Series, loss: Series, lag: int) -> tuple[list[float], list[float]]:
    """Collect the pairs of changes of one run, epoch by epoch."""
    moves, answers = [], []
    for k in range(1, len(lam)):
        if 1 <= k + lag < len(loss):
            moves.append(lam[k] - lam[k - 1])
            answers.append(loss[k + lag] - loss[k + lag - 1])
    return moves, answers


def r_of(lam: Series, loss: Series, lag: int) -> float:
    return float(np.corrcoef(*pairs(lam, loss, lag))[0, 1])


def test_correlations_are_those_of_a_loop_with_a_t_interval_on_z() -> None:
    found = reactivity(LAM, LOSS, max_lag=10, level=0.9)
    assert found.lags == tuple(range(-10, 11))
    for lag, result in zip(found.lags, found.correlations, strict=True):
        z = np.arctanh([r_of(a, b, lag) for a, b in zip(LAM, LOSS, strict=True)])
        low, high = stats.t.interval(0.9, 4, z.mean(), stats.sem(z))
        assert [result.estimate, result.low, result.high] == pytest.approx(np.tanh([z.mean(), low, high]))
        assert found.at(lag) is result
    assert (found.n, found.epochs, found.first_epoch) == (5, 24, 0)


def test_series_averaged_over_runs_are_the_papers_form() -> None:
    found = reactivity(LAM, LOSS)
    expected = [r_of(LAM.mean(axis=0), LOSS.mean(axis=0), lag) for lag in found.lags]
    assert found.averaged == pytest.approx(expected)


def test_the_band_and_p_are_those_of_all_ways_to_pair_the_runs() -> None:
    found = reactivity(LAM, LOSS, level=0.9)
    z = {(i, j, lag): math.atanh(r_of(LAM[i], LOSS[j], lag)) for i in range(5) for j in range(5) for lag in found.lags}
    orders = list(permutations(range(5)))
    means = np.array([[np.mean([z[i, j, lag] for i, j in enumerate(o)]) for lag in found.lags] for o in orders])
    centre, width = means.mean(axis=0), means.std(axis=0)
    largest = (abs(means - centre) / width).max(axis=1)  # the first order is the unpermuted one
    assert found.p_value == pytest.approx(np.mean(largest >= largest[0] - 1e-9))
    assert found.smallest_p_value == pytest.approx(1 / 120)
    assert found.peak == found.lags[int(np.argmax(abs(means[0] - centre) / width))]
    reach = np.quantile(largest, 0.9, method="inverted_cdf")
    assert found.band_low == pytest.approx(np.tanh(centre - reach * width))
    assert found.band_high == pytest.approx(np.tanh(centre + reach * width))
    elsewhere = [np.mean([z[i, j, lag] for i in range(5) for j in range(5) if i != j]) for lag in found.lags]
    assert found.elsewhere == pytest.approx(np.tanh(elsewhere))


def test_the_line_through_the_scatter_is_that_of_least_squares() -> None:
    found = reactivity(LAM, LOSS)
    moves, answers = found.changes
    assert moves.shape == (5, 22)
    first = pairs(LAM[0], LOSS[0], 1)
    assert moves[0] == pytest.approx(stats.zscore(first[0]))
    assert answers[0] == pytest.approx(stats.zscore(first[1]))
    assert found.slope == pytest.approx(stats.linregress(moves.ravel(), answers.ravel()).slope)
    assert found.slope == pytest.approx(np.mean([r_of(a, b, 1) for a, b in zip(LAM, LOSS, strict=True)]))


def under_a_schedule(rng: np.random.Generator, runs: int, epochs: int) -> tuple[Series, Series]:
    """Make series that share only a schedule, which bends lambda and then the loss; noise is correlated in time."""
    schedule = np.repeat(rng.normal(size=epochs // 4 + 1), 4)[:epochs].cumsum()
    lam, loss = (
        np.stack([np.convolve(rng.normal(size=epochs + 2), [1, 0.6, 0.3], mode="valid") for _ in range(runs)])
        for _ in range(2)
    )
    return schedule + lam, np.roll(schedule, 1) + 2 * loss


def test_a_common_schedule_is_taken_for_a_reaction_no_more_often_than_stated() -> None:
    rng = np.random.default_rng(3)
    studies = 400
    found = [reactivity(*under_a_schedule(rng, 9, 40), draws=199, rng=rng) for _ in range(studies)]
    slack = 3 * math.sqrt(0.05 * 0.95 / studies)
    assert abs(np.mean([f.p_value <= 0.05 for f in found]) - 0.05) <= slack
    outside = [
        any(not low <= r.estimate <= high for r, low, high in zip(f.correlations, f.band_low, f.band_high, strict=True))
        for f in found
    ]
    assert abs(np.mean(outside) - 0.05) <= slack
    # What a test against r = 0 says of the same series, at the lag of the schedule alone.
    assert np.mean([not f.at(1).low <= 0 <= f.at(1).high for f in found]) > 0.5


def test_averaging_over_runs_first_makes_a_schedule_look_like_a_strong_reaction() -> None:
    rng = np.random.default_rng(5)
    few, many = ([reactivity(*under_a_schedule(rng, runs, 60), draws=100) for _ in range(40)] for runs in (3, 30))
    within = [np.mean([f.at(1).estimate for f in studies]) for studies in (few, many)]
    averaged = [np.mean([f.averaged[f.lags.index(1)] for f in studies]) for studies in (few, many)]
    assert within[1] == pytest.approx(within[0], abs=0.05)
    assert averaged[0] > within[0] + 0.1
    assert averaged[1] > averaged[0] + 0.1


def leading(rng: np.random.Generator, runs: int, epochs: int, rho: float, lag: int) -> tuple[Series, Series]:
    """Make series whose changes are white and correlate by rho at one lag alone, beside a common schedule of lambda."""
    moves, other = rng.normal(size=(2, runs, epochs + lag))
    answers = rho * moves[:, :epochs] + math.sqrt(1 - rho**2) * other[:, :epochs]
    return moves[:, lag:].cumsum(axis=1), answers.cumsum(axis=1)


def test_finds_a_lambda_that_leads_by_one_epoch_with_its_correlation() -> None:
    rng = np.random.default_rng(11)
    studies = 300
    found = [reactivity(*leading(rng, 8, 60, 0.4, 1), draws=199, rng=rng) for _ in range(studies)]
    assert np.mean([f.peak == 1 and f.p_value <= 0.05 for f in found]) > 0.95
    covered = np.mean([f.at(1).low <= 0.4 <= f.at(1).high for f in found])
    # Fisher's z is biased by r / (2 (pairs - 1)), which is .003 here beside a half-width of about .1.
    assert abs(covered - 0.95) <= 0.005 + 3 * math.sqrt(0.05 * 0.95 / studies)


def test_a_loss_that_leads_has_a_negative_lag() -> None:
    moves, answers = leading(np.random.default_rng(2), 8, 60, 0.6, 2)
    assert reactivity(moves, answers).peak == 2
    assert reactivity(answers - answers.min() + 1, moves).peak == -2


def test_epochs_before_lambda_is_on_and_the_jump_itself_are_left_out() -> None:
    late = LAM.copy()
    late[:, :3] = 0
    late[1, 3] = 0
    late[2, 10] = 0  # off in between counts
    found = reactivity(late, LOSS)
    assert (found.first_epoch, found.epochs) == (5, 19)
    assert found.averaged == reactivity(late[:, 5:], LOSS[:, 5:]).averaged


def test_units_do_not_matter() -> None:
    one, other = reactivity(LAM, LOSS), reactivity(1e-6 * LAM, 50 - 1e3 * LOSS)
    assert [-r.estimate for r in other.correlations] == pytest.approx([r.estimate for r in one.correlations])
    assert other.p_value == one.p_value


def test_refuses_what_has_no_answer() -> None:
    with pytest.raises(ValueError, match=r"^no correlation: lambda does not vary$"):
        reactivity(np.full((5, 24), 0.1), LOSS)
    with pytest.raises(ValueError, match=r"^no correlation: lambda does not vary$"):
        reactivity(np.zeros((5, 24)), LOSS)
    switched_on = np.broadcast_to(np.where(np.arange(24) < 2, 0, 0.1), (5, 24))
    with pytest.raises(ValueError, match=r"^no correlation: lambda does not vary$"):
        reactivity(switched_on, LOSS)
    with pytest.raises(ValueError, match="the loss does not vary in run 3"):
        reactivity(LAM, np.where(np.arange(5)[:, None] == 3, 0.5, LOSS))
    with pytest.raises(ValueError, match="by the same amount in every epoch"):
        reactivity(LAM, np.tile(np.arange(24) / 10, (5, 1)))
    with pytest.raises(ValueError, match="lambdas has 2 runs: an interval over runs needs at least 3"):
        reactivity(LAM[:2], LOSS[:2])
    with pytest.raises(ValueError, match=r"15 epochs with lambda on are too few .* at least 16, or max_lag=9$"):
        reactivity(LAM[:, :15], LOSS[:, :15], max_lag=10)
    assert reactivity(LAM[:, :15], LOSS[:, :15]).lags == tuple(range(-6, 7))  # 8 pairs are left at the outermost
    with pytest.raises(ValueError, match=r"4 epochs with lambda on are too few for lags up to 1: it takes at least 7$"):
        reactivity(LAM[:, :4], LOSS[:, :4])
    with pytest.raises(ValueError, match="the runs all have the same series"):
        reactivity(np.tile(LAM[0], (5, 1)), LOSS)
    with pytest.raises(ValueError, match=r"lambdas has shape \(5, 24\) and losses \(5, 23\)"):
        reactivity(LAM, LOSS[:, :23])
    with pytest.raises(ValueError, match=r"lambdas has shape \(24,\)"):
        reactivity(LAM[0], LOSS[0])
    with pytest.raises(ValueError, match="losses holds values that are not finite"):
        reactivity(LAM, np.where(LOSS > 11, np.nan, LOSS))
    with pytest.raises(TypeError, match="losses must be numbers"):
        reactivity(LAM, LOSS.astype(str))
    with pytest.raises(ValueError, match="draws is 10"):
        reactivity(LAM, LOSS, draws=10)
    with pytest.raises(ValueError, match="max_lag is 0"):
        reactivity(LAM, LOSS, max_lag=0)
    stuck = np.concatenate([np.full((5, 14), 0.1), LAM[:, :10]], axis=1)
    with pytest.raises(ValueError, match="pass a smaller max_lag"):
        reactivity(stuck, LOSS)
