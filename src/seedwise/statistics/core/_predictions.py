"""The checks that all functions of predictions share, with one wording: runs axis first, then examples."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from seedwise.statistics.core import _checks

ExampleIds = ArrayLike | Sequence[ArrayLike] | None

_VALUES_AT_ONCE = 4_000_000  # bounds the working copies of logits at 32 MB each


def scores(values: ArrayLike | Sequence[ArrayLike], name: str, *, examples: int = 1) -> NDArray[np.float64]:
    """Return scores of shape (runs, examples) as floats; booleans become 0 and 1."""
    array = _two_axes(values, name)
    if array.dtype.kind not in "biuf":
        raise TypeError(f"{name} must be numbers; got {array.dtype}: pass a 2-D array of floats (runs, examples)")
    _enough(array, name, "(runs, examples)", examples)
    array = array.astype(np.float64)
    _finite(array, name)
    return array


def correctness(values: ArrayLike | Sequence[ArrayLike], name: str) -> NDArray[np.bool_]:
    """Return which run is right on which example, shape (runs, examples)."""
    array = _two_axes(values, name)
    if array.dtype.kind not in "biuf" or not np.isin(array, (0, 1)).all():
        raise TypeError(f"{name} must be true or false, one per run and example; pass predictions == labels")
    _enough(array, name, "(runs, examples)")
    return array.astype(np.bool_)


def logits(values: ArrayLike | Sequence[ArrayLike], name: str = "logits") -> NDArray[np.floating[Any]]:
    """Return scores of classes, shape (runs, examples, classes), in the precision in which they came."""
    array = _array(values, name)
    if array.ndim != 3:
        raise ValueError(f"{name} has shape {array.shape}; pass a 3-D array (runs, examples, classes)")
    if array.dtype.kind not in "iuf":
        raise TypeError(f"{name} must be numbers; got {array.dtype}: pass a 3-D array (runs, examples, classes)")
    _enough(array, name, "(runs, examples, classes)")
    if array.shape[2] < 2:
        raise ValueError(f"{name} has {array.shape[2]} class; pass one score per class, at least 2")
    if array.dtype.kind != "f":
        array = array.astype(np.float64)
    _finite(array, name)
    return array


def per_run(values: ArrayLike | Sequence[ArrayLike], name: str) -> NDArray[np.floating[Any]]:
    """Return numbers of shape (runs, examples, ...), in the precision in which they came."""
    array = _array(values, name)
    if array.ndim < 2:
        raise ValueError(f"{name} has shape {array.shape}; pass an array (runs, examples, ...)")
    if array.dtype.kind not in "biuf":
        raise TypeError(f"{name} must be numbers; got {array.dtype}: pass an array (runs, examples, ...)")
    _enough(array, name, "(runs, examples, ...)")
    if array.dtype.kind != "f":
        array = array.astype(np.float64)
    _finite(array, name)
    return array


def class_labels(labels: ArrayLike, examples: int, classes: int) -> NDArray[np.int64]:
    """Return true classes 0..classes-1, shape (examples,)."""
    array = np.asarray(labels)
    if array.dtype.kind not in "iu":
        raise TypeError(f"labels must be integers; got {array.dtype}: pass the true class of each example")
    if array.shape != (examples,):
        raise ValueError(f"labels has shape {array.shape}; pass one true class per example, ({examples},)")
    if array.min() < 0 or array.max() >= classes:
        raise ValueError(
            f"labels run from {array.min()} to {array.max()}, but the logits have {classes} classes; "
            f"pass labels from 0 to {classes - 1}"
        )
    return array.astype(np.int64)


def blocks(shape: tuple[int, ...]) -> list[slice]:
    """Cut the examples of an array (runs, examples, ...) into pieces that fit in memory several times over."""
    per_example = max(1, int(np.prod(shape)) // max(1, shape[1]))
    step = max(1, _VALUES_AT_ONCE // per_example)
    return [slice(start, start + step) for start in range(0, shape[1], step)]


def same_examples(example_ids: ExampleIds, shape: tuple[int, ...]) -> NDArray[Any] | None:
    """Refuse runs that predicted different examples; return the ids, shape (examples,), or None if there are none."""
    if example_ids is None:
        return None
    runs, examples = shape[:2]
    per_run = [np.asarray(ids) for ids in example_ids] if isinstance(example_ids, list | tuple) else None
    if per_run is None or all(ids.ndim == 0 for ids in per_run):
        array = np.asarray(example_ids)
        per_run = [array] if array.ndim == 1 else list(array)
    if len(per_run) not in (1, runs):
        raise ValueError(f"example_ids has {len(per_run)} rows for {runs} runs; pass one list of ids per run")
    for run, ids in enumerate(per_run):
        if ids.shape != (examples,):
            raise ValueError(f"example_ids of run {run} has shape {ids.shape}; pass one id per example, ({examples},)")
        if not np.array_equal(ids, per_run[0]):
            raise ValueError(
                f"runs 0 and {run} predicted different examples, or in another order; "
                "pass the predictions on the examples they share, in one order"
            )
    return per_run[0]


def same_test_set(
    first: tuple[int, ...],
    second: tuple[int, ...],
    first_ids: NDArray[Any] | None,
    second_ids: NDArray[Any] | None,
    names: tuple[str, str],
) -> None:
    """Refuse two arms (given by their shapes and ids) that do not share their examples in one order."""
    if first[1] != second[1]:
        raise ValueError(
            f"{names[0]} has {first[1]} examples and {names[1]} {second[1]}; pass the examples they share, in one order"
        )
    if (first_ids is None) != (second_ids is None):
        raise ValueError(f"example ids are given for one of {names[0]} and {names[1]}; pass both, or neither")
    if first_ids is not None and not np.array_equal(first_ids, second_ids):  # type: ignore[arg-type]
        raise ValueError(
            f"{names[0]} and {names[1]} are about different examples, or in another order; "
            "pass the predictions on the examples they share, in one order"
        )


def _array(values: ArrayLike | Sequence[ArrayLike], name: str) -> NDArray[Any]:
    try:
        return np.asarray(values)
    except ValueError:
        raise ValueError(
            f"the runs of {name} have different numbers of examples; pass the same examples for every run"
        ) from None


def _two_axes(values: ArrayLike | Sequence[ArrayLike], name: str) -> NDArray[Any]:
    array = _array(values, name)
    if array.ndim != 2:
        raise ValueError(f"{name} has shape {array.shape}; pass a 2-D array (runs, examples)")
    return array


def _enough(array: NDArray[Any], name: str, axes: str, examples: int = 1) -> None:
    if array.shape[0] < _checks.MINIMUM_RUNS:
        raise ValueError(
            f"{name} has {_checks.runs(array.shape[0])}: an interval over runs needs at least "
            f"{_checks.MINIMUM_RUNS}; pass more runs, runs axis first {axes}"
        )
    if array.shape[1] < examples:
        raise ValueError(
            f"{name} has {array.shape[1]} example{'s' * (array.shape[1] != 1)}: at least {examples} needed; pass {axes}"
        )


def _finite(array: NDArray[Any], name: str) -> None:
    for run, values in enumerate(array):
        if not np.isfinite(values).all():
            raise ValueError(f"{name} of run {run} holds values that are not finite; leave that run out as failed")
