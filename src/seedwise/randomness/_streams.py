"""Streams keyed by (source, seed, key): nothing depends on how many draws came before."""

from __future__ import annotations

import difflib
import hashlib
import json
import random
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    import torch

ALL: Final = ("init", "shuffle", "augment", "dropout")
"""The sources that the regime ``all`` varies."""

PARTS: Final = ("weights", "scores")
"""The parts of ``init``, which vary with it, or alone when named."""

SOURCES: Final = (*ALL, *PARTS, "split", "ulp", "hardware")
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

    A stream is named by its source and a key (a purpose, an epoch, ...), and starts from

        SeedSequence(SHA-256(source, seed of the source, key)),

    so that asking for one never moves another, and a resumed run needs no generator state. ``weights`` and ``scores``
    are parts of ``init``: what it draws for the purpose of that name also depends on the seed of that name, if it is
    not 0.

    Args:
        seeds: one integer >= 0 per source; a source left out has seed 0. ``repeat`` is accepted and draws nothing.

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

    def _entropy(self, source: str, key: tuple[str | int, ...]) -> int:
        _check_source(source)
        if source in PARTS:
            raise ValueError(f"'{source}' is a part of 'init': draw from 'init' for the purpose '{source}'")
        # A digest of the whole key: SeedSequence itself reads (1, 2**32) and (1, 0, 1) as the same words.
        part = self.seeds[str(key[0])] if source == "init" and key[:1] and key[0] in PARTS else 0
        name = json.dumps([source, self.seeds[source], *key, *([{"part": part}] if part else [])])
        return int.from_bytes(hashlib.sha256(name.encode()).digest()[:16], "little")

    def sequence(self, source: str, *key: str | int) -> np.random.SeedSequence:
        """Return the seed sequence that the other methods start from."""
        return np.random.SeedSequence(self._entropy(source, key))

    def integer(self, source: str, *key: str | int) -> int:
        """Return one integer in [0, 2**63), for code that wants a seed rather than a generator."""
        return int(self.sequence(source, *key).generate_state(1, np.uint64)[0] >> np.uint64(1))

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
        import torch

        seed = self.integer(source, *key)
        python_state = random.getstate()
        numpy_state = np.random.get_state()  # noqa: NPY002 - other people's code draws from it
        devices = list(range(torch.cuda.device_count())) if torch.cuda.is_available() else []
        with torch.random.fork_rng(devices=devices):
            random.seed(seed)
            np.random.seed(seed % 2**32)  # noqa: NPY002
            torch.manual_seed(seed)
            try:
                yield
            finally:
                random.setstate(python_state)
                np.random.set_state(numpy_state)  # noqa: NPY002


def _check_source(source: str) -> None:
    if source not in SOURCES:
        close = difflib.get_close_matches(source, SOURCES, n=1)
        hint = f"; did you mean '{close[0]}'?" if close else ""
        raise ValueError(f"'{source}' is not a source of randomness: use one of {', '.join(SOURCES)}{hint}")
