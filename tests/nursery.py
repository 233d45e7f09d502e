"""Python processes that start in a twentieth of a second: they are forked from one that has imported everything.

Importing torch takes 1.7 s of a processor, and the tests start hundreds of workers and commands. A process from the
nursery is one of its own, with its own files, environment, folder, arguments and exit code, and it executes its program
anew; only what the program imports is in memory already. It ends when what ``atexit`` knows has been called, without
the interpreter taking apart all modules, which takes half a second more. A test of how processes start or end takes the
fixture ``real_processes``.

``python nursery.py ADDRESS OWNER`` is the process that forks, for as long as the process OWNER lives: that of the
tests, or, where xdist starts several, the one that started them, and they share it. Where there is no ``pidfd_open``,
processes start as always.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import gc
import hashlib
import importlib
import importlib.machinery
import json
import os
import pkgutil
import runpy
import select
import selectors
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import types
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

WITHOUT_TORCH = (
    "filelock jinja2 matplotlib.backends.backend_agg matplotlib.backends.backend_svg matplotlib.figure numpy pandas "
    "pooch pydantic requests rich.progress rich.table scipy.stats sqlalchemy sqlalchemy.dialects.sqlite typer "
    "typer.rich_utils yaml"
)
# The first optimizer of a process imports torch._dynamo, which takes longer than importing torch.
WITH_TORCH = "torch torch._dynamo torch.optim torch.utils.data sklearn.datasets optuna"
# A process can take these on after it has started; what else is Python's or a library's is read at the start. The last
# one is set by torch when its compiler is imported, so that a test process has it from its first optimizer on.
LATE = ("PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED", "PYTHONWARNINGS", "TORCHINDUCTOR_CACHE_DIR")
EARLY = ("PYTHON", "OMP_", "MKL_", "LD_", "DYLD_", "TORCH", "NURSERY_")
BARE = {"NURSERY_BARE": "1"}
"""In the environment of a process that is to find neither torch nor seedwise in memory."""
BLOCKED = {"NURSERY_BLOCKED": "torch sklearn"}
"""In the environment of a process that cannot import these, as where they are not installed."""
OWNER = "owner"
"""In a folder of addresses, the file with the number of the process that it belongs to."""
SHARED = "SEEDWISE_TESTS_NURSERY"
"""In the environment of the processes that xdist starts: the folder of addresses that they share."""
MESSAGE = 1 << 20


class Nursery:
    """The processes that fork, at addresses in a folder: one for each environment of the start.

    Args:
        usual: the environments that are worth one; for others processes start as always.
        folder: where another process has them; by default they are started here when they are first needed.

    """

    def __init__(self, usual: Sequence[Mapping[str, str]] = (), folder: Path | None = None) -> None:
        self._usual = [_early(environment) for environment in usual] if hasattr(os, "pidfd_open") else []
        self._folder = folder

    @functools.cached_property
    def folder(self) -> Path:
        """Where the addresses are; short, since an address has at most 107 characters."""
        return self._folder or new_folder()

    def address(self, environment: Mapping[str, str]) -> Path | None:
        """Return where to ask for a process with ``environment``, if anywhere."""
        path = self.folder / _key(environment)
        if _early(environment) in self._usual:
            import filelock  # not above: what it imports is to end before what ``_End`` does

            with filelock.FileLock(path.with_suffix(".lock")):
                if not path.exists():
                    _start(path, {name: value for name, value in environment.items() if name not in LATE})
        return path if path.exists() else None

    def run(
        self, arguments: Sequence[str], *, timeout: float, given: str | None = None, **options: Any
    ) -> subprocess.CompletedProcess[str]:
        """Execute ``python`` with ``arguments`` and return its end and what it printed, as ``subprocess.run`` does.

        Args:
            arguments: the program and its arguments.
            timeout: in seconds.
            given: what it reads from its input.
            options: as of ``subprocess.run``.

        """
        from seedwise.execution._processes import worker_environment

        self.address(worker_environment())  # for the workers that it starts
        pipe = subprocess.PIPE
        pipes = {"stdin": None if given is None else pipe, "stdout": pipe, "stderr": pipe}
        with self.popen()([sys.executable, *arguments], text=True, **pipes, **options) as process:
            try:
                out, errors = process.communicate(given, timeout=timeout)
            except BaseException:
                process.kill()
                raise
        return subprocess.CompletedProcess([*arguments], process.returncode, out, errors)

    def popen(self, *, families: bool = False) -> type[subprocess.Popen[Any]]:
        """Return ``subprocess.Popen`` that takes processes of this Python from here.

        Args:
            families: whether a process forks its own workers, in its session, so that one signal ends them all. Its
                environment has to be that of workers.

        """
        return type("Popen", (_Popen,), {"nursery": self, "families": families})

    def subprocess(self) -> types.SimpleNamespace:
        """Return the module ``subprocess`` with that ``Popen``."""
        return types.SimpleNamespace(**{**vars(subprocess), "Popen": self.popen()})


def new_folder() -> Path:
    """Make a folder for addresses, which belongs to this process and goes with it."""
    folder = Path(tempfile.mkdtemp(prefix="nursery-"))
    (folder / OWNER).write_text(str(os.getpid()))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def _start(address: Path, environment: Mapping[str, str]) -> None:
    owner = (address.parent / OWNER).read_text()
    # By pipes, as those who ask for processes have them: Python looks at its start whether a file can be gone back in.
    started = subprocess.run(
        [sys.executable, __file__, str(address), owner],
        env=environment,
        input=b"",
        capture_output=True,
        start_new_session=True,
        check=False,
    )
    assert address.exists(), started.stderr.decode()


class _Popen(subprocess.Popen[Any]):
    nursery: Nursery
    families: bool
    _ends: socket.socket | None = None

    def _execute_child(self, args, executable, preexec_fn, close_fds, pass_fds, cwd, env, *rest):
        plain = preexec_fn is None and not pass_fds and args[0] == sys.executable and program(args[1:]) is not None
        environment = os.environ if env is None else env
        address = self.nursery.address(environment) if plain else None
        if address is None:
            super()._execute_child(args, executable, preexec_fn, close_fds, pass_fds, cwd, env, *rest)
            return
        request = {
            "arguments": [str(word) for word in args[1:]],
            "cwd": str(cwd or Path.cwd()),
            "environment": dict(environment),
            "new_session": rest[14],
            "folder": str(self.nursery.folder),
            "family": self.families,
        }
        pipes = rest[3:9]  # of its input, output and errors: one end and the other
        files = [number if file == -1 else file for number, file in enumerate((pipes[0], pipes[3], pipes[5]))]
        self._ends = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._ends.connect(str(address))
        socket.send_fds(self._ends, [json.dumps(request).encode()], files)
        self.pid = int(self._ends.recv(100))
        self._child_created = True
        self._close_pipe_fds(*pipes)

    def _try_wait(self, wait_flags):
        if self._ends is None:
            return super()._try_wait(wait_flags)
        if wait_flags & os.WNOHANG and not select.select([self._ends], [], [], 0)[0]:
            return 0, 0
        status = int(self._ends.recv(100) or signal.SIGKILL)
        self._ends.close()
        return self.pid, status

    def _internal_poll(self, *arguments, **options):
        if self._ends is None:
            return super()._internal_poll(*arguments, **options)
        if self.returncode is None and self._waitpid_lock.acquire(blocking=False):
            try:
                if self.returncode is None:
                    pid, status = self._try_wait(os.WNOHANG)
                    if pid:
                        self._handle_exitstatus(status)
            finally:
                self._waitpid_lock.release()
        return self.returncode


@functools.cache
def nursery() -> Nursery:
    """Return the nursery of these tests, whose processes start with the environment of now."""
    from seedwise.execution._processes import worker_environment

    fixed_hashes = {**os.environ, "PYTHONHASHSEED": "0"}
    shared = os.environ.get(SHARED)
    without_torch = [{**os.environ, **BARE}, {**os.environ, **BLOCKED}]
    usual = [os.environ, *without_torch, fixed_hashes, worker_environment()]
    return Nursery(usual, Path(shared) if shared else None)


def environment_of_families() -> dict[str, str]:
    """Return the environment in which a driver can fork workers, which is that of workers."""
    from seedwise.execution._processes import worker_environment

    return worker_environment()


def _early(environment: Mapping[str, str]) -> dict[str, str]:
    return {k: v for k, v in environment.items() if k.startswith(EARLY) and k not in LATE}


def _key(environment: Mapping[str, str]) -> str:
    return hashlib.sha256(json.dumps(_early(environment), sort_keys=True).encode()).hexdigest()[:16]


def program(arguments: Sequence[str]) -> tuple[list[str], str, str, list[str]] | None:
    """Take a command line of Python apart: options of warnings, the kind of program, the program, its arguments."""
    words, options = [str(word) for word in arguments], []
    while words[:1] == ["-W"]:
        options.append(words[1])
        del words[:2]
    if words[0].startswith("-"):
        return (options, words[0], words[1], words[2:]) if words[0] in ("-c", "-m") else None
    return options, "file", words[0], words[1:]


def _import_all() -> None:
    for name in WITHOUT_TORCH.split():
        importlib.import_module(name)
    if BARE.keys() <= os.environ.keys():
        return
    blocked = os.environ.get("NURSERY_BLOCKED", "").split()
    sys.modules.update(dict.fromkeys(blocked))  # type: ignore[arg-type]  # now: scipy.stats takes it for a module
    for name in [] if blocked else WITH_TORCH.split():
        importlib.import_module(name)
    import seedwise

    for module in pkgutil.walk_packages(seedwise.__path__, "seedwise."):
        # What is executed is not imported, nor what reads the size of the window when it is.
        if not module.name.startswith(("seedwise.cli", "seedwise.__main__", "seedwise.integrations")) and (
            not module.name.endswith(("._worker", "._program"))
        ):
            # What needs a module that is blocked is imported again by who asks for it, and fails there.
            with contextlib.suppress(*([ModuleNotFoundError] if blocked else [])):
                importlib.import_module(module.name)


def _listen(address: Path) -> socket.socket:
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    hidden = address.with_suffix(".new")
    listening.bind(str(hidden))
    listening.listen(64)
    hidden.rename(address)  # who finds it can ask
    return listening


def serve(listening: socket.socket, lifeline: int) -> dict[str, Any]:
    """Fork whenever asked, until ``lifeline`` can be read; return, in the child, what was asked for."""
    selector = selectors.DefaultSelector()
    selector.register(lifeline, selectors.EVENT_READ)
    selector.register(listening, selectors.EVENT_READ)
    ends: dict[int, tuple[int, socket.socket]] = {}
    while True:
        for key, _ in selector.select():
            if key.fd == lifeline:
                os._exit(0)
            elif key.fd in ends:
                pid, asking = ends.pop(key.fd)
                selector.unregister(key.fd)
                os.close(key.fd)
                with contextlib.suppress(OSError), asking:  # who asked may be gone
                    asking.send(str(os.waitpid(pid, 0)[1]).encode())
            else:
                asking, _ = listening.accept()
                message, files, *_ = socket.recv_fds(asking, MESSAGE, 3)
                if not message:  # who asked has been killed meanwhile
                    asking.close()
                    continue
                pid = os.fork()
                if pid == 0:
                    for one in (listening, selector, asking, *(end for _, end in ends.values())):
                        one.close()
                    for number, file in enumerate(files):
                        os.dup2(file, number)
                    for file in {*files, *ends, lifeline} - {0, 1, 2}:
                        os.close(file)
                    return json.loads(message)
                for file in files:
                    os.close(file)
                with contextlib.suppress(OSError):
                    asking.send(str(pid).encode())
                pidfd = os.pidfd_open(pid)
                ends[pidfd] = pid, asking
                selector.register(pidfd, selectors.EVENT_READ)


def become(request: Mapping[str, Any]) -> tuple[str, str]:
    """Make of a forked process the one that was asked for; return the kind of its program, and the program."""
    import numpy as np

    if request["new_session"]:
        os.setsid()
    os.chdir(request["cwd"])
    os.environ.clear()
    os.environ.update(request["environment"])
    split = program(request["arguments"])
    assert split is not None
    options, kind, what, words = split
    sys.argv = [what if kind == "file" else kind, *words]
    sys.orig_argv = [sys.executable, *request["arguments"]]
    sys.path[0] = {"-c": "", "-m": request["cwd"]}.get(kind, str(Path(what).resolve().parent))
    sys.dont_write_bytecode = bool(os.environ.get("PYTHONDONTWRITEBYTECODE"))
    sys.stdout.reconfigure(write_through=bool(os.environ.get("PYTHONUNBUFFERED")))
    sys.warnoptions = [*filter(None, os.environ.get("PYTHONWARNINGS", "").split(",")), *options]
    warnings._processoptions(sys.warnoptions)
    np.random.seed()  # noqa: NPY002 - every process starts with a state of its own
    signal.signal(signal.SIGINT, signal.default_int_handler)
    folder = Path(request["folder"])
    if request["family"]:
        folder /= str(os.getpid())
        folder.mkdir()
        asked = _have_child(folder / _key(os.environ))
        if asked is not None:
            return become(asked)
    if not BARE.keys() <= os.environ.keys():
        from seedwise.execution import _processes

        _processes.subprocess = Nursery(folder=folder).subprocess()
    return kind, what


def _have_child(address: Path) -> dict[str, Any] | None:
    """Fork a process that forks, for as long as this one lives; return what was asked for in what that one forks."""
    listening = _listen(address)
    lifeline, held = os.pipe()
    if os.fork():
        listening.close()
        os.close(lifeline)
        return None
    os.close(held)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches it too: it has to say how the workers ended
    _let_go()
    return {**serve(listening, lifeline), "family": False}


def _let_go() -> None:
    """Leave input and output to others."""
    nothing = os.open(os.devnull, os.O_RDWR)
    for number in range(3):
        os.dup2(nothing, number)


class _End:
    """How a program ended, so that its process can end without clearing what the one that forked it has imported."""

    code: int = 0
    interrupted: bool = False

    def __init__(self) -> None:
        atexit.register(self.leave)

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, _: object) -> None:
        self.interrupted = isinstance(error, KeyboardInterrupt)
        if isinstance(error, SystemExit):
            code = error.code
            self.code = (code or 0) & 0xFF if code is None or isinstance(code, int) else 1
        elif error is not None:
            self.code = 1

    def leave(self) -> None:
        """End at once, if what was printed could be written; else Python says that it could not."""
        try:
            sys.stdout.flush()
            sys.stderr.flush()
        except (OSError, ValueError):
            return
        if self.interrupted:
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            os.kill(os.getpid(), signal.SIGINT)
        os._exit(self.code)


if __name__ == "__main__":
    _ending = _End()  # before anything that is imported, so that it is called last
    _import_all()
    gc.collect()
    gc.freeze()
    _owner = os.pidfd_open(int(sys.argv[2]))
    _listening = _listen(Path(sys.argv[1]))
    if os.fork():
        os._exit(0)  # who asked waits for this, and nobody for what goes on
    _let_go()
    _kind, _what = become(serve(_listening, _owner))
    with _ending:
        if _kind == "-m":
            runpy.run_module(_what, run_name="__main__", alter_sys=True)
        else:
            _main = sys.modules["__main__"] = types.ModuleType("__main__")
            if _kind == "file":
                _main.__file__ = _what
                _main.__loader__ = importlib.machinery.SourceFileLoader("__main__", _what)
            _code = _what if _kind == "-c" else Path(_what).read_bytes()
            exec(compile(_code, "<string>" if _kind == "-c" else _what, "exec"), vars(_main))
