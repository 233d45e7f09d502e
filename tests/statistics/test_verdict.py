import pytest

from seedwise.statistics import Interval, reduction, spread_verdict

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
def test_not_resolved_names_the_runs_for_the_effect_asked_about_never_the_observed_one(observed: float) -> None:
    ratio = Interval(observed, observed / 2, observed * 2, 0.95, [20, 20], "Pitman-Morgan", p_value=0.2)
    verdict = spread_verdict(ratio, p_adjusted=0.2)
    assert verdict.word == "not resolved"
    assert verdict.sentence == "not resolved: finding a ratio of .7 takes 64 runs per method"
    assert "a ratio of .5 takes 19 runs" in spread_verdict(ratio, p_adjusted=0.2, sd_ratio=0.5).sentence.replace(
        ";", ""
    )


def test_not_resolved_with_enough_runs_says_what_they_would_have_found() -> None:
    ratio = Interval(0.95, 0.8, 1.1, 0.95, [100, 80], "F", p_value=0.2)
    assert spread_verdict(ratio, p_adjusted=0.4).sentence == (
        "not resolved: finding a ratio of .7 takes 64 runs per method; the 80 here would find it with probability .88"
    )


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
    with pytest.raises(ValueError, match="sd_ratio further from 1"):
        spread_verdict(STEADIER, p_adjusted=0.01, sd_ratio=1.0)
