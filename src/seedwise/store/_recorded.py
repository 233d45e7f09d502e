"""Results of statistics that need logits or forecasts, recorded before a compact store leaves these out.

A result is found again by the statistic, its arguments and the trainings that it rests on, each named by the nonce of
its record, so that a run trained again is another one.
"""

from __future__ import annotations

import base64
import dataclasses
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import numpy as np
import sqlalchemy as sa

from seedwise.errors import SeedwiseError
from seedwise.run import digest_of
from seedwise.statistics import Attribution, EnsembleSpread, Interval, ScoreSpread, SourceEffect
from seedwise.store._checksums import read
from seedwise.store._packing import pack_text, unpack_text
from seedwise.store._tables import recorded

_T = TypeVar("_T")
_TYPES: Final[dict[str, type[Any]]] = {
    kind.__name__: kind for kind in (Attribution, EnsembleSpread, Interval, ScoreSpread, SourceEffect)
}


def recordable(kind: type[_T]) -> type[_T]:
    """Let a dataclass be part of recorded results; a decorator."""
    _TYPES[kind.__name__] = kind
    return kind


@dataclass(frozen=True)
class Query:
    """A result that needs logits or forecasts.

    Attributes:
        statistic: its name.
        arguments: what it is asked, JSON values; all that it depends on besides the runs.
        run_ids: the finished runs that it is about, in the order of the plan.
        compared_with: the runs that these are compared with.

    """

    statistic: str
    arguments: Mapping[str, Any]
    run_ids: Sequence[str]
    compared_with: Sequence[str] = ()


@dataclass(frozen=True)
class Recalled:
    """A result and the trainings that it rests on: the runs of the cell, and those compared with."""

    result: Any
    runs: tuple[str, ...]
    compared_with: tuple[str, ...]

    def row(self, query: Query) -> dict[str, Any]:
        """Return it as a row of the table."""
        trainings = [list(self.runs), list(self.compared_with)]
        return {
            "statistic": query.statistic,
            "arguments": _key(query.arguments),
            "digest": digest_of(trainings),
            "trainings": pack_text(json.dumps(trainings)),
            "result": pack_text(json.dumps(_encoded(self.result))),
        }


class Recorded:
    """What a compact store recorded.

    Args:
        db: a connection to it.

    Attributes:
        trainings: those that it recorded anything of.

    """

    def __init__(self, db: sa.Connection) -> None:
        self.trainings: set[str] = set()
        self._found: dict[tuple[str, str], list[tuple[tuple[str, ...], tuple[str, ...], bytes]]] = {}
        for row in read(db, recorded):
            runs, compared_with = (tuple(part) for part in json.loads(unpack_text(row["trainings"])))
            found = self._found.setdefault((row["statistic"], row["arguments"]), [])
            found.append((runs, compared_with, row["result"]))
            self.trainings.update(runs)

    def find(self, query: Query, runs: Sequence[str], compared_with: Sequence[str]) -> Recalled | None:
        """Return the result that rests on these trainings, or on the most of them that one was recorded of.

        Args:
            query: what is asked.
            runs: the trainings of the cell, in the order of the plan.
            compared_with: those that it is compared with.

        """
        order, others = {name: k for k, name in enumerate(runs)}, set(compared_with)
        fit = [
            one
            for one in self._found.get((query.statistic, _key(query.arguments)), [])
            # What was said of no runs at all says nothing of those that came later.
            if order.keys() >= set(one[0]) and others >= set(one[1]) and bool(one[0]) == bool(runs)
        ]
        if not fit:
            return None
        own, compared, blob = min(fit, key=lambda one: (-len(one[0]), [order[name] for name in one[0]], -len(one[1])))
        try:
            result = _decoded(json.loads(unpack_text(blob)))
        except (KeyError, TypeError) as error:
            raise SeedwiseError(
                f"the recorded '{query.statistic}' is in no form that this seedwise reads ({error}): install the "
                "version that exported the store, or a newer one"
            ) from error
        return Recalled(result, own, compared)


def _key(arguments: Mapping[str, Any]) -> str:
    return json.dumps(arguments, sort_keys=True)


def _encoded(value: Any) -> Any:
    """Return a result as JSON values; floats are written so that they are read back to the last bit."""
    if isinstance(value, tuple):
        return {"tuple": [_encoded(one) for one in value]}
    if isinstance(value, np.ndarray):
        body = base64.b64encode(np.ascontiguousarray(value).tobytes()).decode()
        return {"array": body, "dtype": value.dtype.str, "shape": value.shape}
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, list):
        return [_encoded(one) for one in value]
    if not dataclasses.is_dataclass(value):
        return value
    fields = {field.name: _encoded(getattr(value, field.name)) for field in dataclasses.fields(value)}
    return {"type": type(value).__name__, "fields": fields}


def _decoded(value: Any) -> Any:
    match value:
        case list():
            return [_decoded(one) for one in value]
        case {"tuple": items}:
            return tuple(_decoded(one) for one in items)
        case {"array": body, "dtype": dtype, "shape": shape}:
            return np.frombuffer(base64.b64decode(body), dtype=dtype).reshape(shape)
        case {"type": name, "fields": fields}:
            return _TYPES[name](**{key: _decoded(one) for key, one in fields.items()})
    return value
