"""Which runs tell sources of randomness apart: blocks of runs that differ in one source only, or share one only."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

MINIMUM_BLOCKS = 3


@dataclass(frozen=True, eq=False)
class AttributionDesign:
    """Runs in blocks: within a block they share seeds, between blocks none.

    Attributes:
        sources: names of the k sources, at least 2.
        seeds: seed of every source in every run, shape (R, k), integers: runs axis first.
        block: which block a run belongs to, shape (R,), integers.

    Raises:
        TypeError: seeds or blocks that are not integers.
        ValueError: fewer than 2 sources, a source named twice, fewer than 3 blocks, arrays that do not fit, the same
            run twice, or blocks that share a seed.

    Example:
        >>> design = attribution_design(["init", "shuffle", "augment"], blocks=3)
        >>> design.runs_per_block, design.pairs_that_change.tolist(), design.pairs_that_share.tolist()
        (5, [3, 3, 3], [6, 6, 6])
    """

    sources: tuple[str, ...]
    seeds: NDArray[np.int64]
    block: NDArray[np.int64]

    def __post_init__(self) -> None:
        keep = object.__setattr__
        keep(self, "sources", tuple(self.sources))
        keep(self, "seeds", _integers(self.seeds, "seeds"))
        keep(self, "block", _integers(self.block, "block"))
        _check_sources(self.sources)
        runs = len(self.block)
        if self.seeds.shape != (runs, len(self.sources)) or self.block.ndim != 1:
            raise ValueError(
                f"seeds has shape {self.seeds.shape} and block {self.block.shape} for {len(self.sources)} sources; "
                "pass (runs, sources) and (runs,)"
            )
        if len(np.unique(self.seeds, axis=0)) < runs:
            raise ValueError("two runs of the design have the same seeds: a run counts once; drop the copy")
        _check_blocks(len(np.unique(self.block)))
        for source, seeds in zip(self.sources, self.seeds.T, strict=True):
            owners = np.unique(np.stack([seeds, self.block]), axis=1)[0]
            again = owners[1:][owners[1:] == owners[:-1]]
            if again.size:
                raise ValueError(f"two blocks share the {source} seed {again[0]}: give every block seeds of its own")

    @property
    def vectors(self) -> list[dict[str, int]]:
        """The seeds of every run by source, as a study's ``seeds`` takes them."""
        return [dict(zip(self.sources, row, strict=True)) for row in self.seeds.tolist()]

    @property
    def blocks(self) -> int:
        """Number of blocks."""
        return len(np.unique(self.block))

    @property
    def runs_per_block(self) -> int:
        """Number of runs of the largest block: what a block costs."""
        return int(np.unique(self.block, return_counts=True)[1].max())

    @property
    def pairs_that_change(self) -> NDArray[np.int64]:
        """Number of pairs of runs that differ in one source only, by source, shape (k,)."""
        counts: NDArray[np.int64] = self.changed.sum(axis=0)
        return counts

    @property
    def pairs_that_share(self) -> NDArray[np.int64]:
        """Number of pairs of runs that share one source only, by source, shape (k,)."""
        counts: NDArray[np.int64] = self.shared.sum(axis=0)
        return counts

    @cached_property
    def pairs(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The first and the second run of every pair within a block, shape (pairs,) each."""
        found = []
        for block in np.unique(self.block):
            runs = np.flatnonzero(self.block == block)
            found.append(runs[np.stack(np.triu_indices(len(runs), 1))])
        first, second = np.concatenate(found, axis=1)
        return first, second

    @cached_property
    def changed(self) -> NDArray[np.bool_]:
        """Which pair differs in this source only, shape (pairs, k)."""
        differs = self._differs
        mask: NDArray[np.bool_] = differs & (differs.sum(axis=1, keepdims=True) == 1)
        return mask

    @cached_property
    def shared(self) -> NDArray[np.bool_]:
        """Which pair shares this source only, shape (pairs, k)."""
        same = ~self._differs
        mask: NDArray[np.bool_] = same & (same.sum(axis=1, keepdims=True) == 1)
        return mask

    @property
    def _differs(self) -> NDArray[np.bool_]:
        first, second = self.pairs
        mask: NDArray[np.bool_] = self.seeds[first] != self.seeds[second]
        return mask

    def kept(self, runs: ArrayLike) -> "AttributionDesign":
        """Return the design without the runs that failed.

        Args:
            runs: which runs to keep, shape (R,), booleans.

        """
        mask = np.asarray(runs, dtype=np.bool_)
        return AttributionDesign(self.sources, self.seeds[mask], self.block[mask])


def attribution_design(sources: Sequence[str], blocks: int, *, first_seed: int = 1) -> AttributionDesign:
    r"""Plan the runs that attribution needs: k + 2 per block for k sources.

    Block b has two unrelated runs, A with every seed at s = first_seed + 2b and B with every seed at s + 1, and for
    every source i a run A_i with the seeds of A but for source i, which has that of B. So every A_i is used twice: with
    A it differs in source i only, and with B it shares source i only. Of 2 and 3 sources the A_i make such pairs among
    each other too; they are all used. Runs of different blocks share nothing, which gives the total without a run more.

    A and B are what a study that varies the same sources trains anyway: such runs are already there.

    Args:
        sources: names of the sources, at least 2.
        blocks: number of blocks, at least 3: the more, the narrower the intervals.
        first_seed: seed of A in the first block, at least 0.

    Returns:
        AttributionDesign with ``blocks * (k + 2)`` runs, the runs axis first, block by block: A, B, A_1, ..., A_k.

    Raises:
        TypeError: numbers that are not whole.
        ValueError: fewer than 2 sources, a source named twice, fewer than 3 blocks, or a negative seed.

    Example:
        >>> design = attribution_design(["init", "shuffle"], blocks=3)
        >>> design.vectors[:4]  # doctest: +NORMALIZE_WHITESPACE
        [{'init': 1, 'shuffle': 1}, {'init': 2, 'shuffle': 2},
         {'init': 2, 'shuffle': 1}, {'init': 1, 'shuffle': 2}]
        >>> len(design.vectors), design.runs_per_block
        (12, 4)

    Source:
        Saltelli (2002), Making best use of model evaluations to compute sensitivity indices, Computer Physics
        Communications 145, 280-297; Saltelli et al. (2010), Computer Physics Communications 181, 259-270 (the radial
        form).
    """
    for name, value in (("blocks", blocks), ("first_seed", first_seed)):
        if isinstance(value, bool) or not isinstance(value, int | np.integer):
            raise TypeError(f"{name} must be a whole number; got {type(value).__name__}")
    _check_sources(tuple(sources))
    _check_blocks(blocks)
    if first_seed < 0:
        raise ValueError(f"first_seed is {first_seed}; pass 0 or more")
    k = len(sources)
    # A, B, and A with one seed of B.
    of_b = np.vstack([np.zeros((1, k)), np.ones((1, k)), np.eye(k)]).astype(np.int64)
    start = first_seed + 2 * np.arange(blocks)
    seeds = (start[:, None, None] + of_b).reshape(-1, k)
    return AttributionDesign(tuple(sources), seeds, np.repeat(np.arange(blocks), k + 2))


def _check_sources(sources: tuple[str, ...]) -> None:
    if len(sources) < 2:
        raise ValueError(f"attribution is between sources, at least 2; got {', '.join(sources) or 'none'}: pass more")
    if len(set(sources)) < len(sources):
        raise ValueError(f"a source is named twice: {', '.join(sources)}")


def _check_blocks(blocks: int) -> None:
    if blocks < MINIMUM_BLOCKS:
        raise ValueError(f"{blocks} block{'s' * (blocks != 1)}: an interval needs at least {MINIMUM_BLOCKS}; pass more")


def _integers(values: ArrayLike, name: str) -> NDArray[np.int64]:
    array = np.asarray(values)
    if array.dtype.kind not in "iu":
        raise TypeError(f"{name} must be integers; got {array.dtype}")
    return array.astype(np.int64)
