"""Formulas of docstrings, typed as they are read in a terminal, in TeX.

A block that is set in by four blanks below an empty line is a formula, unless the line before ends with ``::``. It is
typed with names (``lambda_s``, ``tau``), ``^``, ``_``, ``sqrt(x)``, ``sum_i``, ``<=``, ``-+``; three blanks separate
it from words about it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_SECTION = re.compile(r"[A-Z]\w+:$")
_GREEK = ("alpha", "beta", "gamma", "delta", "theta", "lambda", "mu", "rho", "psi", "sigma", "tau", "chi", "Phi")
_NAMES = {
    **{name: rf"\{name} " for name in (*_GREEK, "log", "ln", "exp", "max", "min", "sum", "int")},
    **{name: rf"\operatorname{{{name}}}" for name in ("mean", "median", "Var", "Cov", "KL", "SD", "MA", "NFR")},
    "eps": r"\varepsilon ",
    "lam": r"\lambda ",
}
_SIGNS = {
    "<=": r"\le ", ">=": r"\ge ", "!=": r"\ne ", "<-": r"\leftarrow ", "->": r"\to ", "-+": r"\mp ", "+-": r"\pm ",
    "||": r"\,\|\,", "...": r"\dots ", "%": r"\%",
}  # fmt: skip
_CELLS = re.compile(r"\s{3,}|(?<=,)\s{2,}|\s{2,}(?=[a-z]{2})")
_WORD = rf"(?!sqrt\(|(?:{'|'.join(_NAMES)})(?![A-Za-z]))[A-Za-z]{{2,}}(?:[-'][A-Za-z]+)*(?:_[a-z]{{2,}})*"
_TOKEN = re.compile(
    rf"""`(?P<code>[^`]+)`
    | (?P<root>sqrt)\(
    | (?P<script>[_^])(?:(?P<minus>-?)[({{]|(?P<index>[-+]?\.?\w*(?:,[a-z]+|(?<=\.)|\.(?=\)))?))
    | (?P<name>{"|".join(_NAMES)})(?![A-Za-z0-9])
    | (?P<sign>{"|".join(map(re.escape, _SIGNS))})
    | (?P<words>(?:(?<=[\w)|}}`])[ ])?{_WORD}(?:[ ]{_WORD}(?![\w(^]))*(?:(?P<called>(?=[(_]))|[ ](?=[\w(|`]))?)
    | (?P<number>[0-9]+(?:[ ][0-9]{{3}})*)
    | (?P<symbol>[A-Za-z])(?P<numbered>[0-9])
    | (?P<other>.)""",
    flags=re.VERBOSE,
)


def blocks(lines: list[str]) -> Iterator[slice]:
    """Yield where the formulas of a docstring are, before its sections."""
    at = 1
    while at < len(lines) and not _SECTION.match(lines[at]):
        if not lines[at].startswith("    ") or lines[at - 1].strip():
            at += 1
            continue
        rest = range(at, len(lines))
        end = next((k for k in rest if lines[k].strip() and not lines[k].startswith("    ")), len(lines))
        before = next((line for line in reversed(lines[:at]) if line.strip()), "")
        if not before.endswith("::") and not before.startswith(".. "):
            yield slice(at, max(k for k in range(at, end) if lines[k].strip()) + 1)
        at = end


def tex(lines: list[str]) -> str:
    r"""Return a formula in TeX, lines aligned at their signs of equality.

    Example:
        >>> print(tex(["d = |l - m_t|    in step t"]))
        d = |l - m_{t}| \quad \text{in step} t

    """
    lines = [line for line in lines if line.strip()]
    least = min(len(line) - len(line.lstrip()) for line in lines)
    if len(lines) == 1:
        return _cells(_CELLS.split(lines[0].strip()))
    rows = r" \\ ".join(_row(line[least:]) for line in lines)
    return rf"\begin{{aligned}}{rows}\end{{aligned}}"


def _row(line: str) -> str:
    first, *others = _CELLS.split(re.sub(r"\s+= ", " = ", line.strip()))
    left, equals, right = first.partition(" = ")
    if others and re.fullmatch(r"[a-z_]{4,}", first):
        return rf"{_text(first)} & \quad {_cells(others)}"
    if equals and not line.startswith(" "):
        return f"{_expression(left)} & = {_cells([right, *others])}"
    return (r"& \quad " if line.startswith(" ") else "& ") + _cells([first, *others])


def _cells(cells: list[str]) -> str:
    return r" \quad ".join(map(_expression, cells))


def _expression(text: str) -> str:
    found: list[str] = []
    closings: list[str] = []  # of what is open: a parenthesis, or what TeX writes with braces
    for token in _TOKEN.finditer(text):
        match token.lastgroup:
            case "root":
                found.append(r"\sqrt{")
                closings.append("}")
            case "script" | "minus":
                found.append(f"{token['script']}{{{token['minus']}")
                closings.append("}")
            case "index":
                found.append(f"{token['script']}{{{_index(token['index'])}}}")
            case "name":
                found.append(_NAMES[token["name"]])
            case "sign":
                found.append(_SIGNS[token["sign"]])
            case "words" | "called":
                found.append(_words(token["words"], is_called=token["called"] is not None))
            case "numbered":
                found.append(f"{token['symbol']}_{{{token['numbered']}}}")
            case "code":
                found.append(_text(token["code"]))
            case _:
                part = token[0].replace(" ", r"\,") if token["number"] else token[0]
                if part == "(":
                    closings.append(")")
                found.append(closings.pop() if part in ")}" and closings else part)
    return "".join(found)


def _index(name: str) -> str:
    if name in _NAMES or len(name.strip(".-+")) <= 2:
        return _NAMES.get(name, name)
    symbol, comma, word = name.partition(",")
    return f"{symbol},{_text(word)}" if comma else _text(name)


def _words(text: str, *, is_called: bool) -> str:
    if is_called and " " not in text.strip():
        return rf"\operatorname{{{text.strip()}}}"
    return _text(text)


def _text(text: str) -> str:
    return rf"\text{{{text}}}"
