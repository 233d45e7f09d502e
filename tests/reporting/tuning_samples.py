"""A search to report on: its numbers are few enough to follow by hand."""

from typing import Any

import numpy as np

from seedwise.statistics import Cell, churn, spread
from seedwise.tuning import Measured, gain

from .samples import cell, description, predicted, section

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


def objective(**changes: Any) -> dict[str, Any]:
    return {"name": "churn", "floor": None, "c": 1.0, "spread": "sd"} | changes


def search(**changes: Any) -> dict[str, Any]:
    """Return the section of a search that chose trial-0 by churn, with fresh runs of CELLS."""
    trials = []
    for name, found in MEASURED.items():
        state = STATES.get(name, "finished")
        runs, failed = (3, 3) if found is None else (found.runs, found.failed)
        sound = found is not None and runs > 2 and not failed
        trials.append(
            {
                "name": name, "arm": "base" if name.startswith("base") else "tuned", "params": VALUES.get(name, {}),
                "state": state, "runs": runs, "failed": failed,
                "measured": found, "short": name in ("trial-2", "trial-4"), "chosen": name in ("trial-0", "base"),
                "spread": spread(found.values) if sound and found.sd else None,
                "churned": churn(CELLS[0].predictions) if sound else None,
                "value": None if found is None or state == "pruned" else found.churn,
                "front": name in ("base", "trial-0", "trial-1", "trial-2"),
            }
        )  # fmt: skip
    base, tuned = (measured_of(one) for one in CELLS)
    return {
        "name": "s-trials", "of": "s", "metric": "validation/accuracy", "higher_is_better": True,
        "options": {"objective": objective(), "replicates": 3, "tune_base": False}, "base": "base", "floor": 0.9,
        "chosen": "trial-0", "chosen_base": "base", "earlier": [], "trials": trials, "description": description(),
        "cells": [], "importances": {"loss.lambda_s": 0.75, "whole": 0.25},
        "gains": {
            "search": gain(MEASURED["base"], MEASURED["trial-0"], higher_is_better=True),
            "validation": gain(base, tuned, higher_is_better=True),
            "test": gain(base, tuned, higher_is_better=True),
        },
        "fresh": section(CELLS, name="s-fresh", labels=[TRUTH, TRUTH]), "spec": "name: s\n",
        "again": "seedwise tune s.yaml", "environments": [("python 3", 21)], "failures": [("as planned", 3)],
        "seconds": 12.3,
    } | changes  # fmt: skip


def sweep() -> dict[str, Any]:
    """Return a search without Optuna: values side by side."""
    names = ["base", "vml", *(f"{factor}={value}" for factor in ("alpha", "beta") for value in (0.1, 0.2, 0.4))]
    rng = np.random.default_rng(3)
    cells = [cell(name, 0.95 + 0.01 * rng.normal(size=5), metric="validation/accuracy") for name in names]
    rows = [
        search()["trials"][0]
        | {
            "name": one.method, "arm": "tuned", "params": {}, "runs": 5, "measured": measured_of(one), "churned": None,
            "spread": spread(one.values), "value": float(one.values.std(ddof=1)), "chosen": False, "front": False,
        }
        for one in cells
    ]  # fmt: skip
    options = {"objective": objective(name="sd"), "replicates": 5, "tune_base": False}
    return search(cells=cells, trials=rows, importances="", chosen=None, fresh=None, gains={}, options=options)


def measured_of(one: Cell) -> Measured:
    apart = None
    if one.predictions is not None:
        n = len(one.predictions)
        pairs = [(one.predictions[i] != one.predictions[j]).mean() for i in range(n) for j in range(i)]
        apart = float(np.mean(pairs))
    return Measured(tuple(one.values.tolist()), 0, apart)
