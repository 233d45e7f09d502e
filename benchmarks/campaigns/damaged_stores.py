"""Damage a store in every way that comes to mind, and look at what is read from it.

Every damage must end in the numbers of the whole store, or in a line that names the damage: never in other numbers
without a word, and never in a traceback. What ``recover`` saves must be readable, and runs of the whole store.

    PYTHONPATH=src python benchmarks/campaigns/damaged_stores.py --n 2000
"""

from __future__ import annotations

import shutil
import sqlite3
import sys
import traceback
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))

from command import run_campaign
from toy_study import MadeUp, plain, study_in

from seedwise.errors import SeedwiseError
from seedwise.store import Store, recover
from seedwise.study import export_compact, study_results

Draw = np.random.Generator


def numbers(path: Path) -> Any:
    """Return all that a store says, and what a report makes of it."""
    with Store(path) as store:
        ids = [run.run_id for run in store.runs()]
        return plain(
            [
                store.studies(),
                store.runs(),
                store.documents(),
                store.series(ids),
                store.predictions(ids),
                store.predictions(ids, tag="crop25"),
                store.forecasts(ids),
                store.observed(ids),
                store.readouts(),
                store.tags(),
                store.trainings(),
                store.accepted_code(),
                _of_store(study_results(store)),
            ]
        )


def _of_store(results: Any) -> Any:
    """Return what reports are made of without what rests on files next to the store, the weights."""
    return [replace(one, parts=tuple(replace(part, similarity=None) for part in one.parts)) for one in results]


# Damages of the file


def flip(path: Path, draw: Draw) -> str:
    """Change bits of one byte, as a failing disk or memory does."""
    content = bytearray(path.read_bytes())
    at, mask = int(draw.integers(len(content))), int(draw.integers(1, 256))
    content[at] ^= mask
    path.write_bytes(content)
    return f"byte {at} ^ {mask}"


def truncate(path: Path, draw: Draw) -> str:
    """Cut the end off, as a copy that was stopped."""
    length = int(draw.integers(path.stat().st_size))
    with path.open("r+b") as file:
        file.truncate(length)
    return f"to {length}"


def blank(path: Path, draw: Draw) -> str:
    """Fill a page with zeros, or with what stands in another."""
    content = path.read_bytes()
    size = 4096
    pages = [content[k : k + size] for k in range(0, len(content), size)]
    at, source = int(draw.integers(len(pages))), int(draw.integers(-1, len(pages)))
    pages[at] = pages[source] if source >= 0 else bytes(size)
    path.write_bytes(b"".join(pages))
    return f"page {at} from {source}"


# Damages of rows, by SQL


def _tables(db: sqlite3.Connection) -> list[str]:
    found = db.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE 'seedwise_%' ORDER BY name")
    return [name for (name,) in found if db.execute(f"SELECT count(*) FROM {name}").fetchone()[0]]


def _row(db: sqlite3.Connection, table: str, draw: Draw) -> int:
    ids = [rowid for (rowid,) in db.execute(f"SELECT rowid FROM {table}")]
    return int(ids[draw.integers(len(ids))])


def _columns(db: sqlite3.Connection, table: str) -> list[tuple[str, bool]]:
    return [(row[1], bool(row[5])) for row in db.execute(f"PRAGMA table_info({table})")]


def delete(path: Path, draw: Draw) -> str:
    """Delete a row."""
    with closing(sqlite3.connect(path)) as db, db:
        table = str(draw.choice(_tables(db)))
        rowid = _row(db, table, draw)
        db.execute(f"DELETE FROM {table} WHERE rowid = ?", (rowid,))
    return f"row {rowid} of {table}"


def delete_all(path: Path, draw: Draw) -> str:
    """Delete all rows of a table."""
    with closing(sqlite3.connect(path)) as db, db:
        table = str(draw.choice(_tables(db)))
        db.execute(f"DELETE FROM {table}")
    return table


def drop(path: Path, draw: Draw) -> str:
    """Drop a table."""
    with closing(sqlite3.connect(path)) as db, db:
        table = str(draw.choice(_tables(db)))
        db.execute(f"DROP TABLE {table}")
    return table


def duplicate(path: Path, draw: Draw) -> str:
    """Write a row a second time, with one column of its key changed so that it goes in."""
    with closing(sqlite3.connect(path)) as db:
        table = str(draw.choice(_tables(db)))
        rowid = _row(db, table, draw)
        columns = _columns(db, table)
        key = str(draw.choice([name for name, is_key in columns if is_key]))
        changed = {key: f'CASE typeof("{key}") WHEN \'integer\' THEN "{key}" + 1 ELSE "{key}" || \'2\' END'}
        if table == "seedwise_runs":
            changed["nonce"] = "nonce || '2'"
        names = ", ".join(f'"{name}"' for name, _ in columns)
        values = ", ".join(changed.get(name, f'"{name}"') for name, _ in columns)
        try:
            with db:
                db.execute(f"INSERT INTO {table} ({names}) SELECT {values} FROM {table} WHERE rowid = ?", (rowid,))
        except sqlite3.IntegrityError:
            return "nothing: there is such a row"
    return f"row {rowid} of {table} by {key}"


def swap(path: Path, draw: Draw) -> str:
    """Let two rows have each other's value, as a blob of another row."""
    with closing(sqlite3.connect(path)) as db:
        table = str(draw.choice(_tables(db)))
        columns = [name for name, is_key in _columns(db, table) if not is_key] or [_columns(db, table)[0][0]]
        column = str(draw.choice(columns))
        one, two = _row(db, table, draw), _row(db, table, draw)
        try:
            with db:
                values = [
                    db.execute(f'SELECT "{column}" FROM {table} WHERE rowid = ?', (k,)).fetchone()[0]
                    for k in (two, one)
                ]
                db.execute(f'UPDATE {table} SET "{column}" = NULL || ? WHERE rowid = ?', (str(draw.random()), one))
                for rowid, value in zip((one, two), values, strict=True):
                    db.execute(f'UPDATE {table} SET "{column}" = ? WHERE rowid = ?', (value, rowid))
        except sqlite3.IntegrityError:
            return "nothing: a value must be there, or be there once"
    return f"{column} of rows {one} and {two} of {table}"


def change(path: Path, draw: Draw) -> str:
    """Change a value: a digit of a text, a number, a byte of a blob, or nothing where there was something."""
    with closing(sqlite3.connect(path)) as db:
        table = str(draw.choice(_tables(db)))
        column = str(draw.choice([name for name, _ in _columns(db, table)]))
        rowid = _row(db, table, draw)
        (value,) = db.execute(f'SELECT "{column}" FROM {table} WHERE rowid = ?', (rowid,)).fetchone()
        new = _changed(value, draw)
        try:
            with db:
                db.execute(f'UPDATE {table} SET "{column}" = ? WHERE rowid = ?', (new, rowid))
        except sqlite3.IntegrityError:
            return "nothing: a value must be there, or be there once"
    return f"{column} of row {rowid} of {table}"


def _changed(value: Any, draw: Draw) -> Any:
    if draw.random() < 0.1:
        return None
    if isinstance(value, str):
        digits = [k for k, letter in enumerate(value) if letter.isdigit()]
        if not digits:
            return value + "x"
        at = int(draw.choice(digits))
        return value[:at] + str((int(value[at]) + 1) % 10) + value[at + 1 :]
    if isinstance(value, bytes) and value:
        at = int(draw.integers(len(value)))
        return value[:at] + bytes([value[at] ^ 1]) + value[at + 1 :]
    return (value or 0) + 1


def _recovered(path: Path, whole: Any, end: str) -> str:
    """Recover a damaged store; return how it ended, in capitals if as it must not."""
    target = path.with_name("recovered.db")
    target.unlink(missing_ok=True)
    try:
        recover(path, target)
    except SeedwiseError:
        return end
    with Store(target) as store:
        saved = {run.run_id: plain(run) for run in store.runs() if run.status != "pending"}
    known = {run[1][1]: run for run in whole[1]}
    return end if all(known[repr(run_id)] == run for run_id, run in saved.items()) else "RECOVERED OTHER RUNS"


DAMAGES: tuple[Callable[[Path, Draw], str], ...] = (
    flip, flip, flip, flip, truncate, blank, blank, delete, delete, delete_all, drop, duplicate, swap, swap, change,
    change,
)  # fmt: skip


def campaign(folder: Path, damages: int, seed: int) -> tuple[Counter[tuple[str, str]], list[str]]:
    """Damage a full and a compact store, each time a fresh copy, and return how that ended, and what must not be.

    Args:
        folder: where to work.
        damages: their number.
        seed: of the draws.

    """
    full, small = folder / "toy.db", folder / "small.db"
    study = study_in(folder)
    study.run(executor=MadeUp())
    export_compact(full, small)
    whole = {path: numbers(path) for path in (full, small)}
    ends: Counter[tuple[str, str]] = Counter()
    wrong = []
    for k in range(damages):
        draw = np.random.default_rng([seed, k])
        source, damage = (full, small)[k % 2], DAMAGES[draw.integers(len(DAMAGES))]
        copy = folder / "damaged.db"
        for leftover in folder.glob("damaged.db*"):
            leftover.unlink()
        shutil.copy(source, copy)
        what = damage(copy, draw)
        text = ""
        try:
            end = "the same numbers" if numbers(copy) == whole[source] else "OTHER NUMBERS"
        except SeedwiseError as error:
            end = "a line" if "damaged" in str(error) or "store" in str(error) else "ANOTHER LINE"
            text = str(error)
        except Exception:
            end, text = "TRACEBACK", traceback.format_exc(limit=-6)
        if not end.isupper():
            try:
                end = _recovered(copy, whole[source], end)
            except Exception:
                end, text = "TRACEBACK OF RECOVER", traceback.format_exc(limit=-6)
        ends[damage.__name__, end] += 1
        if end.isupper():
            wrong.append(f"{k}: {source.name}, {damage.__name__} {what}: {end} {text}")
    return ends, wrong


if __name__ == "__main__":
    run_campaign(campaign, "damaged stores", __doc__)
