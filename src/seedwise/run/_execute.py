"""Train one run and turn whatever happens into its record."""

from __future__ import annotations

import errno
import importlib
import importlib.util
import sys
import traceback
import typing
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from seedwise.errors import SeedwiseError, StorageError
from seedwise.randomness import Fate, moved_seeds, seeded, strict_determinism
from seedwise.run._fingerprint import environment, is_users
from seedwise.run._isolation import Remains, isolated
from seedwise.run._outcomes import Diverged, Interrupted, Status
from seedwise.run._record import RunRecord
from seedwise.run._run import Run
from seedwise.run._threads import threads_limited

_training: list[Run[Any]] = []

Train = Callable[[Run[Any]], None]

_OUTSIDE: Final = 0x5EED
"""What the global generators start from outside every scope, the same for every run."""


def load_function(name: str) -> Train:
    """Import ``module:function``.

    Raises:
        SeedwiseError: if the module or the function does not exist, or the module does not import.

    """
    module_name, colon, function_name = name.partition(":")
    if not module_name or not colon or not function_name:
        raise SeedwiseError(f"'{name}' does not name a function: write 'my_package.my_module:my_function'")
    try:
        module = _imported(module_name)
    except ModuleNotFoundError as error:
        if error.name and (module_name == error.name or module_name.startswith(f"{error.name}.")):
            raise SeedwiseError(
                f"there is no module '{error.name}' for the function '{name}': run seedwise from the folder that holds "
                "it, or install its package"
            ) from error
        raise SeedwiseError(f"'{module_name}' needs the module '{error.name}', which is not installed") from error
    except SystemExit as error:
        raise SeedwiseError(
            f"'{module_name}' ends the program when it is imported: put what it does as a script under "
            "'if __name__ == \"__main__\":'"
        ) from error
    except Exception as error:
        raise SeedwiseError(f"'{module_name}' does not import: {type(error).__name__}: {error}") from error
    function = getattr(module, function_name, None)
    if not callable(function):
        raise SeedwiseError(f"there is no function '{function_name}' in '{module_name}'")
    return typing.cast("Train", function)


_by_import: dict[str, Remains] = {}
"""What the import of a module changed in the process, for the runs that need it."""


def _imported(name: str) -> ModuleType:
    """Import a module as every process does that imports it first: what it draws or changes depends on nothing else."""
    if name in sys.modules:
        return sys.modules[name]
    if "torch" not in sys.modules and importlib.util.find_spec("torch"):  # nothing is trained here: a study is planned
        return importlib.import_module(name)
    with isolated() as remains, seeded(_OUTSIDE):
        module = importlib.import_module(name)
    _by_import[name] = remains
    if _training:
        _make_again(name)
    return module


def _make_again(name: str) -> None:
    for change in _by_import[name].again if name in _by_import else ():
        change()


def config_model(function: Train) -> Any:
    """Return the pydantic model ``M`` of a function annotated ``train(run: Run[M])``, or None."""
    try:
        hints = [hint for name, hint in typing.get_type_hints(function).items() if name != "return"]
    except Exception:  # an annotation that is nothing to Python is nothing to us
        return None
    for hint in hints[:1]:
        if typing.get_origin(hint) is Run:
            (model,) = typing.get_args(hint)
            return model if isinstance(model, type) and hasattr(model, "model_validate") else None
    return None


def configure(function: Train, config: Mapping[str, Any]) -> Any:
    """Return what the function receives as ``run.config``: its model's instance, or the dict."""
    model = config_model(function)
    return dict(config) if model is None else model.model_validate(config)


@contextmanager
def training(run: Run[Any], outside: int = 0) -> Iterator[None]:
    """Watch over a block that trains ``run``: whatever was trained before it, it has the same bits.

    The global generators start from a value that is the same for every run, the switches of strict determinism are on
    unless ``hardware`` varies, imports are noted, and what the block leaves changed is put back. What was seen is in
    ``run.observed``.

    Args:
        run: the run.
        outside: added to the value from which the global generators start, and to those with which code seeds them
            itself: a run of which that changes a bit depends on what no source varies.

    """
    modules = [name.partition(":")[0] for name in run.spec.functions]
    remains, fate = Remains(), Fate()
    _training.append(run)
    try:
        with (
            threads_limited(run.numerics.threads),
            strict_determinism(run.spec.deterministic),
            run.code.watched(),
            isolated() as remains,
            seeded(_OUTSIDE + outside, run.randomness.given) as fate,
            moved_seeds(outside, run.randomness.given) if outside else nullcontext(),
            run.ending,
        ):
            for module in modules:
                _make_again(module)
            yield
    finally:
        _training.remove(run)
        drawn = [name for name in fate.drawn if not any(one.startswith(name) for one in fate.reseeded)]
        observed = run.observed
        observed.drawn = sorted(run.randomness.drawn)
        observed.reseeded = {source: sorted(found) for source, found in run.randomness.reseeded.items()}
        observed.outside = sorted({*drawn, *fate.reseeded})
        observed.left = remains.notes
        run.must_be_last = bool(remains.stuck or any(_by_import[name].stuck for name in modules if name in _by_import))
        run.notes += [note for note in observed.left if note not in run.notes]


def execute(run: Run[Any], train: Train, outside: int = 0) -> RunRecord:
    """Train ``run`` and return its record; what the function raises becomes the record's status.

    ``outside`` is that of ``training``.

    Raises:
        StorageError: if the disk is full: no outcome of the run.

    """
    status: Status = "finished"
    error: BaseException | None = None
    message = None
    run.code.files()  # before the run, so that it is what the run was trained by
    if run.spec.seeds.get("hardware") and run.device == "cpu":
        run.notes.append("the source 'hardware' changes nothing on a CPU: torch's CPU kernels add in a fixed order")
    try:
        with training(run, outside):
            train(run)
    except StorageError:
        raise
    except Interrupted:
        status = "interrupted"
    except Diverged as caught:
        status, message = "diverged", str(caught)
    except SystemExit as caught:
        status, error, message = "crashed", caught, f"{run.spec.function} called sys.exit({caught.code!r})"
    except Exception as caught:
        status, error = ("out_of_memory" if _is_out_of_memory(caught) else "crashed"), caught
        message = _nondeterministic_operation(str(caught))
    return record_of(run, status, message, error)


def _place(error: BaseException) -> str:
    """Return the line of the user's that an error comes from, in brackets; nothing where it is none of theirs."""
    lines = [(frame, number) for frame, number in traceback.walk_tb(error.__traceback__) if is_users(frame)]
    return f" ({Path(lines[-1][0].f_code.co_filename).name}, line {lines[-1][1]})" if lines else ""


def record_of(
    run: Run[Any], status: Status = "finished", message: str | None = None, error: BaseException | None = None
) -> RunRecord:
    """Return the record of a run whose training has ended.

    Args:
        run: the run; if it has no metrics, or one that is not finite, a ``finished`` becomes what it really is.
        status: how it ended.
        message: why, in one line; default: what the error says.
        error: what the function raised.

    """
    if status == "finished" and run.metrics is None:
        status, message = "crashed", f"{run.spec.function} returned without calling run.finish(...)"
    elif status == "finished" and run.metrics is not None and None in run.metrics.values():
        names = [name for name, value in run.metrics.items() if value is None]
        status, message = "diverged", f"{', '.join(names)} is not finite"
    if error is not None and message is None:
        first_line = (str(error).strip() or "no message").splitlines()[0]
        message = f"{type(error).__name__}: {first_line}{'' if isinstance(error, SeedwiseError) else _place(error)}"
    return RunRecord(
        id=run.spec.id,
        content=run.spec.content,
        status=status,
        metrics=run.metrics or {},
        series=run.series,
        weights_sha256=run.weights_sha256 if status == "finished" else None,
        seconds=run.checkpoint.seconds,
        resumed_from=run.checkpoint.resumed_from,
        notes=run.notes,
        error=message,
        traceback="".join(traceback.format_exception(error)) if error is not None else None,
        environment=environment(run.device),
        code=run.code.files(),
        observed=run.observed,
        trace=run.checkpoint.trace,
        operations=run.operations,
        predictions=run.predictions if status == "finished" else [],
        forecasts=run.forecasts if status == "finished" else [],
        weights=run.weights if status == "finished" else {},
    )


def _is_out_of_memory(error: Exception) -> bool:
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":  # torch's
        return True
    if isinstance(error, OSError):
        return error.errno == errno.ENOMEM
    # What torch raises on a CPU and JAX everywhere is known by its text alone.
    text = str(error).lower()
    return isinstance(error, RuntimeError) and ("out of memory" in text or "allocate memory" in text)


def _nondeterministic_operation(message: str) -> str | None:
    marker = " does not have a deterministic implementation"
    if marker not in message:
        return None
    operation = message.partition(marker)[0].split()[-1]
    return (
        f"{operation} has no deterministic form on this device: set 'train: {{deterministic: false}}', "
        "or vary the source 'hardware', to allow it"
    )
