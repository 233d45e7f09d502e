import pytest

from seedwise.statistics import Equivalence, Interval, mean_verdict, reduction, spread_verdict

STEADIER = Interval(0.5, 0.3, 0.8, 0.95, [20, 20], "Pitman-Morgan", p_value=0.006)
WILDER = Interval(1.8, 1.2, 2.7, 0.9, [20, 20], "Pitman-Morgan", p_value=0.0002)


def test_reduced() -> None:
    verdict = spread_verdict(STEADIER, p_adjusted=0.012)
    assert verdict.word == "reduced"
    assert verdict.sentence == "reduced: the SD is 50 % smaller (95 % interval 20 to 70), corrected p = .012"


def test_increased() -> None:
    verdict = spread_verdict(WILDER, p_adjusted=0.0004)
    assert verdict.word == "increased"
    assert verdict.sentence == "increased: the SD is 80 % larger (90 % interval 20 to 170), corrected p < .001"


@pytest.mark.parametrize("observed", [0.5, 0.95, 1.4])
def test_not_resolved_has_the_numbers_and_no_plan_which_is_said_once_for_a_table(observed: float) -> None:
    ratio = Interval(observed, observed / 2, observed * 2, 0.95, [20, 20], "Pitman-Morgan", p_value=0.2)
    verdict = spread_verdict(ratio, p_adjusted=0.2)
    assert (verdict.word, verdict.short) == ("not resolved", "not resolved")
    percent = round(100 * abs(observed - 1))
    assert verdict.sentence.startswith(
        f"not resolved: the SD is {percent} % {'smaller' if observed < 1 else 'larger'} (95 % "
    )
    assert verdict.sentence.endswith(", corrected p = .2")


def test_the_corrected_p_value_decides_not_the_interval() -> None:
    assert spread_verdict(STEADIER, p_adjusted=0.05).word == "not resolved"
    assert spread_verdict(STEADIER, p_adjusted=0.0499).word == "reduced"
    assert spread_verdict(STEADIER, p_adjusted=0.012, alpha=0.01).word == "not resolved"


def test_what_is_no_ratio_is_refused() -> None:
    percent = reduction([1.0, 2.0, 4.0, 9.0], [1.0, 3.0, 2.0, 5.0], paired=True)
    with pytest.raises(ValueError, match=r"is no ratio of SDs; pass spread_ratio"):
        spread_verdict(percent, p_adjusted=0.5)
    with pytest.raises(TypeError, match="the Interval that spread_ratio returns; got float"):
        spread_verdict(0.5, p_adjusted=0.5)  # type: ignore[arg-type]
    for p in (-0.1, 1.1, float("nan")):
        with pytest.raises(ValueError, match="p_adjusted is"):
            spread_verdict(STEADIER, p_adjusted=p)
    with pytest.raises(ValueError, match="alpha is 5"):
        spread_verdict(STEADIER, p_adjusted=0.01, alpha=5)


CLOSE = Equivalence(
    Interval(0.98, 0.88, 1.09, 0.9, [80, 80], "adjusted F"), low=2 / 3, high=1.5, alpha=0.05, p_value=0.004
)
UNCLEAR = Interval(0.98, 0.86, 1.12, 0.95, [80, 80], "adjusted F", p_value=0.7)


def test_equivalent_within_a_factor() -> None:
    verdict = spread_verdict(UNCLEAR, p_adjusted=0.7, equivalence=CLOSE, p_equivalence=0.012)
    assert verdict.word == "equivalent within a factor"
    assert verdict.sentence == (
        "equivalent within a factor of 1.5: the ratio of SDs is 0.98 (90 % interval 0.88 to 1.09), corrected p = .012"
    )
    assert spread_verdict(UNCLEAR, p_adjusted=0.7, equivalence=CLOSE).word == "equivalent within a factor"
    assert spread_verdict(UNCLEAR, p_adjusted=0.7, equivalence=CLOSE, p_equivalence=0.05).word == "not resolved"
    assert spread_verdict(UNCLEAR, p_adjusted=0.04, equivalence=CLOSE).word == "reduced"
    with pytest.raises(ValueError, match="p_equivalence is 2"):
        spread_verdict(UNCLEAR, p_adjusted=0.7, equivalence=CLOSE, p_equivalence=2)


def test_limits_without_end_are_said_so() -> None:
    wide = Interval(1.8, 1.2, float("inf"), 0.95, [5, 5], "permutation", p_value=0.01)
    assert "20 to \u221e" in spread_verdict(wide, p_adjusted=0.01).sentence
    narrow = Interval(0.5, 0.0, 0.9, 0.95, [5, 5], "permutation", p_value=0.01)
    assert "interval 10 to 100" in spread_verdict(narrow, p_adjusted=0.01).sentence


@pytest.mark.parametrize(
    ("difference", "higher_is_better", "sentence"),
    [
        (0.0042, True, "better: the mean is .0042 higher (95 % interval .0012 to .0072), corrected p = .012"),
        (0.0042, False, "worse: the mean is .0042 higher (95 % interval .0012 to .0072), corrected p = .012"),
        (-0.0042, True, "worse: the mean is .0042 lower (95 % interval .0012 to .0072), corrected p = .012"),
        (-0.0042, False, "better: the mean is .0042 lower (95 % interval .0012 to .0072), corrected p = .012"),
    ],
)
def test_better_and_worse(difference: float, higher_is_better: bool, sentence: str) -> None:
    d = Interval(difference, difference - 0.003, difference + 0.003, 0.95, [20, 20], "paired t", p_value=0.006)
    verdict = mean_verdict(d, p_adjusted=0.012, higher_is_better=higher_is_better)
    assert verdict.sentence == sentence
    assert verdict.word == sentence.split(":", maxsplit=1)[0]
    assert mean_verdict(d, p_adjusted=0.05, higher_is_better=higher_is_better).word == "not resolved"


def test_equivalent_within_the_margin() -> None:
    d = Interval(-0.1, -0.5, 0.3, 0.95, [20, 20], "paired t", p_value=0.6)
    inner = Interval(-0.1, -0.42, 0.22, 0.9, [20, 20], "paired t")
    close = Equivalence(inner, low=-0.5, high=0.5, alpha=0.05, p_value=0.02)
    verdict = mean_verdict(d, p_adjusted=0.6, higher_is_better=True, equivalence=close)
    assert verdict.word == "equivalent within the margin"
    assert verdict.sentence == (
        "equivalent within the margin of .50: the difference of means is -.10 (90 % interval -.42 to .22), "
        "corrected p = .02"
    )
    missed = mean_verdict(d, p_adjusted=0.6, higher_is_better=True, equivalence=close, p_equivalence=0.2)
    assert missed.word == "not resolved"


def test_what_is_no_difference_is_refused() -> None:
    d = Interval(-0.1, -0.5, 0.3, 0.95, [20, 20], "paired t", p_value=0.6)
    with pytest.raises(TypeError, match="the Interval that mean_difference returns; got float"):
        mean_verdict(0.5, p_adjusted=0.5, higher_is_better=True)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="higher_is_better must be True or False"):
        mean_verdict(d, p_adjusted=0.5, higher_is_better="up")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"p_adjusted is 1\.5"):
        mean_verdict(d, p_adjusted=1.5, higher_is_better=True)
