"""The tables of a store. Their names carry the prefix ``seedwise_`` so that other tables can live in the same file."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, Final

import numpy as np
import sqlalchemy as sa
from sqlalchemy import Boolean, Column, Float, Integer, LargeBinary, MetaData, String, Table, Text

from seedwise.store._packing import pack, unpack, unpack_text


class Coded(sa.TypeDecorator[Any]):
    """A column of values that are kept in another form; None is kept as NULL."""

    encode: ClassVar[Callable[[Any], Any]]
    decode: ClassVar[Callable[[Any], Any]]

    def process_bind_param(self, value: Any, dialect: sa.Dialect) -> Any:  # noqa: ARG002
        """Return what is kept."""
        return None if value is None else type(self).encode(value)

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> Any:  # noqa: ARG002
        """Return the value."""
        return None if value is None else type(self).decode(value)


def _rows_as_text(rows: Sequence[Mapping[str, float]]) -> str:
    # A diverged run's loss is not a number, which JSON cannot say.
    return json.dumps([{name: v if np.isfinite(v) else str(v) for name, v in row.items()} for row in rows])


def _rows_of_text(text: str | bytes) -> list[dict[str, float]]:
    return [{name: float(v) for name, v in row.items()} for row in json.loads(unpack_text(text))]


class Json(Coded):
    """JSON values, kept as texts."""

    cache_ok = True
    impl, encode, decode = Text, json.dumps, json.loads


class Rows(Coded):
    """Per-epoch series, kept as texts that a compact store has packed."""

    cache_ok = True
    impl, encode, decode = Text, _rows_as_text, _rows_of_text


class Array(Coded):
    """Arrays, packed."""

    cache_ok = True
    impl, encode, decode = LargeBinary, pack, unpack


class Classes(Coded):
    """Predicted classes, packed; they are unpacked by the true ones, see ``unpack_labels``."""

    cache_ok = True
    impl, encode, decode = LargeBinary, pack, bytes


metadata: Final = MetaData()


def _table(name: str, *columns: Column[Any]) -> Table:
    return Table(f"seedwise_{name}", metadata, *columns)


def _attempt() -> tuple[Column[Any], ...]:
    return Column("run_id", String, primary_key=True), Column("attempt", Integer, primary_key=True)


def _checksum() -> Column[Any]:
    return Column("checksum", Integer)


def _prediction() -> tuple[Column[Any], ...]:
    named = Column("split", String, primary_key=True), Column("tag", String, primary_key=True)
    return *_attempt(), *named, Column("epoch", Integer, primary_key=True)


meta: Final = _table("meta", Column("key", String, primary_key=True), Column("value", Text, nullable=False))
studies: Final = _table(
    "studies",
    Column("name", String, primary_key=True),
    Column("description", Json, nullable=False),
    Column("position", Integer, nullable=False),
    _checksum(),
)
links: Final = _table(
    "links",
    Column("study", String, primary_key=True),
    Column("task", String, primary_key=True),
    Column("method", String, primary_key=True),
    Column("regime", String, primary_key=True),
    Column("group", Integer, primary_key=True),
    Column("replicate", Integer, primary_key=True),
    Column("run_id", String, nullable=False),
    Column("position", Integer, nullable=False),
    _checksum(),
)
specs: Final = _table(
    "specs", Column("run_id", String, primary_key=True), Column("content", Json, nullable=False), _checksum()
)
runs: Final = _table(
    "runs",
    *_attempt(),
    Column("current", Boolean, nullable=False),
    Column("nonce", String, nullable=False, unique=True),
    Column("status", String, nullable=False),
    Column("metrics", Json, nullable=False),
    Column("weights_sha256", String),
    Column("seconds", Float, nullable=False),
    Column("resumed_from", Json, nullable=False),
    Column("notes", Json, nullable=False),
    Column("error", Text),
    Column("traceback", Text),
    Column("environment", String),
    Column("code", String),
    Column("left", Text),
    _checksum(),
)
series: Final = _table("series", *_attempt(), Column("rows", Rows, nullable=False))
examples: Final = _table(
    "examples",
    Column("digest", String, primary_key=True),
    Column("ids", Array, nullable=False),
    Column("labels", Array, nullable=False),
    _checksum(),
)
predictions: Final = _table(
    "predictions",
    *_prediction(),
    Column("examples", String, nullable=False),
    Column("predicted", Classes, nullable=False),
    Column("logits", Array),
)
windows: Final = _table(
    "windows",
    Column("digest", String, primary_key=True),
    Column("ids", Array, nullable=False),
    Column("sampled", Array, nullable=False),
    Column("variables", Json, nullable=False),
    Column("truth", Array),
    Column("history", Array),
    _checksum(),
)
forecasts: Final = _table(
    "forecasts",
    *_prediction(),
    Column("windows", String, nullable=False),
    Column("errors", Array, nullable=False),
    Column("by_step", Array, nullable=False),
    Column("by_variable", Array, nullable=False),
    Column("sample", Array),
)
readouts: Final = _table(
    "readouts",
    *_attempt(),
    Column("readout", String, primary_key=True),
    Column("status", String, nullable=False),
    Column("metrics", Json, nullable=False),
    Column("passes", Integer, nullable=False),
    Column("seconds", Float),
    Column("plain_seconds", Float),
    Column("preparation_seconds", Float),
    Column("error", Text),
    Column("traceback", Text),
    Column("environment", String),
    Column("code", String),
)
observed: Final = _table("observed", *_attempt(), Column("content", Json, nullable=False))
documents: Final = _table(
    "documents", Column("digest", String, primary_key=True), Column("content", Json, nullable=False), _checksum()
)
accepted_code: Final = _table(
    "accepted_code", Column("recorded", String, primary_key=True), Column("now", String, primary_key=True), _checksum()
)
sets: Final = _table(
    "sets",
    Column("name", String, primary_key=True),
    Column("scope", String, primary_key=True),
    Column("rows", Integer, nullable=False),
    Column("total", Integer, nullable=False),
)
# Not among the tables of every store: to have it is what makes a store a compact one.
recorded: Final = Table(
    "seedwise_recorded",
    MetaData(),
    Column("statistic", String, primary_key=True),
    Column("arguments", Text, primary_key=True),
    Column("digest", String, primary_key=True),
    Column("trainings", LargeBinary, nullable=False),
    Column("result", LargeBinary, nullable=False),
    _checksum(),
)

TRACEBACK: Final = "traceback"
"""The key of a document that is a traceback."""

OF_CHECKSUMS: Final = frozenset({"checksum", "left"})
"""Columns that stores from before checksums have not."""

LEFT: Final = (series, observed, predictions, forecasts, readouts)
"""Tables of what attempts left besides their own rows."""

SEALED: Final = (studies, links, specs, runs, examples, windows, documents, accepted_code)
"""Tables whose rows have a checksum; in a compact store those of ``recorded`` have one too."""
