r"""Cells without the marks of LaTeX, Markdown and HTML around a number: bold, underlined, small, in formulas.

A mark that may change a number is none of these: an exponent, a struck out cell, an asterisk behind it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
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


_AROUND: Final = (
    re.compile(r"(\*{1,3}|`)(?![*\s])([^*`]+?)(?<!\s)\1"),
    re.compile(r"(\$?)\\(?:text|math)(?:bf|it|rm|sf|tt|sc)\s*\{([^{}]*)\}\1"),
    re.compile(r"\\(underline|emph|uline|textsuperscript)\s*\{([^{}]*)\}"),
    re.compile(r"<(b|u|i|em|strong|mark|span|small|code)>([^<>]*)</\1>", re.IGNORECASE),
)
_UP: Final = re.compile(r"[\u2191\u21d1\u2b06]|\\[uU]parrow")
_DOWN: Final = re.compile(r"[\u2193\u21d3\u2b07]|\\[dD]ownarrow")
_ARROW: Final = re.compile(rf"\s*[(\[]?\s*\$?(?:{_UP.pattern}|{_DOWN.pattern})(?![A-Za-z])\ufe0f?\$?\s*[)\]]?\s*")
_FOOTNOTE: Final = re.compile(
    r"\s*(?:[*\u2020\u2021\u00a7\u00b6\u2217\u1d43\u1d47\u1d9c]+"
    r"|\$?\^\{?(?:\\?(?:dag|ddag|dagger|ddagger|ast|star)|[a-z*])\}?\$?|\\dag(?:ger)?|<sup>[^<>]*</sup>|\[\^?\w\])$"
)


def plain_name(text: str) -> str:
    r"""Return a name without the marks of Markdown, LaTeX or HTML that stand around all of it.

    Example:
        >>> [plain_name(text) for text in ("**base**", r"\textbf{ours}", "<b>ours</b>", "A*", "__init__")]
        ['base', 'ours', 'ours', 'A*', '__init__']

    """
    before = None
    while before != text:
        before, text = text, text.strip()
        for pattern in _AROUND:
            found = pattern.fullmatch(text)
            text = found[2].strip() if found else text
    return text


def bare(text: str) -> str:
    r"""Return a name without footnote marks behind it and without an arrow that says which direction is better.

    Example:
        >>> [bare(text) for text in ("base*", "acc (\u2191)", r"loss $\downarrow$", "ours\u2020", "**base**", "*")]
        ['base', 'acc', 'loss', 'ours', 'base', '*']

    """
    text = plain_name(_ARROW.sub(" ", text).strip())
    return plain_name(_FOOTNOTE.sub("", text)) or text


def is_footnoted(text: str) -> bool:
    """Return whether a footnote mark stands behind a text; digits may be an exponent, and are none."""
    return bool(_FOOTNOTE.search(text.strip()))


def rises(title: str) -> bool | None:
    r"""Return whether an arrow in the title of a column says that more is better; None without one, or with both.

    Example:
        >>> [rises(title) for title in ("acc \u2191", r"FID ($\downarrow$)", "acc")]
        [True, False, None]

    """
    up, down = bool(_UP.search(title)), bool(_DOWN.search(title))
    return None if up == down else up


def _spelled_plainly(name: str) -> str:
    return re.sub(r"[\s_-]", "", bare(name)).casefold()


def differ_in_marks(names: Iterable[str]) -> list[str]:
    """Return which names are the same but for footnote marks, capitals or what separates words, a phrase each.

    Example:
        >>> differ_in_marks(["base", "base*", "ours"])
        ["'base' and 'base*' differ in a footnote mark alone: are they two methods?"]
        >>> differ_in_marks(["ResNet-18", "resnet18", "ResNet-34"])
        ["'ResNet-18' and 'resnet18' differ in spelling alone: are they two methods?"]

    """
    alone = {"a footnote mark": bare, "spelling": _spelled_plainly}
    found: dict[tuple[str, ...], str] = {}
    for what, plain in alone.items():
        by_name: dict[str, list[str]] = {}
        for name in dict.fromkeys(names):
            by_name.setdefault(plain(name), []).append(f"'{name}'")
        for same in by_name.values():
            if len(same) > 1:
                found.setdefault(tuple(same), f"{' and '.join(same)} differ in {what} alone: are they two methods?")
    return list(found.values())
