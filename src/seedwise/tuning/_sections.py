"""What a report shows of a search."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import yaml

from seedwise.statistics import Cell, Interval, churn, spread
from seedwise.study import Objective, Store, StudyResults, cells_of, description_of, is_search
from seedwise.tuning._objectives import REACHED, Measured, front, measured, shortfalls, values_of
from seedwise.tuning._tune import worst_of


@dataclass(frozen=True)
class Gain:
    """By how much the choice is better than the base; positive is better.

    Attributes:
        base, tuned: what their runs amount to.
        mean: difference of means, in the unit of the metric.
        sd, churn: reduction in percent; None where the base has none, or no predictions were kept.

    """

    base: Measured
    tuned: Measured
    mean: float
    sd: float | None
    churn: float | None


def gain(base: Measured, tuned: Measured, *, higher_is_better: bool) -> Gain:
    """Compare the choice with the base.

    Example:
        >>> g = gain(Measured((0.90, 0.92, 0.94), 0), Measured((0.91, 0.92, 0.93), 0), higher_is_better=True)
        >>> round(g.mean, 6), round(g.sd), g.churn
        (0.0, 50, None)

    """
    sign = 1.0 if higher_is_better else -1.0
    return Gain(
        base,
        tuned,
        sign * (tuned.mean - base.mean),
        _reduction(base.sd, tuned.sd),
        _reduction(base.churn, tuned.churn),
    )


def _reduction(base: float | None, tuned: float | None) -> float | None:
    return None if base is None or tuned is None or not base > 0 else 100 * (1 - tuned / base)


def tuning_sections(store: Store, studies: Sequence[StudyResults]) -> list[dict[str, Any]]:
    """Return one section per search in a store.

    Args:
        store: the study's file.
        studies: what ``study_results`` gave for it: the fresh runs are among them.

    Returns:
        Dicts with ``name``, ``of`` (the study's name), ``metric``, ``higher_is_better``, ``options`` (of ``tune:``),
        ``base``, ``floor``, ``chosen`` and ``chosen_base`` (None while the search goes on), ``earlier`` (what earlier
        calls chose, and looked at on test data), ``trials`` (a dict each, the base as it stands first),
        ``description`` and ``cells`` of the trials, ``importances`` (or why there are none), ``gains`` (by ``search``,
        ``validation`` and ``test``, the last two of the fresh runs), ``fresh`` (their section, or None), ``spec``
        (YAML), ``again`` (the command), ``environments``, ``failures`` and ``seconds``.

    """
    return [
        _section(store, name, description, studies)
        for name, description in store.studies().items()
        if is_search(description)
    ]


def _section(
    store: Store, name: str, description: Mapping[str, Any], studies: Sequence[StudyResults]
) -> dict[str, Any]:
    asked = description["tuning"]
    cells = {cell.method: cell for cell in cells_of(store, name)}
    runs = store.runs(name)
    documents = store.documents()
    some = next(iter(cells.values()))
    chosen, base = asked.get("chosen"), asked.get("chosen_base", asked["base"])
    fresh = next((study for study in studies if study.name == asked.get("fresh")), None)
    gains = {} if chosen is None else _gains(store, [cells[base], cells[chosen]], fresh, worst_of(cells.values()))
    return {
        "name": name,
        "of": asked["of"],
        "metric": some.metric.name,
        "higher_is_better": some.metric.higher_is_better,
        "options": asked["options"],
        "base": asked["base"],
        "floor": asked["floor"],
        "chosen": chosen,
        "chosen_base": base,
        "earlier": asked.get("earlier", []),
        "trials": _trials(asked, cells),
        "description": description_of(name, description),
        "cells": list(cells.values()),
        "importances": asked.get("importances", "the search goes on"),
        "gains": gains,
        "fresh": fresh,
        "spec": yaml.safe_dump(asked["study"], sort_keys=False, default_flow_style=None, width=100),
        "again": f"seedwise tune {asked['of']}.yaml",
        "environments": [
            (", ".join(f"{k} {v}" for k, v in documents[digest].items()), count)
            for digest, count in Counter(run.environment for run in runs if run.environment).most_common()
        ],
        "failures": Counter(
            f"{run.link.method}, {run.status.replace('_', ' ')}: {run.error}" for run in runs if run.error
        ).most_common(),
        "seconds": sum(run.seconds or 0.0 for run in runs),
    }


def _trials(asked: Mapping[str, Any], cells: Mapping[str, Cell]) -> list[dict[str, Any]]:
    """Return what is known of every setting; values of the objective and the front are those of an arm's own trials."""
    objective = Objective.model_construct(**asked["options"]["objective"])
    higher = next(iter(cells.values())).metric.higher_is_better
    worst = worst_of(cells.values())
    rows = []
    for name, setting in asked["settings"].items():
        cell = cells[name]
        found = measured(cell, worst=worst) if setting["state"] != "running" else None
        rows.append(
            {
                "name": name,
                **setting,
                "runs": cell.n,
                "failed": cell.failed,
                "measured": found,
                "spread": _interval(lambda cell=cell: spread(cell.values[cell.finished_mask])),
                "churned": _interval(lambda cell=cell: churn(cell.predictions, example_ids=cell.example_ids)),
                "short": found is not None
                and shortfalls(asked["floor"], [found], higher_is_better=higher)[0] > REACHED,
                "value": None,
                "front": False,
                "chosen": name in (asked.get("chosen"), asked.get("chosen_base")),
            }
        )
    for arm in dict.fromkeys(row["arm"] for row in rows):
        mine = [row for row in rows if row["arm"] == arm and row["state"] == "finished" and row["measured"]]
        if not mine:
            continue
        trials = [row["measured"] for row in mine]
        values = values_of(objective, trials, higher_is_better=higher)
        # Whatever the objective: which trials have no other that is both steadier and better.
        both = Objective(name="front", spread="churn" if objective.needs_predictions else "sd")
        on_front = front(values_of(both, trials, higher_is_better=higher))
        for row, value, best in zip(mine, values, on_front, strict=True):
            row |= {"value": float(value[-1]), "front": bool(best)}
    return rows


def _interval(estimate: Any) -> Interval | None:
    try:
        found: Interval = estimate()
    except (TypeError, ValueError):
        return None
    return found


def _gains(store: Store, searched: Sequence[Cell], fresh: StudyResults | None, worst: float | None) -> dict[str, Gain]:
    pairs = {"search": list(searched)}
    if fresh is not None:
        pairs["validation"] = [c for c in cells_of(store, fresh.name, searched[0].metric.name) if c.readout == "plain"]
        pairs["test"] = [c for c in fresh.cells if c.readout == "plain"]
    found = {}
    for which, cells in pairs.items():
        both = [measured(cell, worst=worst) for cell in cells[:2]]
        if len(both) == 2 and both[0] is not None and both[1] is not None and not np.isnan(both[0].mean):
            found[which] = gain(both[0], both[1], higher_is_better=cells[0].metric.higher_is_better)
    return found
