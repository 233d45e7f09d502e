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
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from seedwise.randomness._generators import Fate, watched

if TYPE_CHECKING:
    import torch

_LONGEST: Final = 100
_MOST: Final = 10_000
"""Longer containers than the one are not searched for generators, and no more objects than the other."""

_ATOMS: Final = frozenset({bool, int, float, complex, str, bytes, type(None)})
"""What holds nothing; subclasses may."""

_STEP: Final = 0xBF58476D1CE4E5B9
"""Any large odd number, between the seeds of two generators: from one seed, numpy and torch draw the same bits."""


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
        self._owner = owner
        self._entropy = _Entropy()
        self._held: list[Any] = []
        self._searches = 0
        self.found_more()

    def found_more(self) -> bool:
        """Look for generators that the object made in the last block; return whether there is one that was not known.

        An object may make them when it is first used. The search is repeated after the first block, and after each in
        which numpy was asked for a generator without a seed.
        """
        if self._searches > 1 and not self._entropy.used:
            return False
        self._searches += 1
        known = set(map(id, self._held))
        self._held = _held_by(self._owner)
        self._generators = [*_global_ones(), *filter(None, map(_usable, self._held))]
        return not known.issuperset(map(id, self._held))

    @contextmanager
    def seeded(self, *, restored: bool = True) -> Iterator[Callable[[int], None]]:
        """Yield a function that seeds all of them anew in microseconds.

        Args:
            restored: whether they are put back after the block, which takes as long as seeding them twenty times: not
                needed in a process in which nobody else draws.

        """
        before = self._read() if restored else []
        try:
            with _numpy_asks(self._entropy):
                yield self._seed
        finally:
            for generator, state in zip(self._generators, before, strict=restored):
                generator.write(state)

    @contextmanager
    def watched(self) -> Iterator[list[str]]:
        """Yield a list, filled in at the end of the block with those that are not as they were; they are restored.

        Reading the seed of torch's generator counts as a draw from it: code does that to seed another one.
        """
        moved: list[str] = []
        before = self._read()
        try:
            with _numpy_asks(self._entropy), _noted_reads(moved):
                yield moved
        finally:
            moved += ["numpy"] * self._entropy.used
            for generator, state in zip(self._generators, before, strict=True):
                if pickle.dumps(generator.read()) != pickle.dumps(state):
                    moved.append(generator.library)
                    generator.write(state)

    @contextmanager
    def started_from(self, seed: int) -> Iterator[Fate]:
        """Yield what became of them in a block that begins with a seed; they are restored after it.

        Args:
            seed: in [0, 2**63). The block may seed the global ones anew with the seed of torch's.

        """
        import torch

        with self.seeded() as start:
            start(seed)
            before = pickle.dumps(self._read())
            given = torch.initial_seed()
            with watched((given, given % 2**32)) as fate:
                yield fate
            if not fate.drawn and (self._entropy.used or pickle.dumps(self._read()) != before):
                fate.drawn.append("others")

    def _read(self) -> list[Any]:
        return [generator.read() for generator in self._generators]

    def _seed(self, seed: int) -> None:
        self._entropy.start(seed)
        for generator in self._generators:
            generator.seed(seed % 2**63)
            seed += _STEP


class _Entropy:
    """What numpy gets instead of the operating system's randomness.

    Attributes:
        used: whether it was asked for any in the last block, whatever seed it was started from in between.

    """

    def __init__(self) -> None:
        self.used = False
        self.start(0)

    def start(self, seed: int) -> None:
        self.seed, self.asked = seed, 0

    def __call__(self, bits: int) -> int:
        self.asked, self.used = self.asked + 1, True
        digest = hashlib.shake_256(f"{self.seed} {self.asked}".encode()).digest(-(-bits // 8))
        return int.from_bytes(digest, "little") & ((1 << bits) - 1)


@contextmanager
def _numpy_asks(entropy: _Entropy) -> Iterator[None]:
    """Let numpy seed generators that are made without a seed from our bits, in the block."""
    module: Any = np.random.bit_generator
    before = getattr(module, "randbits", None)  # numpy's own name for secrets.randbits
    entropy.used = False
    entropy.start(0)
    module.randbits = entropy
    try:
        yield
    finally:
        module.randbits = before


@contextmanager
def _noted_reads(reads: list[str]) -> Iterator[None]:
    """Note in the block when anyone reads the seed of torch's generator."""
    import torch

    before = torch.initial_seed

    def read() -> Any:
        reads.append("torch")
        return before()

    torch.initial_seed = torch.random.initial_seed = read
    try:
        yield
    finally:
        torch.initial_seed = torch.random.initial_seed = before


@dataclass(frozen=True)
class _Generator:
    """A generator of any library: its state is read and written, and it is seeded with an integer in [0, 2**63)."""

    library: str
    read: Callable[[], Any]
    write: Callable[[Any], object]
    seed: Callable[[int], object]


def _global_ones() -> list[_Generator]:
    import torch

    python = _Generator("python", random.getstate, random.setstate, random.seed)
    cuda = _Generator("torch", _read_cuda, _write_cuda, functools.partial(_seed_cuda, torch))
    return [python, _of_numpy(np.random.mtrand._rand), _of_torch(torch.default_generator), cuda]


# A worker process was forked from one that may use CUDA, and must not touch it: there it counts as not initialised.
def _read_cuda() -> list[NDArray[np.uint8]]:
    import torch

    return [state.numpy() for state in torch.cuda.get_rng_state_all()] if torch.cuda.is_initialized() else []


def _write_cuda(states: list[NDArray[np.uint8]]) -> None:
    import torch

    if states:
        torch.cuda.set_rng_state_all([torch.from_numpy(state) for state in states])


def _seed_cuda(torch: Any, seed: int) -> None:
    if torch.cuda.is_initialized():
        torch.cuda.manual_seed_all(seed)


def _of_numpy(generator: np.random.RandomState) -> _Generator:
    return _Generator(
        "numpy",
        functools.partial(generator.get_state, legacy=False),
        generator.set_state,
        lambda seed: generator.seed(seed % 2**32),
    )


def _of_torch(generator: torch.Generator) -> _Generator:
    import torch

    # As an array: a tensor pickles differently each time.
    return _Generator(
        "torch",
        lambda: generator.get_state().numpy(),
        lambda state: generator.set_state(torch.from_numpy(state)),
        generator.manual_seed,
    )


def _usable(generator: Any) -> _Generator | None:
    """Return how to use a generator; None for what is none, or is one of the global ones."""
    import torch

    if isinstance(generator, random.Random) and not isinstance(generator, random.SystemRandom):
        return _Generator("python", generator.getstate, generator.setstate, generator.seed)
    if isinstance(generator, np.random.RandomState):
        return None if generator is np.random.mtrand._rand else _of_numpy(generator)
    if isinstance(generator, (np.random.Generator, np.random.BitGenerator)):
        bits: Any = generator.bit_generator if isinstance(generator, np.random.Generator) else generator
        write = functools.partial(setattr, bits, "state")
        return _Generator("numpy", lambda: bits.state, write, lambda seed: write(type(bits)(seed).state))
    if isinstance(generator, torch.Generator):
        return None if generator is torch.default_generator else _of_torch(generator)
    return None


def _held_by(owner: Any) -> list[Any]:
    """Return the generators that an object holds, always in the same order; see ``BorrowedGenerators``."""
    import torch

    found: list[Any] = []
    seen: dict[int, Any] = {}  # with the objects, so that no other gets their ids
    scanned: set[int] = set()
    waiting = [owner]
    while waiting and len(seen) < _MOST:
        one = waiting.pop()
        if type(one) in _ATOMS or id(one) in seen:
            continue
        seen[id(one)] = one
        if _usable(one) is not None:
            found.append(one)
        elif not isinstance(one, (type, types.ModuleType, torch.Tensor, np.ndarray)):
            waiting += _parts(one, scanned)
    return found


def _parts(one: Any, scanned: set[int]) -> list[Any]:
    """Return what an object holds; ``scanned`` are the modules and classes whose variables were returned before."""
    if isinstance(one, (list, tuple, dict)):
        parts = [] if len(one) > _LONGEST else list(one.values()) if isinstance(one, dict) else list(one)
    elif isinstance(one, functools.partial):
        parts = [one.func, *one.args, *one.keywords.values()]
    elif isinstance(one, (types.MethodType, types.BuiltinMethodType)):
        parts = [one.__self__, getattr(one, "__func__", None)]
    elif isinstance(one, types.FunctionType):
        cells = one.__closure__ or ()
        parts = [cell.cell_contents for cell in cells if cell != types.CellType()]
        parts += _variables(one.__globals__, id(one.__globals__), scanned)
    else:
        parts = list(getattr(one, "__dict__", {}).values())
        module = vars(sys.modules.get(type(one).__module__, types))
        parts += _variables(module, id(module), scanned)
        parts += [part for kind in type(one).__mro__ for part in _variables(vars(kind), id(kind), scanned)]
    return parts


def _variables(variables: Mapping[str, Any], key: int, scanned: set[int]) -> list[Any]:
    """Return the generators among the variables of a module or class, once."""
    if key in scanned:
        return []
    scanned.add(key)
    return [value for value in list(variables.values()) if _usable(value) is not None]
