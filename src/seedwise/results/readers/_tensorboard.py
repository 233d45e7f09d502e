"""TensorBoard: folders of event files, a folder per run.

An event file is a row of TFRecords (https://www.tensorflow.org/tutorials/load_data/tfrecord), each an ``Event``
(https://github.com/tensorflow/tensorboard/tree/master/tensorboard/compat/proto).
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Final

import numpy as np

from seedwise.results._read import Frame
from seedwise.results.readers._files import Broken, content, name_in, walked, yaml_of
from seedwise.results.readers._runs import Cell, TrackedRun, flat
from seedwise.results.readers._wire import Value, fields, signed, submessages

NAME: Final = ".tfevents."
_CHECKED: Final = 4096
"""Bytes up to which a record is checked that holds nothing we read: images and histograms are long."""

_NUMBERS: Final = {1: "<f4", 2: "<f8", 3: "<i4", 9: "<i8", 19: "<f2", 22: "<u4", 23: "<u8"}
"""What the bytes of a tensor are, by its type."""

_START: Final = 1
"""The status of a session that begins."""

_EVENT: Final = range(1, 11)
_VALUE: Final = range(1, 10)
"""The fields of an event and of a value of a summary: those that are not read hold no numbers, such as images."""

_EXPORT: Final = re.compile(r"run-(?P<run>.+)-tag-(?P<metric>.+)")

_SPLITS: Final = frozenset({"train", "training", "val", "valid", "validation", "test", "eval", "evaluation"})
"""Folders into which programs write what they measure on a part of the data."""

_FLOATS: Final = {5: "<f4", 6: "<f8"}
_INTEGERS: Final = frozenset({7, 10, 16, 17})


def wrote(_: Path, __: list[str], names: list[str]) -> bool:
    """Return whether a folder holds event files."""
    return any(NAME in name for name in names)


def runs_in(path: Path, broken: Broken) -> list[TrackedRun]:
    """Return the scalars of every folder of event files, and its hyperparameters."""
    runs: dict[Path, TrackedRun] = {}
    for folder, folders, names in walked(path):
        if not wrote(folder, folders, names):
            continue
        run = TrackedRun({"run": name_in(path, folder)})
        if "hparams.yaml" in names:
            with broken.skipped(folder / "hparams.yaml"):
                run.config.update(flat(yaml_of(folder / "hparams.yaml") or {}))
        for name in sorted((one for one in names if NAME in one), key=_begun):
            # A run that was stopped goes on in a file of its own, from its checkpoint.
            part = TrackedRun({})
            with broken.skipped(folder / name):
                for event in _records(content(folder / name)):
                    began = _take_in(event, part, broken)
                    if began is not None:
                        run.curve = {step: values for step, values in run.curve.items() if step < began}
            run = run.resumed(part)
        runs[folder] = run
    return _merged(runs, path)


def of_export(table: Frame) -> Frame:
    """Return a table; where TensorBoard wrote it, ``run-NAME-tag-METRIC.csv``, with the names of its run and metric.

    Args:
        table: as it was read.

    """
    named = _EXPORT.fullmatch(table.name)
    if named is None or list(table.data.columns) != ["Wall time", "Step", "Value"]:
        return table
    data = table.data.drop(columns="Wall time").rename(columns={"Value": named["metric"]})
    return replace(table, data=data, name=named["run"])


def _begun(name: str) -> list[int]:
    """Return what puts event files in the order in which they were begun: their names hold time, process and number."""
    return [int(digits) for digits in re.findall(r"\d+", name)]


def _merged(runs: dict[Path, TrackedRun], path: Path) -> list[TrackedRun]:
    """Return the runs, each with what was written of it into folders within its own, or next to each other.

    torch writes the hyperparameters of a run into such a folder and the curves of ``add_scalars`` into one each; Keras
    writes ``train`` and ``validation``.
    """
    for folder in list(runs):
        above = next((parent for parent in folder.parents if parent in runs), None)
        if above is None:
            continue
        inner, outer, name = runs[folder], runs[above], folder.relative_to(above).as_posix()
        if inner.config and not outer.config:
            outer.config = runs.pop(folder).config
            for _, values in sorted(inner.curve.items()):
                outer.final.update(values)
        elif all(re.match(re.escape(tag).replace("/", "[/_]") + "[/_]", name) for tag in inner.metrics):
            _add(outer, runs.pop(folder), name)
    splits = [folder for folder in runs if folder != path and folder.name.lower() in _SPLITS]
    whole = {folder.parent for folder in runs if folder not in splits}
    for folder in splits:
        if folder.parent not in whole:
            outer = runs.setdefault(folder.parent, TrackedRun({"run": name_in(path, folder.parent)}))
            _add(outer, runs.pop(folder), f"{folder.name}/{{}}")
    return [run for run in runs.values() if run.metrics or run.config]


def _add(run: TrackedRun, part: TrackedRun, name: str) -> None:
    """Add what was written of a run in a folder of its own, ``{}`` being the name of a metric there."""
    run.config |= part.config
    for step, values in part.curve.items():
        for tag, cell in values.items():
            run.log(name.format(tag), step, cell)


def _take_in(event: bytes, run: TrackedRun, broken: Broken) -> int | None:
    """Take in an event; return its step where it says that the run begins again there (``purge_step``)."""
    step, summaries, begins = 0, [], False
    for number, value in fields(event):
        if number not in _EVENT:
            broken.count_unknown(number)
        elif number == 2:
            step = signed(value)
        elif number == 5 and isinstance(value, bytes):
            summaries.append(value)
        elif number == 7 and isinstance(value, bytes):
            begins = (1, _START) in fields(value)
    for summary in summaries:
        for one in submessages(summary, 1):
            _value(one, step, run, broken)
    return step if begins else None


def _value(message: bytes, step: int, run: TrackedRun, broken: Broken) -> None:
    """Take in a scalar, or the hyperparameters."""
    tag, found = "", None
    for number, value in fields(message):
        if number not in _VALUE:
            broken.count_unknown(number)
        elif number == 1 and isinstance(value, bytes):
            tag = value.decode()
        elif number == 2:
            found = _short(float(value))
        elif number == 8 and isinstance(value, bytes):
            found = _scalar(value)
        elif number == 9 and isinstance(value, bytes):
            for plugin in submessages(value, 1):
                parts: dict[int, Value] = dict(fields(plugin))
                if parts.get(1) == b"hparams":
                    _hyperparameters(parts.get(2, b""), run)
                    return
    if found is not None:
        run.log(tag, step, found)


def _short(value: float) -> float:
    """Return the number with the fewest digits that is the same one in single precision."""
    return float(str(np.float32(value)))


def _scalar(tensor: bytes) -> float | None:
    """Return the number in a tensor without dimensions, None for any other."""
    kind, numbers = 0, []
    for number, value in fields(tensor):
        if number == 1:
            kind = int(value)
        elif number == 2 and isinstance(value, bytes) and any(True for _ in submessages(value, 2)):
            return None
        elif number == 4 and isinstance(value, bytes) and kind in _NUMBERS:
            numbers += np.frombuffer(value, _NUMBERS[kind]).tolist()
        elif number in _FLOATS:
            numbers += np.frombuffer(value, _FLOATS[number]).tolist() if isinstance(value, bytes) else [value]
        elif number in _INTEGERS:
            numbers += [signed(value)] if not isinstance(value, bytes) else []
    if len(numbers) != 1:
        return None
    return _short(numbers[0]) if kind == 1 else float(numbers[0])


def _hyperparameters(message: Value, run: TrackedRun) -> None:
    assert isinstance(message, bytes)
    for start in submessages(message, 3):
        for entry in submessages(start, 1):
            parts = dict(fields(entry))
            key, value = parts.get(1), parts.get(2)
            if isinstance(key, bytes) and isinstance(value, bytes):
                run.config[key.decode()] = _setting(value)


def _setting(message: bytes) -> Cell:
    for number, value in fields(message):
        if number == 2:
            number_of = float(value)
            return int(number_of) if number_of.is_integer() else number_of
        if number == 3 and isinstance(value, bytes):
            return value.decode()
        if number == 4:
            return bool(value)
    return None


def _records(file: bytes) -> Iterator[bytes]:
    """Yield the records that are whole; a file that is still written ends in half a one.

    Raises:
        ValueError: at the first that is damaged.

    """
    at = 0
    while at + 12 <= len(file):
        size, crc = struct.unpack_from("<QI", file, at)
        if _masked(file[at : at + 8]) != crc:
            raise ValueError(f"damaged at byte {at}; what follows is left out")
        data = file[at + 12 : at + 12 + size]
        if at + 16 + size > len(file):
            return
        checked = size <= _CHECKED or _is_read(data)
        if checked and _masked(data) != struct.unpack_from("<I", file, at + 12 + size)[0]:
            raise ValueError(f"damaged at byte {at}; what follows is left out")
        yield data
        at += 16 + size


def _is_read(event: bytes) -> bool:
    """Return whether a record holds anything that we read."""
    found = TrackedRun({})
    _take_in(event, found, Broken())
    return bool(found.curve or found.config)


def _masked(data: bytes) -> int:
    table, crc = _table(), 0xFFFFFFFF
    for byte in data:
        crc = table[(crc ^ byte) & 255] ^ (crc >> 8)
    crc ^= 0xFFFFFFFF
    return (((crc >> 15) | (crc << 17)) + 0xA282EAD8) & 0xFFFFFFFF


@cache
def _table() -> list[int]:
    """Return the table of CRC-32C, bits reflected (RFC 3720, B.4)."""
    table = []
    for byte in range(256):
        crc = byte
        for _ in range(8):
            crc = (crc >> 1) ^ (0x82F63B78 if crc & 1 else 0)
        table.append(crc)
    return table
