"""The first screen of a search: whether fresh seeds say that its choice is better."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seedwise.reporting._lead import Lead, Tile
from seedwise.reporting._tuning.units import NAMES, gain_text, optimism_text, parameters
from seedwise.statistics import Verdict
from seedwise.statistics.verdicts.verdict import VOCABULARY

if TYPE_CHECKING:
    from seedwise.tuning import SearchResults


def lead_of_search(results: SearchResults) -> Lead:
    """Return the first screen of a search."""
    better = "better" if results.goal.mean_first else "steadier"
    question = f"Does a search find something {better} than {results.base}?"
    tiles = tuple(_tiles(results))
    if not results.has_ended and results.chosen is None:
        return Lead(question, "The search has not ended.", tiles=tiles)
    if results.chosen is None:
        return Lead(question, "Nothing is chosen: no trial reached what was asked of the mean.", tiles=tiles)
    values = parameters(results.trial(results.chosen).params)
    choice = results.chosen + (f" ({values})" if values else "")
    if results.confirmation is None:
        return Lead(question, f"The search chose {choice}; fresh runs are still to be trained.", tiles=tiles)
    found = results.confirmation
    verdict = {"mean": found.mean, "sd": found.sd, "churn": found.churn}[
        "mean" if results.goal.mean_first else results.spread
    ]
    fresh = f"on {found.runs} fresh seeds and test data"
    if isinstance(verdict, Verdict) and not verdict.is_open:
        says = VOCABULARY[verdict.word].is_so.format(base=results.base)
        says = f"{choice} is {says}" if says else f"{choice} has {verdict.word} than {results.base}"
        return Lead(question, "", says, f"{fresh}.", tiles)
    return Lead(question, f"The search chose {choice}; that it is {better} is not resolved {fresh}.", tiles=tiles)


def _tiles(results: SearchResults) -> list[Tile]:
    tried = [trial for trial in results.trials if trial.arm == "tuned"]
    failed = sum(trial.failed for trial in results.trials)
    tiles = [Tile(f"{len(tried)} trials", f"of {results.replicates} runs, {failed or 'none'} failed")]
    for name in results.wanted[:1]:
        gains, metric = results.gains, results.metric
        if gains.search is not None and gains.search.of(name) is not None:
            tiles.append(Tile(gain_text(metric, name, gains.search.of(name)), f"gain in {NAMES[name]} in the search"))
        if gains.test is not None and gains.test.of(name) is not None:
            lost = optimism_text(metric, name, gains.optimism(name))
            tiles.append(
                Tile(gain_text(metric, name, gains.test.of(name)), f"on fresh seeds: the search's optimism is {lost}")
            )
    return tiles
