"""A time series of one's own in a study file: the height of the sea, hour by hour."""

import numpy as np
import pandas as pd

# Degrees per hour of the main lunar, the main solar and two diurnal tides, and their heights in metres.
TIDES = {"M2": (28.984104, 1.0), "S2": (30.0, 0.35), "K1": (15.041069, 0.2), "O1": (13.943035, 0.15)}


def tides(days: int = 90, weather: float = 0.1) -> pd.DataFrame:
    """Return tides of four constituents, and what the weather adds: an autoregression of an SD of ``weather`` metres.

    Source: Schureman, Manual of harmonic analysis and prediction of tides, 1940 (the speeds).
    """
    hours = np.arange(24 * days)
    height = sum(size * np.cos(np.radians(speed * hours)) for speed, size in TIDES.values())
    draw = np.random.default_rng(0)
    surge = np.zeros(len(hours))
    for hour in hours[1:]:
        surge[hour] = 0.95 * surge[hour - 1] + draw.normal(0, weather * np.sqrt(1 - 0.95**2))
    index = pd.date_range("2024-01-01", periods=len(hours), freq="h")
    return pd.DataFrame({"height": height + surge, "surge": surge}, index=index)
