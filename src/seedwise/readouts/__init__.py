"""From finished runs to predictions, without training: test-time views, snapshots, averaged weights."""

from typing import TYPE_CHECKING, Any

from seedwise.readouts._mean import mean_of_logits
from seedwise.readouts._readout import Readout, parse_readout, per_run
from seedwise.registry import VIEWS

if TYPE_CHECKING:
    from seedwise.readouts._average import average_weights, mean_state
    from seedwise.readouts._views import mean_logits, view_rows

__all__ = [
    "VIEWS",
    "Readout",
    "average_weights",
    "mean_logits",
    "mean_of_logits",
    "mean_state",
    "parse_readout",
    "per_run",
    "view_rows",
]

_HOMES = {
    "average_weights": "_average",
    "mean_state": "_average",
    "mean_logits": "_views",
    "view_rows": "_views",
}


def __getattr__(name: str) -> Any:
    # A study file is read without torch.
    if name in _HOMES:
        import importlib

        return getattr(importlib.import_module(f"seedwise.readouts.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'seedwise.readouts' has no attribute '{name}'")
