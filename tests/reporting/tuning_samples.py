"""A search to report on: its numbers are few enough to follow by hand."""

from dataclasses import replace
from typing import Any

import numpy as np

from seedwise.statistics import Cell, Metric, Question, churn, compare_study, confirm, spread
from seedwise.study import StudyResults
from seedwise.tuning import Gain, Measured, SearchGains, SearchResults, TrialResult

from .samples import cell, predicted, provenance, section

TRUTH = np.arange(200) % 2

MEASURED: dict[str, Measured | None] = {
    "base": Measured((0.90, 0.92, 0.94), 0, 0.10),
    "trial-0": Measured((0.91, 0.92, 0.93), 0, 0.08),
    "trial-1": Measured((0.93, 0.95, 0.97), 0, 0.09),
    "trial-2": Measured((0.60, 0.60, 0.60), 0, 0.0),  # below the floor of .9
    "trial-3": None,  # every run failed
    "trial-4": Measured((0.94, 0.95, 0.1), 1, 0.7),  # one failed
    "trial-5": Measured((0.90, 0.95), 0, 0.09),  # pruned
    "base-trial-0": Measured((0.89, 0.92, 0.95), 0, 0.12),
}
STATES = {"trial-3": "failed", "trial-5": "pruned"}
VALUES = {name: {"loss.lambda_s": 0.25 * k, "whole": k} for k, name in enumerate(MEASURED) if name != "base"}
CELLS = [predicted("base", TRUTH, 0.06, seed=1), predicted("tuned", TRUTH, 0.03, seed=2)]
ACCURACY = Metric("validation/accuracy", unit="share", chance=0.1)


def trial(name: str) -> TrialResult:
    found = MEASURED[name]
    state: Any = STATES.get(name, "finished")
    runs, failed = (3, 3) if found is None else (found.runs, found.failed)
    sound = found is not None and runs > 2 and not failed
    return TrialResult(
        name=name,
        arm="base" if name.startswith("base") else "tuned",
        params=VALUES.get(name, {}),
        state=state,
        runs=runs,
        failed=failed,
        measured=found,
        sd=spread(found.values) if found and sound and found.sd else None,
        churn=churn(CELLS[0].predictions) if sound else None,
        short=name in ("trial-2", "trial-4"),
        value=None if found is None or state == "pruned" else found.churn,
        front=name in ("base", "trial-0", "trial-1", "trial-2"),
        chosen=name in ("trial-0", "base"),
    )


def search(**changes: Any) -> SearchResults:
    """Return a search that chose trial-0 by churn, with fresh runs of CELLS."""
    base, tuned = (measured_of(one) for one in CELLS)
    fresh = Gain.between(base, tuned, higher_is_better=True)
    found = SearchResults(
        name="s-trials",
        study="s",
        metric=ACCURACY,
        objective="churn",
        sd_weight=1.0,
        spread="churn",
        replicates=3,
        base="base",
        tuned_base=False,
        floor=0.9,
        has_ended=True,
        chosen="trial-0",
        chosen_base="base",
        earlier=[],
        trials=[trial(name) for name in MEASURED],
        cells=[],
        comparisons=[],
        importances={"loss.lambda_s": 0.75, "whole": 0.25},
        gains=SearchGains(gain(MEASURED["base"], MEASURED["trial-0"]), fresh, fresh),
        confirmation=confirm(CELLS, "base", Question()),
        provenance=provenance(again="seedwise tune s.yaml", failures=(("as planned", 3),)),
    )
    return replace(found, **changes)


def gain(base: Measured | None, tuned: Measured | None) -> Gain:
    assert base
    assert tuned
    return Gain.between(base, tuned, higher_is_better=True)


def fresh_section() -> StudyResults:
    """Return the study of the fresh runs, which has a report of its own."""
    return section(CELLS, name="s-fresh", labels=[TRUTH, TRUTH])


def nothing_chosen(**changes: Any) -> SearchResults:
    """Return a search whose trials all miss the floor."""
    return search(**{"chosen": None, "confirmation": None, "gains": SearchGains()} | changes)


def sweep() -> SearchResults:
    """Return a search without Optuna: values side by side."""
    names = ["base", "vml", *(f"{factor}={value}" for factor in ("alpha", "beta") for value in (0.1, 0.2, 0.4))]
    rng = np.random.default_rng(3)
    cells = [cell(name, 0.95 + 0.01 * rng.normal(size=5), metric=ACCURACY) for name in names]
    cells = [
        replace(one, factor=one.method.partition("=")[0], level=float(one.method.partition("=")[2]))
        if "=" in one.method
        else one
        for one in cells
    ]
    trials = [
        TrialResult(
            name=one.method,
            arm="tuned",
            params={},
            state="finished",
            runs=5,
            failed=0,
            measured=measured_of(one),
            sd=spread(one.values),
            value=float(one.values.std(ddof=1)),
        )
        for one in cells
    ]
    rows = compare_study([one.shown for one in cells], base="base")
    return nothing_chosen(
        cells=cells, trials=trials, comparisons=rows, importances="", objective="sd", spread="sd", replicates=5
    )


def measured_of(one: Cell) -> Measured:
    apart = None
    if one.predictions is not None:
        n = len(one.predictions)
        pairs = [(one.predictions[i] != one.predictions[j]).mean() for i in range(n) for j in range(i)]
        apart = float(np.mean(pairs))
    return Measured(tuple(one.values.tolist()), 0, apart)
