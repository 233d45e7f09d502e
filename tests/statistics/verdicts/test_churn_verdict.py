import math
import re
from typing import get_args

import pytest

from seedwise.statistics import Interval, churn_ratio_seeds_needed, churn_sd, churn_verdict, error_variance_verdict
from seedwise.statistics.verdicts.verdict import ChurnWord, ErrorVarianceWord, MeanWord, SpreadWord

VERDICTS = {churn_verdict: get_args(ChurnWord), error_variance_verdict: get_args(ErrorVarianceWord)}
PILOT = Interval(0.10, 0.09, 0.11, 0.95, 10, "jackknife")


def ratio(low: float, estimate: float, high: float) -> Interval:
    return Interval(estimate, low, high, 0.95, [10, 12], "jackknife", 0.01)


@pytest.mark.parametrize("verdict", VERDICTS)
def test_the_word_follows_the_corrected_p_value_and_the_side(verdict) -> None:  # type: ignore[no-untyped-def]
    fewer, more, unresolved = VERDICTS[verdict]
    assert verdict(ratio(0.6, 0.8, 0.95), p_adjusted=0.049).word == fewer
    assert verdict(ratio(1.05, 1.2, 1.4), p_adjusted=0.049).word == more
    assert verdict(ratio(0.6, 0.8, 0.95), p_adjusted=0.05).word == unresolved == "not resolved"
    assert verdict(ratio(0.6, 0.8, 0.95), p_adjusted=0.05, alpha=0.1).word == fewer


@pytest.mark.parametrize("verdict", VERDICTS)
@pytest.mark.parametrize("p", [0.001, 0.5])
@pytest.mark.parametrize("q", [ratio(0.6, 0.8, 0.95), ratio(1.05, 1.2, 1.4), ratio(0.0, 1.3, math.inf)])
def test_no_sentence_speaks_of_the_spread_of_a_metric(verdict, p: float, q: Interval) -> None:  # type: ignore[no-untyped-def]
    v = verdict(q, p_adjusted=p, pilot=PILOT)
    text = f"{v.word} {v.sentence} {v.short}".lower()
    assert not re.search(r"\bsd\b|spread|accuracy|steadier|standard deviation|reduced|increased", text)
    assert v.word == "not resolved" or v.word not in (*get_args(SpreadWord), *get_args(MeanWord))
    assert v.sentence.startswith(v.word)


def test_sentences() -> None:
    assert churn_verdict(ratio(1.05, 1.2, 1.4), p_adjusted=0.0004).sentence == (
        "more churn: two runs disagree on 20 % more examples (95 % interval 5 to 40), corrected p < .001"
    )
    needed = churn_ratio_seeds_needed(ratio=0.8, sd=churn_sd(PILOT, relative=True))
    v = error_variance_verdict(ratio(0.9, 1.0, 1.1), p_adjusted=0.9, pilot=PILOT, effect=0.8)
    assert v.short.startswith(f"not resolved: finding a ratio of error variance of .8 takes {needed} runs per method")
    assert "the 10 here would find it with probability" in v.short  # 10 >= needed
    assert "the mean variance of the error on an example is 0 % larger (95 % interval -10 to 10)" in v.sentence
    assert churn_verdict(ratio(0.9, 1.0, 1.1), p_adjusted=0.9).short == ""


def test_what_is_no_ratio_is_refused() -> None:
    with pytest.raises(TypeError, match="ratio must be the Interval"):
        churn_verdict(0.8, p_adjusted=0.1)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="is no ratio; pass the ratio of churn"):
        churn_verdict(ratio(-0.1, 0.2, 0.3), p_adjusted=0.1)
    with pytest.raises(ValueError, match=r"p_adjusted is 1\.2"):
        churn_verdict(ratio(0.1, 0.2, 0.3), p_adjusted=1.2)
    with pytest.raises(ValueError, match="alpha is 0"):
        error_variance_verdict(ratio(0.1, 0.2, 0.3), p_adjusted=0.2, alpha=0)
