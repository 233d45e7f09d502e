import numpy as np
import pytest
from numpy.typing import ArrayLike
from scipy import stats

from seedwise.statistics import probability_of_improvement

RNG = np.random.default_rng(3)
X, Y, LONGER = RNG.normal(0.6, 1, 12), RNG.normal(0, 1, 12), RNG.normal(0, 2, 19)


@pytest.mark.parametrize("decimals", [9, 0])  # 0: many ties
def test_unpaired_is_brunner_munzel(decimals: int) -> None:
    x, y = np.round(X, decimals), np.round(LONGER, decimals)
    win = probability_of_improvement(x, y, paired=False, level=0.9)
    assert win.probability.estimate == pytest.approx(np.mean(x[:, None] > y) + np.mean(x[:, None] == y) / 2)
    assert win.probability.p_value == pytest.approx(stats.brunnermunzel(x, y).pvalue)
    assert win.ties == pytest.approx(np.mean(x[:, None] == y))
    assert (win.probability.n, win.probability.procedure) == ([12, 19], "Brunner-Munzel")


def test_paired_is_wilson_on_the_pairs() -> None:
    wins = int(np.sum(X > Y))
    win = probability_of_improvement(X, Y, paired=True, level=0.9)
    expected = stats.binomtest(wins, 12).proportion_ci(0.9, method="wilson")
    assert [win.probability.low, win.probability.high] == pytest.approx([expected.low, expected.high])
    assert win.probability.estimate == wins / 12
    assert win.probability.p_value == pytest.approx(stats.chisquare([wins, 12 - wins]).pvalue)


@pytest.mark.parametrize("paired", [True, False])
def test_direction_and_order(paired: bool) -> None:
    up = probability_of_improvement(X, Y, paired=paired).probability
    down = probability_of_improvement(X, Y, paired=paired, higher_is_better=False).probability
    swapped = probability_of_improvement(Y, X, paired=paired).probability
    for other in (down, swapped):
        assert [other.low, other.estimate, other.high] == pytest.approx([1 - up.high, 1 - up.estimate, 1 - up.low])
        assert other.p_value == pytest.approx(up.p_value)


@pytest.mark.parametrize("paired", [True, False])
def test_ties_count_one_half(paired: bool) -> None:
    win = probability_of_improvement([1.0] * 6, [1.0] * 6, paired=paired)
    assert (win.probability.estimate, win.probability.p_value, win.ties) == (0.5, 1.0, 1.0)
    assert win.reading == "not significant"


def test_complete_separation_has_a_width() -> None:
    for n in (5, 10, 20):
        win = probability_of_improvement(np.arange(n) + 100.0, np.arange(n), paired=False)
        assert win.probability.estimate == win.probability.high == 1
        assert win.probability.low == pytest.approx(1 - stats.t.ppf(0.975, 2 * n - 2) / n)
        assert win.reading == "significant and meaningful"


@pytest.mark.parametrize(
    ("wins", "reading"),
    [(60, "significant but not meaningful"), (90, "significant and meaningful"), (50, "not significant"), (20, "sig")],
)
def test_reading(wins: int, reading: str) -> None:
    n = 200 if wins == 60 else 100
    method = np.repeat([1.0, -1.0], [wins * n // 100, n - wins * n // 100])
    win = probability_of_improvement(method, np.zeros(n), paired=True)
    assert win.reading.startswith(reading)
    assert (win.reading == "significantly worse") == (wins == 20)
    assert probability_of_improvement(method, np.zeros(n), paired=True, meaningful=0.999).reading != (
        "significant and meaningful"
    )


@pytest.mark.parametrize("paired", [True, False])
@pytest.mark.parametrize(("n", "p"), [(5, 0.5), (5, 0.9), (10, 0.75), (10, 0.9), (20, 0.97)])
def test_covers(n: int, p: float, paired: bool) -> None:
    studies, shift = 1000, float(stats.norm.ppf(p) * np.sqrt(2))
    samples = np.random.default_rng(n).standard_normal((studies, 2, n))
    intervals = [probability_of_improvement(x + shift, y, paired=paired).probability for x, y in samples]
    covered = sum(i.low <= p <= i.high for i in intervals)
    # Wilson's coverage swings between .92 and .98 with n and p: there are only n + 1 shares.
    assert covered / studies >= 0.915 - 3 * np.sqrt(0.08 * 0.92 / studies) + 0.02 * (not paired)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"meaningful": 0.5}, ValueError, "meaningful is 0.5; pass a number above 0.5 and below 1"),
        ({"higher_is_better": "yes"}, TypeError, "higher_is_better must be True or False"),
        ({"base": LONGER}, ValueError, "paired arms need one value per pair"),
        ({"level": 1.0}, ValueError, "level is 1"),
    ],
)
def test_wrong_arguments_are_refused(arguments: dict[str, ArrayLike], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        probability_of_improvement(**{"method": X, "base": Y, "paired": True, **arguments})  # type: ignore[arg-type]
