import numpy as np
import pytest

from seedwise.statistics import (
    Improvement,
    Interval,
    arm_correlation,
    churn,
    compare_cells,
    compare_study,
    holm,
    mean_difference,
    probability_of_improvement,
    reduction,
    spread,
    spread_equivalence,
    spread_ratio,
)

from .arms import BASE, RNG, SAME, STEADY, WILD, cell, compare


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
