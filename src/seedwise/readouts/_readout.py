"""What a readout is called, and what its name says."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Final, Protocol

from seedwise.errors import did_you_mean
from seedwise.readouts._grid import Grid
from seedwise.registry import VIEWS, resolve


class View(Protocol):
    """A test-time view of an image: what training does to images, not at random.

    Attributes:
        mirrors, shifts: whether it needs images that are mirrored, or moved, in training.

    """

    @property
    def mirrors(self) -> bool:
        """See above."""

    @property
    def shifts(self) -> bool:
        """See above."""

    def rows(self, pixels: int, flip: bool) -> list[tuple[int, ...]]:
        """Return its rows of the table of the training augmentation, ``data.Shift(pixels, flip)``."""


_PARTS: Final = ("plain", "snapshots", "average-K", "weighted-K", *VIEWS, "ensemble-N")


@dataclass(frozen=True)
class Readout:
    """A way of turning finished runs into predictions; without any part it is ``plain``.

    Attributes:
        snapshots: whether the logits are the mean of those of all snapshots of a run.
        average: the weights are the mean of those of so many last epochs; 0: they are the run's own.
        view: one of ``registry.VIEWS``, the mean of the logits over views of an image; empty for the image as it is.
        ensemble: the mean of the logits of so many runs, a statistic of a pool of runs; 0: every run by itself.
        power: in the mean of weights, epochs weigh by their gain on validation data to this power (see
            ``gain_shares``); 0: equally.

    """

    snapshots: bool = False
    average: int = 0
    view: str = ""
    ensemble: int = 0
    power: int = 0

    @property
    def name(self) -> str:
        """Its one name, parts in the order snapshots or average, view, ensemble."""
        parts = ["snapshots"] if self.snapshots else [self._mean] if self.average else []
        parts += [self.view] if self.view else []
        parts += [f"ensemble-{self.ensemble}"] if self.ensemble else []
        return " + ".join(parts) or "plain"

    @property
    def _mean(self) -> str:
        if not self.power:
            return f"average-{self.average}"
        return f"weighted-{self.average}" + (f"^{self.power}" if self.power > 1 else "")

    @property
    def per_run(self) -> Readout:
        """What it does to every run by itself: all but the ensemble."""
        return replace(self, ensemble=0)

    @property
    def mirrors(self) -> bool:
        """Whether it mirrors images."""
        return self._view.mirrors

    @property
    def shifts(self) -> bool:
        """Whether it moves images."""
        return self._view.shifts

    def rows(self, pixels: int, flip: bool) -> list[tuple[int, ...]]:
        """Return the views of an image as rows of the training augmentation's table, ``data.Shift(pixels, flip)``.

        Example:
            >>> [len(parse_readout(view).rows(4, True)) for view in VIEWS], len(parse_readout("crop81").rows(1, False))
            ([2, 25, 81, 50, 162], 9)

        """
        return self._view.rows(pixels, flip)

    @property
    def _view(self) -> View:
        return _AS_IT_IS if not self.view else resolve(VIEWS[self.view])


_AS_IT_IS: Final = Grid()


def parse_readout(text: str) -> Readout:
    """Return the readout that a name means: parts joined by ``+``, at most one of each kind.

    Args:
        text: ``plain``, or one or several of ``snapshots`` or ``average-K`` or ``weighted-K`` or ``weighted-K^P``
            (K >= 2), a view, ``ensemble-N`` (N >= 2).

    Raises:
        ValueError: one line, for an unknown part or two of one kind.

    Example:
        >>> parse_readout("flip-crop81+snapshots").name
        'snapshots + flip-crop81'
        >>> parse_readout("crop18")
        Traceback (most recent call last):
        ValueError: unknown readout 'crop18': did you mean 'crop81'? allowed: plain, snapshots, average-K, \
weighted-K, flip, crop25, crop81, flip-crop25, flip-crop81, ensemble-N; join several with '+'

    """
    given = [_part(part.strip()) for part in text.split("+")]
    kinds = ["weights" if {"snapshots", "average"} & part.keys() else next(iter(part)) for part in given]
    if len(set(kinds)) < len(kinds):
        raise ValueError(
            f"the readout '{text}' has two parts of one kind: at most one of snapshots, average-K and weighted-K, one "
            "view, and one ensemble-N"
        )
    values = {kind: value for part in given for kind, value in part.items()}
    if "plain" in values and len(values) > 1:
        raise ValueError(f"the readout '{text}' has other parts beside 'plain': leave 'plain' out")
    return Readout(**{kind: value for kind, value in values.items() if kind != "plain"})


def per_run(names: Iterable[str]) -> list[Readout]:
    """Return what readouts do to every run by itself, ``plain`` left out.

    Example:
        >>> [readout.name for readout in per_run(["plain", "flip", "flip + ensemble-5", "crop25 + ensemble-2"])]
        ['flip', 'crop25']

    """
    found = dict.fromkeys(parse_readout(name).per_run for name in names)
    return [readout for readout in found if readout != Readout()]


def _part(part: str) -> dict[str, Any]:
    """Return the fields of ``Readout`` that a part sets."""
    if part in ("plain", "snapshots"):
        return {part: True}
    if part in VIEWS:
        return {"view": part}
    found = re.fullmatch(r"(average|weighted|ensemble)-([1-9]\d{0,3})(?:\^([1-9]\d?))?", part)
    if found and (found[1] == "weighted" or found[3] is None):
        kind, number = found[1], int(found[2])
        if number == 1:
            raise ValueError(f"the readout '{part}' is no mean: it takes 2 or more")
        return {"average": number, "power": int(found[3] or 1)} if kind == "weighted" else {kind: number}
    hint = did_you_mean(part, _PARTS)
    raise ValueError(f"unknown readout '{part}': {hint}allowed: {', '.join(_PARTS)}; join several with '+'")
