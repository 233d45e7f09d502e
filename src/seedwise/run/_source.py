"""What a source file says apart from its comments."""

from __future__ import annotations

import ast
import hashlib
import io
import itertools
import tokenize
import warnings
from collections.abc import Collection, Iterator
from typing import Final

from seedwise.run._calls import Position, arguments_of_replicates

WITH_ARGUMENTS: Final = "source:"
"""Begins digests in which the arguments of ``replicates`` count: of source that does not call it, and older ones."""

_WITHOUT_ARGUMENTS: Final = "loop:"
"""Begins digests of source that calls ``replicates``, without its arguments."""

_CUT: Final = "\0"
"""Stands where something was cut; no source holds it."""

_LAYOUT: Final = {tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}


def source_digest(content: bytes, recorded: str = _WITHOUT_ARGUMENTS, names: Collection[str] = ()) -> str:
    """Return a digest of Python source without comments, docstrings, empty lines and the arguments of ``replicates``.

    They are cut from the text by their positions, so that the digest does not depend on the version of Python. A file
    that this Python cannot parse is taken as it is.

    Args:
        content: the file.
        recorded: a digest to compare with; one of older records, of the whole file or of source in which the arguments
            of ``replicates`` count, is answered by its like.
        names: what ``replicates`` is called where the source does not import it.

    Example:
        >>> source_digest(b"x = 1  # one") == source_digest(b"x = 1")
        True
        >>> source_digest(b"x = 1") == source_digest(b"x = 2")
        False
        >>> loop = b"import seedwise\\nfor run in seedwise.replicates(3): run.finish(accuracy=1)"
        >>> source_digest(loop) == source_digest(loop.replace(b"3", b"5, quiet=True"))
        True

    """
    if not recorded.startswith((WITH_ARGUMENTS, _WITHOUT_ARGUMENTS)):
        return hashlib.sha256(content).hexdigest()
    text, has_calls = _what_counts(content, names, without_arguments=recorded.startswith(_WITHOUT_ARGUMENTS))
    return (_WITHOUT_ARGUMENTS if has_calls else WITH_ARGUMENTS) + hashlib.sha256(text).hexdigest()


def _what_counts(content: bytes, names: Collection[str], *, without_arguments: bool) -> tuple[bytes, bool]:
    """Return what is left of source, and whether arguments of ``replicates`` were cut."""
    try:
        with warnings.catch_warnings():  # about the user's code, to which the user's own import has said it
            warnings.simplefilter("ignore")
            tree = ast.parse(content)
        encoding, _ = tokenize.detect_encoding(io.BytesIO(content).readline)
        text = io.TextIOWrapper(io.BytesIO(content), encoding).read()
        lines = io.StringIO(text).readlines()
        tokens = list(tokenize.generate_tokens(iter([*lines, ""]).__next__))
    except (SyntaxError, ValueError, tokenize.TokenError, RecursionError):
        return content, False
    code = {row for token in tokens if token.type not in _LAYOUT for row in range(token.start[0], token.end[0] + 1)}
    cuts = [(token.start, token.end) for token in tokens if token.type == tokenize.COMMENT]
    cuts += [(_in_characters(lines, start), _in_characters(lines, end)) for start, end in _docstrings(tree)]
    cuts += [((row, 0), (row, 0)) for row, line in enumerate(lines, start=1) if not line.strip() and row not in code]
    arguments = [
        (_in_characters(lines, start), _in_characters(lines, end))
        for start, end in (arguments_of_replicates(tree, names) if without_arguments else ())
    ]
    cuts = [
        (a, b) for a, b in [*cuts, *arguments] if not any(c <= a and b <= d and (c, d) != (a, b) for c, d in arguments)
    ]
    begins = [0, *itertools.accumulate(map(len, lines))]
    for (row, column), (last, end) in sorted(cuts, reverse=True):
        text = f"{text[: begins[row - 1] + column]}{_CUT}{text[begins[last - 1] + end :]}"
    return "".join(_left_of(line) for line in io.StringIO(text)).rstrip("\n").encode(), bool(arguments)


def _left_of(line: str) -> str:
    """Return what is left of a line from which something was cut: nothing where it held nothing else."""
    if _CUT not in line:
        return line
    left = line.replace(_CUT, "").rstrip()
    return f"{left}\n" if left else ""


def _docstrings(tree: ast.Module) -> Iterator[tuple[Position, Position]]:
    """Yield where docstrings begin and end: lines from 1, columns in bytes of UTF-8."""
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)) and node.body:
            first = node.body[0]
            if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
                value = first.value
                if isinstance(value.value, str) and value.end_lineno and value.end_col_offset is not None:
                    yield (value.lineno, value.col_offset), (value.end_lineno, value.end_col_offset)


def _in_characters(lines: list[str], position: Position) -> Position:
    row, column = position
    return row, len(lines[row - 1].encode()[:column].decode())
