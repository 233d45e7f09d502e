"""Numbers as they are written in sentences."""

import math

from seedwise.statistics.core.interval import Interval


def number(value: float) -> str:
    """Write two significant digits without a leading zero: ``.7``, ``1.5``."""
    text = f"{value:.2g}"
    return text[1:] if text.startswith("0.") else text


def p_value(p: float) -> str:
    """Write ``p = .012`` or ``p < .001``."""
    return "p < .001" if p < 0.001 else f"p = {number(p)}"


def numbers(*values: float) -> list[str]:
    """Write several numbers with the decimals that give the widest gap between them two significant digits."""
    gap = max(values) - min(values)
    decimals = max(0, 1 - math.floor(math.log10(gap))) if gap > 0 else 2
    # z: what rounds to 0 has no sign.
    texts = [f"{value:z.{decimals}f}" for value in values]
    return [text.replace("0.", ".", 1) if text.startswith(("0.", "-0.")) else text for text in texts]


def change(ratio: Interval, less: str, more: str) -> str:
    """Write a ratio as a change from 1, with its interval: ``40 % smaller (95 % interval 23 to 53)``."""
    low, middle, high = (100 * (x - 1) for x in (ratio.low, ratio.estimate, ratio.high))
    comparative = more
    if ratio.estimate < 1:
        comparative = less
        low, middle, high = -high, -middle, -low
    return f"{middle:z.0f} % {comparative} ({percentages(ratio.level, low, high)})"


def percentages(level: float, low: float, high: float) -> str:
    """Write the limits of an interval in percent: ``95 % interval 23 to 53``."""
    # z: what rounds to 0 has no sign.
    first, last = (f"{x:z.0f}" if math.isfinite(x) else f"{'-' * (x < 0)}infinity" for x in (low, high))
    return f"{100 * level:.4g} % interval {first} to {last}"
