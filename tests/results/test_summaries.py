"""Tables of means and SDs."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from seedwise import SeedwiseError, compare

PAPER = "Model,Cora,MUTAG\nGCN,87.09 ± 0.2,69.79 ± 6.8\nGAT,86.71 ± 0.95,72.77 ± 2.77\nGIN,87.21 ± 1.89,NA\n"
CORA = {"GCN": (87.09, 0.2), "GAT": (86.71, 0.95), "GIN": (87.21, 1.89)}


def written(folder: Path, text: str) -> Path:
    path = folder / "table.csv"
    path.write_text(text, encoding="utf-8")
    return path


def check(found, n: int, values: dict[str, tuple[float, float]], base: str) -> None:
    """Compare the numbers of a comparison with scipy's."""
    of_base, p_f, p_t = values[base], [], []
    for row in found.rows:
        mean, sd = values[row.method]
        low, high = sd * np.sqrt((n - 1) / stats.chi2.ppf([0.975, 0.025], n - 1))
        assert (row.n, row.mean, row.spread.estimate) == (n, pytest.approx(mean), pytest.approx(sd))
        assert (row.spread.low, row.spread.high) == (pytest.approx(low), pytest.approx(high))
        if row.method == base:
            continue
        welch = stats.ttest_ind_from_stats(mean, sd, n, *of_base, n, equal_var=False)
        v, v_base = sd**2 / n, of_base[1] ** 2 / n
        df = (v + v_base) ** 2 / ((v**2 + v_base**2) / (n - 1))
        half = np.sqrt(v + v_base) * stats.t.ppf(0.975, df)
        assert row.mean_difference.p_value == pytest.approx(welch.pvalue)
        assert row.mean_difference.high == pytest.approx(mean - of_base[0] + half)
        f = (sd / of_base[1]) ** 2
        p = 2 * min(stats.f.cdf(f, n - 1, n - 1), stats.f.sf(f, n - 1, n - 1))
        ends = sorted(100 * (1 - np.sqrt(f / stats.f.ppf([0.025, 0.975], n - 1, n - 1))))
        assert (row.reduction.low, row.reduction.high) == (pytest.approx(ends[0]), pytest.approx(ends[1]))
        p_f.append(p)
        p_t.append(welch.pvalue)
    others = [row for row in found.rows if row.method != base]
    for p_values, adjusted in ((p_f, [r.p_adjusted for r in others]), (p_t, [r.mean_p_adjusted for r in others])):
        by_size = np.argsort(p_values)
        factors = len(p_values) - np.arange(len(p_values))
        expected = np.minimum(1, np.maximum.accumulate(factors * np.array(p_values)[by_size]))
        np.testing.assert_allclose(np.array(adjusted)[by_size], expected)


def test_cells_with_their_sd(tmp_path: Path) -> None:
    found = compare(written(tmp_path, PAPER), summary=True, n=10, metric="Cora", base="GCN")
    check(found, 10, CORA, "GCN")
    assert found.lines[0] == "3 methods, means and SDs of 10 runs, metric Cora, higher is better"
    assert "SD: behind the mean in 'Cora', and no standard error" in found.lines[1]
    assert "By normal theory" in found.parts[0].statement
    assert "normal theory" in found.results.title
    assert [row.paired for row in found.rows] == [None, False, False]


@pytest.mark.parametrize(
    "spelling", ["87.09+/-0.2", "87.09 +- 0.2", "$87.09 \\pm 0.2$", "87.09 (0.2)", "87.09±0.2 %", "87.09% ± 0.2%"]
)
def test_other_spellings(tmp_path: Path, spelling: str) -> None:
    rest = "".join(f"{m},{mean} ± {sd}\n" for m, (mean, sd) in CORA.items() if m != "GCN")
    found = compare(written(tmp_path, f"Model,acc\nGCN,{spelling}\n{rest}"), summary=True, n="10", base="GCN")
    check(found, 10, CORA, "GCN")
    assert found.rows[0].metric.unit == ("%" if "%" in spelling else "")


def test_what_a_method_lacks_is_said(tmp_path: Path) -> None:
    found = compare(written(tmp_path, PAPER), summary=True, n=10, metric=["Cora", "MUTAG"], base="GCN")
    assert [len(part.rows) for part in found.parts] == [3, 2]
    assert "GIN has no MUTAG" in found.parts[1].results.reasons


@pytest.mark.parametrize("spread", ["std_accuracy", "accuracy sd", "sem"])
def test_columns_of_means_and_sds_and_standard_errors(spread: str) -> None:
    mean = "mean" if spread == "sem" else "mean_accuracy"
    frame = pd.DataFrame({"model": list(CORA), mean: [v[0] for v in CORA.values()], "seeds": 10})
    frame[spread] = [v[1] / (10**0.5 if spread == "sem" else 1) for v in CORA.values()]
    found = compare(frame, summary=True, base="GCN")
    check(found, 10, CORA, "GCN")
    assert ("times the root of n" in found.lines[1]) == (spread == "sem")


def test_pandas_describe_is_a_table_of_means() -> None:
    runs = {m: np.random.default_rng(k).normal(0.9, 0.01, 12) for k, m in enumerate(("base", "new"))}
    described = pd.DataFrame(runs).describe().T.reset_index(names="method")
    found = compare(described, summary=True)
    check(found, 12, {m: (float(v.mean()), float(v.std(ddof=1))) for m, v in runs.items()}, "base")


def test_tasks_are_one_family() -> None:
    frame = pd.DataFrame(
        {
            "dataset": ["a", "a", "b", "b"],
            "method": ["base", "new"] * 2,
            "acc_mean": [0.90, 0.91, 0.80, 0.80],
            "acc_std": [0.01, 0.002, 0.01, 0.01],
            "n": [5, 8, 5, 6],
        }
    )
    found = compare(frame, summary=True)
    assert found.lines[0].startswith("2 methods x 2 tasks, means and SDs of 5 to 8 runs")
    assert [(row.task, row.method, row.n) for row in found.rows] == [
        ("a", "base", 5), ("a", "new", 8), ("b", "base", 5), ("b", "new", 6),
    ]  # fmt: skip
    raw = stats.ttest_ind_from_stats(0.91, 0.002, 8, 0.90, 0.01, 5, equal_var=False).pvalue
    assert found.rows[1].mean_p_adjusted == pytest.approx(min(1, 2 * raw))


def test_equivalence_by_two_one_sided_tests() -> None:
    frame = pd.DataFrame({"method": ["base", "new"], "mean": [10.0, 10.1], "sd": [1.0, 1.05], "n": [200, 180]})
    row = compare(frame, summary=True, margin=0.5, factor=1.3).rows[1]
    assert row.mean_verdict.word == "equivalent within the margin"
    assert row.verdict.word == "equivalent within a factor"
    tight = compare(frame, summary=True, margin=0.2, factor=1.1).rows[1]
    assert (tight.mean_verdict.word, tight.verdict.word) == ("not resolved", "not resolved")
    se = np.hypot(1 / 200**0.5, 1.05 / 180**0.5)
    df = se**4 / ((1 / 200) ** 2 / 199 + (1.05**2 / 180) ** 2 / 179)
    assert stats.t.cdf((0.1 - 0.5) / se, df) < 0.05 < stats.t.cdf((0.1 - 0.2) / se, df)


def test_shares_are_shown_in_percent_and_their_numbers_are_fractions() -> None:
    frame = pd.DataFrame({"method": ["base", "new"], "acc_mean": [0.9, 0.8], "acc_sd": [0.01, 0.02], "n": [5, 8]})
    found = compare(frame, summary=True)
    se = np.hypot(0.01 / 5**0.5, 0.02 / 8**0.5)
    df = se**4 / ((0.01**2 / 5) ** 2 / 4 + (0.02**2 / 8) ** 2 / 7)
    low = -0.1 - stats.t.ppf(0.975, df) * se
    assert found.rows[1].mean_difference.low == pytest.approx(low)
    assert found.parts[0].found.answer.rows[1].mean_difference.low == pytest.approx(100 * low)


def test_methods_in_columns(tmp_path: Path) -> None:
    text = "dataset,GCN,GAT\nCora,87.09 ± 0.2,86.71 ± 0.95\nMUTAG,69.79 ± 6.8,72.77 ± 2.77\n"
    found = compare(written(tmp_path, text), summary=True, n=10, methods=["GCN", "GAT"], base="GCN")
    assert [(row.task, row.method, row.mean) for row in found.rows][1] == ("Cora", "GAT", 86.71)


@pytest.mark.parametrize(
    ("text", "options", "part"),
    [
        (PAPER.replace("MUTAG", "test_loss"), {}, "which column is the metric: 'Cora', 'test_loss'?"),
        (PAPER, {"metric": "Cora"}, "of how many runs is each mean? Pass --n 5"),
        (PAPER, {"metric": "Cora", "n": 2}, "a mean of 2 runs cannot be compared"),
        (PAPER, {"metric": "Coral", "n": 5}, "did you mean 'Cora'?"),
        (PAPER, {"metric": "MUTAG", "n": 5, "base": "GIN"}, "there is no method 'GIN'"),
        (PAPER + "GCN,87 ± 1,70 ± 1\n", {"metric": "Cora", "n": 5}, "GCN has 2 means"),
        ("method,seed,acc\na,0,1\na,1,2\n", {"n": 5}, "if the rows are runs, leave out --summary"),
        ("method,acc\na,1 ± 0\nb,2 ± 0\n", {"n": 5, "base": "a"}, "both SDs are 0"),
        ("method,acc\na,1 ± 1\n", {"n": 5, "base": "a"}, "a comparison needs two"),
        (
            "method,x_mean,x_sd,y_mean,y_sd\na,1,1,,1\nb,2,1,3,\n",
            {"n": 5, "base": "a", "metric": ["x", "y"]},
            "the column 'y_mean' holds no mean with an SD",
        ),
    ],
)
def test_what_is_refused(tmp_path: Path, text: str, options: dict[str, object], part: str) -> None:
    with pytest.raises(SeedwiseError) as caught:
        compare(written(tmp_path, text), summary=True, **{"base": "GCN", **options})  # type: ignore[arg-type]
    assert part in str(caught.value)


def test_options_of_runs_are_refused(tmp_path: Path) -> None:
    path = written(tmp_path, PAPER)
    with pytest.raises(SeedwiseError, match="--summary compares means and SDs, and --step is about runs"):
        compare(path, summary=True, n=5, step="epoch")
    with pytest.raises(SeedwiseError, match="pass --summary, too"):
        compare(path, n=5)
    with pytest.raises(SeedwiseError, match="or --summary with --n"):
        compare(path, base="GCN")
