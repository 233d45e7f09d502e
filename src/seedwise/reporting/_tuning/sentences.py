"""What a search found, in sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from seedwise.reporting._plan import plan_sentences
from seedwise.reporting._tuning.units import NAMES, floor_text, gain_text, optimism_text, parameters
from seedwise.statistics import Confirmation, Verdict

if TYPE_CHECKING:
    from seedwise.tuning import SearchResults

_ABOUT: Final = {"sd": "spread", "mean": "mean", "churn": "churn"}


def title(results: SearchResults) -> str:
    """Return one line on what was searched and how."""
    tried = sum(trial.arm == "tuned" for trial in results.trials)
    limit = ""
    if results.floor is not None:
        limit = f" with a {_bound(results)} of {floor_text(results.metric, results.floor)} on the mean"
    goal = results.goal.says.format(c=results.sd_weight, spread=results.spread)
    return f"{results.study}: {tried} trials of {results.replicates} runs, for {goal}{limit}, on {results.metric.name}"


def sentences(results: SearchResults, *, on_page: bool = False) -> list[str]:
    """Return the choice, the verdicts on fresh seeds, the optimism.

    Args:
        results: of the search.
        on_page: whether the choice and the gains stand next to them, and are not said again.

    """
    counts = [(sum(t.state == state for t in results.trials), state) for state in ("pruned", "failed", "running")]
    shown = ", ".join(f"{count} {state}" for count, state in counts if count)
    found = [f"of {len(results.trials) - 1} trials {shown}"] if shown else []
    if results.chosen is None:
        return found + ([_nothing_chosen(results)] if results.has_ended else [])
    params = parameters(results.trial(results.chosen).params)
    found += [] if on_page else [f"chosen: {results.chosen}" + (f": {params}" if params else "")]
    found.append(_about_the_base(results))
    if results.earlier:
        found.append(
            f"the test data have been looked at before, for {', '.join(results.earlier)}: the search went on after "
            "that, and the fresh seeds are the same"
        )
    if results.confirmation is None:
        return [*found, "fresh runs are still to be trained"]
    runs = results.confirmation.runs
    found += [f"{what} on {runs} fresh seeds and test data: {verdict}" for what, verdict in verdicts(results)]
    found += plan_sentences(results.confirmation.plan, listed=True)
    return found if on_page else [*found, *_optimism(results)]


def verdicts(results: SearchResults) -> list[tuple[str, str]]:
    """Return the verdicts of the fresh runs with what they are about, that on the objective first."""
    if results.confirmation is None:
        return []
    first = "mean" if results.goal.mean_first else results.spread
    found = _verdicts(results.confirmation)
    return [(_ABOUT[what], found[what]) for what in sorted(found, key=lambda what: what != first)]


def _verdicts(found: Confirmation) -> dict[str, str]:
    listed = {"sd": found.sd, "mean": found.mean, "churn": found.churn}
    return {
        what: verdict.sentence if isinstance(verdict, Verdict) else verdict
        for what, verdict in listed.items()
        if verdict is not None
    }


def _bound(results: SearchResults) -> str:
    return "floor" if results.metric.higher_is_better else "ceiling"


def _nothing_chosen(results: SearchResults) -> str:
    means = [trial.measured.mean for trial in results.trials if trial.measured and trial.arm == "tuned"]
    good = max if results.metric.higher_is_better else min
    best = f"; the best mean is {floor_text(results.metric, good(means))}" if means else ""
    return f"nothing is chosen: no trial reached the {_bound(results)} of the mean{best}"


def _about_the_base(results: SearchResults) -> str:
    if not results.tuned_base:
        return "the base was not tuned: part of a gain may be the search's, not the method's (tune_base: true)"
    own = results.trial(results.chosen_base)
    tuned = sum(trial.arm == "base" for trial in results.trials) - 1
    setting = f"{own.name}: {parameters(own.params)}" if own.params else "as it stands"
    return f"the base was tuned too, with {tuned} trial{'s' * (tuned != 1)} of its own: {setting}"


def _optimism(results: SearchResults) -> list[str]:
    metric, gains = results.metric, results.gains
    found = []
    for name in results.wanted:
        optimism = gains.optimism(name)
        if optimism is None or gains.search is None or gains.test is None:
            continue
        searched, fresh = (gain_text(metric, name, gain.of(name)) for gain in (gains.search, gains.test))
        found.append(
            f"gain in {NAMES[name]}: {searched} in the search, {fresh} on fresh seeds: optimism "
            f"{optimism_text(metric, name, optimism)}"
        )
    return found
