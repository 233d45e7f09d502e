"""Numbers as they are written in sentences."""


def number(value: float) -> str:
    """Write two significant digits without a leading zero: ``.7``, ``1.5``."""
    text = f"{value:.2g}"
    return text[1:] if text.startswith("0.") else text


def p_value(p: float) -> str:
    """Write ``p = .012`` or ``p < .001``."""
    return "p < .001" if p < 0.001 else f"p = {number(p)}"
