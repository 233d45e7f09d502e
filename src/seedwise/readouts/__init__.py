"""From finished runs to predictions, without training: test-time views, snapshots, averaged weights."""

from typing import TYPE_CHECKING

from seedwise._lazy import lazily
from seedwise.readouts._mean import mean_of_logits
from seedwise.readouts._readout import Readout, parse_readout, per_run
from seedwise.registry import VIEWS

if TYPE_CHECKING:
    from seedwise.readouts._average import average_weights, gain_shares, mean_state
    from seedwise.readouts._views import mean_logits, view_rows

__all__ = [
    "VIEWS",
    "Readout",
    "average_weights",
    "gain_shares",
    "mean_logits",
    "mean_of_logits",
    "mean_state",
    "parse_readout",
    "per_run",
    "view_rows",
]

__getattr__ = lazily(
    "seedwise.readouts",
    {
        "average_weights": "seedwise.readouts._average",
        "gain_shares": "seedwise.readouts._average",
        "mean_state": "seedwise.readouts._average",
        "mean_logits": "seedwise.readouts._views",
        "view_rows": "seedwise.readouts._views",
    },
)
