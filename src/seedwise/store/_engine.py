"""From a connection of sqlite to SQLAlchemy: statements are compiled once for all stores that a process opens."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, Final

import sqlalchemy as sa

_COMPILED: Final[dict[Any, Any]] = {}
"""Compiled statements by the dialect and the statement; some dozens, of two milliseconds each."""


def engine_of(connect: Callable[[], Any]) -> sa.Engine:
    """Return what runs statements on one connection of sqlite, which is made when it is first needed."""
    engine = sa.Engine(sa.pool.StaticPool(connect), _dialect(), sa.make_url("sqlite://"))
    return engine.execution_options(compiled_cache=_COMPILED)


@cache
def _dialect() -> sa.Dialect:
    engine = sa.create_engine("sqlite://")
    engine.connect().close()  # from which it learns what this sqlite can do
    engine.dispose()
    return engine.dialect
