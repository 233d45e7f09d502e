"""One parameter at a time: the methods that ``sweep:`` stands for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from seedwise.errors import SeedwiseError
from seedwise.statistics import Scalar
from seedwise.study._error_messages import mistake
from seedwise.study._methods import Method
from seedwise.study._overrides import with_values


def expanded(
    methods: Mapping[str, Method], sweep: Mapping[str, Mapping[str, Sequence[Scalar]]], *, named: bool
) -> dict[str, Method]:
    """Return the methods, and after them one for every value of every parameter of a sweep.

    The factor is the last part of the parameter's path, or all of it where two paths end alike; the method is named by
    it and the value, its level.

    Args:
        methods: the study's methods.
        sweep: by method, and by the dotted path of one of its parameters, the values.
        named: whether a group with another name replaces a group as a whole.

    Raises:
        SeedwiseError: for an unknown method, or a name that is taken.

    Example:
        >>> vml = Method("vml", {"loss": "vml"})
        >>> expanded({"vml": vml}, {"vml": {"loss.alpha": [0.1]}}, named=True)["alpha=0.1"]
        Method(name='alpha=0.1', overrides={'loss': {'name': 'vml', 'alpha': 0.1}}, factor='alpha', level=0.1)

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
            factor = end if ends[end] == 1 else path if paths.count(path) == 1 else f"{method}.{path}"
            for value in values:
                name = f"{factor}={value}"
                if name in found:
                    raise SeedwiseError(f"sweep.{method}.{path}: there is a method '{name}' already: leave one out")
                overrides = with_values(methods[method].overrides, {path: value}, named=named)
                found[name] = Method(name, overrides, factor, value)
    return found
