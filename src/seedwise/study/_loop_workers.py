"""A training function of the user's in worker processes, without a study file."""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any, Final

from pydantic import ValidationError

from seedwise.errors import ChangedCodeError, SeedwiseError
from seedwise.execution import Executor, Progress, Resources, Settings, opened, present_sitting
from seedwise.run import Keep, Run, configure
from seedwise.study._loop import (
    REMEDY,
    LoopSettings,
    add_to_plan,
    check_metric,
    check_metric_of_finished,
    runs_of_loop,
)
from seedwise.study._loop_plan import LoopPlan
from seedwise.study._running import Outcome, Running
from seedwise.study._sinks import sink_of
from seedwise.study._spec import Limits
from seedwise.study._upcoming import upcoming_of_loop

Train = Callable[[Run[Any]], None]
"""A function of one's own that trains a run."""

_MAIN: Final = "__main__"


@dataclass(frozen=True)
class Importable:
    """A function as workers import it.

    Attributes:
        name: ``module:function``.
        folder: where the module is found.

    """

    name: str
    folder: Path


def importable(train: Train) -> Importable:
    """Return how workers import a function.

    Raises:
        SeedwiseError: if they cannot.

    """
    module = sys.modules.get(getattr(train, "__module__", None) or "")
    name, file = getattr(train, "__qualname__", ""), getattr(module, "__file__", None)
    if module is None or file is None or getattr(module, name, None) is not train:
        raise SeedwiseError(
            f"worker processes import what they train, and {name or train!r} cannot be imported: define it with 'def' "
            "at the top of a file, or train here with 'for run in seedwise.replicates(n)'"
        )
    path = Path(file).resolve()
    module_name = path.stem if module.__name__ == _MAIN else module.__name__
    package = getattr(module, "__package__", None)
    if module.__name__ == _MAIN and package:  # started by python -m
        module_name = f"{package}.{path.stem}"
    return Importable(f"{module_name}:{name}", path.parents[module_name.count(".") + (path.name == "__init__.py")])


def check_guard(frame: FrameType | None) -> None:
    """Check that a program does not call ``replicates`` again when workers import it.

    Args:
        frame: of the call.

    Raises:
        SeedwiseError: if its outermost line does not stand under ``if __name__ == "__main__":``.

    """
    while frame is not None and not (frame.f_globals.get("__name__") == _MAIN and frame.f_code.co_name == "<module>"):
        frame = frame.f_back
    file = None if frame is None else inspect.getsourcefile(frame)
    if frame is None or file is None:
        return
    guards = (node for node in ast.parse(Path(file).read_bytes()).body if isinstance(node, ast.If))
    if not any(
        node.lineno <= frame.f_lineno <= (node.end_lineno or 0)
        and {"__name__", _MAIN} <= {getattr(n, "id", getattr(n, "value", None)) for n in ast.walk(node.test)}
        for node in guards
    ):
        raise SeedwiseError(
            f"{Path(file).name}, line {frame.f_lineno}: worker processes import this file, which would start more of "
            "them: put the line under 'if __name__ == \"__main__\":'"
        )


def train_in_workers(
    plan: LoopPlan,
    train: Train,
    settings: LoopSettings,
    progress: Progress,
    *,
    folder: Path,
    parallel: int | None,
    executor: str | Executor = "local",
) -> Outcome:
    """Train the runs that are not finished yet in worker processes; see ``Study.run``.

    Args:
        plan: the runs.
        train: what trains one; the plan's function by its name.
        settings: how.
        progress: receives what happens.
        folder: where the function's module is found.
        parallel: worker processes; None: one per core, on a GPU one per device.
        executor: where to train; see ``Study.run``.

    Raises:
        ChangedCodeError: if the code has changed and the policy does not say what is done about it.
        SeedwiseError: for a config that the function does not take, if another process uses the store, or if a run ends
            without the metric of the loop.
        StorageError: if the disk is full; what is finished is kept.

    """
    if present_sitting() is not None:  # an exam trains here
        for run in runs_of_loop(plan, settings, progress):
            train(run)
    try:
        configure(train, plan.planned[0].spec.config)
    except ValidationError as error:
        first, function = error.errors()[0], plan.planned[0].spec.function
        where = ".".join(["config", *map(str, first["loc"])])
        raise SeedwiseError(f"{where} does not fit {function}: {first['msg']}") from None
    resources = Resources(settings.device, parallel)
    with opened(executor, resources) as runner, sink_of(plan.path, None, progress) as sink:
        assert sink.store is not None
        store = sink.store
        running = Running(
            specs=plan.specs,
            upcoming=lambda: upcoming_of_loop(plan),
            readouts=(),
            policy=settings.policy,
            settings=Settings(
                folder=sink.folder,
                keep=settings.keep or Keep(),
                evaluate_epochs=True,
                import_from=[str(folder), str(Path.cwd())],
                every_epochs=None,
                every_seconds=settings.checkpoint_seconds,
                seconds=None,
                retries=Limits().retries,
            ),
            sink=sink,
            executor=runner,
            device=resources.devices[0],
            progress=progress,
            warn=lambda: add_to_plan(store, plan),
            check=lambda record: check_metric(plan, [getattr(record, "metrics", None) or {}]),
        )
        try:
            outcome = running.run()
        except ChangedCodeError as error:
            raise error.with_remedy(REMEDY) from None
        if not outcome.trained:
            add_to_plan(store, plan)
        check_metric_of_finished(store, plan)
        return outcome
