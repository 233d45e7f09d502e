"""A worker: a process that trains runs, or reads them out, one after the other until its driver is gone.

It reads one JSON command a line from its standard input and answers on what was its standard output; whatever the
user's code prints goes to the log. It never opens the store.
"""

from __future__ import annotations

import json
import os
import queue
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

from seedwise.errors import SeedwiseError, StorageError
from seedwise.execution._exam import Exam, surroundings
from seedwise.execution._folder import StudyFolder
from seedwise.execution._jobs import Reading
from seedwise.execution._readout_worker import read_out
from seedwise.randomness import strict_determinism
from seedwise.run import (
    Checkpoint,
    Keep,
    Record,
    Run,
    RunCode,
    RunRecord,
    RunSpec,
    configure,
    execute,
    isolated,
    load_function,
)

_PATH: Final = list(sys.path)
"""Where modules are found before the user's code changes that."""


def main() -> None:
    """Serve until the standard input ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the driver decides what it means
    # Private copies: what the user's code prints goes to the log, and what it reads is empty.
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    orders = os.fdopen(os.dup(0))
    os.dup2(2, 1)
    with open(os.devnull) as nothing:  # noqa: PTH123 - a name that is no path on every system
        os.dup2(nothing.fileno(), 0)
    commands: queue.Queue[dict[str, Any]] = queue.Queue()
    stop = threading.Event()

    def listen() -> None:
        for line in orders:
            command = json.loads(line)
            if command["do"] == "stop":
                stop.set()
            else:
                commands.put(command)
        os._exit(0)  # the driver is gone, and nobody waits for this run

    def answer(**message: Any) -> None:
        try:
            answers.write(json.dumps(message) + "\n")
            answers.flush()
        except OSError:
            os._exit(0)

    threading.Thread(target=listen, daemon=True).start()
    # Imports torch before the first run, so that the time is not charged to it.
    with strict_determinism():
        pass
    answer(event="ready")
    while True:
        command = commands.get()
        spec = RunSpec.from_content(command["content"])
        if stop.is_set():
            answer(event="done", id=spec.id, status="interrupted", last=False)
            continue
        try:
            status, last = _work(spec, command, stop, answer)
        except StorageError as error:
            answer(event="storage", id=spec.id, error=str(error))
        else:
            answer(event="done", id=spec.id, status=status, last=last)


def _work(
    spec: RunSpec, command: dict[str, Any], stop: threading.Event, answer: Callable[..., None]
) -> tuple[str, bool]:
    """Do what is asked and put the record into the outbox unless it was interrupted.

    Returns:
        Its status, and whether this worker must not be given another.

    """
    for folder in reversed(command["import_from"]):
        if folder not in sys.path:
            sys.path.insert(0, folder)
    folder = StudyFolder(Path(command["folder"]))
    record: Record
    last = False
    if command["do"] == "read":
        reading, keep = Reading.from_command(command), Keep(**command["keep"])
        with isolated() as remains:
            record = read_out(reading, folder, device=command["device"], keep=keep, should_stop=stop.is_set)
        last = bool(remains.stuck)
    else:
        process = os.getpid()
        record, last = _train(spec, command, folder, stop, answer)
        if os.getpid() != process:
            os._exit(0)  # a child that the function forked came back from it: only its parent answers
        if "exam" in command:
            record.environment |= surroundings()
    if record.status != "interrupted":
        folder.hand_over(record)
    elif "exam" in command:  # it was to end there
        folder.hand_over(record)
        return "examined", last
    return record.status, last


def _train(
    spec: RunSpec, command: dict[str, Any], folder: StudyFolder, stop: threading.Event, answer: Callable[..., None]
) -> tuple[RunRecord, bool]:
    try:
        return run_spec(
            spec,
            folder=folder,
            path=[*command["import_from"], *_PATH],
            device=command["device"],
            keep=Keep(**command["keep"]),
            evaluate_epochs=command["evaluate_epochs"],
            every_epochs=command["every_epochs"],
            every_seconds=command["every_seconds"],
            keep_trace=command["keep_trace"],
            should_stop=stop.is_set,
            on_epoch=lambda epoch: answer(event="epoch", id=spec.id, epoch=epoch),
            exam=Exam(**command["exam"]) if "exam" in command else Exam(),
        )
    except StorageError:
        raise
    except SeedwiseError as error:
        return RunRecord(spec.id, spec.content, "crashed", error=str(error)), False


def run_spec(
    spec: RunSpec,
    *,
    folder: StudyFolder,
    path: Sequence[str],
    device: str,
    keep: Keep,
    evaluate_epochs: bool,
    every_epochs: int | None,
    every_seconds: float | None,
    keep_trace: bool,
    should_stop: Callable[[], bool],
    on_epoch: Callable[[int], None],
    exam: Exam,
) -> tuple[RunRecord, bool]:
    """Train a run by its spec; return its record and whether it must be the last in this process."""
    code = RunCode(spec, path)
    with code.watched():
        function = load_function(spec.function)
    checkpoint = Checkpoint(
        folder.checkpoint(spec.id),
        every_epochs=every_epochs,
        every_seconds=every_seconds,
        should_stop=should_stop,
        keep_trace=keep_trace,
        stop_after=exam.stop_after,
    )
    run = Run(
        spec,
        configure(function, spec.config),
        device=device,
        checkpoint=checkpoint,
        keep=keep,
        evaluate_epochs=evaluate_epochs,
        on_epoch=on_epoch,
        code=code,
    )
    with exam.logged(run):
        return execute(run, function, exam.outside), run.must_be_last


if __name__ == "__main__":
    main()
