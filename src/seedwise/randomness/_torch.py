"""torch, where it is installed."""

from __future__ import annotations

from typing import Any


def torch_if_installed() -> Any:
    """Return the module ``torch``, imported if it was not yet; None where it is not installed.

    Example:
        >>> torch_if_installed().__name__
        'torch'

    """
    try:
        import torch
    except ModuleNotFoundError as error:
        if error.name != "torch":  # an installation that is damaged is not one that is missing
            raise
        return None
    return torch
