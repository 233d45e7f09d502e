"""Means and SDs on several tasks, pooled."""

from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from seedwise import compare
from seedwise.statistics import PooledDifference, PooledRatio, pooled_difference

N = 5
TABLE = {
    "a": {"base": (94.6, 0.2), "ours": (95.1, 0.1)},
    "b": {"base": (75.1, 0.4), "ours": (76.0, 0.3)},
    "c": {"base": (96.2, 0.1), "ours": (96.3, 0.1)},
}


def table(folder: Path) -> Path:
    rows = [f"{m},{','.join(f'{of[m][0]} ± {of[m][1]}' for of in TABLE.values())}" for m in ("base", "ours")]
    path = folder / "table.csv"
    path.write_text("\n".join([f"Model,{','.join(TABLE)}", *rows]), encoding="utf-8")
    return path


def pooled(y: np.ndarray, v: np.ndarray) -> tuple[float, float, float]:
    """DerSimonian and Laird's mean, Hartung and Knapp's limits, at least as wide, written out."""
    k, w = len(y), 1 / v
    q = np.sum(w * (y - np.sum(w * y) / np.sum(w)) ** 2)
    w = 1 / (v + max(0, (q - k + 1) / (np.sum(w) - np.sum(w**2) / np.sum(w))))
    mean = np.sum(w * y) / np.sum(w)
    wider = max(1, np.sqrt(np.sum(w * (y - mean) ** 2) / (k - 1)))
    half = stats.t.ppf(0.975, k - 1) * wider / np.sqrt(np.sum(w))
    return mean, mean - half, mean + half


def test_means_and_ratios_are_pooled(tmp_path: Path) -> None:
    found = compare(table(tmp_path), summary=True, n=N, unit="%")
    (ours,) = found.parts[0].found.across.methods
    d = np.array([of["ours"][0] - of["base"][0] for of in TABLE.values()])
    v = np.array([(of["ours"][1] ** 2 + of["base"][1] ** 2) / N for of in TABLE.values()])
    assert isinstance(ours.difference, PooledDifference)
    one = ours.difference.difference
    assert (one.estimate, one.low, one.high) == pytest.approx(pooled(d, v))
    logs = np.log([of["ours"][1] / of["base"][1] for of in TABLE.values()])
    # The interval of a ratio of SDs is q / sqrt(f); its width on the log scale is that of the quantiles of F.
    low, high = stats.f.ppf([0.025, 0.975], N - 1, N - 1)
    width = (np.log(high / low) / 2 / (2 * stats.norm.ppf(0.975))) ** 2
    assert isinstance(ours.ratio, PooledRatio)
    ratio = ours.ratio.ratio
    assert (ratio.estimate, ratio.low, ratio.high) == pytest.approx(np.exp(pooled(logs, np.full(3, width))))


def test_runs_of_these_means_and_sds_give_the_same(tmp_path: Path) -> None:
    """Heterogeneity of means included, whose test takes the degrees of freedom."""
    found = compare(table(tmp_path), summary=True, n=N, unit="%").parts[0].found.across.methods[0].difference
    z = np.array([-1.3, -0.4, 0.1, 0.5, 1.1])
    z = (z - z.mean()) / z.std(ddof=1)
    arms = [[of[m][0] + of[m][1] * z for of in TABLE.values()] for m in ("ours", "base")]
    of_runs = pooled_difference(*arms, paired=False)
    assert found.heterogeneity == pytest.approx(of_runs.heterogeneity)
    assert found.heterogeneity_p == pytest.approx(of_runs.heterogeneity_p)
    assert found.difference.p_value == pytest.approx(of_runs.difference.p_value)


def test_it_says_that_it_rests_on_normality(tmp_path: Path) -> None:
    found = compare(table(tmp_path), summary=True, n=N, unit="%")
    (section,) = found.parts[0].sections
    assert "By normal theory" in section.note
    assert "P(better)" not in " ".join(section.table.columns)
    assert "Over the 3 tasks together: ours, a difference of means of" in found.parts[0].statement
    assert section.title in str(found)


def test_means_without_a_unit_are_not_pooled(tmp_path: Path) -> None:
    (ours,) = compare(table(tmp_path), summary=True, n=N).parts[0].found.across.methods
    assert ours.difference is None
    assert isinstance(ours.ratio, PooledRatio)
