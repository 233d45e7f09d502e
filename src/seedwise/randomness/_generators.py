"""The global generators of python, numpy and torch (if it is there): seeded for a block, and their fate in it."""

from __future__ import annotations

import functools
import random
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from seedwise.randomness._torch import torch_if_installed

_WORDS: Final = 624
"""32-bit words in the state of a Mersenne twister, which python and numpy share."""

_STEPS: Final = 50_000
_AT_ONCE: Final = 200
"""Whole states that are looked through for the one at the end of a block, and how many at once."""

_FASTEST: Final = 1e9
"""Words a second that no code draws faster than."""


@dataclass
class Fate:
    """What became of the global generators in a block; filled in at its end.

    Attributes:
        drawn: the generators that are not as they were.
        reseeded: those of them that were seeded anew in the block with a value that nobody gave; torch's with the
            value.

    """

    drawn: list[str] = field(default_factory=list)
    reseeded: list[str] = field(default_factory=list)


@contextmanager
def seeded(seed: int, given: Collection[int] = ()) -> Iterator[Fate]:
    """Seed the global generators of python, numpy and torch for a block, and restore them after it.

    Saving the states costs about as much as a small layer.

    Args:
        seed: in [0, 2**63): torch's. Those of the others are such that none draws what another does: numpy's comes from
            it through ``SeedSequence``, since its generator and torch's give the same bits for the same seed; python's
            is the number itself, which python's generator reads in another way.
        given: values with which the block may seed them anew; read at its end.

    Yields:
        What became of them.

    """
    torch = torch_if_installed()
    with ExitStack() as restored:
        restored.callback(random.setstate, random.getstate())
        restored.callback(np.random.set_state, np.random.get_state())  # noqa: NPY002 - other people's code draws from it
        random.seed(seed)
        np.random.seed(np.random.SeedSequence(seed).generate_state(1)[0])  # noqa: NPY002
        if torch is not None:
            devices = list(range(torch.cuda.device_count())) if torch.cuda.is_available() else []
            restored.enter_context(torch.random.fork_rng(devices=devices))
            # Where there is nothing else to seed, torch.manual_seed takes a hundred times as long: it notes, for each
            # kind of device, a call to make when that is first used, and where in the program it was asked for.
            seed_all = torch.manual_seed if torch.accelerator.is_available() else torch.default_generator.manual_seed
            seed_all(seed)
        with watched(given) as fate:
            yield fate


@contextmanager
def watched(given: Collection[int] = ()) -> Iterator[Fate]:
    """Say what became of the global generators in a block.

    Args:
        given: values with which the block may seed them anew; read at its end.

    Yields:
        What became of them; filled in at the block's end.

    """
    torch = torch_if_installed()
    fate = Fate()
    start, seed, began = _states(), None if torch is None else torch.initial_seed(), time.perf_counter()
    try:
        yield fate
    finally:
        _compare(start, fate, seed, given, time.perf_counter() - began)


@contextmanager
def moved_seeds(by: int, given: Collection[int]) -> Iterator[None]:
    """Add ``by`` to every value with which the block seeds a global generator, unless it was given.

    What then changes depends on draws that follow a seed of the code's own.
    """
    torch = torch_if_installed()

    def moved(value: Any) -> Any:
        # numpy takes the last 32 bits of what was given, and no more
        known = not isinstance(value, (int, np.integer)) or any(value in (one, one % 2**32) for one in given)
        return value if known else (int(value) + by) % 2**32

    def moving(seed: Callable[..., Any], keyword: str) -> Callable[..., Any]:
        @functools.wraps(seed)
        def call(*args: Any, **named: Any) -> Any:
            if keyword in named:
                named[keyword] = moved(named[keyword])
            return seed(*map(moved, args[:1]), *args[1:], **named)

        return call

    with ExitStack() as patches:
        owners = [(random, "seed", "a"), (np.random, "seed", "seed")]
        if torch is not None:
            owners += [(torch, "manual_seed", "seed"), (torch.random, "manual_seed", "seed")]
        for owner, name, keyword in owners:
            seed = getattr(owner, name)
            setattr(owner, name, moving(seed, keyword))
            patches.callback(setattr, owner, name, seed)
        yield


def _states() -> dict[str, Any]:
    torch = torch_if_installed()
    python = random.getstate()[1]
    numpy: Any = np.random.get_state(legacy=False)  # noqa: NPY002
    states: dict[str, Any] = {
        "python": (np.array(python[:_WORDS], np.uint32), python[_WORDS]),
        "numpy": (numpy["state"]["key"].copy(), numpy["state"]["pos"]),
    }
    if torch is None:
        return states
    states["torch"] = torch.get_rng_state()
    if torch.cuda.is_initialized():
        states["cuda"] = torch.cuda.get_rng_state_all()
    return states


def _compare(start: dict[str, Any], fate: Fate, seed: int | None, given: Collection[int], seconds: float) -> None:
    torch = torch_if_installed()
    end = _states()
    for name in ("python", "numpy"):
        (key, at), (last, now) = start[name], end[name]
        if at == now and np.array_equal(key, last):
            continue
        fate.drawn.append(name)
        if _leads_to(key, last, seconds) is False and not any(
            _leads_to(other, last, seconds) for other in _starts(name, given)
        ):
            fate.reseeded.append(name)
    if torch is None:
        return
    # Where CUDA began in the block, whatever it drew moved the generator of the CPU or of a kernel that did not count.
    cuda = "cuda" in end and (
        "cuda" not in start
        or any(not torch.equal(one, two) for one, two in zip(start["cuda"], end["cuda"], strict=True))
    )
    if cuda or not torch.equal(start["torch"], end["torch"]):
        fate.drawn.append("torch")
        now = torch.initial_seed()
        if now != seed and now not in given:
            fate.reseeded.append(f"torch ({now})")


def _starts(name: str, given: Collection[int]) -> Iterator[NDArray[np.uint32]]:
    for value in given:
        if name == "numpy":
            state: Any = np.random.RandomState(value % 2**32).get_state(legacy=False)
            yield state["state"]["key"]
        else:
            yield np.array(random.Random(value).getstate()[1][:_WORDS], np.uint32)


def _leads_to(start: NDArray[np.uint32], end: NDArray[np.uint32], seconds: float) -> bool | None:
    """Return whether drawing from one state of a Mersenne twister leads to another; None if that cannot be said."""
    if np.array_equal(start, end):
        return True
    possible = int(seconds * _FASTEST / _WORDS) + 2
    twister = np.random.MT19937()
    twister.state = {"bit_generator": "MT19937", "state": {"key": start, "pos": _WORDS}}
    wanted = _tempered(end)  # reading a state costs more than drawing all words of it
    for first in range(0, min(possible, _STEPS), _AT_ONCE):
        size = min(_AT_ONCE, possible - first)
        drawn = twister.random_raw(size * _WORDS).reshape(size, _WORDS)
        if any(np.array_equal(drawn[k], wanted) for k in np.flatnonzero(drawn[:, 0] == wanted[0])):
            return True
    return False if possible <= _STEPS else None


def _tempered(key: NDArray[np.uint32]) -> NDArray[np.uint64]:
    """Return the words that a Mersenne twister gives from a state."""
    y = key.copy()
    y ^= y >> 11
    y ^= (y << 7) & np.uint32(0x9D2C5680)
    y ^= (y << 15) & np.uint32(0xEFC60000)
    y ^= y >> 18
    return y.astype(np.uint64)
