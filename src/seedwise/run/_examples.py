"""A dataset whose examples are fetched with generators that start from the example's own seed."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final

from seedwise.errors import SeedwiseError
from seedwise.randomness import BorrowedGenerators, Randomness
from seedwise.run._sampler import Slot

if TYPE_CHECKING:
    import torch

_GENERATORS: Final = ("python", "numpy", "torch")


class SeededExamples:
    """A dataset, each example of which is fetched with the global generators at the start of its own stream.

    What ``random``, ``numpy.random`` and ``torch`` draw in ``dataset[k]`` depends on the augment seed, the epoch and k
    alone; what ``collate_fn`` draws, on the augment seed, the epoch and the batch's place in it. The generators are put
    back afterwards, so that a loop without worker processes goes on drawing as if nothing had been fetched.

    As long as nobody draws, examples are fetched as without seedwise, with the dataset's ``__getitems__`` where it has
    one, and only watched; the first batch for which something is drawn is fetched again.
    So is a batch for which the dataset has made a generator that it keeps.

    Args:
        dataset: of anyone, with ``len`` and numbered examples.
        collate_fn: from a list of examples to a batch; None leaves it to the DataLoader.
        draws: where it is noted that something was drawn.

    """

    def __init__(self, dataset: Any, collate_fn: Callable[[Any], Any] | None, draws: Draws) -> None:
        self.dataset = dataset
        self.collate_fn = collate_fn
        self.draws = draws

    def __len__(self) -> int:
        return len(self.dataset)

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name != "_generators"}

    def __getitem__(self, slot: Slot) -> Any:
        return self._fetched([slot], lambda items: self._collated(items[0]))

    def __getitems__(self, slots: Sequence[Slot]) -> Any:
        return self._fetched(slots, self._collated)

    def _fetched(self, slots: Sequence[Slot], finish: Callable[[Any], Any]) -> Any:
        if not all(isinstance(slot, Slot) for slot in slots):
            raise SeedwiseError(
                "examples were asked for without their seeds: pass the sampler of run.loader_arguments(...) to the "
                "DataLoader as well"
            )
        if self.draws.seen:
            return self._one_by_one(slots, finish)
        batch, moved = self._watched(slots, finish)
        if self._generators.found_more():
            batch, moved = self._watched(slots, finish)
        if not moved:
            return batch
        # One example of its own, since what seeds a generator is found in a short block only.
        with self._generators.started_from(slots[0].seed) as fate:
            self.dataset[int(slots[0])]
        self.draws.note(fate.reseeded)
        return self._one_by_one(slots, finish)

    @functools.cached_property
    def _generators(self) -> BorrowedGenerators:
        return BorrowedGenerators([self.dataset, self.collate_fn])

    def _watched(self, slots: Sequence[Slot], finish: Callable[[Any], Any]) -> tuple[Any, list[str]]:
        with self._generators.watched() as moved:
            batch = finish(self._at_once(slots))
        return batch, moved

    def _one_by_one(self, slots: Sequence[Slot], finish: Callable[[Any], Any]) -> Any:
        batch = self._seeded(slots, finish)
        return self._seeded(slots, finish) if self._generators.found_more() else batch

    def _seeded(self, slots: Sequence[Slot], finish: Callable[[Any], Any]) -> Any:
        from torch.utils.data import get_worker_info

        with self._generators.seeded(restored=get_worker_info() is None) as seed:
            items = []
            for slot in slots:
                seed(slot.seed)
                items.append(self.dataset[int(slot)])
            seed(slots[0].batch_seed)
            return finish(items)

    def _at_once(self, slots: Sequence[Slot]) -> Any:
        numbers = [int(slot) for slot in slots]
        if getattr(self.dataset, "__getitems__", None):
            return self.dataset.__getitems__(numbers)
        return [self.dataset[number] for number in numbers]

    def _collated(self, items: Any) -> Any:
        return items if self.collate_fn is None else self.collate_fn(items)


class Draws:
    """Whether anything was drawn for an example, in memory that all processes of a loader share."""

    def __init__(self) -> None:
        import torch

        self._flags: torch.Tensor = torch.zeros(1 + len(_GENERATORS), dtype=torch.uint8).share_memory_()

    @property
    def seen(self) -> bool:
        """Whether something was drawn."""
        return bool(self._flags[0])

    def note(self, reseeded: Sequence[str]) -> None:
        """Note that something was drawn, and from which generators after they were seeded anew; see ``Fate``."""
        for k, name in enumerate(_GENERATORS, 1):
            if any(found.startswith(name) for found in reseeded):
                self._flags[k] = 1
        self._flags[0] = 1

    def report(self, randomness: Randomness) -> None:
        """Note it in the streams of the run."""
        if self.seen:
            randomness.note_drawn("augment")
        reseeded = [name for k, name in enumerate(_GENERATORS, 1) if self._flags[k]]
        if reseeded:
            randomness.note_reseeded("augment", reseeded)
