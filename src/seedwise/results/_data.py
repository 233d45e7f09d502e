"""What Python functions take as results: a data frame, files, or several of them by name."""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from seedwise.errors import SeedwiseError, listed
from seedwise.results._file_names import apart
from seedwise.results._options import ScoreOptions, takes
from seedwise.results._read import Frame
from seedwise.results._rliable import scores_of
from seedwise.results._understand import understand
from seedwise.results.readers import read

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

Data: TypeAlias = (
    "pd.DataFrame | str | os.PathLike[str] | Sequence[str | os.PathLike[str]] | Mapping[str, pd.DataFrame]"
)
"""A table, the name of a file or folder, several names, or tables by their names."""


def frames_of(data: Any) -> list[Frame]:
    """Return the tables of a data frame, a file, several files, or data frames by name."""
    if isinstance(data, str | os.PathLike):
        return [read(Path(data))]
    if isinstance(data, Mapping):
        return [Frame(frame, name) for name, frame in data.items()]
    if isinstance(data, Sequence):
        paths = [Path(one) for one in data]
        found = [read(path) for path in paths]
        names = apart(paths, [frame.name for frame in found])
        return [replace(frame, name=name) for frame, name in zip(found, names, strict=True)]
    return [Frame(data, "the table")]


@takes(ScoreOptions)
def rliable_scores(data: Data, options: ScoreOptions) -> dict[str, NDArray[np.float64]]:
    """Return results as the package rliable takes them: for each method an array of runs by tasks.

    Where a method has more runs on one task than on another, the smaller number is taken, seeds that it has on every
    task first, and a warning names the runs that are left out. Methods may have different numbers of runs.

    Returns:
        By method an array of shape (runs, tasks), in the unit of the data; tasks and seeds are in the order of the
        table.

    Raises:
        SeedwiseError: one line, for what is ambiguous or no run, several metrics, a method that lacks a task, or a run
            that failed, without ``chance``.

    Example:
        >>> import pandas as pd
        >>> frame = pd.DataFrame({"task": ["pong", "qbert"] * 2, "seed": [0, 0, 1, 1], "score": [18.0, 9.5, 20.0, 8.0]})
        >>> rliable_scores(frame.assign(method="dqn"), metric="score")
        {'dqn': array([[18. ,  9.5],
               [20. ,  8. ]])}

    Source:
        Agarwal et al. (2021), Deep reinforcement learning at the edge of the statistical precipice.

    Args:
        data: as for ``seedwise.compare``.

    """
    runs = understand(frames_of(data), options.roles)
    if len(runs.metrics) > 1:
        names = [metric.name for metric in runs.metrics]
        raise SeedwiseError(f"which metric: {listed(names)}? Pass one, metric='{names[0]}'")
    found = scores_of(runs, runs.metrics[0], options.chance)
    for note in found.notes:
        warnings.warn(note, stacklevel=3)
    return found.by_method
