"""Reading the pickles of CIFAR without running what a pickle may contain.

A pickle is a program that may call any function by name. Here every name but the three of an array's own pickle is
refused, and these three stand for classes of ours, so that numpy never sees what a stranger wrote: a forged dtype could
make it take numbers for the addresses of objects.
"""

from __future__ import annotations

import io
import pickle
from typing import Any, Final

import numpy as np


class _Dtype:
    """Stands for ``numpy.dtype``; only bytes are needed."""

    def __init__(self, code: Any, *_: Any) -> None:
        if code not in ("u1", b"u1"):
            raise pickle.UnpicklingError(f"an array of {code!r}: only uint8 is read")

    def __setstate__(self, state: Any) -> None:
        """Ignore the byte order and size, which uint8 has no choice of."""


class _Array:
    """Stands for ``numpy._core.multiarray._reconstruct``: an array of uint8."""

    values: np.ndarray[Any, np.dtype[np.uint8]] = np.empty(0, dtype=np.uint8)

    def __init__(self, *_: Any) -> None:
        """Take what ``_reconstruct`` takes: nothing of it matters."""

    def __setstate__(self, state: Any) -> None:
        _, shape, dtype, fortran, content = state
        if not isinstance(dtype, _Dtype) or type(content) is not bytes:
            raise pickle.UnpicklingError("an array of something else than uint8")
        self.values = np.frombuffer(content, dtype=np.uint8).reshape(shape, order="F" if fortran else "C")


class _Ndarray:
    """Stands for ``numpy.ndarray``, which is passed to ``_reconstruct`` and never called."""

    def __init__(self, *_: Any) -> None:
        raise pickle.UnpicklingError("numpy.ndarray is called")

    def __setstate__(self, state: Any) -> None:
        """Keep a pickle from setting attributes."""


# By their names up to numpy 1 and since numpy 2.
_ALLOWED: Final = {
    ("numpy.core.multiarray", "_reconstruct"): _Array,
    ("numpy._core.multiarray", "_reconstruct"): _Array,
    ("numpy", "ndarray"): _Ndarray,
    ("numpy", "dtype"): _Dtype,
}


class _Reader(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        try:
            return _ALLOWED[module, name]
        except KeyError:
            raise pickle.UnpicklingError(f"it names {module}.{name}") from None


def read_pickle(content: bytes) -> dict[bytes, Any]:
    """Return the dictionary in a pickle of python 2 that holds arrays of uint8, strings, numbers, lists and dicts.

    Args:
        content: the pickle.

    Returns:
        Its values by key; strings are bytes.

    Raises:
        ValueError: if it is cut short, damaged, or names anything else than an array.

    Example:
        >>> read_pickle(b"(dS'labels'\\n(lI6\\naI9\\nas.")
        {b'labels': [6, 9]}
        >>> read_pickle(b"cos\\nsystem\\n(S'echo no'\\ntR.")
        Traceback (most recent call last):
        ...
        ValueError: not a pickle of arrays, strings, numbers, lists and dicts: it names os.system

    """
    try:
        loaded = _Reader(io.BytesIO(content), encoding="bytes").load()
    except Exception as error:  # a damaged pickle may raise anything
        raise ValueError(f"not a pickle of arrays, strings, numbers, lists and dicts: {error}") from error
    if not isinstance(loaded, dict):
        raise ValueError(f"a pickle of a {type(loaded).__name__}: a dictionary is expected")
    return {key: value.values if isinstance(value, _Array) else value for key, value in loaded.items()}
