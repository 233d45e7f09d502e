"""Quantiles and tail probabilities; scipy is imported on first use, so that the package imports fast."""

from typing import Any


def normal_quantile(p: float) -> float:
    """Return z with P(Z <= z) = p."""
    from scipy import special

    return float(special.ndtri(p))


def normal_cdf(z: Any) -> Any:
    """Return P(Z <= z); ``z`` may be an array."""
    from scipy import special

    return special.ndtr(z)


def t_quantile(p: float, df: float) -> float:
    """Return t with P(T <= t) = p."""
    from scipy import special

    return float(special.stdtrit(df, p))


def t_cdf(t: float, df: float) -> float:
    """Return P(T <= t)."""
    from scipy import special

    return float(special.stdtr(df, t))


def t_two_sided_p(t: float, df: float) -> float:
    """Return P(|T| >= |t|)."""
    from scipy import special

    return min(1.0, float(2 * special.stdtr(df, -abs(t))))


def chi2_quantile(p: Any, df: float) -> Any:
    """Return x with P(X <= x) = p; ``p`` may be an array."""
    from scipy import special

    return 2 * special.gammaincinv(df / 2, p)  # chdtri takes 1 - p, which has no digits of a small p


def f_quantile(p: float, df1: float, df2: float) -> float:
    """Return f with P(F <= f) = p."""
    from scipy import special

    return float(special.fdtri(df1, df2, p))


def f_cdf(f: float, df1: float, df2: float) -> float:
    """Return P(F <= f)."""
    from scipy import special

    return float(special.fdtr(df1, df2, f))


def f_tail(f: float, df1: float, df2: float) -> float:
    """Return P(F >= f)."""
    from scipy import special

    return float(special.fdtrc(df1, df2, f))


def f_two_sided_p(f: float, df1: float, df2: float) -> float:
    """Return twice the smaller tail of F."""
    from scipy import special

    return min(1.0, 2 * min(float(special.fdtr(df1, df2, f)), float(special.fdtrc(df1, df2, f))))


def chi2_tail(x: float, df: float) -> float:
    """Return P(X >= x)."""
    from scipy import special

    return float(special.chdtrc(df, x))
