"""What a time says of the day, the week and the year, as numbers that a network can take in."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

_MINUTE: Final = 60
_HOUR: Final = 60 * _MINUTE
_DAY: Final = 24 * _HOUR


def calendar_features(times: NDArray[np.datetime64]) -> NDArray[np.float32]:
    """Return the calendar of each time, the features that vary at its spacing, each scaled to [-.5, .5].

    Hours: hour of day, day of week, day of month, day of year; minutes and seconds come before these at finer spacing.
    Days: the last three. Weeks: day of month, week of year. Months: month of year. Years: none.

    Args:
        times: (rows,), evenly spaced, at least 2.

    Returns:
        (rows, features).

    Example:
        >>> hours = np.arange("2016-07-04T00", "2016-07-04T02", dtype="datetime64[h]")
        >>> calendar_features(hours).shape, calendar_features(hours)[0, :2].tolist()
        ((2, 4), [-0.5, -0.5])

    Source: the features of Informer (Zhou et al. 2021, arXiv 2012.07436) and Autoformer, after GluonTS.

    """
    index = pd.DatetimeIndex(times)
    step = float(np.median(np.diff(times).astype("timedelta64[ms]").astype(np.float64))) / 1000
    features: list[Any] = []
    if step < _MINUTE:
        features.append(index.second / 59)
    if step < _HOUR:
        features.append(index.minute / 59)
    if step < _DAY:
        features.append(index.hour / 23)
    if step < 7 * _DAY:
        features += [index.day_of_week / 6, (index.day - 1) / 30, (index.day_of_year - 1) / 365]
    elif step < 28 * _DAY:
        features += [(index.day - 1) / 30, (np.asarray(index.isocalendar().week) - 1) / 52]
    elif step < 360 * _DAY:
        features.append((index.month - 1) / 11)
    if not features:
        return np.empty((len(times), 0), dtype=np.float32)
    return np.column_stack([feature - 0.5 for feature in features]).astype(np.float32)
