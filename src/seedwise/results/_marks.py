r"""Cells without the marks of LaTeX, Markdown and HTML around a number: bold, underlined, small, in formulas.

A mark that may change a number is none of these: an exponent, a struck out cell, an asterisk behind it.
"""

from __future__ import annotations

import re
from typing import Final

_MARKED: Final = re.compile(r"[\\${}*_<`\u2212\u00a0\u2009\u202f~]|--")
_ARGUMENT: Final = re.compile(r"\\(?:cellcolor|rowcolor|textcolor|color|h?phantom)(?:\[[^\]]*\])?\{[^{}]*\}")
_COMMAND: Final = re.compile(
    r"\\(?:(?:math|text)(?:bf|it|rm|sf|tt|normal|up|md|sc|sl)?|textsubscript|boldsymbol|bm|pmb|underline|uline|uwave|emph"
    r"|num(?=\{[^()]*\})|ensuremath|makecell|bf|it|rm|em|(?:bf|md)series|boldmath|bfseries|itshape|upshape|normalfont|tiny|scriptsize"
    r"|footnotesize|small|normalsize|scriptstyle|scriptscriptstyle|displaystyle|textstyle|hfill|quad)(?![A-Za-z])"
)
_SPACE: Final = re.compile(r"\\[,;:! ]|[\u00a0\u2009\u202f]|~(?!~)(?<!~~)|\\\\$")
_TAG: Final = re.compile(r"</?(?:b|u|i|em|strong|ins|mark|span|small|sub|font|code)(?:\s[^<>]*)?>", re.IGNORECASE)
_PAIR: Final = re.compile(r"(?<![*\w.`])(\*{1,3}|_{1,3}|`)(?![*_`\s])([^*`]+?)(?<!\s)\1(?![*\w.`])")
_SUBSCRIPT: Final = re.compile(r"_\s*\{?\s*(?=\u00b1)|(?<=[\d}%])\s*_\s*\{(?=\s*[\d.])")
_SEPARATOR: Final = re.compile(r"(?<=\d)(?:\{([.,])\}(?=\d)|\}(?=\.\d))")
_AFTER_SIGN: Final = re.compile(r"(?<![\d.,%)\s])([+-])\s+(?=[\d.,])")


def unmarked(text: str) -> str:
    r"""Return a cell without the marks of LaTeX, Markdown and HTML that are no part of a number.

    What has a mark that may change the number, such as an exponent, keeps it: it is then no number.

    Example:
        >>> [unmarked(text) for text in ("**78.0**", r"\textbf{78.0} $\pm$ 0.5", "10^{3}", "78.0*")]
        ['78.0', '78.0 ± 0.5', '10^ 3', '78.0*']

    """
    if not _MARKED.search(text):
        return text.strip()
    text = text.replace("\u2212", "-").replace("\\%", "%")
    text = re.sub(r"\\pm(?![A-Za-z])", "\u00b1", text)
    for pattern, instead in ((_ARGUMENT, ""), (_COMMAND, ""), (_SPACE, " "), (_TAG, " "), (_SEPARATOR, r"\1")):
        text = pattern.sub(instead, text)
    text = text.replace("$", "")
    text = _SUBSCRIPT.sub(lambda found: " " if text[found.end() :].startswith("\u00b1") else " \u00b1 ", text)
    text = re.sub(r"[{}]", " ", text).strip()
    before = None
    while before != text:
        before, text = text, _PAIR.sub(r"\2", text).strip()
    return _AFTER_SIGN.sub(r"\1", re.sub(r" *\u00b1 *", " \u00b1 ", re.sub(r"\s+", " ", text))).strip()
