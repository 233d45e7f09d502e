"""Which forecasts a figure compares with the truth: two windows and a variable, decided by the runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from seedwise.statistics import Cell
from seedwise.statistics.cells.pairing import is_base
from seedwise.store import recordable
from seedwise.study._cell_forecasts import CellForecasts
from seedwise.study._pools import Recall, computed

_FEWEST_RUNS: Final = 3
_MOST_METHODS: Final = 4


@recordable
@dataclass(frozen=True, eq=False)
class Choice:
    """Two windows and a variable.

    Attributes:
        windows: the first row of the usual window and of the widest.
        variable: number of the variable.
        count: how many windows they were chosen from.
        truth: (2, H), what was to be forecast.
        history: (2, L), what came before.

    """

    windows: tuple[int, ...]
    variable: int
    count: int
    truth: NDArray[np.float32]
    history: NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Fan:
    """What is shown of the forecasts of one task and regime.

    Attributes:
        task: name of the task.
        regime: which sources vary.
        choice: the windows and the variable, decided by the first method.
        variable: name of the variable.
        forecasts: by method, the base first: values (R, 2, H) of the variable in the two windows.
        left_out: further methods that kept forecasts of them.
        of_first: by method, number of runs where these are not all of them, as the forecasts of others were left out of
            a compact store.

    """

    task: str
    regime: str
    choice: Choice
    variable: str
    forecasts: dict[str, NDArray[np.float64]]
    left_out: tuple[str, ...]
    of_first: dict[str, int]


def fans_of(
    cells: Sequence[Cell],
    forecasts: Sequence[CellForecasts | None],
    base: str,
    recall: Callable[[CellForecasts], Recall] = lambda _found: computed,
) -> list[Fan]:
    """Choose two windows and a variable for every task and regime in which three or more runs kept their forecasts.

    Decided by the variance over the runs of the base (or of the first method): the windows are those of the median and
    of the largest variance, over steps and variables, and the variable is that of the largest, over all windows kept.

    Args:
        cells: the cells.
        forecasts: for each cell what its runs forecast, or None.
        base: the method that decides.
        recall: of the forecasts of a cell, finds results that need them where they are not kept any more.

    """
    both = sorted(zip(cells, forecasts, strict=True), key=lambda one: not is_base(one[0], base))
    fans = []
    for task, regime in dict.fromkeys((cell.task, cell.regime) for cell in cells):
        kept = [(c, found) for c, found in both if (c.task, c.regime) == (task, regime) and found is not None]
        choices = ((found, recall(found)("fan windows", {}, partial(_choose, found))) for _, found in kept)
        first, choice = next(((found, choice) for found, choice in choices if choice is not None), (None, None))
        if first is None or choice is None:
            continue
        drawn: dict[str, NDArray[np.float64]] = {}
        left_out, of_first = [], {}
        asked = {"windows": list(choice.windows), "variable": choice.variable}
        for cell, found in kept:
            full = len(drawn) == _MOST_METHODS
            values = recall(found)("fan", asked, partial(_values, found, choice, full=full))
            if values is None:
                continue
            if full or not len(values):
                left_out.append(cell.method)
                continue
            drawn[cell.method] = values.astype(np.float64)
            if len(values) < cell.finished:
                of_first[cell.method] = len(values)
        variable = first.variables[choice.variable]
        fans.append(Fan(task, regime, choice, variable, drawn, tuple(left_out), of_first))
    return fans


def _is_shown(found: CellForecasts) -> bool:
    # One step is no line.
    return found.by_step.shape[2] > 1 and found.sample is not None and len(found.sample) >= _FEWEST_RUNS


def _choose(found: CellForecasts) -> Choice | None:
    if not _is_shown(found):
        return None
    sample, truth = np.asarray(found.sample), np.asarray(found.truth)
    # A function of one's own need not have saved what came before.
    history = truth[:, :0] if found.history is None else found.history
    variance = sample.astype(np.float64).var(axis=0)
    variable = int(variance.mean(axis=(0, 1)).argmax())
    order = np.argsort(variance.mean(axis=(1, 2)), kind="stable")
    at = [int(order[(len(order) - 1) // 2]), int(order[-1])]
    windows = tuple(found.windows[found.sampled][at].tolist())
    return Choice(windows, variable, len(order), truth[at, :, variable], history[at, :, variable])


def _values(found: CellForecasts, choice: Choice, *, full: bool) -> NDArray[Any] | None:
    """Return the forecasts of the chosen windows and variable, of no run where the figure is full; None if unkept."""
    if found.sample is None or not _is_shown(found):
        return None
    at = {int(window): k for k, window in enumerate(found.windows[found.sampled])}
    if not at.keys() >= set(choice.windows):
        return None
    # One index after the other: both at once would put the windows before the runs.
    values: NDArray[Any] = found.sample[..., choice.variable][:, [at[window] for window in choice.windows]]
    return values[:0] if full else values
