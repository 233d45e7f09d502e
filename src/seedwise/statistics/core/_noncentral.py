"""Student's noncentral t, with digits that hold relative to the probability also far out in its tails.

scipy's ``nctdtr`` (1.17) has no upper tail, and no digits at some places: nan for t -6, df 1, nc 12.
"""

import math
from collections.abc import Callable
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

_GRID = np.linspace(0, 1, 201)
_NODES = 200
_NEGLIGIBLE = 45.0
"""The integral ends where the integrand is exp(-45) of its largest value."""
_FLAT = 1e-3
"""So near is the mode known well enough: where the integral ends, this much is nothing."""


def noncentral_t_cdf(t: float, df: float, nc: float) -> float:
    """Return P(T <= t) for T = (Z + nc) / U, with Z standard normal and U = sqrt(chi-square(df) / df).

    The integral over the smoother of the two: where t is large, over Z of the chance that U >= (Z + nc) / t, else over
    U of the chance that Z <= t U - nc.
    """
    return min(1.0, _lower(t, df, nc) if t >= 0 else _upper(-t, df, -nc))


def noncentral_t_sf(t: float, df: float, nc: float) -> float:
    """Return P(T > t), with T as for :func:`noncentral_t_cdf`."""
    return min(1.0, _upper(t, df, nc) if t >= 0 else _lower(-t, df, -nc))


def noncentrality(t: float, df: float, p: float) -> float:
    """Return nc with P(T <= t) = p."""
    from scipy import special

    return _solve(lambda nc: p - noncentral_t_cdf(t, df, nc), special.nctdtrinc(df, p, t), t)


def noncentral_t_quantile(p: float, df: float, nc: float) -> float:
    """Return t with P(T <= t) = p."""
    from scipy import special

    return _solve(lambda t: noncentral_t_cdf(t, df, nc) - p, special.nctdtrit(df, nc, p), nc)


def _lower(t: float, df: float, nc: float) -> float:
    """Return P(T <= t) for t >= 0."""
    from scipy import special

    if t <= math.sqrt(2 * df):
        mode = math.sqrt((df - 1) / df)
        return _integral(
            lambda u: _log_density(u, df) + special.log_ndtr(t * u - nc),
            (mode, mode + (max(nc, 0.0) + 9) / math.sqrt(df)),
            1 / math.sqrt(df),
        )
    # Over v = Z + nc: below 0 the chance is 1.
    rest = _integral(
        lambda v: _log_normal(v - nc) + _log(special.chdtrc(df, df * (v / t) ** 2)),
        (0.0, max(nc, 0.0)),
        1.0,
    )
    return float(special.ndtr(-nc)) + rest


def _upper(t: float, df: float, nc: float) -> float:
    """Return P(T > t) for t >= 0."""
    from scipy import special

    if t <= math.sqrt(2 * df):
        return _integral(
            lambda u: _log_density(u, df) + special.log_ndtr(nc - t * u),
            (0.0, math.sqrt((df - 1) / df)),
            1 / math.sqrt(df),
        )
    highest = t * math.sqrt(float(special.chdtri(df, 1e-16)) / df)
    return _integral(
        lambda v: _log_normal(v - nc) + _log(special.chdtr(df, df * (v / t) ** 2)),
        (max(nc, 0.0), max(nc, highest)),
        1.0,
    )


def _integral(log: Callable[[Array], Array], around: tuple[float, float], widest: float) -> float:
    """Integrate exp(log) from 0: log-concave, narrower than a normal law of SD ``widest``, its mode ``around``."""
    low, high = around
    for _ in range(8):
        grid = low + (high - low) * _GRID
        found = log(grid)
        best = int(np.argmax(found))
        before, after = max(best - 1, 0), min(best + 1, grid.size - 1)
        low, high = grid[before], grid[after]
        if found[best] - min(found[before], found[after]) < _FLAT:
            break
    mode = (low + high) / 2
    top = float(log(np.array([mode]))[0])
    if top == -math.inf:
        return 0.0
    reach = math.sqrt(2 * _NEGLIGIBLE) * widest
    ends = [_end(log, mode, edge, top) for edge in (max(0.0, mode - reach), mode + reach)]
    # Over the root: near 0 the integrand may go as a fractional power, which a polynomial does not follow.
    nodes, weights = _rule()
    first, last = math.sqrt(ends[0]), math.sqrt(ends[1])
    root = first + (last - first) * nodes
    return float(np.sum(np.exp(log(root**2)) * 2 * root * weights) * (last - first))


def _end(log: Callable[[Array], Array], mode: float, edge: float, top: float) -> float:
    """Return where, from the mode to the edge, the integrand has become negligible; the edge if it never does."""
    near, far = mode, edge
    for _ in range(3):
        grid = near + (far - near) * _GRID
        gone = np.flatnonzero(log(grid) < top - _NEGLIGIBLE)
        if not gone.size:
            return far
        near, far = grid[max(gone[0] - 1, 0)], grid[gone[0]]
    return far


@lru_cache(maxsize=1)
def _rule() -> tuple[Array, Array]:
    nodes, weights = np.polynomial.legendre.leggauss(_NODES)
    return (nodes + 1) / 2, weights / 2


def _log_density(u: Array, df: float) -> Array:
    from scipy import special

    found: Array = (
        math.log(2) + df / 2 * math.log(df / 2) - special.gammaln(df / 2) + special.xlogy(df - 1, u) - df * u**2 / 2
    )
    return found


def _log_normal(z: Array) -> Array:
    return -(z**2) / 2 - math.log(2 * math.pi) / 2


def _log(p: Array) -> Array:
    with np.errstate(divide="ignore"):
        found: Array = np.log(p)
    return found


def _solve(increasing: Callable[[float], float], near: float, otherwise: float) -> float:
    """Find the zero of an increasing function from what is thought to be near it, or where that is nan, otherwise."""
    from scipy import optimize

    start, step = (near, 1e-6) if math.isfinite(near) else (otherwise, abs(otherwise) + 3)
    known = lru_cache(increasing)  # the ends of the bracket are asked for again
    low, high = start - step, start + step
    while known(low) > 0:
        low, high, step = low - 10 * step, low, 10 * step
    while known(high) < 0:
        low, high, step = high, high + 10 * step, 10 * step
    return float(optimize.brentq(known, low, high, xtol=1e-10))
