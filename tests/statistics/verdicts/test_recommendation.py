"""The cheapest candidate that is resolved."""

import pytest

from seedwise.statistics import Candidate, Interval, recommend, seeds_needed
from seedwise.statistics.verdicts.recommendation import reconsider


def candidate(
    name: str, p: float, reduction: float = 30, training: float | None = 1.0, inference: float = 1.0
) -> Candidate:
    return Candidate(name, Interval(reduction, 5, 50, 0.95, [50, 50], "F", p_value=p), training, inference)


def test_the_cheapest_of_the_resolved_is_taken_and_not_the_surest() -> None:
    dear, cheap, unresolved = (
        candidate("dear", 1e-9, training=5),
        candidate("cheap", 0.001, inference=9),
        candidate("x", 0.2),
    )
    found = recommend([dear, unresolved, cheap])
    assert found.chosen is cheap
    assert (
        "p = .002 corrected for 3 candidates, at 1.0 times the training and 9.0 times the inference" in found.sentence
    )
    assert found.sentence.endswith("selected, optimistic")
    # Training counts before inference, and of equals (within timing) the first stands.
    assert recommend([candidate("a", 0.001, inference=1.02), candidate("b", 1e-9, inference=1.0)]).chosen.name == "a"  # type: ignore[union-attr]
    assert recommend([candidate("unknown", 1e-9, training=None), dear]).chosen is dear


def test_p_is_corrected_over_all_candidates() -> None:
    pool = [candidate(str(k), 0.01) for k in range(5)]
    assert recommend(pool[:4]).chosen is pool[0]
    assert recommend(pool).p_adjusted == pytest.approx([0.05] * 5)
    assert recommend([*pool, Candidate("none", "no runs", 1, 1)]).chosen is None
    assert recommend([*pool, Candidate("none", "no runs", 1, 1)]).p_adjusted[-1] == 1


def test_what_increases_the_spread_is_not_recommended() -> None:
    assert recommend([candidate("worse", 1e-6, reduction=-40)]).chosen is None


def test_if_none_is_resolved_the_plan_is_for_all_of_them() -> None:
    found = recommend([candidate("a", 0.3), candidate("b", 0.9)], sd_ratio=0.5, power=0.9)
    assert found.chosen is None
    assert f"takes {seeds_needed(sd_ratio=0.5, power=0.9, alpha=0.025)} runs per method" in found.sentence
    assert "does not show that there is none" in found.sentence
    assert f"finding a ratio of .7 takes {seeds_needed()} runs" in recommend([candidate("a", 0.3)]).sentence


def test_the_plan_is_that_of_a_table_of_pairs_where_runs_are_paired() -> None:
    one = Interval(10, -20, 30, 0.95, [20, 20], "Pitman-Morgan", p_value=0.4)
    found = recommend([Candidate("vml", one, 1.0, 1.0, paired=True)])
    assert seeds_needed(paired=True) != seeds_needed()
    assert f"takes {seeds_needed(paired=True)} runs per method" in found.sentence


def test_nothing_to_recommend_is_refused() -> None:
    with pytest.raises(ValueError, match="there is nothing to recommend"):
        recommend([])
    with pytest.raises(ValueError, match="alpha is 0"):
        recommend([candidate("a", 0.3)], alpha=0)


def test_fresh_runs_are_asked_about_the_choice_alone() -> None:
    chosen, other = candidate("chosen", 0.001), Candidate("other", "no runs", 1, 1, method="other")
    again = candidate("chosen", 0.03)
    found, seen = reconsider(chosen, [other, again])
    assert (found.chosen, seen, found.p_adjusted) == (again, again, (0.03,)), "one comparison, nothing to correct"
    found, seen = reconsider(chosen, [other, candidate("chosen", 0.2)])
    assert found.chosen is None
    assert seen is not None
    found, seen = reconsider(chosen, [other])
    assert (found.chosen, seen) == (None, None)
