"""What the package offers, imported when it is asked for."""

from seedwise.selection._collapse import collapse
from seedwise.selection._conv import SelectConv2d
from seedwise.selection._linear import SelectLinear
from seedwise.selection._select import select_weights, selectable_layers
from seedwise.selection._stats import SelectionStats, selection_stats

__all__ = [
    "SelectConv2d",
    "SelectLinear",
    "SelectionStats",
    "collapse",
    "select_weights",
    "selectable_layers",
    "selection_stats",
]
