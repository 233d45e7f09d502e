"""Ray Tune: a folder per trial, with ``params.json`` and a line of ``result.json`` per report."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from seedwise.results.readers._files import Broken, content, json_of, walked
from seedwise.results.readers._runs import TrackedRun, flat, numbers_of

_OWN: Final = frozenset({
    "checkpoint_dir_name", "config", "date", "done", "episodes_total", "experiment_tag", "hostname",
    "iterations_since_restore", "node_ip", "pid", "should_checkpoint", "time_since_restore", "time_this_iter_s",
    "timestamp", "timesteps_since_restore", "timesteps_total", "training_iteration", "trial_id", "warmup_time",
})  # fmt: skip
"""What Ray adds to every report."""

_ERRORS: Final = ("error.txt", "error.pkl")
_STATES: Final = {"TERMINATED": "finished", "ERROR": "failed"}


def wrote(_: Path, __: list[str], names: list[str]) -> bool:
    """Return whether a folder is that of a trial."""
    return "params.json" in names and "result.json" in names


def runs_in(path: Path, broken: Broken) -> list[TrackedRun]:
    """Return every trial: parameters, and metrics by iteration."""
    runs = []
    states: dict[Path, dict[str, str]] = {}
    for folder, folders, names in walked(path):
        if not wrote(folder, folders, names):
            continue
        if folder.parent not in states:
            states[folder.parent] = {}
            with broken.skipped(folder.parent):
                states[folder.parent] = _states(folder.parent)
        ended = "failed" if any(one in names for one in _ERRORS) else None
        run = TrackedRun({"run": folder.name, "state": states[folder.parent].get(folder.name, ended)})
        with broken.skipped(folder / "params.json"):
            run.config = flat(json_of(folder / "params.json"))
        with broken.skipped(folder / "result.json"):
            for line in content(folder / "result.json").decode().splitlines():
                _report(json.loads(line), run)
        runs.append(run)
    return runs


def _states(experiment: Path) -> dict[str, str]:
    """Return how the trials of an experiment ended, by their folders, as its newest record says."""
    records = sorted(experiment.glob("experiment_state-*.json"))
    trials = [json.loads(trial) for trial, *_ in json_of(records[-1])["trial_data"]] if records else []
    return {trial["relative_logdir"]: _STATES.get(trial["status"], "running") for trial in trials}


def _report(found: dict[str, Any], run: TrackedRun) -> None:
    step = float(found.get("training_iteration", len(run.curve) + 1))
    for name, value in numbers_of({k: v for k, v in found.items() if k not in _OWN}).items():
        run.log(name, step, value)
