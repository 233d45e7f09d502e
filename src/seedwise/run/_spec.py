"""A run is named by its content."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

from seedwise.errors import SeedwiseError
from seedwise.randomness import REVISIONS

SCHEMA: Final = 1
"""Part of every id: raised when the meaning of a spec changes, so that old runs are never mistaken for new ones."""


@dataclass(frozen=True)
class Numerics:
    """What decides the bits besides the spec and the seeds, and is therefore part of the name."""

    precision: str = "float32"
    compile: bool = False
    deterministic: bool = True
    threads: int = 1
    graphs: bool = False


@dataclass(frozen=True)
class RunSpec:
    """One training, fully named: a function, its resolved configuration, the numerics and the seeds.

    Args:
        function: ``module:name`` of the function that trains.
        config: what it is configured with, JSON values, options at their default left out.
        seeds: one integer per source; seeds of 0 are left out of the name.
        numerics: hashed where it differs from the default.
        revisions: what the seeds of some sources mean; hashed for those whose seed is not 0. A ``Run`` has today's.

    Example:
        >>> spec = RunSpec("my.train:train", {"lr": 0.1}, {"init": 1, "shuffle": 0})
        >>> spec.id == RunSpec("my.train:train", {"lr": 0.1}, {"init": 1}).id
        True

    """

    function: str
    config: Mapping[str, Any]
    seeds: Mapping[str, int]
    numerics: Numerics = field(default_factory=Numerics)
    revisions: Mapping[str, int] = field(default_factory=REVISIONS.copy)

    @property
    def content(self) -> dict[str, Any]:
        """What is hashed, as JSON values; made anew each time, since a plan may hold 100 000 specs."""
        numerics = {
            f.name: getattr(self.numerics, f.name)
            for f in dataclasses.fields(Numerics)
            if getattr(self.numerics, f.name) != f.default
        }
        content = {
            "schema": SCHEMA,
            "function": self.function,
            "config": dict(self.config),
            "seeds": {source: seed for source, seed in self.seeds.items() if seed != 0},
        }
        revisions = {source: number for source, number in self.revisions.items() if self.seeds.get(source)}
        return content | ({"numerics": numerics} if numerics else {}) | ({"revisions": revisions} if revisions else {})

    @cached_property
    def functions(self) -> tuple[str, ...]:
        """The functions whose code decides its bits: the one that trains, and every ``module:name`` that config names.

        Example:
            >>> RunSpec("my.train:train", {"net": {"name": "other.nets:make", "depth": 3}}, {}).functions
            ('my.train:train', 'other.nets:make')

        """
        return (self.function, *dict.fromkeys(_functions_in(self.config)))

    @cached_property
    def id(self) -> str:
        """Sixteen hexadecimal digits of the SHA-256 of the content."""
        return digest_of(self.content)

    def with_seeds(self, seeds: Mapping[str, int]) -> RunSpec:
        """Return the same training with other seeds; what does not depend on them is hashed once for all of them.

        Example:
            >>> spec = RunSpec("my.train:train", {"lr": 0.1}, {})
            >>> spec.with_seeds({"init": 1}).id == RunSpec("my.train:train", {"lr": 0.1}, {"init": 1}).id
            True

        """
        spec = RunSpec(self.function, self.config, seeds, self.numerics, self.revisions)
        named = {source: seed for source, seed in seeds.items() if seed != 0}
        end = f"{_text_of(named)}}}"  # of the text of the content, whose keys are sorted
        if (beginning := self._beginnings.get(tuple(named))) is None:
            beginning = hashlib.sha256(_text_of(spec.content).removesuffix(end).encode())
            self._beginnings[tuple(named)] = beginning
        digest = beginning.copy()
        digest.update(end.encode())
        spec.__dict__["id"] = digest.hexdigest()[:16]
        return spec

    @cached_property
    def _beginnings(self) -> dict[tuple[str, ...], hashlib._Hash]:
        """Of the contents with other seeds: digests of all but the seeds, by the sources that these name."""
        return {}

    @property
    def deterministic(self) -> bool:
        """Whether only operations with a deterministic form are allowed: not where ``hardware`` varies."""
        return self.numerics.deterministic and not self.seeds.get("hardware")

    @classmethod
    def from_content(cls, content: Mapping[str, Any]) -> RunSpec:
        """Read what ``content`` gave, now or when seeds had another meaning."""
        numerics = Numerics(**content.get("numerics", {}))
        revisions = content.get("revisions", {})
        return cls(content["function"], content["config"], content["seeds"], numerics, revisions)

    def check_trainable(self) -> None:
        """Raise SeedwiseError if a seed of this spec has another meaning today, so that other bits would come of it."""
        for source, seed in self.seeds.items():
            revision, today = self.revisions.get(source, 1), REVISIONS.get(source, 1)
            if seed and revision != today:
                raise SeedwiseError(
                    f"the '{source}' seed of run {self.id} means revision {revision} of that source, and this seedwise "
                    f"has {today}: plan the study again, which gives the run another id"
                )


def _functions_in(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        name = value.get("name")
        if isinstance(name, str) and re.fullmatch(r"\w[\w.-]*:\w+", name):
            yield name
    inner = value.values() if isinstance(value, Mapping) else value if isinstance(value, (list, tuple)) else ()
    for part in inner:
        yield from _functions_in(part)


def digest_of(value: Any) -> str:
    """Return sixteen hexadecimal digits of the SHA-256 of a JSON value, whatever the order of its keys."""
    return hashlib.sha256(_text_of(value).encode()).hexdigest()[:16]


_text_of: Final = json.JSONEncoder(sort_keys=True, separators=(",", ":"), allow_nan=False).encode
