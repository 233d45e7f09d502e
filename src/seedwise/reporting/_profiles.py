"""Means and SDs at the steps and variables of a forecast."""

from __future__ import annotations

from seedwise.statistics import SpreadProfile
from seedwise.statistics.core.formatting import decimals_for, number


def sd_texts(profile: SpreadProfile, k: int) -> tuple[str, str]:
    """Return the mean and the SD with its interval of number ``k`` of a profile, to two digits of the SD."""
    decimals = min(max(decimals_for(profile.sd[k]), 3), 6)
    low, sd, high = (number(float(values[k]), decimals) for values in (profile.low, profile.sd, profile.high))
    return number(float(profile.mean[k]), decimals), f"{sd} [{low}, {high}]"
