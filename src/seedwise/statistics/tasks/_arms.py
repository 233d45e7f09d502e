"""The arms of two methods on several tasks."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from seedwise.statistics.core import _checks

Array = NDArray[np.float64]


def arms_by_task(
    methods: Sequence[ArrayLike], bases: Sequence[ArrayLike], *, paired: bool
) -> list[tuple[Array, Array]]:
    """Return the arms of each task as floats, or say which task has what wrong with it."""
    if len(methods) != len(bases):
        raise ValueError(f"got {len(methods)} tasks of the method and {len(bases)} of the base; pass the same tasks")
    if len(methods) < 2:
        raise ValueError(f"got {len(methods)} task{'s' * (len(methods) != 1)}; pass at least 2")
    found = []
    for task, (method, base) in enumerate(zip(methods, bases, strict=True)):
        try:
            found.append(_checks.two_arms(method, base, paired))
        except (TypeError, ValueError) as error:
            raise type(error)(f"task {task}: {error}") from None
    return found
