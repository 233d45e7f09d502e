"""Folds of a cross-validation, which are no independent runs."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from seedwise import SeedwiseError, compare

RNG = np.random.default_rng(5)
FOLD = 0.02 * RNG.normal(size=5)


def with_seeds(seeds: int = 4) -> pd.DataFrame:
    rows = [
        (method, fold, seed, 0.9 + FOLD[fold] + scale * RNG.normal() + shift)
        for method, scale, shift in (("base", 0.01, 0.0), ("new", 0.004, 0.01))
        for fold in range(5)
        for seed in range(seeds)
    ]
    return pd.DataFrame(rows, columns=["method", "fold", "seed", "accuracy"])


SEEDS = with_seeds()
ONE = with_seeds(1).drop(columns="seed")
FIVE_BY_TWO = pd.DataFrame(
    [
        (method, repeat, fold, 0.9 + 0.01 * RNG.normal() + shift)
        for method, shift in (("base", 0.0), ("new", 0.03))
        for repeat in range(5)
        for fold in range(2)
    ],
    columns=["method", "repeat", "fold", "accuracy"],
)


def corrected_t(d: np.ndarray, ratio: float) -> tuple[float, float, float]:
    """Return the limits and the p-value of Nadeau and Bengio (2003), equation 8, of differences over folds."""
    se = np.sqrt((1 / len(d) + ratio) * np.var(d, ddof=1))
    half = stats.t.ppf(0.975, len(d) - 1) * se
    return d.mean() - half, d.mean() + half, 2 * stats.t.sf(abs(d.mean()) / se, len(d) - 1)


def error_rates(folds: str, test: str) -> list[float]:
    """Return the rates in percent that the calibration measured, by its tables."""
    page = (Path(__file__).parents[2] / "docs" / "calibration.md").read_text(encoding="utf-8")
    (row,) = (line for line in page.splitlines() if line.startswith(f"| {folds} | {test} |"))
    return [float(cell) for cell in row.split("|")[3:-1]]


def page_of_folds() -> str:
    page = (Path(__file__).parents[2] / "docs" / "other-results.md").read_text(encoding="utf-8")
    return page.partition("## Folds of a cross-validation")[2].partition("\n## ")[0]


def differences(frame: pd.DataFrame, keys: list[str]) -> np.ndarray:
    means = frame.groupby(["method", *keys])["accuracy"].mean()
    return (means["new"] - means["base"]).to_numpy()


@pytest.mark.parametrize(("frame", "share"), [(SEEDS, None), (ONE, None), (ONE, 0.1)])
def test_means_by_the_corrected_t(frame: pd.DataFrame, share: float | None) -> None:
    row = compare(frame, test_share=share).rows[1]
    low, high, p = corrected_t(differences(frame, ["fold"]), 1 / 4 if share is None else 0.1 / 0.9)
    assert (row.mean_difference.low, row.mean_difference.high) == (pytest.approx(low), pytest.approx(high))
    assert row.mean_difference.p_value == pytest.approx(p)


def test_spread_is_that_of_seeds_within_a_fold_pooled() -> None:
    found = compare(SEEDS)
    for row in found.rows:
        own = SEEDS[SEEDS["method"] == row.method]
        within = own["accuracy"] - own.groupby("fold")["accuracy"].transform("mean")
        assert row.spread.estimate == pytest.approx(np.sqrt(np.sum(within**2) / (20 - 5)))
    assert found.rows[1].verdict.word == "reduced"
    assert "5 folds of a cross-validation (20 runs in all)" in found.lines[0]
    assert "fold: column 'fold'" in found.lines[1]
    assert "n_test/n_train = 0.25" in found.results.reasons[0]
    assert found.results.title.endswith("20 runs over folds paired by fold")


@pytest.mark.parametrize("frame", [SEEDS, ONE])
def test_the_page_does_not_take_folds_for_single_runs_that_somebody_might_have_seen(frame: pd.DataFrame) -> None:
    third = frame[frame["method"] == "new"].assign(method="third", accuracy=lambda rows: rows["accuracy"] - 0.02)
    page = compare(pd.concat([frame, third])).to_html()
    assert "Nadeau and Bengio" in page
    assert "What would single runs have said?" not in page
    assert "another winner" not in page
    alone = compare(SEEDS[SEEDS["fold"] == 0], metric="accuracy").to_html()
    assert "What would single runs have said?" in alone


def test_without_seeds_in_a_fold_nothing_is_said_about_the_spread() -> None:
    found = compare(ONE)
    base, new = found.rows
    for value in (base.spread, new.spread, new.reduction, new.verdict_reason):
        assert (
            value == "a fold with one run says nothing about the spread over seeds, which takes several seeds in a fold"
        )
    assert new.verdict is None
    assert "No verdict on the spread: a fold with one run says nothing" in found.parts[0].statement
    assert "takes" not in " ".join(found.results.plan)
    assert "steadier" not in found.parts[0].statement


def test_five_by_two_by_alpaydins_f() -> None:
    found = compare(FIVE_BY_TWO, fold=["repeat", "fold"])
    p = differences(FIVE_BY_TWO, ["repeat", "fold"]).reshape(5, 2)
    f = np.sum(p**2) / (2 * np.sum((p - p.mean(axis=1, keepdims=True)) ** 2))
    assert found.rows[1].mean_difference.p_value == pytest.approx(stats.f.sf(f, 10, 5))
    assert "2 methods x 5 x 2 folds of a cross-validation (10 runs in all)" in found.lines[0]
    said = found.results.reasons[0]
    assert "Alpaydin" in said
    for procedure, words in (("combined F", "at .05 calls {} of equally"), ("corrected t", "the corrected t, {})")):
        low, *_, high = sorted(error_rates("5 x 2", procedure))
        assert words.format(f"{low:.0f} to {high:.0f} %") in said
        assert f"{low:.0f} to {high:.0f} %" in page_of_folds()
    asked = compare(FIVE_BY_TWO, fold=["repeat", "fold"], margin=0.1).results.reasons[0]
    assert "; equivalence by the corrected t; spread" in asked
    named = compare(FIVE_BY_TWO, fold=["repeat", "fold"], test_share=0.5).rows[1].mean_difference
    assert named.p_value == pytest.approx(corrected_t(p.ravel(), 1.0)[2])


def test_folds_may_be_numbered_through_all_repeats() -> None:
    through = FIVE_BY_TWO.assign(fold=2 * FIVE_BY_TWO["repeat"] + FIVE_BY_TWO["fold"])
    anew, found = (compare(frame, fold=["repeat", "fold"]) for frame in (FIVE_BY_TWO, through))
    assert found.rows[1].mean_difference == anew.rows[1].mean_difference
    assert found.lines[0] == anew.lines[0]


def test_every_task_has_its_own_number_of_folds() -> None:
    rng = np.random.default_rng(8)
    rows = [(f"of {k}", fold, *rng.normal(size=2)) for k in (5, 10) for fold in range(k)]
    wide = pd.DataFrame(rows, columns=["task", "fold", "base", "new"])
    found = compare(wide, metric="accuracy", methods=["base", "new"])
    assert "5 or 10 folds of a cross-validation" in found.lines[0]
    for row, (_, own) in zip(found.rows[1::2], wide.groupby("task", sort=False), strict=True):
        _, _, p = corrected_t((own["new"] - own["base"]).to_numpy(), 1 / (len(own) - 1))
        assert row.mean_difference.p_value == pytest.approx(p)
    assert "n_test/n_train = 0.25 or 0.111" in found.results.reasons[0]


def test_repeats_with_different_numbers_of_folds_need_the_share() -> None:
    uneven = FIVE_BY_TWO[(FIVE_BY_TWO["repeat"] < 4) | (FIVE_BY_TWO["fold"] == 0)]
    with pytest.raises(SeedwiseError, match=r"repeat 0 has 2 folds, and 4 has 1: .*--test-share \.2"):
        compare(uneven, fold=["repeat", "fold"])
    found = compare(uneven, fold=["repeat", "fold"], test_share=0.5)
    expected = corrected_t(differences(uneven, ["repeat", "fold"]), 1.0)[2]
    assert found.rows[1].mean_difference.p_value == pytest.approx(expected)
    assert "9 folds of a cross-validation (9 runs in all)" in found.lines[0]


def test_repeated_folds_have_the_ratio_of_one_repeat() -> None:
    frame = pd.concat([ONE.assign(cut=cut, accuracy=ONE["accuracy"] + 0.01 * RNG.normal(size=10)) for cut in "ab"])
    row = compare(frame, fold=["cut", "fold"]).rows[1]
    assert row.mean_difference.p_value == pytest.approx(corrected_t(differences(frame, ["cut", "fold"]), 1 / 4)[2])


def test_a_wide_table_of_folds() -> None:
    wide = ONE.pivot(index="fold", columns="method", values="accuracy").reset_index()
    found = compare(wide, metric="accuracy")
    expected = corrected_t((wide["new"] - wide["base"]).to_numpy(), 1 / 4)
    difference = found.rows[1].mean_difference
    assert (difference.low, difference.high, difference.p_value) == pytest.approx(expected)
    assert found.rows[1].verdict is None


def test_a_missing_fold_leaves_the_others() -> None:
    missing = ONE[~((ONE["method"] == "new") & (ONE["fold"] == 2))]
    found = compare(missing)
    d = differences(ONE, ["fold"])[[0, 1, 3, 4]]
    assert found.rows[1].mean_difference.p_value == pytest.approx(corrected_t(d, 1 / 4)[2])
    said = " ".join(found.results.reasons)
    assert "new has no fold 2" in said
    assert "unpaired" not in said


def test_of_5_x_2_folds_with_one_missing_the_test_that_was_made_is_named() -> None:
    missing = FIVE_BY_TWO[(FIVE_BY_TWO["method"] == "base") | (FIVE_BY_TWO["repeat"] + FIVE_BY_TWO["fold"] > 0)]
    found = compare(missing, fold=["repeat", "fold"])
    d = differences(FIVE_BY_TWO, ["repeat", "fold"])[1:]
    assert found.rows[1].mean_difference.p_value == pytest.approx(corrected_t(d, 1.0)[2])
    assert "Nadeau and Bengio's corrected t over folds, with n_test/n_train = 1;" in found.results.reasons[0]
    assert "Alpaydin" not in found.results.reasons[0]


def test_equivalence_takes_the_corrected_error() -> None:
    d = differences(ONE, ["fold"])
    error = np.sqrt((1 / 5 + 1 / 4) * np.var(d, ddof=1))
    limit = abs(d.mean()) + stats.t.ppf(0.95, 4) * error
    # p is below .05 exactly from this margin on; the plain t would be content with a far smaller one.
    for margin, word in ((1.01 * limit, "equivalent within the margin"), (0.99 * limit, "not resolved")):
        assert compare(ONE, margin=margin).rows[1].mean_verdict.word == word


@pytest.mark.parametrize(
    ("frame", "options", "part"),
    [
        (FIVE_BY_TWO, {}, "does 'repeat' count seeds within a fold, or cuts into new folds?"),
        (SEEDS.drop(columns="seed"), {}, "method base has fold 0 4 times: a run counts once. Pass --seed COLUMN"),
        (ONE, {"test_share": 1.0}, "--test-share is 1"),
        (ONE[ONE["fold"] == 1], {"fold": "fold"}, "the column 'fold' has one value"),
        (ONE, {"fold": "folds"}, "did you mean 'fold'?"),
        (ONE.assign(cut=ONE["fold"]), {"fold": ["cut", "fold"]}, "the column 'fold' has one value in each repeat"),
        (ONE, {"unpaired": True}, "no independent runs: leave out --unpaired (unpaired=True)"),
        (ONE, {"normalize": "base"}, "no independent runs: leave out --normalize"),
        (
            pd.concat([SEEDS.assign(item=k, accuracy=RNG.random(40)) for k in range(3)]),
            {"item": "item"},
            "no independent runs: keep one fold (--where), or a value per run",
        ),
    ],
)
def test_what_is_refused(frame: pd.DataFrame, options: dict[str, object], part: str) -> None:
    with pytest.raises(SeedwiseError) as caught:
        compare(frame, **options)  # type: ignore[arg-type]
    assert part in str(caught.value)


def test_the_error_rate_is_kept_where_folds_share_what_they_are_trained_on() -> None:
    """Methods that are equally good: differences over folds with the correlation that Nadeau and Bengio assume."""
    rng = np.random.default_rng(11)
    studies, folds, rho = 400, 5, 1 / 5  # rho = n_test / (n_test + n_train)
    wrong = 0
    for _ in range(studies):
        d = np.sqrt(rho) * rng.normal() + np.sqrt(1 - rho) * rng.normal(size=folds)
        frame = pd.DataFrame({"fold": range(folds), "base": 10.0 + rng.normal(size=folds)})
        frame["new"] = frame["base"] + d
        wrong += compare(frame, metric="score").rows[1].mean_verdict.word != "not resolved"
    assert stats.binom.cdf(wrong, studies, 0.05) > 0.001
    assert stats.binom.sf(wrong - 1, studies, 0.05) > 0.001
