import numpy as np
import pytest
from scipy import stats

from seedwise.statistics import Summary, compare_summaries, mean_difference, spread_ratio

RNG = np.random.default_rng(1)
X, Y = RNG.normal(94.8, 0.1, 5), RNG.normal(94.6, 0.2, 8)


def summary(values: np.ndarray) -> Summary:
    return Summary(float(values.mean()), float(values.std(ddof=1)), values.size)


def test_summaries_say_what_the_runs_say_by_normal_theory() -> None:
    found = compare_summaries(summary(X), summary(Y), level=0.9)
    expected = stats.ttest_ind_from_stats(X.mean(), X.std(ddof=1), 5, Y.mean(), Y.std(ddof=1), 8, equal_var=False)
    by_runs = mean_difference(X, Y, paired=False, level=0.9)
    assert found.difference.p_value == pytest.approx(expected.pvalue)
    assert [found.difference.low, found.difference.high] == pytest.approx([by_runs.low, by_runs.high])
    ratio = spread_ratio(X, Y, paired=False, level=0.9, procedure="normal")
    assert found.ratio is not None
    assert [found.ratio.low, found.ratio.high, found.ratio.p_value] == pytest.approx(
        [ratio.low, ratio.high, ratio.p_value]
    )
    assert "normal theory" in found.ratio.procedure
    assert "normal theory" in found.difference.procedure


def test_an_sd_that_was_rounded_to_nothing_has_no_ratio() -> None:
    found = compare_summaries(Summary(1.0, 0.0, 5), Summary(0.9, 0.1, 5))
    assert found.ratio is None
    assert found.difference.high - found.difference.low == pytest.approx(2 * stats.t.ppf(0.975, 4) * 0.1 / 5**0.5)
    assert compare_summaries(Summary(1.0, 0.0, 5), Summary(1.0, 0.0, 3)).difference.p_value == 1
    with pytest.raises(ValueError, match="both SDs are 0"):
        compare_summaries(Summary(1.0, 0.0, 5), Summary(0.9, 0.0, 5))


@pytest.mark.parametrize(
    ("arm", "message"),
    [
        (Summary(1.0, -0.1, 5), "method.sd is -0.1"),
        (Summary(1.0, 0.1, 2), "method.n is 2"),
        (Summary(float("nan"), 0.1, 5), "method.mean is nan"),
        (Summary(1.0, float("nan"), 5), "method.sd is nan"),
    ],
)
def test_bad_summaries_are_refused(arm: Summary, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        compare_summaries(arm, Summary(0.9, 0.1, 5))
    with pytest.raises(TypeError, match="must be a Summary"):
        compare_summaries((1.0, 0.1, 5), arm)  # type: ignore[arg-type]
