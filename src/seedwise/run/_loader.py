"""A DataLoader whose order and augmentation each come from a source of their own."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Protocol, TypedDict

import torch
from torch.utils.data import BatchSampler, DataLoader, IterableDataset, default_collate, default_convert
from torch.utils.data.distributed import DistributedSampler

from seedwise.errors import SeedwiseError, did_you_mean
from seedwise.randomness import Randomness
from seedwise.run._examples import Draws, SeededExamples
from seedwise.run._sampler import EpochSampler


class Streams(Protocol):
    """What of a run its loaders need.

    Attributes:
        randomness: its streams.
        draws: what was drawn for the examples of each loader, by name.

    """

    randomness: Randomness
    draws: dict[str, Draws]


class LoaderArguments(TypedDict):
    """What makes a ``DataLoader`` of one's own keyed; see ``Run.loader_arguments``."""

    dataset: Any
    sampler: EpochSampler
    collate_fn: Callable[[Any], Any]
    generator: torch.Generator


class _Batches(BatchSampler):
    """Batches of the epoch that was asked for when the iteration began; torch's own look when the first is taken."""

    def __iter__(self) -> Iterator[list[int]]:
        return iter(BatchSampler(iter(self.sampler), self.batch_size, self.drop_last))


class Loader(DataLoader[Any]):
    """A ``DataLoader`` that is asked for one epoch at a time; see ``Run.loader``."""

    def epoch(self, epoch: int) -> Iterator[Any]:
        """Return the batches of an epoch, counted from 0.

        Raises:
            SeedwiseError: for a negative epoch.

        """
        self.set_epoch(epoch)
        return iter(self)

    def set_epoch(self, epoch: int) -> None:
        """Say which epoch the next iteration is of, for code that iterates over the loader itself."""
        self._epochs.set_epoch(epoch)

    @property
    def _index_sampler(self) -> Any:
        plain = type(self.batch_sampler) is BatchSampler
        return _Batches(self.sampler, self.batch_size, self.drop_last) if plain else super()._index_sampler  # type: ignore

    @property
    def _epochs(self) -> EpochSampler:
        return self.batch_sampler if isinstance(self.batch_sampler, EpochSampler) else self.sampler  # type: ignore

    def __iter__(self) -> Any:
        return _Later(self) if self._epochs.epoch is None else super().__iter__()


class _Later:
    """Batches that begin with the first one: Lightning begins to iterate before it says which epoch it is."""

    def __init__(self, loader: Loader) -> None:
        self._loader = loader
        self._batches: Any = None

    def __iter__(self) -> _Later:
        return self

    def __next__(self) -> Any:
        if self._batches is None:
            self._batches = DataLoader.__iter__(self._loader)
        return next(self._batches)


def loader_arguments(
    run: Streams,
    dataset: Any,
    *,
    collate_fn: Callable[[Any], Any] | None = default_collate,
    sampler: Iterable[Any] | None = None,
    shuffle: bool = True,
    name: str = "train",
    rank: int | None = None,
    world_size: int | None = None,
    drop_last: bool = False,
) -> LoaderArguments:
    """Return the arguments that make a ``DataLoader`` keyed; see ``Run.loader_arguments``."""
    _check_dataset(dataset)
    _check_sampler(sampler)
    here, processes = _place(rank, world_size)
    order = EpochSampler(
        run.randomness,
        len(dataset),
        name=name,
        shuffle=shuffle,
        source=sampler,
        rank=here,
        world_size=processes,
        drop_last=drop_last,
    )
    # A generator of its own, for the number that every DataLoader draws each time it is iterated over.
    generator = torch.Generator().manual_seed(int(run.randomness.integers("augment", "loader", name, size=1)[0]))
    examples = SeededExamples(dataset, collate_fn, _draws(run, name))
    return {"dataset": examples, "sampler": order, "collate_fn": _as_it_is, "generator": generator}


def loader(
    run: Streams,
    dataset: Any,
    batch_size: int | None,
    *,
    shuffle: bool,
    name: str,
    rank: int | None,
    world_size: int | None,
    options: dict[str, Any],
) -> Loader:
    """Return a loader; see ``Run.loader``."""
    _check_options(options)
    sampler, batch_sampler = options.pop("sampler", None), options.pop("batch_sampler", None)
    collate_fn, drop_last = options.pop("collate_fn", None), options.get("drop_last", False)
    arguments: dict[str, Any] = {
        **loader_arguments(
            run,
            dataset,
            collate_fn=collate_fn or (default_convert if batch_size is None else default_collate),
            sampler=batch_sampler if sampler is None else sampler,
            shuffle=shuffle,
            name=name,
            rank=rank,
            world_size=world_size,
            drop_last=drop_last,
        )
    }
    if batch_sampler is not None:
        if sampler is not None or batch_size != 1 or drop_last:
            raise SeedwiseError(
                "run.loader: a batch_sampler says what is in a batch: leave sampler=, batch_size= and drop_last= out"
            )
        arguments["batch_sampler"] = arguments.pop("sampler")
    else:
        arguments["batch_size"] = batch_size
    try:
        return Loader(**arguments, **options)
    except (TypeError, ValueError) as error:
        raise SeedwiseError(f"run.loader: {error}") from None


def _draws(run: Streams, name: str) -> Draws:
    """Return what is known of the draws of a name; a loop may make a loader for every epoch."""
    if name not in run.draws:
        run.draws[name] = Draws()
        run.randomness.ask(functools.partial(run.draws[name].report, run.randomness))
    return run.draws[name]


def _as_it_is(batch: Any) -> Any:
    """Return a batch that was put together where its examples were fetched."""
    return batch


def _place(rank: int | None, world_size: int | None) -> tuple[int, int]:
    """Return this process's rank and how many processes there are."""
    if (rank is None) != (world_size is None):
        raise SeedwiseError(f"run.loader(rank={rank}, world_size={world_size}): give both, or neither")
    if rank is None or world_size is None:
        distributed = torch.distributed
        there = distributed.is_available() and distributed.is_initialized()
        return (distributed.get_rank(), distributed.get_world_size()) if there else (0, 1)
    if not 0 <= rank < world_size:
        raise SeedwiseError(f"run.loader(rank={rank}, world_size={world_size}): ranks are 0 to world_size - 1")
    return rank, world_size


def _check_dataset(dataset: Any) -> None:
    if isinstance(dataset, DataLoader):
        raise SeedwiseError("run.loader got a DataLoader: pass its dataset, run.loader(loader.dataset, batch_size=...)")
    if isinstance(dataset, IterableDataset) or not (hasattr(dataset, "__getitem__") and hasattr(dataset, "__len__")):
        raise SeedwiseError(
            f"run.loader got {type(dataset).__name__}, whose examples have no numbers, so that none can have its own "
            "seed: pass a dataset with __len__ and __getitem__ (of files or records), or iterate over yours and draw "
            "from run.randomness.numpy('shuffle', epoch) and run.randomness.numpy('augment', epoch)"
        )


def _check_sampler(sampler: Any) -> None:
    if isinstance(sampler, DistributedSampler):
        raise SeedwiseError(
            "run.loader divides an epoch among the ranks itself: leave sampler=DistributedSampler(...) out; without "
            "torch.distributed say rank=... and world_size=..."
        )


def _check_options(options: dict[str, Any]) -> None:
    if "generator" in options:
        raise SeedwiseError("run.loader: leave generator= out: the run's streams take its place")
    known = list(inspect.signature(DataLoader).parameters)
    for name in options:
        if name not in known:
            raise SeedwiseError(
                f"run.loader has no option '{name}': {did_you_mean(name, known)}it has those of DataLoader"
            )
    if not options.get("in_order", True):
        raise SeedwiseError("run.loader: with in_order=False the order depends on how fast workers are: leave it out")
