"""Layers that choose each of their weights among k fixed random ones, by trained scores ("slot machines").

Example::

    model = select_weights(conv2(3, 10), k=8, seed=1)
    ...                          # train it as any other: only scores are parameters
    selection_stats(model)       # how many choices changed, and how undecided the scores are
    plain = collapse(model)      # an ordinary network with the chosen weights

Needs torch and nothing else of seedwise; what declares the options (`options`) does not even need torch.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from seedwise.selection._public import *  # noqa: F403


def __getattr__(name: str) -> Any:
    # Imported when asked for: the options are declared in this package, and read where there is no torch.
    if name.startswith("_") and name != "__all__":
        raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
    from seedwise.selection import _public

    if name not in ("__all__", *_public.__all__):
        raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
    return getattr(_public, name)


def __dir__() -> list[str]:
    from seedwise.selection import _public

    return sorted([*globals(), *_public.__all__])
