"""A study without a study file: the user's own loop, or function, once per replicate."""

from __future__ import annotations

import inspect
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, TypedDict, overload

from seedwise.errors import SeedwiseError, did_you_mean
from seedwise.execution import Executor, Silent, present_sitting
from seedwise.loop._display import Display
from seedwise.loop._uncaught import forget_last_error, one_line_errors
from seedwise.run import Keep, Numerics, Run, RunRecord
from seedwise.statistics import Metric, Scalar
from seedwise.statistics.cells.metric import unit_of
from seedwise.study import (
    LoopPlan,
    LoopSettings,
    Outcome,
    Policy,
    Train,
    check_guard,
    command_line,
    importable,
    planned_loop,
    runs_of_loop,
    train_in_workers,
)

if TYPE_CHECKING:
    from typing import Unpack


_CHANGED_CODE: Final = "SEEDWISE_CHANGED_CODE"
_CHOICES: Final = ("stop", "retrain", "accept")


class LoopOptions(TypedDict, total=False):
    """The options of both forms of ``replicates``, for type checkers."""

    parallel: int | None
    executor: str | Executor
    method: str
    factor: Mapping[str, Scalar] | None
    config: Mapping[str, Any] | None
    vary: str | Sequence[str]
    attribute: bool
    store: str | Path
    study: str | None
    metric: str
    unit: str | None
    higher_is_better: bool
    chance: float | None
    first_replicate: int
    device: str
    keep: Keep | None
    threads: int
    deterministic: bool
    checkpoint_seconds: float | None
    changed_code: Literal["stop", "retrain", "accept"]
    retry_failed: bool
    ignore_args: Sequence[str]
    quiet: bool


@overload
def replicates(n: int, /, **options: Unpack[LoopOptions]) -> Iterator[Run[dict[str, Any]]]: ...
@overload
def replicates(train: Train, n: int, **options: Unpack[LoopOptions]) -> Outcome: ...
def replicates(
    train: Train | int | None = None,
    n: int | None = None,
    *,
    parallel: int | None = None,
    executor: str | Executor = "local",
    method: str = "base",
    factor: Mapping[str, Scalar] | None = None,
    config: Mapping[str, Any] | None = None,
    vary: str | Sequence[str] = "all",
    attribute: bool = False,
    store: str | Path = "study.db",
    study: str | None = None,
    metric: str = "accuracy",
    unit: str | None = None,
    higher_is_better: bool = True,
    chance: float | None = None,
    first_replicate: int = 0,
    device: str = "cpu",
    keep: Keep | None = None,
    threads: int = 1,
    deterministic: bool = True,
    checkpoint_seconds: float | None = 30.0,
    changed_code: Literal["stop", "retrain", "accept"] = "stop",
    retry_failed: bool = False,
    ignore_args: Sequence[str] = (),
    quiet: bool = False,
) -> Iterator[Run[dict[str, Any]]] | Outcome:
    """Train the runs of one method that are not finished yet: in a loop's body, or by a function in worker processes.

    ``for run in replicates(20)`` yields the runs. The body uses ``run.randomness``, ``run.config``, ``run.log(...)``
    and must end in ``run.finish(...)``. A body that raises leaves its run ``interrupted``; the next time the same
    program goes on with it. ``replicates(train, 20, parallel=4)`` calls ``train(run)`` in four processes instead; the
    bits are the same. Replicate r of every method has the same seeds, so that the methods are paired.

    Progress, the table of results and the place of the report are printed on the standard error.

    Args:
        train: a function ``train(run)`` at the top of a file, which workers import; left out in a loop.
        n: number of replicates, 1 or more.
        parallel: worker processes; default one per core, on a GPU one per device. Only with ``train``.
        executor: where ``train`` is called: ``local``, or by workers on any machine, such as
            ``FolderExecutor(options=QueueOptions(FOLDER))`` of ``seedwise.execution``, which ``seedwise worker FOLDER``
            serves.
            Only with ``train``.
        method: the method's name in tables. What makes it different belongs into ``config``, which names the run.
        factor: the factor that the method is a level of, with the level, such as ``{"k": 2}``: the report compares the
            levels of a factor.
        config: JSON values.
        vary: ``all``, ``none`` or the sources that vary.
        attribute: train n blocks of runs that tell the sources of ``vary`` apart, instead of n replicates: which of
            them makes how much of the spread. A block has two runs more than there are sources.
        store: the study's file.
        study: its name; default: the store's name without ending.
        metric: the primary metric given to ``run.finish``.
        unit: ``share`` for a fraction between 0 and 1, which is shown in percent (so is ``accuracy`` unless something
            else is said); else what is written behind numbers.
        higher_is_better: its direction.
        chance: what guessing gives, so that failed runs can be counted.
        first_replicate: where to start, for fresh seeds.
        device: ``run.device``; with ``train`` several may be separated by commas.
        keep: what is kept of predictions and weights.
        threads: of torch, BLAS and OpenMP; part of the run's name, since bits depend on it.
        deterministic: whether torch may only use operations with a deterministic form.
        checkpoint_seconds: how often ``run.checkpoint.save`` writes.
        changed_code: what to do if the code, or a command-line argument that is not in ``config``, has changed since
            runs were finished: ``stop``, ``retrain`` them and keep the old results, or ``accept`` them as they are. The
            environment variable ``SEEDWISE_CHANGED_CODE``, where it is set, says so for one start of the program.
        retry_failed: train failed runs again.
        ignore_args: names of command-line arguments that change no result, such as ``--verbose``. Those of notebooks,
            pytest and torchrun never count, nor those that are passed on to this function, such as ``n``. With
            ``train`` no argument counts: workers see ``config`` alone.
        quiet: print nothing, and write no report; ``seedwise show`` and ``seedwise report`` make both from the store.

    Returns:
        In a loop, an iterator over ``Run``; with ``train``, how it ended: ``Outcome.counts`` by status.

    Raises:
        SeedwiseError: for n < 1, an unknown source, a config that another method has, a store in use, or a function
            that workers cannot import.
        ChangedCodeError: if the code or an argument has changed and ``changed_code`` is ``stop``. In a program that
            does not catch it, it is printed as one line.
        KeyboardInterrupt: with ``train``, after Ctrl-C: running trainings stop at the end of their epoch, and the same
            call goes on with them.

    Example:
        >>> import tempfile, seedwise
        >>> file = Path(tempfile.mkdtemp()) / "coin.db"
        >>> for run in seedwise.replicates(3, vary=["shuffle"], store=file, quiet=True):
        ...     run.finish(accuracy=run.randomness.numpy("shuffle", "coin").uniform())
        >>> len(list(seedwise.replicates(3, vary=["shuffle"], store=file, quiet=True)))
        0

    """
    if not callable(train):
        train, n = None, train if n is None else n
    own = {name: str(value) for name, value in locals().items() if name not in ("train", "config", "executor")}
    caller = inspect.stack(context=0)[1]
    with one_line_errors():
        if train is None and executor != "local":
            raise SeedwiseError("executor=... takes a function: replicates(train, n, executor=...)")
        if train is None and parallel is not None:
            raise SeedwiseError(f"parallel={parallel} takes a function: replicates(train, n, parallel={parallel})")
        home = None if train is None else importable(train)
        plan = planned_loop(
            n,  # type: ignore[arg-type]
            function=f"{_name_of(caller)}:replicates" if home is None else home.name,
            program=Path(caller.filename).name if Path(caller.filename).suffix == ".py" else "notebook",
            method=method,
            factor=factor,
            config=config,
            vary=vary,
            store=store,
            study=study,
            metric=Metric(metric, unit_of(metric, unit), higher_is_better, chance),
            first_replicate=first_replicate,
            numerics=Numerics(threads=threads, deterministic=deterministic),
            attribute=attribute,
        )
        if home is not None and present_sitting() is None:
            check_guard(caller.frame)
        of_code = _about_changed_code(changed_code)
    settings = LoopSettings(
        device=device,
        keep=keep,
        checkpoint_seconds=checkpoint_seconds,
        policy=Policy(of_code == "retrain", of_code == "accept", retry_failed),
        arguments={"given": command_line(), "own": own},
        ignored=ignore_args,
    )
    forget_last_error()
    display = None if quiet else Display(plan)
    if train is None or home is None:
        return _loop(plan, settings, display)
    with one_line_errors(), nullcontext() if display is None else display.shown():
        progress = _Quiet() if display is None else display.progress
        outcome = train_in_workers(
            plan, train, settings, progress, folder=home.folder, parallel=parallel, executor=executor
        )
        if outcome.interrupted:
            raise KeyboardInterrupt
    return outcome


def _loop(plan: LoopPlan, settings: LoopSettings, display: Display | None) -> Iterator[Run[dict[str, Any]]]:
    with one_line_errors(), nullcontext() if display is None else display.shown():
        yield from runs_of_loop(plan, settings, _Quiet() if display is None else display.progress)


class _Quiet(Silent):
    def result(self, record: RunRecord) -> None: ...


def _about_changed_code(given: str) -> str:
    """Return what is done about changed code: what the environment says, else what was passed."""
    said = os.environ.get(_CHANGED_CODE) or given
    if said not in _CHOICES:
        where = f"{_CHANGED_CODE}={said}" if _CHANGED_CODE in os.environ else f"changed_code={said!r}"
        raise SeedwiseError(f"{where}: {did_you_mean(said, _CHOICES)}pass one of {', '.join(_CHOICES)}")
    return said


def _name_of(caller: inspect.FrameInfo) -> str:
    """Return the name under which the calling program would be imported."""
    module = caller.frame.f_globals.get("__name__", "__main__")
    if module != "__main__":
        return str(module)
    return Path(caller.filename).stem if Path(caller.filename).suffix == ".py" else "notebook"
