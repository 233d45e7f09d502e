"""Weights & Biases: the record that its program keeps of a run, ``run-ID.wandb``.

The file is a log as LevelDB has it (https://github.com/google/leveldb/blob/main/doc/log_format.md) with a plain CRC-32
and seven bytes before the first block; its records are protocol buffers (``wandb_internal.proto``).
"""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from seedwise.results.readers._files import Broken, content, walked
from seedwise.results.readers._runs import Cell, TrackedRun, flat, numbers_of
from seedwise.results.readers._wire import fields, signed, submessages

_MARK: Final = b":W&B"
_START: Final = 7
_BLOCK: Final = 1 << 15
_FULL, _FIRST, _MIDDLE, _LAST = 1, 2, 3, 4
_HISTORY, _SUMMARY, _CONFIG, _RUN, _EXIT = 2, 3, 5, 17, 18
_KINDS: Final = frozenset({*range(1, 14), *range(16, 27), 100, 200})
"""What a record can be by ``wandb_internal.proto``: the others of these hold no results, such as files and output."""


ENDING: Final = ".wandb"


def wrote(_: Path, __: list[str], names: list[str]) -> bool:
    """Return whether a folder holds the record of a run."""
    return any(name.endswith(ENDING) for name in names)


def runs_in(path: Path, broken: Broken) -> list[TrackedRun]:
    """Return every run in a folder, or that of a file: configuration, history by step, what the summary alone says.

    A run that was resumed has a file for each of its parts, in folders whose names begin with the time.
    """
    runs: dict[tuple[Cell, Cell], TrackedRun] = {}
    inside = (root / name for root, _, names in walked(path) for name in names if name.endswith(ENDING))
    for file in inside if path.is_dir() else [path]:
        with broken.skipped(file):
            run = _run(content(file), file, broken)
            key = (run.about.get("project"), run.about["run_id"])
            runs[key] = _resumed(runs[key], run) if key in runs else run
    return list(runs.values())


def _resumed(before: TrackedRun, run: TrackedRun) -> TrackedRun:
    """Return both parts of a run; without a server the second one counts its steps from 0 again."""
    counts_anew = before.curve and min(run.curve, default=1) == 0
    return before.resumed(run, behind=max(before.curve) + 1 if counts_anew else 0)


def _run(log: bytes, file: Path, broken: Broken) -> TrackedRun:
    if log[:4] != _MARK:
        raise ValueError("it is no record of a run")
    run = TrackedRun({"run": "", "run_id": file.stem.removeprefix("run-"), "state": "unfinished"})
    config: dict[str, Any] = {}
    summary: dict[str, Any] = {}
    with broken.skipped(file):  # what stands before the damage is kept: a run that was killed leaves half a record
        for record in _records(log):
            for number, value in fields(record):
                if number not in _KINDS:
                    broken.count_unknown(number)
                elif isinstance(value, bytes):
                    _take_in(number, value, run, config, summary)
    run.about["run"] = run.about["run"] or run.about["run_id"]
    config.pop("_wandb", None)
    run.config = flat(config)
    logged = {name: cell for _, values in sorted(run.curve.items()) for name, cell in values.items()}
    for name, cell in numbers_of({k: v for k, v in summary.items() if k[:1] != "_" and not _is_media(v)}).items():
        if name not in logged:
            run.final[name] = cell
        elif not _same(cell, logged[name]):  # a summary that is the best of a curve, say
            run.final[f"summary.{name}"] = cell
    return run


def _take_in(number: int, value: bytes, run: TrackedRun, config: dict[str, Any], summary: dict[str, Any]) -> None:
    if number == _RUN:
        _describe(run, value)
        for part in submessages(value, 4):
            _update(config, part)
    elif number == _CONFIG:
        _update(config, value)
    elif number == _SUMMARY:
        _update(summary, value)
    elif number == _HISTORY:
        _log(run, value)
    elif number == _EXIT:
        code = next((signed(found) for one, found in fields(value) if one == 1), 0)
        run.about["state"] = "finished" if code == 0 else "failed"


def _same(a: Cell, b: Cell) -> bool:
    return a == b or (a != a and b != b)  # noqa: PLR0124 - no number


def _describe(run: TrackedRun, message: bytes) -> None:
    names = {1: "run_id", 3: "project", 6: "group", 7: "job_type", 8: "run"}
    for number, value in fields(message):
        if number in names and isinstance(value, bytes):
            run.about[names[number]] = value.decode()


def _update(values: dict[str, Any], message: bytes) -> None:
    """Take in what a message sets and removes."""
    for number, part in fields(message):
        if number in (1, 2) and isinstance(part, bytes):
            key, value = _item(part)
            *outer, last = key
            inside = values
            for name in outer:
                inside = inside.setdefault(name, {}) if isinstance(inside.setdefault(name, {}), dict) else {}
            if number == 1:
                inside[last] = value
            else:
                inside.pop(last, None)


def _item(message: bytes) -> tuple[list[str], Any]:
    key: list[str] = []
    value = None
    for number, part in fields(message):
        if isinstance(part, bytes) and number in (1, 2):
            key.append(part.decode())
        elif isinstance(part, bytes) and number == 16:
            value = json.loads(part)
    if not key:
        raise ValueError("a value has no name")
    return key, value


def _log(run: TrackedRun, message: bytes) -> None:
    step, items = None, {}
    for number, part in fields(message):
        if number == 1 and isinstance(part, bytes):
            key, value = _item(part)
            items[".".join(key)] = value
        elif number == 2 and isinstance(part, bytes):
            step = next((signed(value) for one, value in fields(part) if one == 1), 0)
    if step is None:
        step = items.get("_step", len(run.curve))
    for name, value in items.items():
        if not name.startswith("_") and not _is_media(value):
            for part_name, cell in numbers_of({name: value}).items():
                run.log(part_name, float(step), cell)


def _is_media(value: object) -> bool:
    return isinstance(value, dict) and "_type" in value


def _records(log: bytes) -> Iterator[bytes]:
    at, whole = _START, b""
    while at + 7 <= len(log):
        left = _BLOCK - at % _BLOCK
        if left < 7:  # too little for a record: padding
            at += left
            continue
        crc, size, kind = struct.unpack_from("<IHB", log, at)
        if not kind and not size and not crc:
            at += left
            continue
        data = log[at + 7 : at + 7 + size]
        if len(data) < size:
            break
        if zlib.crc32(bytes([kind]) + data) != crc:
            raise ValueError(f"damaged at byte {at}; what follows is left out")
        at += 7 + size
        whole = data if kind in (_FULL, _FIRST) else whole + data
        if kind in (_FULL, _LAST):
            yield whole
