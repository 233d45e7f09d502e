"""Streams keyed by (source, seed, key): nothing depends on how many draws came before."""

from __future__ import annotations

import copy
import difflib
import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from seedwise.randomness._generators import seeded

if TYPE_CHECKING:
    import torch

ALL: Final = ("init", "shuffle", "augment", "dropout")
"""The sources that the regime ``all`` varies."""

PARTS: Final = ("weights", "scores")
"""The parts of ``init``, which vary with it, or alone when named."""

SOURCES: Final = (*ALL, *PARTS, "split", "labels", "ulp", "hardware")
"""Every source; those that are not in ``ALL`` vary only when named."""

REVISIONS: Final = {"ulp": 2}
"""Sources whose seeds have come to mean something else, and how often they have meant something.

The revision is part of the name of every run in which the source's seed is not 0. ``ulp`` was first one number of all
parameters, always moved up.
"""

REPEAT: Final = "repeat"
"""Changes nothing but the name of a run: it tells runs apart where no seed varies."""


class Randomness:
    """The random streams of one run.

    A stream is named by its source and a key (a purpose, an epoch, ...), and starts from::

        SeedSequence(SHA-256(source, seed of the source, key))

    so that asking for one never moves another, and a resumed run needs no generator state. ``weights`` and ``scores``
    are parts of ``init``: what it draws for the purpose of that name also depends on the seed of that name, if it is
    not 0.

    Args:
        seeds: one integer >= 0 per source; a source left out has seed 0. ``repeat`` is accepted and draws nothing.

    Attributes:
        seeds: the seed of every source.
        drawn: the sources that anything was drawn from; a ``scope`` in which nobody drew does not count.
        reseeded: by source, the global generators that code in its ``scope`` seeded anew with a value of its own: what
            it draws then does not depend on the source.
        given: the integers that were handed out.

    Raises:
        ValueError: for an unknown source or a seed that is not an integer >= 0.

    Example:
        >>> randomness = Randomness({"init": 7})
        >>> float(randomness.numpy("init", "weights").uniform()) == float(randomness.numpy("init", "weights").uniform())
        True
        >>> randomness.integer("init", "weights") == Randomness({"init": 8}).integer("init", "weights")
        False

    """

    def __init__(self, seeds: Mapping[str, int] | None = None) -> None:
        given = dict(seeds or {})
        for source, seed in given.items():
            if source != REPEAT:
                _check_source(source)
            if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)) or seed < 0:
                raise ValueError(f"the seed of '{source}' is {seed!r}: it must be an integer of 0 or more")
        self.seeds: dict[str, int] = {source: int(given.get(source, 0)) for source in SOURCES}
        self.given: set[int] = set()
        self._drawn: set[str] = set()
        self._reseeded: dict[str, set[str]] = {}
        self._reports: list[Callable[[], None]] = []
        self._within: tuple[str | int, ...] = ()

    def within(self, *key: str | int) -> Randomness:
        """Return streams of the same seeds for a part of the run, such as one of several networks.

        They depend on the key and differ from those of the run and of every other part. What is drawn from them is
        drawn from this. The ``split`` is the run's own: its parts see the same examples.

        Example:
            >>> randomness = Randomness({"init": 7})
            >>> twin = randomness.within("twin")
            >>> twin.integer("init") == randomness.integer("init"), twin.integer("split") == randomness.integer("split")
            (False, True)

        """
        part = copy.copy(self)
        part._within = (*self._within, *key)
        return part

    @property
    def drawn(self) -> set[str]:
        """See above."""
        self._collect()
        return self._drawn

    @property
    def reseeded(self) -> dict[str, set[str]]:
        """See above."""
        self._collect()
        return self._reseeded

    def ask(self, report: Callable[[], None]) -> None:
        """Call ``report`` whenever ``drawn`` or ``reseeded`` is read: it notes what other processes drew."""
        self._reports.append(report)

    def _collect(self) -> None:
        for report in self._reports:
            report()

    def note_drawn(self, source: str, *key: str | int) -> None:
        """Note that something was drawn from a source, and from its part where the key names one."""
        self._drawn.add(source)
        if source == "init" and key and key[0] in PARTS:
            self._drawn.add(str(key[0]))

    def note_reseeded(self, source: str, names: Iterable[str]) -> None:
        """Note that global generators were seeded anew in a scope of a source; see ``reseeded``."""
        self._reseeded.setdefault(source, set()).update(names)

    def _entropy(self, source: str, key: tuple[str | int, ...]) -> int:
        _check_source(source)
        if source in PARTS:
            raise ValueError(f"'{source}' is a part of 'init': draw from 'init' for the purpose '{source}'")
        # A digest of the whole key: SeedSequence itself reads (1, 2**32) and (1, 0, 1) as the same words.
        part = self.seeds[str(key[0])] if source == "init" and key[:1] and key[0] in PARTS else 0
        within = self._within if source != "split" else ()
        name = json.dumps(
            [
                source,
                self.seeds[source],
                *key,
                *([{"part": part}] if part else []),
                *([{"within": within}] if within else []),
            ]
        )
        return int.from_bytes(hashlib.sha256(name.encode()).digest()[:16], "little")

    def sequence(self, source: str, *key: str | int) -> np.random.SeedSequence:
        """Return the seed sequence that the other methods start from."""
        sequence = np.random.SeedSequence(self._entropy(source, key))
        self.note_drawn(source, *key)
        return sequence

    def integer(self, source: str, *key: str | int) -> int:
        """Return one integer in [0, 2**63), for code that wants a seed rather than a generator."""
        self.note_drawn(source, *key)
        return self._give(int(self._state(source, key, np.uint64) >> np.uint64(1)))

    def seed_for(self, source: str, *key: str | int) -> int:
        """Return one integer in [0, 2**32), for libraries that take no larger seed (numpy, Lightning, transformers).

        Example:
            >>> Randomness({"init": 7}).seed_for("init") < 2**32
            True

        """
        self.note_drawn(source, *key)
        return self._give(int(self._state(source, key, np.uint32)))

    def integers(self, source: str, *key: str | int, size: int) -> NDArray[np.int64]:
        """Return integers in [0, 2**63) for code that seeds generators with them, and calls ``note_drawn`` if it draws.

        A longer row begins with a shorter one.

        Example:
            >>> randomness = Randomness({"augment": 1})
            >>> row = randomness.integers("augment", "examples", 0, size=4)
            >>> bool((row[:2] == randomness.integers("augment", "examples", 0, size=2)).all()), randomness.drawn
            (True, set())

        """
        sequence = np.random.SeedSequence(self._entropy(source, key))
        return np.random.Generator(np.random.PCG64(sequence)).integers(2**63, size=size, dtype=np.int64)

    def _state(self, source: str, key: tuple[str | int, ...], kind: type[np.unsignedinteger[Any]]) -> Any:
        return np.random.SeedSequence(self._entropy(source, key)).generate_state(1, kind)[0]

    def _give(self, value: int) -> int:
        self.given.add(value)
        return value

    def numpy(self, source: str, *key: str | int) -> np.random.Generator:
        """Return a fresh numpy generator at the start of the stream."""
        return np.random.Generator(np.random.PCG64(self.sequence(source, *key)))

    def generator(self, source: str, *key: str | int) -> torch.Generator:
        """Return a fresh torch generator (CPU) at the start of the stream."""
        import torch

        return torch.Generator().manual_seed(self.integer(source, *key))

    @contextmanager
    def scope(self, source: str, *key: str | int) -> Iterator[None]:
        """Seed the global generators of python, numpy and torch for a block, and restore them after it.

        For code that knows no other generators: ``nn.init``, dropout, other people's augmentation. Enter it once per
        phase or epoch, never per step: saving the states costs about as much as a small layer.

        Example:
            >>> import torch
            >>> before = torch.get_rng_state()
            >>> with Randomness({"init": 1}).scope("init"):
            ...     layer = torch.nn.Linear(2, 2)
            >>> bool((torch.get_rng_state() == before).all())
            True

        """
        seed = self._give(int(self._state(source, key, np.uint64) >> np.uint64(1)))
        fate = None
        try:
            with seeded(seed, self.given) as fate:
                yield
        finally:
            if fate is not None and fate.drawn:
                self.note_drawn(source, *key)
            if fate is not None and fate.reseeded:
                self.note_reseeded(source, fate.reseeded)


def _check_source(source: str) -> None:
    if source not in SOURCES:
        close = difflib.get_close_matches(source, SOURCES, n=1)
        hint = f"; did you mean '{close[0]}'?" if close else ""
        raise ValueError(f"'{source}' is not a source of randomness: use one of {', '.join(SOURCES)}{hint}")
