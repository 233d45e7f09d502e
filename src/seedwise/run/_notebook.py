"""Code that lies in the cells of a notebook."""

from __future__ import annotations

import dis
import hashlib
import inspect
import linecache
import textwrap
from collections.abc import Collection, Iterator, Mapping
from functools import partial
from types import CodeType, FrameType, FunctionType
from typing import Any, Final

from seedwise.run._calls import names_of_replicates
from seedwise.run._source import WITH_ARGUMENTS, source_digest

_PLAIN = (bool, int, float, complex, str, bytes, type(None))

_PREFIX: Final = "cells:"
"""Tells these digests from older ones, in which the arguments of ``replicates`` count."""


def in_a_cell(frame: FrameType) -> bool:
    """Return whether a frame runs code that was typed into a notebook or a shell: it has a source and no file."""
    return _is_cell(frame.f_code)


def cells_digest(frame: FrameType, recorded: str = _PREFIX) -> str:
    """Return a digest of the cell that a frame runs, and of what its code names in other cells.

    Functions and the methods of classes count by their source, plain values (numbers, texts and tuples of them) by
    themselves; names that the cell itself assigns are its own business.

    Args:
        frame: it.
        recorded: a digest to compare with; one of older records is answered by its like.

    """
    is_new = recorded.startswith(_PREFIX)
    source = partial(_source, names=names_of_replicates(frame.f_globals) if is_new else None)
    seen: dict[str, str] = {"": source(frame.f_code)}
    waiting = list(_named(frame.f_code, frame.f_globals))
    while waiting:
        name, value = waiting.pop()
        if name in seen:
            continue
        if isinstance(value, (FunctionType, type)):
            codes = [code for code in _codes(value) if _is_cell(code)]
            if codes:
                plain = [
                    (k, v) for k, v in vars(value).items() if isinstance(value, type) and k[:2] != "__" and _is_plain(v)
                ]
                seen[name] = " ".join([*map(source, codes), repr(plain)])
                waiting += [pair for code in codes for pair in _named(code, frame.f_globals)]
        elif _is_plain(value):
            seen[name] = repr(value)
    digest = hashlib.sha256(repr(sorted(seen.items())).encode()).hexdigest()
    return f"{_PREFIX}{digest}" if is_new else digest


def _is_cell(code: CodeType) -> bool:
    name = code.co_filename
    return (
        name.startswith("<ipython-input") or "ipykernel_" in name or (name.startswith("<") and name in linecache.cache)
    )


def _source(code: CodeType, names: Collection[str] | None) -> str:
    """Return a digest of source; ``names`` is None where the arguments of ``replicates`` count."""
    try:
        text = "".join(linecache.getlines(code.co_filename)) if code.co_name == "<module>" else inspect.getsource(code)
    except (OSError, TypeError):
        text = repr((code.co_code, code.co_names, [c for c in code.co_consts if not isinstance(c, CodeType)]))
    if names is None:  # older digests took the indentation off every line but the first
        return source_digest(inspect.cleandoc(text).encode(), WITH_ARGUMENTS)
    return source_digest(textwrap.dedent(text).encode(), names=names)


def _codes(value: FunctionType | type) -> Iterator[CodeType]:
    if isinstance(value, FunctionType):
        yield value.__code__
        return
    for part in vars(value).values():
        inner = getattr(part, "__func__", getattr(part, "fget", part))
        if isinstance(inner, FunctionType):
            yield inner.__code__


def _named(code: CodeType, names: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield the global names that code reads and does not assign, with their values."""
    assigned = {i.argval for i in dis.get_instructions(code) if i.opname in ("STORE_NAME", "STORE_GLOBAL")}
    for name in code.co_names:
        if name in names and name not in assigned:
            yield name, names[name]
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from ((n, v) for n, v in _named(constant, names) if n not in assigned)


def _is_plain(value: Any) -> bool:
    return isinstance(value, _PLAIN) or (isinstance(value, tuple) and all(map(_is_plain, value)))
