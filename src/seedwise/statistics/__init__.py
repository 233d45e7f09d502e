"""Spread over seeds, measured and compared: pure functions on arrays, without torch.

Every function names its runs axis, refuses data that cannot carry an answer, and returns a small frozen result.

Example:
    >>> from seedwise.statistics import spread
    >>> spread([97.8, 98.1, 98.3, 97.9, 98.6]).n
    5
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from seedwise.statistics._public import *  # noqa: F403


def __getattr__(name: str) -> Any:
    # Imported when asked for: what a study is asked is declared in this package, and read where there is no numpy yet.
    if name.startswith("_") and name != "__all__":
        raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
    from seedwise.statistics import _public

    if name not in ("__all__", *_public.__all__):
        raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
    return getattr(_public, name)


def __dir__() -> list[str]:
    from seedwise.statistics import _public

    return sorted([*globals(), *_public.__all__])
