"""One parameter at a time: the methods that ``sweep:`` stands for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from seedwise.errors import SeedwiseError
from seedwise.study._error_messages import mistake
from seedwise.study._overrides import with_values

Scalar = bool | int | float | str | None
"""A value of one parameter."""


def expanded(
    methods: Mapping[str, dict[str, Any] | None],
    sweep: Mapping[str, Mapping[str, Sequence[Any]]],
    *,
    named: bool,
) -> dict[str, dict[str, Any] | None]:
    """Return the methods, and after them one for every value of every parameter of a sweep.

    A method is named by the last part of the parameter's path, or by all of it where two paths end alike.

    Args:
        methods: the overrides of the study's methods.
        sweep: by method, and by the dotted path of one of its parameters, the values.
        named: whether a group with another name replaces a group as a whole.

    Raises:
        SeedwiseError: for an unknown method, or a name that is taken.

    Example:
        >>> expanded({"vml": {"loss": "vml"}}, {"vml": {"loss.alpha": [0.1, 0.2]}}, named=True)
        ... # doctest: +NORMALIZE_WHITESPACE
        {'vml': {'loss': 'vml'},
         'alpha=0.1': {'loss': {'name': 'vml', 'alpha': 0.1}}, 'alpha=0.2': {'loss': {'name': 'vml', 'alpha': 0.2}}}

    """
    for method in sweep:
        if method not in methods:
            raise SeedwiseError(mistake("method", method, list(methods), "sweep"))
    paths = [path for values in sweep.values() for path in values]
    ends = Counter(path.rpartition(".")[2] for path in paths)
    found = dict(methods)
    for method, parameters in sweep.items():
        for path, values in parameters.items():
            end = path.rpartition(".")[2]
            label = end if ends[end] == 1 else path if paths.count(path) == 1 else f"{method}.{path}"
            for value in values:
                name = f"{label}={value}"
                if name in found:
                    raise SeedwiseError(f"sweep.{method}.{path}: there is a method '{name}' already: leave one out")
                found[name] = with_values(methods[method], {path: value}, named=named)
    return found
