"""The method that the others are compared with."""

from __future__ import annotations

from seedwise.errors import SeedwiseError, listed
from seedwise.results import _names
from seedwise.results._marks import bare
from seedwise.results._roles import known


def with_base(read_as: tuple[str, ...], given: str | None, base: str) -> tuple[str, ...]:
    """Return what was found by name, with the base unless the user names it.

    Example:
        >>> with_base(("seed: column 'seed'",), None, "Baseline")
        ("seed: column 'seed'", "base: 'Baseline'")

    """
    return read_as if given is not None else (*read_as, f"base: '{base}'")


def base_of(methods: list[str], given: str | None) -> str:
    """Return the method that the others are compared with: the one named, or the one that is called so.

    Raises:
        SeedwiseError: one line, if there is no such method or nothing says which it is.

    Example:
        >>> base_of(["ours", "Baseline"], None), base_of(["ours", "base*"], "base")
        ('Baseline', 'base*')

    """
    if given is not None:
        marked = [method for method in methods if bare(method) == given]
        return marked[0] if given not in methods and len(marked) == 1 else known("method", given, methods)
    called = [method for method in methods if method.lower() in _names.BASES]
    called = called or [method for method in methods if bare(method).lower() in _names.BASES]
    if len(called) != 1:
        raise SeedwiseError(f"which method is the base: {listed(methods)}? Pass --base '{methods[0]}' (base=...)")
    return called[0]
