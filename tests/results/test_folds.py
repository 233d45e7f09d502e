"""Folds of a cross-validation, which are no independent runs."""

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
    assert "Alpaydin" in found.results.reasons[0]
    named = compare(FIVE_BY_TWO, fold=["repeat", "fold"], test_share=0.5).rows[1].mean_difference
    assert named.p_value == pytest.approx(corrected_t(p.ravel(), 1.0)[2])


def test_repeated_folds_have_the_ratio_of_one_repeat() -> None:
    frame = pd.concat([ONE.assign(cut=cut, accuracy=ONE["accuracy"] + 0.01 * RNG.normal(size=10)) for cut in "ab"])
    row = compare(frame, fold=["cut", "fold"]).rows[1]
    assert row.mean_difference.p_value == pytest.approx(corrected_t(differences(frame, ["cut", "fold"]), 1 / 4)[2])


def test_a_wide_table_of_folds() -> None:
    wide = ONE.pivot(index="fold", columns="method", values="accuracy").reset_index()
    found = compare(wide, metric="accuracy")
    expected = compare(ONE, metric="accuracy")
    assert found.rows[1].mean_difference == expected.rows[1].mean_difference
    assert found.rows[1].verdict is None


def test_a_missing_fold_leaves_the_others() -> None:
    missing = ONE[~((ONE["method"] == "new") & (ONE["fold"] == 2))]
    found = compare(missing)
    d = differences(ONE, ["fold"])[[0, 1, 3, 4]]
    assert found.rows[1].mean_difference.p_value == pytest.approx(corrected_t(d, 1 / 4)[2])
    assert "new has no fold 2" in " ".join(found.results.reasons)


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
