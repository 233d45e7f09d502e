"""The networks of the papers, as functions that return a fresh module.

Of images ``make(in_channels, num_classes, **options)``; of time series ``make(variables, lookback, horizon, calendar,
**options)``.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from seedwise.models._public import *  # noqa: F403


def __getattr__(name: str) -> Any:
    # Imported when asked for: the options are declared in this package, and read where there is no torch.
    if name.startswith("_") and name != "__all__":
        raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
    from seedwise.models import _public

    return getattr(_public, name)
