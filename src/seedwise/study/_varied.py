"""What varied between runs: which sources, and how many of the runs differ in any bit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from seedwise.run import Observed, Predictions, digest_of, weights_sha256
from seedwise.store import Query, Store, StoredRun
from seedwise.study._regimes import regime_sources


@dataclass(frozen=True)
class Varied:
    """What varied between the runs of a task, regime and method; for the fields see ``Cell``."""

    unvaried: dict[str, str]
    distinct: int | None
    alike: bool


Series = Mapping[str, list[dict[str, float]]]
"""What runs logged, by their ids."""


def varied_in(
    store: Store,
    runs: Sequence[StoredRun],
    observed: Mapping[str, Observed] | None = None,
    series: Series | None = None,
) -> dict[tuple[str, str, str], Varied]:
    """Return, by task, regime and method, which sources did not vary and how many runs differ.

    What was observed of all runs, and their series, can be given where they have been read already.
    """
    finished: dict[tuple[str, str, str], list[StoredRun]] = {}
    for run in runs:
        members = finished.setdefault((run.link.task, run.link.regime, run.link.method), [])
        members += [run] if run.status == "finished" else []
    observed = store.observed(run.run_id for run in runs) if observed is None else observed
    bits = _bits(store, [run for members in finished.values() for run in members], series)
    distinct = {
        place: None if None in (found := [bits[run.run_id] for run in members]) else len(set(found))
        for place, members in finished.items()
    }
    still: dict[tuple[str, str], set[str]] = {}
    for (task, regime, method), members in finished.items():
        if len(members) > 1 and distinct[task, regime, method] == 1:
            still.setdefault((task, method), set()).update(regime_sources(regime))
    result = {}
    for (task, regime, method), members in finished.items():
        ids = [run.run_id for run in members]
        sources = regime_sources(regime)
        not_drawn = undrawn(observed, ids, sources)
        reseeded = [s for s in sources if ids and all(i in observed and s in observed[i].reseeded for i in ids)]
        unvaried = {}
        for source in sources:
            if source in not_drawn:
                unvaried[source] = "not drawn"
            elif source in still.get((task, method), ()):
                unvaried[source] = "no bit"
            elif source in reseeded:
                unvaried[source] = "reseeded"
        alike = len(members) > 1 and distinct[task, regime, method] is None and _same_results(store, members)
        result[task, regime, method] = Varied(unvaried, distinct[task, regime, method], alike)
    return result


def _same_results(store: Store, runs: Sequence[StoredRun]) -> bool:
    """Return whether runs have the same metrics and predicted classes, which runs that differ may have by chance.

    Of metrics that not all have, as some are older than the metric, nothing follows.
    """
    names = set.intersection(*(set(run.metrics) for run in runs))
    if any(run.metrics[name] != runs[0].metrics[name] for run in runs for name in names):
        return False
    kept = store.predictions([run.run_id for run in runs], logits=False)
    return len(set(map(_digest, kept.values()))) <= 1


def undrawn(observed: Mapping[str, Observed], run_ids: Collection[str], sources: Sequence[str]) -> list[str]:
    """Return the sources that none of the runs drew from; none where that is not known of every run.

    Args:
        observed: what was seen of runs, by their ids.
        run_ids: the runs.
        sources: those asked for; ``hardware`` is never drawn from, and left out.

    """
    if not run_ids or not all(run_id in observed for run_id in run_ids):
        return []
    drawn = set().union(*(observed[run_id].drawn for run_id in run_ids))
    return [source for source in sources if source not in drawn and source != "hardware"]


def _bits(store: Store, runs: Sequence[StoredRun], series: Series | None) -> dict[str, str | None]:
    """Return a digest of what is known of a run to the last bit: its weights, or all that it logged and predicted.

    None for a run that left neither weights nor series nor scores of classes.
    """
    found: dict[str, str | None] = {run.run_id: run.weights_sha256 for run in runs}
    ids = [run_id for run_id, digest in found.items() if digest is None]
    if not ids:
        return found
    series = store.series(ids) if series is None else series
    metrics = {run.run_id: run.metrics for run in runs}
    logged = {i: digest_of([repr(series.get(i)), metrics[i]]) for i in ids}
    counts = Counter(logged.values())
    # Predictions are large: classes are read of runs that are alike in all else, and scores, one run at a time, of
    # those of which nothing was logged.
    alike = [i for i in ids if series.get(i) and counts[logged[i]] > 1]
    classes = {i: _digest(kept) for i, kept in store.predictions(alike, logits=False).items()} if alike else {}
    unlogged = [i for i in ids if not series.get(i)]
    predicted = store.tags(unlogged) if unlogged else {}
    for i in ids:
        if series.get(i):
            found[i] = logged[i] + classes.get(i, "")
        elif i in predicted:
            scores = store.recall(Query("digest of scores", {}, [i]), partial(_scores, store, i))
            found[i] = None if scores is None else logged[i] + scores
    return found


def _scores(store: Store, run_id: str) -> str | None:
    """Return a digest of the scores of a run; None if they are not kept."""
    kept = store.predictions([run_id]).get(run_id)
    return None if kept is None or kept.logits is None else _digest(kept)


def _digest(kept: Predictions) -> str:
    arrays = {"predicted": kept.predicted.astype(np.int64)}
    return weights_sha256(arrays if kept.logits is None else {**arrays, "logits": kept.logits})
