"""Means and SDs at the steps and variables of a forecast."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from seedwise.reporting._formatting import decimals_for, number
from seedwise.statistics import Cell, SpreadProfile, spread_profile


def profile_of(cell: Cell, values: NDArray[np.float64]) -> SpreadProfile | None:
    """Return the SDs over the finished runs of a cell of values (runs, K), or None of fewer than 3 runs."""
    groups = cell.group[cell.finished_mask]
    if len(values) - len(set(groups.tolist())) < 2:
        return None
    return spread_profile(values, groups=groups)


def sd_texts(profile: SpreadProfile, k: int) -> tuple[str, str]:
    """Return the mean and the SD with its interval of number ``k`` of a profile, to two digits of the SD."""
    decimals = min(max(decimals_for(profile.sd[k]), 3), 6)
    low, sd, high = (number(float(values[k]), decimals) for values in (profile.low, profile.sd, profile.high))
    return number(float(profile.mean[k]), decimals), f"{sd} [{low}, {high}]"
