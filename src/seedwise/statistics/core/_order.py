"""Order statistics of normal samples."""

import math
from functools import lru_cache

import numpy as np


@lru_cache(maxsize=256)
def mean_of_top(n: int, k: int) -> float:
    """Return the expected mean of the k largest of n standard normal values.

    An unordered value x is among the k largest with the chance that at least n - k of the other n - 1 lie below it, so
    the mean is (n/k) times the integral of x phi(x) I(Phi(x); n - k, k), with I the incomplete beta function.
    """
    if k == n:
        return 0.0
    from scipy import special

    x = np.linspace(-12, 12, 9601)
    in_top = special.betainc(n - k, k, special.ndtr(x))
    density = np.exp(-(x**2) / 2) / math.sqrt(2 * math.pi)
    return n / k * float(np.sum(x * density * in_top)) * float(x[1] - x[0])


def unbiasing_constant(n: int) -> float:
    """Return c4 = E(s) / sigma for the SD s of n normal values."""
    from scipy import special

    return math.sqrt(2 / (n - 1)) * math.exp(float(special.gammaln(n / 2) - special.gammaln((n - 1) / 2)))
