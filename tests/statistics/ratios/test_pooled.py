import math

import numpy as np
import pytest
from scipy import stats

from seedwise.statistics import Interval, holm, pooled_ratio, spread_ratio, spread_ratio_of_sds

# SDs of base and method over five seeds, four networks on CIFAR-10 and CIFAR-100, as published for a variance-reducing
# loss; checked against an independent calculation that uses the exact variance of a log SD: .47 [.32, .70].
PUBLISHED = [
    (0.168, 0.112), (0.140, 0.098), (0.217, 0.056), (0.232, 0.147),
    (0.304, 0.112), (0.384, 0.200), (0.465, 0.279), (0.288, 0.079),
]  # fmt: skip


def test_a_published_table_pooled() -> None:
    ratios = [spread_ratio_of_sds(method, base, n_method=5, n_base=5) for base, method in PUBLISHED]
    pooled = pooled_ratio(ratios, procedure="dersimonian-laird")
    assert [pooled.ratio.estimate, pooled.ratio.low, pooled.ratio.high] == pytest.approx([0.47, 0.32, 0.70], abs=0.006)
    assert pooled.between == pooled.heterogeneity == 0
    assert min(holm([q.p_value or 0.0 for q in ratios])) > 0.05  # none of the eight survives alone
    wider = pooled_ratio(ratios).ratio
    assert wider.low < pooled.ratio.low < pooled.ratio.high < wider.high


def test_formulas_written_out() -> None:
    logs, ses = np.array([-1.2, -0.1, 0.3, -0.9, -0.4]), np.array([0.2, 0.15, 0.3, 0.25, 0.1])
    z = stats.norm.ppf(0.95)
    ratios = [
        Interval(math.exp(y), math.exp(y - z * s), math.exp(y + z * s), 0.9, [9, 9], "F")
        for y, s in zip(logs, ses, strict=True)
    ]
    w = ses**-2
    q = np.sum(w * (logs - np.sum(w * logs) / np.sum(w)) ** 2)
    tau2 = (q - 4) / (np.sum(w) - np.sum(w**2) / np.sum(w))
    w = 1 / (ses**2 + tau2)
    mean, se = np.sum(w * logs) / np.sum(w), np.sqrt(1 / np.sum(w))
    plain = pooled_ratio(ratios, procedure="dersimonian-laird")
    assert np.log([plain.ratio.estimate, plain.ratio.low]) == pytest.approx([mean, mean - 1.959964 * se], rel=1e-6)
    assert plain.ratio.p_value == pytest.approx(2 * stats.norm.sf(abs(mean) / se))
    assert (plain.between, plain.heterogeneity) == (pytest.approx(np.sqrt(tau2)), pytest.approx(1 - 4 / q))
    assert plain.heterogeneity_p == pytest.approx(stats.chi2.sf(q, 4))
    hartung_knapp = pooled_ratio(ratios)
    se *= max(1, np.sqrt(np.sum(w * (logs - mean) ** 2) / 4))
    assert np.log(hartung_knapp.ratio.high) == pytest.approx(mean + stats.t.ppf(0.975, 4) * se)
    assert hartung_knapp.ratio.p_value == pytest.approx(2 * stats.t.sf(abs(mean) / se, 4))
    assert (hartung_knapp.ratio.n, hartung_knapp.ratio.level) == (5, 0.95)


@pytest.mark.parametrize("tau", [0.0, 0.4])
def test_covers_with_and_without_heterogeneity(tau: float) -> None:
    studies, k, n, rng = 300, 6, 10, np.random.default_rng(21)
    covered = 0
    for _ in range(studies):
        scales = 0.7 * np.exp(tau * rng.standard_normal(k))
        ratios = [
            spread_ratio(s * rng.standard_normal(n), rng.standard_normal(n), paired=False, procedure="normal")
            for s in scales
        ]
        pooled = pooled_ratio(ratios).ratio
        covered += pooled.low <= 0.7 <= pooled.high
    assert covered / studies >= 0.95 - 3 * np.sqrt(0.95 * 0.05 / studies)


@pytest.mark.parametrize(
    ("ratios", "error", "message"),
    [
        ([], ValueError, "pooling needs at least 2 ratios; got 0"),
        ([0.5, 0.6], TypeError, r"ratios\[0\] must be the Interval that spread_ratio returns; got float"),
        (
            [Interval(0.5, 0.1, 1, 0.95, 5, "F"), Interval(0.5, 0.0, 1, 0.95, 5, "F")],
            ValueError,
            r"ratios\[1\] is 0.5 \[",
        ),
        ([Interval(1.0, 1.0, 1.0, 0.95, 5, "F")] * 2, ValueError, "finite intervals"),
        ([Interval(1.0, 0.5, math.inf, 0.95, 5, "F")] * 2, ValueError, "finite intervals"),
    ],
)
def test_what_cannot_be_pooled_is_refused(ratios: list[Interval], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        pooled_ratio(ratios)


def test_unknown_procedures_are_refused() -> None:
    with pytest.raises(ValueError, match="pass 'hartung-knapp' or 'dersimonian-laird'"):
        pooled_ratio([], procedure="fixed")  # type: ignore[arg-type]
