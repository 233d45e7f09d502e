"""What a source file says apart from its comments."""

from __future__ import annotations

import ast
import hashlib
import io
import itertools
import tokenize
import warnings
from collections.abc import Iterator
from typing import Final

_PREFIX: Final = "source:"
"""Tells these digests from those of whole files, which older records hold."""

_CUT: Final = "\0"
"""Stands where something was cut; no source holds it."""

_LAYOUT: Final = {tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}

_Position = tuple[int, int]


def source_digest(content: bytes, recorded: str = _PREFIX) -> str:
    """Return a digest of Python source without comments, docstrings and empty lines.

    They are cut from the text by their positions, so that the digest does not depend on the version of Python. A file
    that this Python cannot parse is taken as it is.

    Args:
        content: the file.
        recorded: a digest to compare with; one of older records, of the whole file, is answered by its like.

    Example:
        >>> source_digest(b"x = 1  # one") == source_digest(b"x = 1")
        True
        >>> source_digest(b"x = 1") == source_digest(b"x = 2")
        False

    """
    if not recorded.startswith(_PREFIX):
        return hashlib.sha256(content).hexdigest()
    return _PREFIX + hashlib.sha256(_without_comments(content)).hexdigest()


def _without_comments(content: bytes) -> bytes:
    try:
        with warnings.catch_warnings():  # about the user's code, to which the user's own import has said it
            warnings.simplefilter("ignore")
            tree = ast.parse(content)
        encoding, _ = tokenize.detect_encoding(io.BytesIO(content).readline)
        text = io.TextIOWrapper(io.BytesIO(content), encoding).read()
        lines = io.StringIO(text).readlines()
        tokens = list(tokenize.generate_tokens(iter([*lines, ""]).__next__))
    except (SyntaxError, ValueError, tokenize.TokenError, RecursionError):
        return content
    code = {row for token in tokens if token.type not in _LAYOUT for row in range(token.start[0], token.end[0] + 1)}
    cuts = [(token.start, token.end) for token in tokens if token.type == tokenize.COMMENT]
    cuts += [(_in_characters(lines, start), _in_characters(lines, end)) for start, end in _docstrings(tree)]
    cuts += [((row, 0), (row, 0)) for row, line in enumerate(lines, start=1) if not line.strip() and row not in code]
    begins = [0, *itertools.accumulate(map(len, lines))]
    for (row, column), (last, end) in sorted(cuts, reverse=True):
        text = f"{text[: begins[row - 1] + column]}{_CUT}{text[begins[last - 1] + end :]}"
    return "".join(_left_of(line) for line in io.StringIO(text)).rstrip("\n").encode()


def _left_of(line: str) -> str:
    """Return what is left of a line from which something was cut: nothing where it held nothing else."""
    if _CUT not in line:
        return line
    left = line.replace(_CUT, "").rstrip()
    return f"{left}\n" if left else ""


def _docstrings(tree: ast.Module) -> Iterator[tuple[_Position, _Position]]:
    """Yield where docstrings begin and end: lines from 1, columns in bytes of UTF-8."""
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)) and node.body:
            first = node.body[0]
            if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
                value = first.value
                if isinstance(value.value, str) and value.end_lineno and value.end_col_offset is not None:
                    yield (value.lineno, value.col_offset), (value.end_lineno, value.end_col_offset)


def _in_characters(lines: list[str], position: _Position) -> _Position:
    row, column = position
    return row, len(lines[row - 1].encode()[:column].decode())
