"""The generators that other people's code draws from: global ones, those an object holds, those it makes unseeded."""

from __future__ import annotations

import functools
import hashlib
import pickle
import random
import sys
import types
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from seedwise.randomness._generators import Fate, for_numpy, restored, seed_all, watched

_LONGEST: Final = 100
_MOST: Final = 10_000
"""Longer containers than the one are not searched for generators, and no more objects than the other."""

_STEP: Final = 0xBF58476D1CE4E5B9
"""Between the seeds of the generators that an object holds: any large odd number."""


class BorrowedGenerators:
    """The generators that using an object may draw from.

    They are the global ones of python, numpy and torch; generators in attributes of the object, of its parts (in lists,
    tuples and dicts of at most 100 entries), in closures, and in the global variables of the modules in which these
    are defined; and those that numpy would seed from the operating system, such as ``np.random.default_rng()``.

    Not found are generators in compiled code, what reads the operating system or the clock (``random.SystemRandom``,
    ``secrets``, ``uuid``), and those that the object makes with a seed of its own.

    Args:
        owner: the object.

    Example:
        >>> class Dataset:
        ...     rng = None
        ...     def __init__(self):
        ...         self.rng = np.random.default_rng(0)
        ...     def __getitem__(self, k):
        ...         return self.rng.integers(1000) + np.random.default_rng().integers(1000)
        >>> dataset = Dataset()
        >>> with BorrowedGenerators(dataset).seeded() as seed:
        ...     seed(7)
        ...     first = dataset[0]
        ...     seed(7)
        ...     again = dataset[0]
        >>> bool(first == again)
        True

    """

    def __init__(self, owner: Any) -> None:
        self.held = _held_by(owner)

    @contextmanager
    def seeded(self) -> Iterator[Callable[[int], None]]:
        """Yield a function that seeds all of them anew in microseconds; they are restored after the block."""
        with self._restored() as entropy:
            yield functools.partial(self._seed, entropy)

    @contextmanager
    def watched(self, seed: int | None = None) -> Iterator[Fate]:
        """Yield what became of them in the block, filled in at its end; they are restored after it.

        Args:
            seed: what they start from; default: they go on.

        """
        with self._restored() as entropy:
            if seed is not None:
                self._seed(entropy, seed)
            before = [pickle.dumps(generator.read()) for generator in self.held]
            given = () if seed is None else (seed, seed % 2**32)  # code may pass torch's seed on to the others
            with watched(given) as fate, _noted_reads() as reads:
                yield fate
            after = [pickle.dumps(generator.read()) for generator in self.held]
            moved = [g.library for g, one, two in zip(self.held, before, after, strict=True) if one != two]
            fate.drawn += [*moved, *["numpy"] * bool(entropy.asked), *["torch"] * bool(reads)]

    def _seed(self, entropy: _Entropy, seed: int) -> None:
        seed_all(seed)
        entropy.start(seed)
        for k, generator in enumerate(self.held, 1):
            generator.seed((seed + k * _STEP) % 2**63)

    @contextmanager
    def _restored(self) -> Iterator[_Entropy]:
        import torch

        before = [generator.read() for generator in self.held]
        # A worker process was forked from one that may use CUDA, and must not touch it.
        with restored(cuda=torch.cuda.is_initialized()), _numpys_entropy() as entropy:
            try:
                yield entropy
            finally:
                for generator, state in zip(self.held, before, strict=True):
                    generator.write(state)


class _Entropy:
    """What numpy gets instead of the operating system's randomness."""

    def __init__(self) -> None:
        self.start(0)

    def start(self, seed: int) -> None:
        self.seed, self.asked = seed, 0

    def __call__(self, bits: int) -> int:
        self.asked += 1
        digest = hashlib.shake_256(f"{self.seed} {self.asked}".encode()).digest(-(-bits // 8))
        return int.from_bytes(digest, "little") & ((1 << bits) - 1)


@contextmanager
def _numpys_entropy() -> Iterator[_Entropy]:
    """Let numpy seed generators that are made without a seed from our bits, in the block."""
    module: Any = np.random.bit_generator
    entropy = _Entropy()
    before = getattr(module, "randbits", None)  # numpy's own name for secrets.randbits
    module.randbits = entropy
    try:
        yield entropy
    finally:
        module.randbits = before


@contextmanager
def _noted_reads() -> Iterator[list[int]]:
    """Note in the block whether anyone reads the seed of torch's generator, to seed another one with it."""
    import torch

    before: Callable[[], int] = torch.initial_seed
    reads: list[int] = []

    def read() -> Any:
        reads.append(before())
        return reads[-1]

    torch.initial_seed = torch.random.initial_seed = read
    try:
        yield reads
    finally:
        torch.initial_seed = torch.random.initial_seed = before


@dataclass(frozen=True)
class _Held:
    """A generator of any library."""

    library: str
    read: Callable[[], Any]
    write: Callable[[Any], object]
    seed: Callable[[int], object]


def _held(generator: Any) -> _Held | None:
    """Return how to use a generator; None for what is none, or is one of the global ones."""
    import torch

    if isinstance(generator, random.Random) and not isinstance(generator, random.SystemRandom):
        return _Held("python", generator.getstate, generator.setstate, generator.seed)
    if isinstance(generator, np.random.RandomState):
        old = generator
        return _Held(
            "numpy", lambda: old.get_state(legacy=False), old.set_state, lambda seed: old.seed(for_numpy(seed))
        )
    if isinstance(generator, (np.random.Generator, np.random.BitGenerator)):
        bits: Any = generator.bit_generator if isinstance(generator, np.random.Generator) else generator
        write = functools.partial(setattr, bits, "state")
        return _Held("numpy", lambda: bits.state, write, lambda seed: write(type(bits)(seed).state))
    if isinstance(generator, torch.Generator) and generator is not torch.default_generator:
        ours = generator
        # As an array: a tensor pickles differently each time.
        return _Held(
            "torch",
            lambda: ours.get_state().numpy(),
            lambda state: ours.set_state(torch.from_numpy(state)),
            ours.manual_seed,
        )
    return None


def _held_by(owner: Any) -> list[_Held]:
    """Return the generators that an object holds, always in the same order; see ``BorrowedGenerators``."""
    import torch

    found: list[_Held] = []
    seen: dict[int, Any] = {}  # with the objects, so that no other gets their ids
    waiting = [owner]
    while waiting and len(seen) < _MOST:
        one = waiting.pop()
        if id(one) in seen:
            continue
        seen[id(one)] = one
        generator = _held(one)
        if generator is not None:
            found.append(generator)
        elif not isinstance(one, (type, types.ModuleType, torch.Tensor, np.ndarray)):
            waiting += _parts(one)
    return found


def _parts(one: Any) -> list[Any]:
    if isinstance(one, (list, tuple, dict)):
        parts = [] if len(one) > _LONGEST else list(one.values()) if isinstance(one, dict) else list(one)
    elif isinstance(one, functools.partial):
        parts = [one.func, *one.args, *one.keywords.values()]
    elif isinstance(one, (types.MethodType, types.BuiltinMethodType)):
        parts = [one.__self__, getattr(one, "__func__", None)]
    elif isinstance(one, types.FunctionType):
        cells = one.__closure__ or ()
        parts = [cell.cell_contents for cell in cells if cell != types.CellType()] + _variables(one.__globals__)
    else:
        parts = list(getattr(one, "__dict__", {}).values())
        parts += _variables(vars(sys.modules.get(type(one).__module__, types)))
    return parts


def _variables(module: Mapping[str, Any]) -> list[Any]:
    """Return the generators among a module's variables."""
    return [value for value in list(module.values()) if _held(value) is not None]
