"""What a study costs before it starts."""

from __future__ import annotations

import importlib
import importlib.util
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from seedwise.data import MissingDataError, Size
from seedwise.readouts import per_run
from seedwise.run import PlannedRun, Run
from seedwise.store import Store
from seedwise.training import TrainerConfig

if TYPE_CHECKING:
    from seedwise.study._spec import StudySpec


@dataclass(frozen=True)
class Estimate:
    """What is known of a study's cost.

    Attributes:
        statuses: the status of every run.
        bytes: of the predictions, readouts and weights of all runs, before compression; None for a function of the
            user's own, for forecasts without torch or the data, for a dataset of the user's that does not say its size
            and is not there, and where weights are kept and torch, which knows their
            size, is not installed.
        seconds: of one worker for what is missing: from the mean of the finished runs or, without any, from a few steps
            of each method; None for a function of one's own without a finished run, or without torch or the data.
        measured: whether ``seconds`` comes from finished runs.
        missing_data: which data are not there and how to get them, where one of the two is not known for that.
        start: seconds that a worker takes to import torch, where this process has just done it; else None.

    """

    statuses: dict[str, str]
    bytes: int | None
    seconds: float | None
    measured: bool
    missing_data: str | None = None
    start: float | None = None


def estimate(spec: StudySpec, planned: Sequence[PlannedRun], store_path: Path) -> Estimate:
    """Estimate the cost of a study without training any of its runs.

    Args:
        spec: the study.
        planned: its runs.
        store_path: its store, read if it is there.

    """
    statuses = dict.fromkeys((p.spec.id for p in planned), "pending")
    per_missing = None
    store = Store.if_there(store_path)
    if store is not None:
        with store:
            known = store.statuses()
            took = store.seconds()
        statuses = {i: known.get(i, ("pending", None))[0] for i in statuses}
        finished = [took[i] for i, status in statuses.items() if status == "finished"]
        per_missing = sum(finished) / len(finished) if finished else None
    measured = per_missing is not None
    per_run = missing_data = start = None
    try:
        if per_missing is None and spec.is_builtin:
            start = _seconds_to_import_torch()
        per_run = _bytes_per_run(spec)
        if per_missing is None:
            per_missing = _seconds_per_run(spec, planned)
    except MissingDataError as error:
        missing_data = str(error)
    missing = sum(status in ("pending", "interrupted") for status in statuses.values())
    seconds = None if per_missing is None else missing * per_missing
    total = None if per_run is None else per_run * len(statuses)
    return Estimate(statuses, total, seconds, measured, missing_data, start)


def _seconds_to_import_torch() -> float | None:
    if "torch" in sys.modules or importlib.util.find_spec("torch") is None:
        return None
    began = time.perf_counter()
    importlib.import_module("torch")
    return time.perf_counter() - began


def _seconds_per_run(spec: StudySpec, planned: Sequence[PlannedRun]) -> float | None:
    """Return the mean over methods of what a run takes, from a few steps of each; torch is left as it was."""
    if not spec.is_builtin:
        return None
    try:
        import torch
    except ModuleNotFoundError:
        return None

    from seedwise.training import measure

    methods = {(p.link.task, p.link.method): p.spec for p in planned}
    threads = torch.get_num_threads()
    try:
        torch.set_num_threads(spec.numerics.threads)
        took = [measure(Run(spec, TrainerConfig.model_validate(spec.config))) for spec in methods.values()]
    finally:
        torch.set_num_threads(threads)
    return sum(took) / len(took)


def _bytes_per_run(spec: StudySpec) -> int | None:
    """Return the mean over tasks."""
    sizes = [_bytes_of(part) for part in spec.by_task().values()]
    known = [size for size in sizes if size is not None]
    return sum(known) // len(known) if len(known) == len(sizes) else None


def _bytes_of(spec: StudySpec) -> int | None:
    if not spec.is_builtin:
        return None
    if spec.learns.forecasts:
        return _bytes_of_forecasts(spec)
    size = spec.learns.size
    if size is None:
        return None
    bytes_per_logit = {"labels": 0, "logits16": 2, "full": 4}[spec.keep.predictions]
    tested = spec.task.get("test_examples") or size.test
    # Of values, two errors and what was predicted in single precision.
    values = 8 + 4 * size.classes * (spec.keep.predictions != "labels")
    one = tested * (1 + bytes_per_logit * size.classes if spec.learns.has_classes else values)
    trained = [config["train"] for config in spec.configs().values()]
    snapshots: list[int] = [train.get("snapshots", {}).get("cycles", 0) for train in trained]
    readouts = [sum(not readout.snapshots or made > 0 for readout in per_run(spec.readouts)) for made in snapshots]
    # The mean over methods, which have equally many runs.
    predictions = one * sum(1 + made + read for made, read in zip(snapshots, readouts, strict=True)) // len(trained)
    if spec.keep.weights == "none":
        return predictions
    weights = _weight_bytes(spec, size)
    if weights is None:
        return None
    states: int = len(trained)
    if spec.keep.weights == "snapshots":
        states += sum(snapshots) + sum(min(spec.keep.last_epochs, train["epochs"]) for train in trained)
    return predictions + weights * states // len(trained)


def _bytes_of_forecasts(spec: StudySpec) -> int | None:
    """Return the mean over methods; None without torch."""
    if importlib.util.find_spec("torch") is None:
        return None

    from seedwise.run import SAMPLE
    from seedwise.training._forecasting import load_forecasting

    total = 0
    configs = list(spec.configs().values())
    for config in map(TrainerConfig.model_validate, configs):
        task = load_forecasting(config.task, "cpu")  # type: ignore[arg-type]
        steps, variables = task.horizon, len(task.series.target)
        bytes_per_value = {"labels": 0, "logits16": 2, "full": 4}[spec.keep.predictions]
        kept = ["test"] + (["validation"] if config.train.validation is not None else [])
        for windows in (task.windows[split] for split in kept):
            total += 16 * len(windows) + 16 * (steps + variables)
            total += min(SAMPLE, len(windows)) * steps * variables * bytes_per_value
        if spec.keep.weights != "none":
            states = 1 + (min(spec.keep.last_epochs, config.train.epochs) if spec.keep.weights == "snapshots" else 0)
            total += states * sum(
                t.numel() * t.element_size() for t in task.build_model(config.model).state_dict().values()
            )
    return total // len(configs)


def _weight_bytes(spec: StudySpec, size: Size) -> int | None:
    """Return the size of the largest model of the study, built without memory; None without torch."""
    try:
        import torch
    except ModuleNotFoundError:
        return None

    from seedwise.training import build_network
    from seedwise.training._selection import selected_bytes, selection_of

    sizes: list[int] = []
    for config in spec.configs().values():
        part = TrainerConfig.model_validate(config).model
        with torch.device("meta"):
            model = build_network(part, size)
        selection = selection_of(part)
        if selection is None:
            sizes.append(sum(t.numel() * t.element_size() for t in model.state_dict().values()))
        else:
            sizes.append(selected_bytes(model, selection))
    return max(sizes)
