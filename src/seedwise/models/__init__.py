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

    networks = {**_public.MODELS, **_public.FORECASTERS}  # one of the registry is here without another line
    if name not in networks and name not in ("__all__", *_public.__all__):
        raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
    return networks[name] if name in networks else getattr(_public, name)


def __dir__() -> list[str]:
    from seedwise.models import _public

    return sorted({*globals(), *_public.__all__, *_public.MODELS, *_public.FORECASTERS})
