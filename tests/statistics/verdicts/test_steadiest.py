"""The steadiest method or readout for a budget."""

import pytest

from seedwise.statistics import Budget, Candidate, Interval, steadiest


def ratio(estimate, p, width=1.1):
    return Interval(estimate, estimate / width, estimate * width, 0.95, [10, 10], "paired jackknife", p_value=p)


def reduction(estimate, low, high, p):
    return Interval(estimate, low, high, 0.95, [20, 20], "F", p_value=p)


def one(name, training, inference, churn="no predictions", smaller="unknown", **costs):
    return Candidate(name, smaller, training, inference, churn=churn, **costs)


DISTILLED = one("distilled", 6.0, 1.0, ratio(0.7, 1e-4), flops=1.0, single=1.02)
PACKED = one("packed", 1.8, 1.1, ratio(0.6, 1e-4), flops=1.0, single=1.3)
SMELU = one("smelu", 1.04, 1.04, ratio(0.9, 0.01), flops=1.0, single=1.0)
ENSEMBLE = one("base, ensemble-5", 5.0, 5.0, ratio(0.4, 1e-6), flops=5.0, single=5.0)
ALL = [DISTILLED, PACKED, SMELU, ENSEMBLE]


@pytest.mark.parametrize(
    ("budget", "chosen"),
    [
        (Budget(), ENSEMBLE),
        (Budget(inference=1), DISTILLED),
        (Budget(training=3, inference=1), SMELU),
        (Budget(training=3, inference=1.3), PACKED),
        (Budget(training=1, inference=1), SMELU),
        (Budget(training=6), ENSEMBLE),
        (Budget(training=0.9), None),
    ],
)
def test_the_smallest_ratio_of_churn_that_is_affordable(budget, chosen):
    assert steadiest(ALL, budget).chosen == chosen


def test_the_sentence_names_it_with_interval_verdict_and_cost():
    found = steadiest(ALL, Budget(inference=1))
    # The smallest p but one of four: .0001 times 3.
    assert found.sentence == (
        "distilled: less churn: two runs disagree on 30 % fewer examples (95 % interval 23 to 36), corrected p < .001, "
        "at 6.0 times the training and 1.0 times the inference of a plain run; the steadiest of 2 for at most 1 times "
        "the inference of a plain run; selected, optimistic"
    )
    assert (found.by, found.affordable, found.verdict.word) == ("churn", 2, "less churn")


def test_it_is_corrected_for_what_is_not_affordable_too():
    near = one("near", 1.0, 1.0, ratio(0.9, 0.03))
    assert steadiest([near], Budget(training=2)).chosen == near
    found = steadiest([near, one("dear", 9.0, 1.0, ratio(0.99, 0.7))], Budget(training=2))
    assert found.chosen is None
    assert found.sentence.startswith(
        "none is resolved as steadier by churn of 1 for at most 2 times the training of a plain run; the nearest, "
        "near: not resolved: two runs disagree on 10 % fewer examples"
    )


def test_more_churn_is_resolved_and_never_chosen():
    found = steadiest([one("wild", 1.0, 1.0, ratio(1.5, 1e-5))], Budget())
    assert (found.chosen, found.verdict.word) == (None, "more churn")


def test_where_no_churn_is_measured_it_goes_by_the_sd():
    steady = one("steady", 1.0, 1.0, smaller=reduction(50, 20, 70, 0.006))
    less = one("less", 1.0, 1.0, smaller=reduction(60, -10, 80, 0.1))
    found = steadiest([less, steady], Budget(inference=1))
    assert (found.by, found.chosen) == ("SD", steady)
    assert "reduced: the SD is 50 % smaller (95 % interval 20 to 70), corrected p = .012" in found.sentence
    # The one without churn is not taken for one of a churn of 1, nor is its SD compared with a churn.
    assert steadiest([steady, SMELU], Budget(inference=1)).chosen == SMELU


def test_what_nobody_measured_costs_more_than_any_limit():
    unknown = one("unknown", None, 1.0, ratio(0.5, 1e-5))
    assert steadiest([unknown], Budget()).chosen == unknown
    found = steadiest([unknown], Budget(training=100))
    assert found.sentence == (
        "none: nothing that was compared with the base costs at most 100 times the training of a plain run; of 1 it is "
        "not known what they cost"
    )


@pytest.mark.parametrize("cost", [0, -1.0, float("nan")])
def test_a_cost_is_positive(cost):
    with pytest.raises(ValueError, match=r"training .* must be greater than 0"):
        Budget(training=cost)


def test_nothing_is_no_choice():
    with pytest.raises(ValueError, match="compare at least one method"):
        steadiest([], Budget())
