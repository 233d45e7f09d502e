"""Runs as trackers keep them, and the one table that they become."""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from seedwise.errors import SeedwiseError
from seedwise.results._read import Frame

Cell = str | int | float | bool | None

_MOST_SETTINGS: Final = 10_000
_DEEPEST: Final = 40


@dataclass
class TrackedRun:
    """A run of a tracker.

    Attributes:
        about: what the tracker itself says of it: ``run``, its name; ``run_id``, ``state``, ``experiment``.
        config: settings.
        curve: metrics by step.
        final: metrics without a step.

    """

    about: dict[str, Cell]
    config: dict[str, Cell] = field(default_factory=dict)
    curve: dict[float, dict[str, Cell]] = field(default_factory=dict)
    final: dict[str, Cell] = field(default_factory=dict)

    def log(self, name: str, step: float, value: Cell) -> None:
        """Take a metric in at a step; what is written there already is replaced."""
        self.curve.setdefault(step, {})[name] = value

    def resumed(self, later: TrackedRun, behind: float = 0) -> TrackedRun:
        """Return this run with a later part of it: from its first step of a metric on, the later part is what counts.

        Args:
            later: the later part.
            behind: what is added to its steps.

        Example:
            >>> first, second = TrackedRun({}), TrackedRun({})
            >>> for step in range(4): first.log("loss", step, 1.0)
            >>> for step in (2, 3): second.log("loss", step, 0.5)
            >>> first.resumed(second).curve
            {0: {'loss': 1.0}, 1: {'loss': 1.0}, 2: {'loss': 0.5}, 3: {'loss': 0.5}}

        """
        begins: dict[str, float] = {}
        for step, values in sorted(later.curve.items()):
            begins = dict.fromkeys(values, step + behind) | begins
        both = TrackedRun(
            self.about | later.about,
            self.config | later.config,
            {
                step: kept
                for step, values in self.curve.items()
                if (kept := {name: cell for name, cell in values.items() if step < begins.get(name, math.inf)})
            },
            self.final | later.final,
        )
        for step, values in later.curve.items():
            both.curve.setdefault(step + behind, {}).update(values)
        return both

    @property
    def metrics(self) -> set[str]:
        """The names of its metrics."""
        return {*self.final, *itertools.chain.from_iterable(self.curve.values())}


def frame_of(runs: Sequence[TrackedRun], name: str, set_aside: Iterable[str] = ()) -> Frame:
    """Return a table with a row per run, or per step of a run where there are curves.

    A setting is a column of its own name, or ``config.NAME`` where something else is called so. A metric without a
    step stands in the last row of its run.

    Args:
        runs: in the order of the rows.
        name: of the table.
        set_aside: what was left out, one phrase each.

    Raises:
        SeedwiseError: if there is no run.

    """
    import pandas as pd

    if not runs:
        found = "; ".join(set_aside)
        raise SeedwiseError(f"there is no run in {name}{f' ({found})' if found else ''}")
    about = _ordered(run.about for run in runs)
    curves = any(len(run.curve) > 1 for run in runs)
    own = [*about, *(["step"] if curves else [])]
    metrics = _ordered(itertools.chain.from_iterable((*run.curve.values(), run.final) for run in runs))
    titles = {metric: metric if metric not in own else f"metric.{metric}" for metric in metrics}
    taken = {*own, *titles.values()}
    settings = {key: key if key not in taken else f"config.{key}" for key in _ordered(run.config for run in runs)}
    rows: list[dict[str, Cell]] = []
    for run in runs:
        fixed = run.about | {settings[key]: value for key, value in run.config.items()}
        steps: list[tuple[float | None, dict[str, Cell]]] = [*sorted(run.curve.items())] or [(None, {})]
        for step, values in steps:
            rows.append(fixed | ({"step": step} if curves else {}) | {titles[k]: v for k, v in values.items()})
        rows[-1].update({titles[key]: value for key, value in run.final.items()})
    columns = [*own, *settings.values(), *titles.values()]
    # A metric that is not logged at a step is missing there (None), which is not a value that is no number (NaN).
    data = {column: pd.Series([row.get(column) for row in rows], dtype=object) for column in dict.fromkeys(columns)}
    return Frame(pd.DataFrame(data), name, list(set_aside))


def _ordered(mappings: Iterable[Mapping[str, Cell]]) -> list[str]:
    return list(dict.fromkeys(itertools.chain.from_iterable(mappings)))


def flat(tree: object, name: str = "") -> dict[str, Cell]:
    """Return what is nested as names with dots; a list is one text.

    Raises:
        ValueError: if there is too much of it.

    Example:
        >>> flat({"optim": {"lr": 0.1}, "widths": [8, 8], "seed": 3})
        {'optim.lr': 0.1, 'widths': '[8, 8]', 'seed': 3}

    """
    found = dict(itertools.islice(_leaves(tree, name, 0), _MOST_SETTINGS + 1))
    if len(found) > _MOST_SETTINGS:
        raise ValueError(f"it has more than {_MOST_SETTINGS} settings")
    return found


def _leaves(tree: object, name: str, depth: int) -> Iterator[tuple[str, Cell]]:
    if depth > _DEEPEST:
        raise ValueError("it is nested too deep")
    if isinstance(tree, Mapping):
        for key, value in tree.items():
            yield from _leaves(value, f"{name}.{key}" if name else str(key), depth + 1)
    elif isinstance(tree, list | tuple):
        yield name, json.dumps(tree, default=str)
    else:
        yield name, tree if tree is None or isinstance(tree, str | int | float) else str(tree)


def numbers_of(tree: object) -> dict[str, Cell]:
    """Return the numbers in what is nested; neither texts nor truth values are metrics."""
    return {k: v for k, v in flat(tree).items() if isinstance(v, int | float) and not isinstance(v, bool)}


def counted(found: Mapping[str, int]) -> list[str]:
    """Return what was left out, a phrase each.

    Args:
        found: numbers by what it is, its plural in brackets.

    Example:
        >>> counted({"deleted run(s)": 2, "parent(s) of runs": 0, "run(s) without a metric": 1})
        ['2 deleted runs', '1 run without a metric']

    """
    return [f"{n} {what.replace('(s)', '' if n == 1 else 's')}" for what, n in found.items() if n]
