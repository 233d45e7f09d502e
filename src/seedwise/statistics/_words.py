"""Numbers as they are written in sentences."""

import math


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
