"""The checks of arguments that all functions of this package share, with one wording."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

MINIMUM_RUNS = 3


def runs_axis(values: ArrayLike, name: str) -> NDArray[np.float64]:
    """Return ``values`` as floats, one per run and enough for an SD, or say what is wrong with them."""
    array = finite_runs(values, name)
    if array.size < MINIMUM_RUNS:
        raise ValueError(f"{name} has {runs(array.size)}: an SD needs at least {MINIMUM_RUNS}; pass more runs")
    return array


def finite_runs(values: ArrayLike, name: str) -> NDArray[np.float64]:
    """Return ``values`` as floats, one per run, however few, or say what is wrong with them."""
    try:
        array = np.asarray(values)
        if array.dtype.kind == "O" and not any(isinstance(value, str) for value in array.flat):
            array = array.astype(np.float64)
    except (TypeError, ValueError):
        raise TypeError(f"{name} must be numbers, one per run; pass a 1-D array of floats") from None
    if array.dtype.kind not in "biuf":
        raise TypeError(f"{name} must be numbers, one per run; got {array.dtype}: pass a 1-D array of floats")
    if array.ndim != 1:
        raise ValueError(f"{name} has shape {array.shape}; pass a 1-D array with one value per run (runs axis)")
    array = array.astype(np.float64)
    bad = np.flatnonzero(~np.isfinite(array))
    if bad.size:
        raise ValueError(
            f"{name}[{bad[0]}] is {array[bad[0]]}; pass the values of finished runs and count the rest as failures"
        )
    return array


def two_arms(method: ArrayLike, base: ArrayLike, paired: bool) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return both arms as floats; paired arms must have one value per pair."""
    first, second = runs_axis(method, "method"), runs_axis(base, "base")
    if paired and first.size != second.size:
        raise ValueError(
            f"paired arms need one value per pair; got {first.size} and {second.size} runs: "
            "pass the runs present in both arms, in the same order, or paired=False"
        )
    return first, second


def between(value: float, low: float, high: float, name: str, example: str) -> float:
    """Return ``value`` if it lies strictly between ``low`` and ``high``."""
    if isinstance(value, bool) or not isinstance(value, int | float | np.integer | np.floating):
        raise TypeError(f"{name} must be a number, such as {example}; got {type(value).__name__}")
    if not low < value < high:
        raise ValueError(f"{name} is {value}; pass a number above {low:g} and below {high:g}, such as {example}")
    return float(value)


def at_least(n: int, name: str, least: int = MINIMUM_RUNS) -> int:
    """Return a count, by default of runs, if it is a whole number of at least ``least``."""
    if isinstance(n, bool) or not isinstance(n, int | np.integer):
        what = " of runs per method, such as 20" if least == MINIMUM_RUNS else ", such as 2"
        raise TypeError(f"{name} must be a whole number{what}; got {type(n).__name__}")
    if least < MINIMUM_RUNS and n < least:
        raise ValueError(f"{name} is {n}; pass a whole number of at least {least}")
    if n < least:
        raise ValueError(f"{name} is {n}: an SD needs at least {least} runs; pass a larger {name}")
    return int(n)


def probability(p: float, name: str) -> float:
    """Return a p-value from 0 to 1, both included."""
    if not 0 <= p <= 1:
        raise ValueError(f"{name} is {p}; pass a p-value from 0 to 1")
    return float(p)


def level_in_range(level: float) -> float:
    """Return a confidence level strictly between 0 and 1."""
    return between(level, 0, 1, "level", ".95")


def runs(n: int) -> str:
    """Count runs in words: ``1 run``, ``2 runs``."""
    return f"{n} run" if n == 1 else f"{n} runs"
