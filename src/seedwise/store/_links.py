"""Which studies there are, and which runs they consist of."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from operator import attrgetter
from typing import Any, Final, TypeVar

import sqlalchemy as sa

from seedwise.errors import SeedwiseError
from seedwise.run import Link, PlannedRun
from seedwise.store import _tables as tables
from seedwise.store._attempts import is_one_of, one_of
from seedwise.store._checksums import (
    DamageError,
    decoded,
    delete,
    fetched,
    insert,
    is_sealed,
    raw_columns,
    read,
    verified,
)

T = TypeVar("T")

_AT_ONCE: Final = 1000
_PLACE: Final = [tables.links.c[f.name] for f in fields(Link)]
_place_of: Final = attrgetter(*(f.name for f in fields(Link)))


def write_links(
    db: sa.Connection,
    study: str,
    description: Mapping[str, Any],
    planned: Sequence[PlannedRun],
    *,
    which: sa.ColumnElement[bool],
    position: int | None = None,
) -> None:
    """Make ``planned`` the links ``which`` of a study.

    Args:
        db: the store.
        study: its name.
        description: of the study, JSON values.
        planned: the runs and their places.
        which: the links that they take the place of.
        position: of all of them in the order of the study; None: one after the other.

    """
    _describe(db, study, description)
    links = tables.links
    rows = {_place_of(p.link): (p.spec.id, k if position is None else position) for k, p in enumerate(planned)}
    there = db.execute(sa.select(*_PLACE, links.c.run_id, links.c.position).where(which))
    same = [rows.get(row[:-2]) == row[-2:] for row in there]
    if len(same) == len(rows) and all(same):
        return
    delete(db, links, which)
    names = [*(column.name for column in _PLACE), "run_id", "position"]
    for places_in_part in _parts(list(rows.items())):
        insert(db, links, [dict(zip(names, (*at, *run), strict=True)) for at, run in places_in_part])
    known = set(db.execute(sa.select(tables.specs.c.run_id)).scalars())
    new = {p.spec.id: p.spec for p in planned if p.spec.id not in known}
    for specs in _parts(list(new.items())):
        insert(db, tables.specs, [{"run_id": run_id, "content": spec.content} for run_id, spec in specs])


def _parts(items: Sequence[T]) -> Iterator[Sequence[T]]:
    """Yield a few at a time: the rows of 100 000 runs would take 200 MB together."""
    for start in range(0, len(items), _AT_ONCE):
        yield items[start : start + _AT_ONCE]


def add_method(
    db: sa.Connection, study: str, description: Mapping[str, Any], method: str, planned: Sequence[PlannedRun]
) -> None:
    """Make ``planned`` the links of one method; see ``Store.add_method``."""
    links, ids = tables.links.c, {p.spec.id for p in planned}
    found = db.execute(sa.select(links.method, links.run_id, links.position).where(links.study == study)).all()
    clash = next((other for other, run_id, _ in found if other != method and run_id in ids), None)
    if clash is not None:
        raise SeedwiseError(
            f"the methods '{method}' and '{clash}' of '{study}' have the same config and seeds, so their runs would "
            "be the same: put what tells them apart into config={...}"
        )
    positions = [position for own, _, position in found if own == method]
    position = min(positions) if positions else 1 + max((position for *_, position in found), default=-1)
    write_links(
        db, study, description, planned, which=(links.study == study) & (links.method == method), position=position
    )


def descriptions(db: sa.Connection) -> dict[str, dict[str, Any]]:
    """Return the descriptions of studies, in the order in which they came."""
    rows = sorted(read(db, tables.studies), key=lambda row: row["position"])
    return {row["name"]: decoded(tables.studies, row)["description"] for row in rows}


def places(db: sa.Connection, study: str) -> list[tuple[Link, str, dict[str, Any]]]:
    """Return (place, run id, content) of the runs of a study, in the order of the plan."""
    rows = sorted(read(db, tables.links, study), key=lambda row: (row["position"], row["replicate"]))
    known = contents(db, {row["run_id"] for row in rows})
    found = []
    for row in rows:
        if row["run_id"] not in known:
            raise DamageError(f"the row ({row['run_id']}) of 'specs' is missing")
        place = Link(**{column.name: row[column.name] for column in _PLACE})
        found.append((place, row["run_id"], known[row["run_id"]]))
    return found


def contents(db: sa.Connection, run_ids: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Return the contents of those runs that were planned or trained once."""
    specs = tables.specs
    query = sa.select(*raw_columns(specs, sealed=is_sealed(db))).where(is_one_of(specs.c.run_id))
    rows = (verified(db, specs, row) for row in fetched(db, query, one_of(run_ids)))
    return {row["run_id"]: decoded(specs, row)["content"] for row in rows}


def _describe(db: sa.Connection, study: str, description: Mapping[str, Any]) -> None:
    studies = tables.studies
    stored = descriptions(db)
    if study not in stored:
        insert(db, studies, [{"name": study, "description": description, "position": len(stored)}])
    elif json.dumps(stored[study]) != json.dumps(description):  # the order of methods counts
        (row,) = delete(db, studies, studies.c.name == study)
        insert(db, studies, [decoded(studies, row) | {"description": description}])
