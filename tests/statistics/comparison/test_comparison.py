from typing import Any

import numpy as np
import pytest
from numpy.typing import ArrayLike

from seedwise.statistics import (
    Cell,
    ComparisonRow,
    Improvement,
    Interval,
    Metric,
    arm_correlation,
    churn,
    compare_cells,
    compare_study,
    failure_difference,
    holm,
    mean_difference,
    probability_of_improvement,
    reduction,
    spread,
    spread_equivalence,
    spread_ratio,
)

NAN = float("nan")
RNG = np.random.default_rng(0)
BASE = RNG.normal(0.98, 0.004, 20)
SAME = BASE * 0.5 + RNG.normal(0.49, 0.0035, 20)
STEADY = 0.98 + 0.2 * (RNG.normal(0.98, 0.004, 20) - 0.98)
WILD = 0.97 + 5 * (RNG.normal(0.98, 0.004, 20) - 0.98)


def cell(method: str, values: ArrayLike, status: dict[int, str] | None = None, **changes: Any) -> Cell:
    results = np.array(values, dtype=float)
    statuses = ["finished"] * results.size
    for i, word in (status or {}).items():
        statuses[i], results[i] = word, NAN
    metric = Metric(
        changes.pop("metric", "test/accuracy"),
        "share",
        higher_is_better=changes.pop("higher_is_better", True),
        chance=changes.pop("chance", 0.1),
    )
    fields: dict[str, Any] = {
        "task": "digits", "method": method, "regime": "all", "group": [0] * results.size,
        "replicate": range(results.size), "values": results, "status": tuple(statuses), "metric": metric,
    }  # fmt: skip
    return Cell(**{**fields, **changes})


def compare(base: Cell, method: Cell, **options: Any) -> ComparisonRow:
    rows = compare_cells(base, [method], **options)
    assert len(rows) == 2
    return rows[1]


def test_rows_hold_what_the_single_functions_say() -> None:
    labels = RNG.integers(0, 3, (20, 30))
    rows = compare_cells(cell("base", BASE), [cell("vml", STEADY, predictions=labels), cell("clf", SAME)], level=0.9)
    assert [row.method for row in rows] == ["base", "vml", "clf"]
    for row, values in zip(rows, (BASE, STEADY, SAME), strict=True):
        assert (row.n, row.failed, row.pending, row.spread_label) == (20, 0, 0, "SD")
        assert row.mean == pytest.approx(np.mean(values))
        assert row.spread == spread(values, level=0.9)
        assert row.spread_bonett == spread(values, level=0.9, procedure="bonett")
    ratios = [spread_ratio(x, BASE, paired=True, level=0.9) for x in (STEADY, SAME)]
    adjusted = holm([ratio.p_value or 0.0 for ratio in ratios])
    for row, values, p in zip(rows[1:], (STEADY, SAME), adjusted, strict=True):
        assert row.paired is True
        assert row.reduction == reduction(values, BASE, paired=True, level=0.9)
        assert row.mean_difference == mean_difference(values, BASE, paired=True, level=0.9)
        assert row.correlation == pytest.approx(np.corrcoef(values, BASE)[0, 1])
        assert row.p_adjusted == pytest.approx(p)
    assert rows[1].churn == churn(labels, level=0.9)
    assert rows[2].churn == "no predictions were kept"
    assert [row.verdict.word for row in rows[1:] if row.verdict] == ["reduced", "not resolved"]
    assert [row.verdict_reason for row in rows[1:]] == ["", ""]


def test_the_base_has_no_comparison_with_itself() -> None:
    (row,) = compare_cells(cell("base", BASE), [])
    assert (row.reduction, row.mean_difference, row.verdict_reason) == ("this is the base",) * 3
    assert (row.paired, row.correlation, row.p_adjusted, row.verdict) == (None, None, None, None)


def test_the_words() -> None:
    assert compare(cell("base", BASE), cell("a", STEADY)).verdict.word == "reduced"  # type: ignore[union-attr]
    assert compare(cell("base", BASE), cell("a", WILD)).verdict.word == "increased"  # type: ignore[union-attr]
    verdict = compare(cell("base", BASE), cell("a", SAME)).verdict
    assert verdict is not None
    assert verdict.word == "not resolved"


def test_pairs_are_matched_by_replicate_not_by_position() -> None:
    order = RNG.permutation(20)
    shuffled = cell("a", SAME[order], replicate=order)
    expected = compare(cell("base", BASE), cell("a", SAME))
    row = compare(cell("base", BASE), shuffled)
    assert isinstance(row.reduction, Interval)
    assert isinstance(expected.reduction, Interval)
    assert row.reduction.low == pytest.approx(expected.reduction.low)
    assert row.correlation == pytest.approx(expected.correlation)


def test_only_pairs_finished_in_both_arms_are_used() -> None:
    row = compare(cell("base", BASE, {3: "pending"}), cell("a", SAME, {5: "interrupted"}))
    both = np.delete(np.arange(20), [3, 5])
    assert row.paired is True
    assert row.reduction == reduction(SAME[both], BASE[both], paired=True)
    assert row.mean_difference == mean_difference(SAME[both], BASE[both], paired=True)
    assert (row.n, row.failed, row.pending, row.spread_label) == (19, 0, 1, "SD")
    assert row.verdict is not None  # pending runs are no failures


def test_arms_with_other_replicates_are_not_paired() -> None:
    for other in (cell("a", SAME, replicate=range(100, 120)), cell("a", SAME[:12])):
        row = compare(cell("base", BASE), other)
        assert row.paired is False
        assert row.correlation is None
        assert row.reduction == reduction(other.values, BASE, paired=False)
        assert row.mean_difference == mean_difference(other.values, BASE, paired=False)


def test_verdicts_are_corrected_for_the_number_of_methods() -> None:
    a = 0.98 + (STEADY - STEADY.mean()) / np.std(STEADY, ddof=1) * np.std(BASE, ddof=1) * 0.5
    alone = compare(cell("base", BASE), cell("a", a))
    assert alone.verdict is not None
    assert alone.verdict.word == "reduced"
    # Nineteen other methods, of which some cannot even be compared, still count.
    others = [cell(f"m{i}", RNG.normal(0.98, 0.004, 20)) for i in range(16)]
    others += [cell("same", BASE), cell("flat", [0.5] * 20), cell("gone", BASE, dict.fromkeys(range(20), "crashed"))]
    row = compare_cells(cell("base", BASE), [cell("a", a), *others])[1]
    assert row.reduction == alone.reduction
    assert alone.p_adjusted is not None
    assert row.p_adjusted == pytest.approx(min(1.0, 20 * alone.p_adjusted))
    assert row.verdict is not None
    assert row.verdict.word == "not resolved"


@pytest.mark.parametrize(
    ("status", "text"),
    [
        ({}, "2 finished runs: an SD needs at least 3"),
        ({0: "diverged"}, "1 finished run (1 diverged): an SD needs at least 3"),
        ({0: "out_of_memory", 1: "pending"}, "0 finished runs (1 out of memory, 1 pending): an SD needs at least 3"),
    ],
)
def test_too_few_runs_have_reasons(status: dict[int, str], text: str) -> None:
    rows = compare_cells(cell("base", BASE[:2]), [cell("a", SAME[:2], status)])
    row = rows[1]
    assert row.spread == row.spread_bonett == text
    for reason in (row.reduction, row.mean_difference, row.verdict_reason):
        assert reason == text.replace(": an SD", " of a: a comparison")
    assert (row.verdict, row.p_adjusted) == (None, None)
    assert (row.mean is None) == (row.n == 0)
    assert rows[0].spread == "2 finished runs: an SD needs at least 3"


def test_too_few_pairs_have_a_reason() -> None:
    row = compare(
        cell("base", BASE[:6], {0: "pending", 1: "pending"}), cell("a", SAME[:6], {4: "pending", 5: "pending"})
    )
    assert row.reduction == row.mean_difference == "2 pairs finished in both arms: a comparison needs at least 3"
    row = compare(cell("base", BASE[:6], {0: "pending", 1: "pending", 2: "pending"}), cell("a", SAME[:6]))
    assert isinstance(row.reduction, Interval)
    row = compare(cell("base", BASE[:2]), cell("a", SAME))
    assert row.reduction == "2 finished runs of base: a comparison needs at least 3"


def test_two_names_for_the_same_runs_are_said_so() -> None:
    row = compare(cell("base", BASE), cell("vml-off", BASE))
    reason = "all 20 pairs have equal results in vml-off and base: nothing to compare"
    assert row.reduction == row.mean_difference == row.verdict_reason == reason
    assert row.verdict is None
    assert row.correlation == 1.0
    row = compare(cell("base", BASE, {1: "diverged"}), cell("vml-off", BASE, {1: "diverged"}))
    assert row.verdict_reason == reason.replace("20", "19")


def test_constant_metrics_have_reasons() -> None:
    flat = cell("flat", [1.0] * 20)
    row = compare(cell("base", BASE), flat)
    assert (
        row.spread
        == row.spread_bonett
        == "all 20 finished runs have the same result, 1: the SD is 0 and has no interval"
    )
    assert row.reduction == "the method has the same result in all 20 runs: a ratio of SDs needs results that vary"
    assert isinstance(row.mean_difference, Interval)
    assert row.verdict is None
    assert row.correlation is None
    row = compare(flat, cell("a", BASE))
    assert row.reduction == "the base has the same result in all 20 runs: a ratio of SDs needs results that vary"
    row = compare(flat, cell("a", [0.9] * 20))
    assert (
        row.mean_difference
        == "the difference is -0.1 in every run and has no interval; pass more runs or a finer metric"
    )


def test_arms_linear_in_each_other_have_a_reason() -> None:
    row = compare(cell("base", 0.5 * BASE), cell("a", BASE))
    assert isinstance(row.reduction, str)
    assert "exactly linear" in row.reduction
    assert row.verdict_reason == row.reduction
    shifted = compare(cell("base", BASE), cell("a", BASE + 0.01))
    assert shifted.verdict is not None
    assert shifted.verdict.word == "not resolved"


def test_a_failure_withholds_a_verdict_that_it_would_change() -> None:
    row = compare(cell("base", BASE), cell("a", STEADY, {7: "diverged"}))
    keep = np.delete(np.arange(20), 7)
    assert row.reduction == reduction(STEADY[keep], BASE[keep], paired=True)
    assert row.spread_label == "SD of finished runs"
    assert row.verdict is None
    assert row.verdict_reason == (
        "no verdict, because runs failed (1 of a): reduced among finished runs, "
        "increased if failures count as chance-level results"
    )


def test_a_failure_leaves_a_verdict_that_it_confirms() -> None:
    row = compare(cell("base", BASE), cell("a", WILD, {7: "crashed", 9: "timeout"}))
    assert row.verdict is not None
    assert row.verdict.word == "increased"
    assert row.verdict.sentence.endswith("; the same if the failed runs (2 of a) count as chance-level results")


def test_failures_of_the_base_count_too() -> None:
    rows = compare_cells(cell("base", BASE, {0: "diverged"}), [cell("a", STEADY), cell("b", WILD, {4: "crashed"})])
    assert rows[0].spread_label == "SD of finished runs"
    assert rows[1].spread_label == "SD"
    assert rows[1].verdict is not None  # the failed run of the base only makes the base wilder
    assert rows[1].verdict.word == "reduced"
    assert "(1 of base)" in rows[1].verdict.sentence
    assert "runs failed (1 of b and 1 of base)" in rows[2].verdict_reason


def test_failures_at_chance_are_corrected_over_the_methods_too() -> None:
    failing = cell("a", STEADY, {7: "diverged"})
    alone = compare(cell("base", BASE), failing)
    rows = compare_cells(cell("base", BASE), [failing, *[cell(f"m{i}", SAME) for i in range(5)]])
    assert rows[1].verdict_reason == alone.verdict_reason
    assert all(row.verdict is not None for row in rows[2:])  # the failure of another method changes nothing for these


def test_with_failures_at_chance_level_the_correction_decides_too() -> None:
    def judged(others: int, chance: float) -> list[str]:
        failing = cell("a", STEADY, {7: "diverged"}, chance=chance)
        more = [cell(f"m{i}", SAME, chance=chance) for i in range(others)]
        row = compare_cells(cell("base", BASE, chance=chance), [failing, *more])[1]
        return [row.verdict.word if row.verdict else row.verdict_reason]

    # The lower the chance value, the wilder the arm: somewhere it is reduced alone, but not among six methods.
    withheld = [judged(5, chance)[0] for chance in np.linspace(0.975, 0.96, 60) if judged(0, chance) == ["reduced"]]
    assert "reduced" in withheld
    assert any("reduced among finished runs, not resolved if" in reason for reason in withheld)


def test_pending_runs_are_not_counted_at_chance_level() -> None:
    row = compare(cell("base", BASE, {0: "diverged"}), cell("a", STEADY, {5: "pending"}))
    assert row.verdict is not None
    assert row.verdict.word == "reduced"


def test_failures_without_a_chance_value_give_no_verdict() -> None:
    row = compare(cell("base", BASE, chance=None), cell("a", SAME, {7: "diverged"}, chance=None))
    assert row.verdict_reason == (
        "no verdict, because runs failed (1 of a) and test/accuracy has no chance value to count them with"
    )


def test_a_finished_run_without_a_metric_is_a_failure() -> None:
    values = STEADY.copy()
    values[3] = NAN
    row = compare(cell("base", BASE), cell("a", values))
    assert (row.n, row.failed) == (19, 1)
    assert row.verdict is None
    row = compare(cell("base", BASE), cell("a", [NAN] * 20))
    assert row.spread == "0 finished runs (20 without a finite metric): an SD needs at least 3"


def test_all_runs_of_a_method_failed() -> None:
    gone = cell("gone", BASE, dict.fromkeys(range(20), "diverged"), predictions=np.zeros((0, 5), dtype=int))
    rows = compare_cells(cell("base", BASE), [gone, cell("a", STEADY)])
    assert rows[1].mean is None
    assert (rows[1].n, rows[1].failed) == (0, 20)
    assert rows[1].verdict_reason == "0 finished runs (20 diverged) of gone: a comparison needs at least 3"
    assert rows[1].churn == "0 runs with predictions: churn needs at least 3"
    assert rows[2].verdict is not None
    rows = compare_cells(gone, [cell("a", STEADY), gone])
    assert (
        rows[1].verdict_reason
        == rows[1].reduction
        == "0 finished runs (20 diverged) of gone: a comparison needs at least 3"
    )


def test_empty_cells_have_reasons() -> None:
    empty = cell("empty", [])
    for row in compare_cells(empty, [empty, cell("a", BASE)])[1:]:
        assert row.verdict is None
        assert isinstance(row.reduction, str)


def test_churn_reasons() -> None:
    labels = RNG.integers(0, 3, (20, 30))
    ids = np.tile(np.arange(30), (20, 1))
    ids[4, 0] = 99
    row = compare(cell("base", BASE), cell("a", SAME, predictions=labels, example_ids=ids))
    assert isinstance(row.churn, str)
    assert row.churn.startswith("runs 0 and 4 predicted different examples")
    row = compare(cell("base", BASE), cell("a", SAME, predictions=labels.astype(float)))
    assert isinstance(row.churn, str)
    assert "class labels" in row.churn


def test_wrong_questions_are_refused() -> None:
    base = cell("base", BASE)
    with pytest.raises(ValueError, match="compare cells of one task and metric"):
        compare_cells(base, [cell("a", SAME, metric="test/loss")])
    with pytest.raises(ValueError, match="compare cells of one task and metric"):
        compare_cells(base, [cell("a", SAME, task="cifar10")])
    with pytest.raises(ValueError, match="level is 2"):
        compare_cells(base, [], level=2)
    with pytest.raises(ValueError, match="alpha is 2"):
        compare_cells(base, [], alpha=2)


def test_no_ordinary_study_raises() -> None:
    rng = np.random.default_rng(7)
    statuses = ["finished"] * 6 + ["diverged", "crashed", "pending", "interrupted"]
    for _ in range(300):
        n = int(rng.integers(0, 7))
        cells = []
        for name in ("base", "a", "b"):
            planned = max(0, n - int(rng.integers(0, 2)))
            values = rng.choice([0.5, 0.5, 0.5 + 1 / 360, 0.5 + 2 / 360, 1.0, NAN, 1e30], planned)
            status = {i: str(word) for i, word in enumerate(rng.choice(statuses, planned)) if word != "finished"}
            cells.append(cell(name, values, status, chance=None if rng.random() < 0.2 else 0.5))
        for row in compare_cells(cells[0], cells[1:]):
            assert (row.verdict is None) != (row.verdict_reason == "")
            for entry in (row.spread, row.spread_bonett, row.reduction, row.mean_difference, row.churn):
                assert entry if isinstance(entry, str) else np.isfinite([entry.low, entry.estimate, entry.high]).all()


def test_a_study_with_failures_and_without_effects_rarely_claims_one() -> None:
    studies, n, rng = 500, 10, np.random.default_rng(11)
    claims = 0
    for _ in range(studies):
        cells = []
        for name in ("base", "a", "b"):
            status = {i: "diverged" for i in range(n) if rng.random() < 0.1}
            cells.append(cell(name, rng.standard_normal(n), status, chance=-5.0))
        rows = compare_cells(cells[0], cells[1:])
        claims += any(row.verdict is not None and row.verdict.word != "not resolved" for row in rows)
    assert claims / studies <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / studies)


@pytest.mark.parametrize(("n", "rho", "studies"), [(5, 0.6, 800), (20, 0.0, 400)])
def test_a_study_without_effects_rarely_claims_one(n: int, rho: float, studies: int) -> None:
    rng = np.random.default_rng(2024 + n)
    claims = 0
    for _ in range(studies):
        shared = rng.standard_normal(n)  # what the seeds have in common; means differ, spreads do not
        values = [i + np.sqrt(rho) * shared + np.sqrt(1 - rho) * rng.standard_normal(n) for i in range(4)]
        rows = compare_cells(cell("base", values[0]), [cell(f"m{i}", values[i]) for i in (1, 2, 3)])
        claims += any(row.verdict is not None and row.verdict.word != "not resolved" for row in rows)
    assert claims / studies <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / studies)
    assert claims / studies >= 0.01  # Holm over three dependent comparisons is conservative, but not asleep


def test_a_study_is_corrected_over_all_its_regimes() -> None:
    arms = (("base", BASE), ("vml", SAME), ("clf", STEADY))
    rows = compare_study([cell(m, x, regime=r) for r in ("all", "init") for m, x in arms], base="base")
    assert [(row.regime, row.method) for row in rows] == [(r, m) for r in ("all", "init") for m, _ in arms]
    p_values = [spread_ratio(x, BASE, paired=True).p_value or 0.0 for _ in range(2) for x in (SAME, STEADY)]
    compared = [row for row in rows if row.method != "base"]
    assert [row.p_adjusted for row in compared] == pytest.approx(holm(p_values).tolist())
    # Four comparisons instead of two: a p-value that just passed alone does not pass here.
    alone = compare_cells(cell("base", BASE), [cell("vml", SAME), cell("clf", STEADY)])
    assert all(row.p_adjusted >= one.p_adjusted for row, one in zip(compared[:2], alone[1:], strict=True))


def test_every_readout_is_compared_with_the_plain_base() -> None:
    flips = [cell(m, x, readout="flip") for m, x in (("base", STEADY), ("vml", SAME))]
    rows = compare_study([flips[0], cell("vml", SAME), flips[1], cell("base", BASE)], base="base")
    assert [(row.method, row.readout) for row in rows] == [
        ("base", "plain"),
        ("base", "flip"),
        ("vml", "plain"),
        ("vml", "flip"),
    ]
    assert [row.reduction for row in rows[1:]] == [reduction(x, BASE, paired=True) for x in (STEADY, SAME, SAME)]
    p_values = [row.reduction.p_value for row in rows[1:]]
    assert [row.p_adjusted for row in rows[1:]] == pytest.approx(holm(p_values).tolist())
    with pytest.raises(ValueError, match="no plain cell of the base 'base'"):
        compare_study(flips, base="base")


def test_a_study_without_a_base_in_some_regime_is_refused() -> None:
    with pytest.raises(ValueError, match="no plain cell of the base 'base' in digits, init"):
        compare_study([cell("base", BASE), cell("vml", SAME, regime="init")], base="base")


def test_rows_hold_what_assumes_normal_values_beside_what_does_not() -> None:
    for other, paired in ((STEADY, True), (STEADY[:12], False)):
        row = compare(cell("base", BASE), cell("a", other), level=0.9)
        assert row.spread_normal == spread(other, level=0.9, procedure="chi-square")
        assert row.reduction_normal == reduction(other, BASE, paired=paired, level=0.9, procedure="normal")
        assert row.improvement == probability_of_improvement(other, BASE, paired=paired, level=0.9)
        assert row.correlation_interval == (arm_correlation(other, BASE, level=0.9) if paired else None)
        assert row.failure_difference == "no run failed"
    row = compare_cells(cell("base", BASE), [])[0]
    assert (row.reduction_normal, row.improvement, row.failure_difference) == ("this is the base",) * 3
    assert (row.mean_verdict, row.mean_verdict_reason, row.mean_p_adjusted) == (None, "this is the base", None)
    assert row.spread_normal == spread(BASE, procedure="chi-square")


def test_the_words_about_the_mean() -> None:
    higher, lower = cell("h", SAME + 0.01), cell("l", SAME - 0.01)
    rows = compare_cells(cell("base", BASE), [higher, lower, cell("s", SAME)], margin=0.003)
    assert [row.mean_verdict.word for row in rows[1:] if row.mean_verdict] == [
        "better",
        "worse",
        "equivalent within the margin",
    ]
    differences = [
        mean_difference(x.values, BASE, paired=True).p_value or 0.0 for x in (higher, lower, cell("s", SAME))
    ]
    assert [row.mean_p_adjusted for row in rows[1:]] == pytest.approx(holm(differences).tolist())
    loss = {"higher_is_better": False, "chance": None}
    row = compare(cell("base", BASE, **loss), cell("l", SAME - 0.01, **loss))
    assert row.mean_verdict is not None
    assert row.mean_verdict.word == "better"
    assert isinstance(row.improvement, Improvement)
    assert row.improvement.reading == "significant and meaningful"
    row = compare(cell("base", BASE), cell("s", SAME), margin=0.0001)
    assert row.mean_verdict is not None
    assert row.mean_verdict.word == "not resolved"


def test_equivalence_of_spreads_is_asked_for_and_corrected() -> None:
    rng = np.random.default_rng(5)
    base, *others = rng.normal(0.98, 0.004, (4, 150))
    cells = [cell(name, x) for name, x in zip("abc", others, strict=True)]
    assert compare(cell("base", base), cells[0]).verdict.word == "not resolved"  # type: ignore[union-attr]
    rows = compare_cells(cell("base", base), cells, factor=1.5)
    assert [row.verdict.word for row in rows[1:] if row.verdict] == ["equivalent within a factor"] * 3
    equivalences = [spread_equivalence(x, base, factor=1.5, paired=True).p_value for x in others]
    largest = max(holm(equivalences))
    assert all(0 < p < 0.05 for p in equivalences)
    just = compare_cells(cell("base", base), cells, factor=1.5, alpha=float(largest) * 0.999)
    assert "not resolved" in [row.verdict.word for row in just[1:] if row.verdict]


def test_failures_withhold_the_verdict_on_the_mean_too() -> None:
    row = compare(cell("base", BASE), cell("a", SAME + 0.01, {7: "diverged"}))
    assert row.mean_verdict is None
    assert row.mean_verdict_reason == (
        "no verdict, because runs failed (1 of a): better among finished runs, "
        "not resolved if failures count as chance-level results"
    )
    assert row.failure_difference == failure_difference(1, 0, n_method=20, n_base=20)
    row = compare(cell("base", BASE, dict.fromkeys(range(12), "diverged")), cell("a", SAME + 0.01))
    assert row.mean_verdict is not None
    assert row.mean_verdict.word == "better"
    assert row.mean_verdict.sentence.endswith("(12 of base) count as chance-level results")
    empty = compare(cell("base", BASE), cell("a", BASE, dict.fromkeys(range(20), "pending")))
    assert empty.failure_difference == "no run has ended yet"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"factor": 1.0}, "factor is 1.0; pass a number above 1"),
        ({"margin": 0.0}, "margin is 0.0; pass a number above 0"),
        ({"margin": 0.1, "alpha": 0.6}, "alpha is 0.6; pass a number above 0 and below 0.5"),
    ],
)
def test_wrong_equivalence_questions_are_refused(options: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        compare_cells(cell("base", BASE), [], **options)


NULL_ARMS = {
    "normal": lambda rng, shape: rng.standard_normal(shape),
    "accuracy on 360 examples": lambda rng, shape: rng.binomial(360, 0.98, shape) / np.sqrt(360 * 0.98 * 0.02),
    "t5": lambda rng, shape: rng.standard_t(5, shape) / np.sqrt(5 / 3),
    "gamma": lambda rng, shape: rng.gamma(4, size=shape) / 2,
    "exponential": lambda rng, shape: rng.exponential(size=shape),
    "contaminated": lambda rng, shape: (
        rng.standard_normal(shape) * np.where(rng.random(shape) < 0.1, 5, 1) / np.sqrt(3.4)
    ),
}


@pytest.mark.parametrize(
    ("base", "method", "paired", "rho", "n"),
    [
        ("normal", "normal", True, 0.8, 10),
        ("accuracy on 360 examples", "accuracy on 360 examples", False, 0.0, 5),
        ("t5", "t5", True, 0.0, 10),
        ("exponential", "exponential", True, 0.0, 6),
        ("exponential", "exponential", False, 0.0, 10),
        ("contaminated", "contaminated", True, 0.0, 20),
        ("normal", "t5", False, 0.0, 10),
        ("gamma", "normal", True, 0.5, 10),
    ],
)
def test_equal_spreads_are_called_changed_in_at_most_5_percent_of_studies(
    base: str, method: str, paired: bool, rho: float, n: int
) -> None:
    studies, rng = 2000, np.random.default_rng(31)
    common, x, y = (NULL_ARMS[kind](rng, (studies, n)) for kind in (base, method, base))
    x, y = (np.sqrt(rho) * common + np.sqrt(1 - rho) * own for own in (x, y))
    claims = 0
    for one, other in zip(x + 3, y, strict=True):  # the means differ
        row = compare(cell("base", other), cell("a", one, replicate=range(0 if paired else n, n if paired else 2 * n)))
        claims += row.verdict is not None and row.verdict.word != "not resolved"
    assert claims / studies <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / studies)
