"""Student's noncentral t, also far out in the tails where library routines lose digits or give up."""

import math
from collections.abc import Callable

import numpy as np

_GRID = np.linspace(0, 1, 2001)


def noncentral_t_cdf(t: float, df: float, nc: float) -> float:
    """Return P(T <= t) for T = (Z + nc) / U, with Z standard normal and U = sqrt(chi-square(df) / df).

    The integral over the smoother of the two: where t is large, over Z of the chance that U >= (Z + nc) / t, else over
    U of the chance that Z <= t U - nc.
    """
    from scipy import special

    if t < 0:
        return 1 - noncentral_t_cdf(-t, df, -nc)
    if t > math.sqrt(2 * df):
        z = 18 * _GRID - 9
        at_least = special.chdtrc(df, df * np.maximum(0, (z + nc) / t) ** 2)
        return float(np.sum(at_least * np.exp(-(z**2) / 2)) * (z[1] - z[0]) / math.sqrt(2 * math.pi))
    low, high = (math.sqrt(float(special.chdtri(df, p)) / df) for p in (1 - 1e-14, 1e-16))
    u = low + (high - low) * _GRID
    log_density = math.log(2) + df / 2 * math.log(df / 2) - special.gammaln(df / 2)
    density = np.exp(log_density + special.xlogy(df - 1, u) - df * u**2 / 2)
    return float(np.sum(special.ndtr(t * u - nc) * density) * (u[1] - u[0]))


def noncentrality(t: float, df: float, p: float) -> float:
    """Return nc with P(T <= t) = p."""
    return _solve(lambda nc: p - noncentral_t_cdf(t, df, nc), t, abs(t) + 3)


def noncentral_t_quantile(p: float, df: float, nc: float) -> float:
    """Return t with P(T <= t) = p."""
    return _solve(lambda t: noncentral_t_cdf(t, df, nc) - p, nc, abs(nc) + 3)


def _solve(increasing: Callable[[float], float], start: float, step: float) -> float:
    """Find the zero of an increasing function."""
    from scipy import optimize

    low, high = start - step, start + step
    while increasing(low) > 0:
        low, step = low - step, 2 * step
    while increasing(high) < 0:
        high, step = high + step, 2 * step
    return float(optimize.brentq(increasing, low, high, xtol=1e-10))
