"""Which parameter the objective goes with."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Final

from seedwise.reporting._palette import NEUTRAL
from seedwise.reporting._svg import label_rows, new_figure
from seedwise.reporting._table import Table
from seedwise.reporting._topic import Shown, Topic

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from seedwise.tuning import SearchResults

_NOTE: Final = (
    "Share of the variance of the objective over the space that goes with a parameter (fANOVA, a forest fitted to the "
    "trials). Part of it is the noise of few replicates."
)
_CAPTION: Final = "Which parameter the objective goes with (fANOVA)."


def importance_table(importances: Mapping[str, float]) -> Table:
    """Lay out the importance of every parameter."""
    return Table(["parameter", "importance"], [[path, f"{100 * share:.0f} %"] for path, share in importances.items()])


def importances_figure(importances: Mapping[str, float]) -> Figure:
    """Draw the importance of every parameter as a bar."""
    figure, axes = new_figure(0.8 + 0.36 * len(importances))
    axes.barh(range(len(importances)), [100 * share for share in importances.values()], color=NEUTRAL, height=0.5)
    label_rows(axes, list(importances))
    axes.set_xlabel("share of the variance of the objective [%]")
    return figure


def _show(results: SearchResults) -> Shown:
    known = results.importances
    if isinstance(known, str):
        return Shown(reasons=[f"No importances of parameters: {known}."] if known else [])
    figures = [(partial(importances_figure, known), _CAPTION)] if known else []
    return Shown(importance_table(known), _NOTE, figures)


TOPIC: Final = Topic("Which parameter matters?", _show, short="Parameters")
