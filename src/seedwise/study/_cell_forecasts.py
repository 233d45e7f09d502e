"""What the runs of a cell forecast, as arrays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class CellForecasts:
    """What the runs of a cell forecast on the test windows, in standardised values.

    Attributes:
        run_ids: the R finished runs, in the order of the plan: that of the replicates.
        by_step: (R, 2, H) squared and absolute error of each step, means over all windows and variables.
        by_variable: (R, 2, C) squared and absolute error of each variable, means over all windows and steps.
        window_errors: (R, N) squared error of each window, mean over its steps and variables; the mean of a row is the
            run's MSE.
        windows: (N,) the first row of each window in the series.
        sampled: (S,) which of the N windows the sample consists of, the same in every run.
        sample: (R, S, H, C) the runs' forecasts of the sample, in the precision that was kept; None with
            ``keep: {predictions: labels}``.
        truth: (S, H, C) what was to be forecast, or None.
        history: (S, L, C) what came before, or None.
        variables: names of the C variables.

    """

    run_ids: tuple[str, ...]
    by_step: NDArray[np.float64]
    by_variable: NDArray[np.float64]
    window_errors: NDArray[np.float32]
    windows: NDArray[np.int64]
    sampled: NDArray[np.int64]
    sample: NDArray[Any] | None
    truth: NDArray[np.float32] | None
    history: NDArray[np.float32] | None
    variables: tuple[str, ...]
