"""Which studies there are, and which runs they consist of."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import astuple, fields
from typing import Any, Final

import sqlalchemy as sa

from seedwise.errors import SeedwiseError
from seedwise.run import Link, PlannedRun
from seedwise.store import _tables as tables

_PLACE: Final = [tables.links.c[f.name] for f in fields(Link)]


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
    rows = {astuple(p.link): (p.spec.id, k if position is None else position) for k, p in enumerate(planned)}
    query = sa.select(*_PLACE, links.c.run_id, links.c.position).where(which)
    if rows == {tuple(row[:-2]): tuple(row[-2:]) for row in db.execute(query)}:
        return
    db.execute(links.delete().where(which))
    names = [*(column.name for column in _PLACE), "run_id", "position"]
    db.execute(links.insert(), [dict(zip(names, (*at, *run), strict=True)) for at, run in rows.items()])
    known = set(db.execute(sa.select(tables.specs.c.run_id)).scalars())
    new = {p.spec.id: p.spec.content for p in planned if p.spec.id not in known}
    if new:
        db.execute(tables.specs.insert(), [{"run_id": i, "content": content} for i, content in new.items()])


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
    studies = tables.studies.c
    rows = db.execute(sa.select(studies.name, studies.description).order_by(studies.position))
    return {row.name: row.description for row in rows}


def places(db: sa.Connection, study: str) -> list[tuple[Link, str, dict[str, Any]]]:
    """Return (place, run id, content) of the runs of a study, in the order of the plan."""
    links, specs = tables.links.c, tables.specs
    query = (
        sa.select(*_PLACE, links.run_id, specs.c.content)
        .join(specs, specs.c.run_id == links.run_id)
        .where(links.study == study)
        .order_by(links.position, links.replicate)
    )
    return [(Link(*place), run_id, content) for *place, run_id, content in db.execute(query)]


def _describe(db: sa.Connection, study: str, description: Mapping[str, Any]) -> None:
    studies = tables.studies
    old = db.execute(sa.select(studies.c.description).where(studies.c.name == study)).scalar()
    if old is None:
        count = db.execute(sa.select(sa.func.count()).select_from(studies)).scalar()
        db.execute(studies.insert().values(name=study, description=description, position=count))
    elif json.dumps(old) != json.dumps(description):  # the order of methods counts
        db.execute(studies.update().where(studies.c.name == study).values(description=description))
