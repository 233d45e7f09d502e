"""Train one run and turn whatever happens into its record."""

from __future__ import annotations

import importlib
import traceback
import typing
from collections.abc import Callable, Mapping
from typing import Any

from seedwise.errors import SeedwiseError, StorageError
from seedwise.randomness import strict_determinism
from seedwise.run._fingerprint import environment, loaded_code
from seedwise.run._outcomes import Diverged, Interrupted, Status
from seedwise.run._record import RunRecord
from seedwise.run._run import Run

Train = Callable[[Run[Any]], None]


def load_function(name: str) -> Train:
    """Import ``module:function``.

    Raises:
        SeedwiseError: if the module or the function does not exist, or the module does not import.

    """
    module_name, colon, function_name = name.partition(":")
    if not module_name or not colon or not function_name:
        raise SeedwiseError(f"'{name}' does not name a function: write 'my_package.my_module:my_function'")
    try:
        module = importlib.import_module(module_name)
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


def execute(run: Run[Any], train: Train) -> RunRecord:
    """Train ``run`` and return its record; what the function raises becomes the record's status.

    Raises:
        StorageError: if the disk is full: no outcome of the run.

    """
    import torch

    status: Status = "finished"
    error: BaseException | None = None
    message = None
    loaded_code(*run.spec.functions)  # before the run, so that it is what the run was trained by
    torch.set_num_threads(run.numerics.threads)
    if run.seeds["hardware"] and run.device == "cpu":
        run.notes.append("the source 'hardware' changes nothing on a CPU: torch's CPU kernels add in a fixed order")
    try:
        with strict_determinism(run.spec.deterministic):
            train(run)
    except StorageError:
        raise
    except Interrupted:
        status = "interrupted"
    except Diverged as caught:
        status, message = "diverged", str(caught)
    except (MemoryError, torch.OutOfMemoryError) as caught:
        status, error = "out_of_memory", caught
    except SystemExit as caught:
        status, error, message = "crashed", caught, f"{run.spec.function} called sys.exit({caught.code!r})"
    except Exception as caught:
        status, error = ("out_of_memory" if "allocate memory" in str(caught) else "crashed"), caught
        message = _nondeterministic_operation(str(caught))
    return record_of(run, status, message, error)


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
        message = f"{type(error).__name__}: {first_line}"
    return RunRecord(
        id=run.id,
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
        code=loaded_code(*run.spec.functions),
        trace=run.checkpoint.trace,
        predictions=run.predictions if status == "finished" else [],
        forecasts=run.forecasts if status == "finished" else [],
        weights=run.weights if status == "finished" else {},
    )


def _nondeterministic_operation(message: str) -> str | None:
    marker = " does not have a deterministic implementation"
    if marker not in message:
        return None
    operation = message.partition(marker)[0].split()[-1]
    return (
        f"{operation} has no deterministic form on this device: set 'train: {{deterministic: false}}', "
        "or vary the source 'hardware', to allow it"
    )
