"""Layers that choose each of their weights among k fixed random ones, by trained scores ("slot machines").

    model = select_weights(conv2(3, 10), k=8, seed=1)
    ...                          # train it as any other: only scores are parameters
    selection_stats(model)       # how many choices changed, and how undecided the scores are
    plain = collapse(model)      # an ordinary network with the chosen weights

Needs torch and nothing else of seedwise.
"""

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
