"""Optuna: its database of studies and their trials."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Final

from seedwise.results._read import Frame
from seedwise.results.readers._files import Database, database
from seedwise.results.readers._runs import Cell, TrackedRun, counted, flat, frame_of

_TABLES: Final = frozenset({"studies", "study_directions", "trials", "trial_params", "trial_values"})
_INFINITE: Final = {"INF_POS": math.inf, "INF_NEG": -math.inf}


def holds_optuna(found: Database) -> bool:
    """Return whether Optuna made the database."""
    return found.tables >= _TABLES


def read_database(path: Path) -> Frame:
    """Read the trials: parameters, user attributes, what was reported by step (``reported``) and the ``value``.

    A study with several objectives has a column for each, named as the study names it.
    """
    runs: dict[int, TrackedRun] = {}
    named: dict[int, list[str]] = {}
    with database(path) as found:
        studies = {row["study_id"]: row["study_name"] for row in found.rows("SELECT * FROM studies")}
        names = {
            row["study_id"]: json.loads(row["value_json"])
            for row in found.rows("SELECT * FROM study_system_attributes WHERE key = 'study:metric_names'")
        }
        for study in studies:
            count = len(found.rows("SELECT 1 FROM study_directions WHERE study_id = ?", [study]))
            named[study] = names.get(study, ["value"] if count == 1 else [f"value {k}" for k in range(count)])
        of_trial, waiting = {}, 0
        for row in found.rows("SELECT * FROM trials ORDER BY study_id, number"):
            if row["state"] == "WAITING":
                waiting += 1
                continue
            study = studies[row["study_id"]]
            about: dict[str, Cell] = {"study": study, "number": row["number"], "state": row["state"]}
            runs[row["trial_id"]], of_trial[row["trial_id"]] = TrackedRun(about), row["study_id"]
        for row in found.rows("SELECT * FROM trial_params"):
            if row["trial_id"] in runs:
                runs[row["trial_id"]].config[row["param_name"]] = _chosen(row["param_value"], row["distribution_json"])
        for row in found.rows("SELECT * FROM trial_user_attributes"):
            if row["trial_id"] in runs:
                runs[row["trial_id"]].config.update(flat(json.loads(row["value_json"]), row["key"]))
        for row in found.rows("SELECT * FROM trial_intermediate_values"):
            if row["trial_id"] in runs:
                value = _number(row["intermediate_value"], row["intermediate_value_type"])
                runs[row["trial_id"]].log("reported", row["step"], value)
        for row in found.rows("SELECT * FROM trial_values"):
            if row["trial_id"] in runs:
                name = named[of_trial[row["trial_id"]]][row["objective"]]
                runs[row["trial_id"]].final[name] = _number(row["value"], row["value_type"])
    return frame_of(list(runs.values()), path.stem, counted({"trial(s) not begun": waiting}))


def _number(value: float | None, kind: str) -> float:
    return _INFINITE.get(kind, math.nan if value is None else value)


def _chosen(value: float, distribution: str) -> Cell:
    """Return a parameter's value, for which a categorical one keeps the index among its choices."""
    made = json.loads(distribution)
    choices = made["attributes"].get("choices")
    if choices is not None:
        (cell,) = flat({"choice": choices[int(value)]}).values()
        return cell
    return int(value) if made["name"].startswith("Int") else value
