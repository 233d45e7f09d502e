"""In which order the examples of an epoch come, each with the seeds of what is drawn for it."""

from __future__ import annotations

import itertools
import operator
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seedwise.errors import SeedwiseError
from seedwise.randomness import BorrowedGenerators, Randomness


class Slot(int):
    """The number of an example, with what the generators start from when it is fetched.

    Attributes:
        seed: for the example; a function of augment seed, epoch and example, and of how often the example came before
            in the epoch.
        batch_seed: for putting together the batch that begins with it; a function of augment seed, epoch and place in
            the epoch.

    """

    seed: int
    batch_seed: int

    def __new__(cls, number: int, seed: int, batch_seed: int) -> Slot:
        self = super().__new__(cls, number)
        self.seed, self.batch_seed = seed, batch_seed
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        return Slot, (int(self), self.seed, self.batch_seed)


class EpochSampler:
    """The order of each epoch: a function of the shuffle seed and the epoch.

    Ranks of a distributed run share one order: rank r of W has its elements r, r + W, ..., so that step by step the
    batches of all ranks together are the batch that one process would have.

    Args:
        randomness: the run's streams.
        size: number of examples.
        name: tells several loaders of a run apart.
        shuffle: False for 0, 1, 2, ... in every epoch.
        source: a sampler of one's own, of numbers or of batches of them: it is gone through once an epoch, and what it
            draws from the generators of ``BorrowedGenerators`` comes from the shuffle stream.
        rank: of this process.
        world_size: number of processes.
        drop_last: leave out the end of an order that cannot be divided among the ranks; otherwise its beginning is
            repeated, so that all ranks have equally many.

    """

    def __init__(
        self,
        randomness: Randomness,
        size: int,
        *,
        name: str = "train",
        shuffle: bool = True,
        source: Iterable[Any] | None = None,
        rank: int = 0,
        world_size: int = 1,
        drop_last: bool = False,
    ) -> None:
        self.randomness = randomness
        self.size = size
        self.name = name
        self.shuffle = shuffle
        self.source = source
        self.rank = rank
        self.world_size = world_size
        self.drop_last = drop_last
        self.epoch: int | None = None

    def set_epoch(self, epoch: int) -> None:
        """Say which epoch the next iteration is of, counted from 0."""
        epoch = operator.index(epoch)
        if epoch < 0:
            raise SeedwiseError(f"set_epoch({epoch}): epochs are counted from 0")
        self.epoch = epoch

    def __len__(self) -> int:
        count = self.size if self.source is None else len(self.source)  # type: ignore[arg-type]
        return count // self.world_size if self.drop_last else -(-count // self.world_size)

    def __iter__(self) -> Iterator[Slot | list[Slot]]:
        if self.epoch is None:
            raise SeedwiseError(
                "which epoch? write 'for batch in loader.epoch(epoch):', or call set_epoch(epoch) of the loader "
                "or its sampler first"
            )
        return self._slots(self.epoch)  # the epoch is that of now, also for a worker that begins later

    def _slots(self, epoch: int) -> Iterator[Slot | list[Slot]]:
        # Each has to be asked for, or the order of one would be repeated. It is asked for until its first element is
        # taken: a DataLoader with workers begins twice.
        self.epoch = None if self.epoch == epoch else self.epoch
        elements = self._order(epoch)
        batched = self.source is not None and any(isinstance(element, (list, tuple)) for element in elements[:1])
        numbers = self._checked(itertools.chain.from_iterable(elements) if batched else elements)
        times = np.zeros_like(numbers) if self.source is None else _times_before(numbers)
        repeats = 1 + int(times.max(initial=0))
        streams = self.randomness.integers("augment", "loader", self.name, epoch, size=repeats * self.size)
        seeds = streams.reshape(repeats, self.size)[times, numbers]
        batch_seeds = self.randomness.integers("augment", "loader", self.name, epoch, "batches", size=len(numbers))
        columns = numbers.tolist(), seeds.tolist(), batch_seeds.tolist()  # a number of numpy costs three of Python
        ends = list(itertools.accumulate(map(len, elements))) if batched else None
        for k in self._of_rank(len(elements)):
            if ends is None:
                yield Slot(columns[0][k], columns[1][k], columns[2][k])
            else:
                yield list(map(Slot, *(column[ends[k] - len(elements[k]) : ends[k]] for column in columns)))

    def _order(self, epoch: int) -> Sequence[Any]:
        if self.source is None:
            if not self.shuffle:
                return range(self.size)
            order: list[int] = (
                self.randomness.numpy("shuffle", "loader", self.name, epoch).permutation(self.size).tolist()
            )
            return order
        if hasattr(self.source, "set_epoch"):
            self.source.set_epoch(epoch)
        (seed,) = self.randomness.integers("shuffle", "loader", self.name, epoch, size=1).tolist()
        generators = BorrowedGenerators(self.source)
        with generators.started_from(seed) as fate:
            order = list(self.source)
        if generators.found_more():
            with generators.started_from(seed) as fate:
                order = list(self.source)
        if fate.drawn:
            self.randomness.note_drawn("shuffle")
        if fate.reseeded:
            self.randomness.note_reseeded("shuffle", fate.reseeded)
        return order

    def _checked(self, numbers: Iterable[Any]) -> NDArray[np.int64]:
        found = list(numbers)
        for number in found if self.source is not None else ():
            if not isinstance(number, (int, np.integer)) or not 0 <= number < self.size:
                raise SeedwiseError(
                    f"the sampler gave {number!r}: it can give numbers of examples, 0 to {self.size - 1}, or lists of "
                    "them"
                )
        return np.array(found, dtype=np.int64)

    def _of_rank(self, count: int) -> Iterator[int]:
        total = count - count % self.world_size if self.drop_last else -(-count // self.world_size) * self.world_size
        return (k % count for k in range(self.rank, total, self.world_size))


def _times_before(numbers: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return how often each number came before."""
    seen: Counter[int] = Counter()
    times = []
    for number in numbers.tolist():
        times.append(seen[number])
        seen[number] += 1
    return np.array(times, dtype=np.int64)
