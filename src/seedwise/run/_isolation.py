"""Runs do not touch each other: what a run leaves changed in its process is put back."""

from __future__ import annotations

import contextlib
import functools
import multiprocessing
import os
import signal
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from seedwise.randomness import torch_if_installed

_FILTERS: Final = "the warning filters"
"""Many libraries change them when they are imported, and no bit depends on them: put back without a word."""


@dataclass
class Remains:
    """What a run left changed; filled in at its end.

    Attributes:
        restored: names of what was put back.
        stuck: names of what could not be put back: the next run needs a fresh process.
        again: calls that make the changes anew, for code that makes them only once, when it is imported.

    """

    restored: list[str] = field(default_factory=list)
    stuck: list[str] = field(default_factory=list)
    again: list[Callable[[], object]] = field(default_factory=list)

    @property
    def notes(self) -> list[str]:
        """Sentences for the run."""
        said = [name for name in self.restored if name != _FILTERS]
        notes = [f"left {name} changed; it was put back for the next run" for name in said]
        return notes + [f"left {name}, which cannot be put back" for name in self.stuck]


@dataclass(frozen=True)
class _Setting:
    name: str
    read: Callable[[], Any]
    restore: Callable[[Any], object]


@contextmanager
def isolated() -> Iterator[Remains]:
    """Put back, at the end of the block, what it changed in its process beyond its own objects.

    Covered are torch's defaults (dtype, device, gradient and autocast mode, threads, precision and determinism of
    kernels) where it is installed, numpy's handling of floating-point errors, the working directory, the environment,
    signal handlers, the standard streams and their files, warning filters, and how processes are started. A mode that
    is still entered, a hook on all modules or a thread that still runs cannot be put back. Folders added to
    ``sys.path`` stay: modules that are loaded may need them.

    Yields:
        What was changed.

    """
    settings = _settings()
    before = [setting.read() for setting in settings]
    stuck_before = _stuck()
    threads = set(threading.enumerate())
    remains = Remains()
    with _files_of_streams(remains):
        try:
            yield remains
        finally:
            for setting, value in zip(settings, before, strict=True):
                now = setting.read()
                if now != value:
                    remains.restored.append(setting.name)
                    remains.again.append(functools.partial(setting.restore, now))
                    with contextlib.suppress(Exception):
                        setting.restore(value)
                    if setting.read() != value:
                        remains.restored.remove(setting.name)
                        remains.stuck.append(f"{setting.name} changed")
            remains.stuck += [name for name, count in _stuck().items() if count > stuck_before[name]]
            running = [t for t in threading.enumerate() if t not in threads and not t.daemon]
            remains.stuck += ["a thread running"] if running else []


def _setting(name: str, owner: Any, attribute: str) -> _Setting:
    return _Setting(name, lambda: getattr(owner, attribute), lambda value: setattr(owner, attribute, value))


def _settings() -> list[_Setting]:
    torch = torch_if_installed()

    def set_environment(value: dict[str, str]) -> None:
        for name in set(_environment()) - set(value):
            del os.environ[name]
        os.environ.update(value)

    def set_filters(value: list[Any]) -> None:
        warnings.filters[:] = value  # type: ignore[index]
        warnings._filters_mutated()  # type: ignore[attr-defined]

    found = [
        *([] if torch is None else _settings_of_torch(torch)),
        _Setting("numpy's handling of floating-point errors", np.geterr, lambda value: np.seterr(**value)),
        _Setting("the working directory", _working_directory, os.chdir),
        _Setting("the environment", _environment, set_environment),
        _Setting(_FILTERS, lambda: list(warnings.filters), set_filters),
        _Setting("the recursion limit", sys.getrecursionlimit, sys.setrecursionlimit),
        _Setting(
            "the way in which processes start",
            # The first process that is started fixes the default: that is no change.
            lambda: multiprocessing.get_start_method(allow_none=True) or multiprocessing.get_all_start_methods()[0],
            lambda value: multiprocessing.set_start_method(value, force=True),
        ),
        *(_setting(f"sys.{name}", sys, name) for name in ("stdin", "stdout", "stderr")),
    ]
    if threading.current_thread() is threading.main_thread():  # elsewhere a handler cannot be set
        found += [
            _Setting(f"the handler of {number.name}", _handler(number), _set_handler(number)) for number in _SIGNALS
        ]
        found += [
            _Setting(
                "an alarm",
                lambda: signal.getitimer(signal.ITIMER_REAL)[0] > 0,
                lambda _: signal.setitimer(signal.ITIMER_REAL, 0),
            )
        ]
    return found


def _settings_of_torch(torch: Any) -> list[_Setting]:
    def set_autocast(value: list[bool]) -> None:
        for device, enabled in zip(_AUTOCAST, value, strict=True):
            torch.set_autocast_enabled(device, enabled)

    return [
        _Setting("torch's default dtype", torch.get_default_dtype, torch.set_default_dtype),
        _Setting(
            "torch's default device",
            lambda: str(torch.get_default_device()),
            lambda value: torch.set_default_device(None if value == "cpu" else value),
        ),
        _Setting("torch's gradient mode", torch.is_grad_enabled, torch.set_grad_enabled),
        _Setting("torch's autocast mode", lambda: [torch.is_autocast_enabled(d) for d in _AUTOCAST], set_autocast),
        _Setting("torch's anomaly detection", torch.is_anomaly_enabled, torch.autograd.set_detect_anomaly),
        _Setting("torch's number of threads", torch.get_num_threads, torch.set_num_threads),
        _Setting(
            "the precision of matrix products",
            torch.get_float32_matmul_precision,
            torch.set_float32_matmul_precision,
        ),
        _Setting("the flushing of denormal numbers", lambda: _flushes_denormals(torch), torch.set_flush_denormal),
        _Setting(
            "deterministic algorithms",
            lambda: (
                torch.are_deterministic_algorithms_enabled(),
                torch.is_deterministic_algorithms_warn_only_enabled(),
            ),
            lambda value: torch.use_deterministic_algorithms(value[0], warn_only=value[1]),
        ),
        _setting("cuDNN's autotuning", torch.backends.cudnn, "benchmark"),
        _setting("cuDNN", torch.backends.cudnn, "enabled"),
        _setting("oneDNN", torch.backends.mkldnn, "enabled"),
    ]


_AUTOCAST: Final = ("cpu", "cuda")
# Not SIGCHLD: torch's DataLoader sets its handler once in a process, to see that one of its workers died.
_SIGNALS: Final = sorted(
    signal.valid_signals()
    & {
        getattr(signal, name)
        for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGALRM", "SIGUSR1", "SIGUSR2", "SIGPIPE")
        if hasattr(signal, name)
    }
)


def _handler(number: signal.Signals) -> Callable[[], Any]:
    return lambda: signal.getsignal(number)


def _set_handler(number: signal.Signals) -> Callable[[Any], object]:
    return lambda handler: signal.signal(number, handler)


def _flushes_denormals(torch: Any) -> bool:
    return float(torch.full((), 1e-40, dtype=torch.float32, device="cpu") * 1.0) == 0.0


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name not in _SET_BY_IMPORTS}


_SET_BY_IMPORTS: Final = {"KMP_DUPLICATE_LIB_OK", "KMP_INIT_AT_FORK", "TORCHINDUCTOR_CACHE_DIR"}
"""Set by scikit-learn for its own threads, and by torch's compiler, which torch's optimizers import."""


def _working_directory() -> str:
    try:
        return os.getcwd()  # noqa: PTH109 - as text, to go back to
    except OSError:
        return ""


def _stuck() -> dict[str, int]:
    """Return how many there are of what cannot be put back."""
    if torch_if_installed() is None:
        return {}
    import torch
    from torch.nn.modules import module

    hooks = [value for name, value in vars(module).items() if name.startswith("_global_") and isinstance(value, dict)]
    return {
        "torch's inference mode entered": int(torch.is_inference_mode_enabled()),
        "a mode of torch's entered": torch._C._len_torch_function_stack() + torch._C._len_torch_dispatch_stack(),
        "a hook on all of torch's modules": sum(map(len, hooks)),
    }


@contextmanager
def _files_of_streams(remains: Remains) -> Iterator[None]:
    """Put back the files behind the standard streams."""
    copies = {}
    for number in (0, 1, 2):
        with contextlib.suppress(OSError):
            copies[number] = os.dup(number), _identity(number)
    try:
        yield
    finally:
        for number, (copy, identity) in copies.items():
            if _identity(number) != identity:
                os.dup2(copy, number)
                remains.restored.append(f"the file of {('stdin', 'stdout', 'stderr')[number]}")
            os.close(copy)


def _identity(number: int) -> tuple[int, int] | None:
    try:
        status = os.fstat(number)
    except OSError:
        return None
    return status.st_dev, status.st_ino
