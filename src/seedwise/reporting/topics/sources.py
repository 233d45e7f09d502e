"""Where the spread comes from: the finite test set, and the runs."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from seedwise.reporting._figures import OTHERS, Line, intervals_figure
from seedwise.reporting._palette import BASE, NEUTRAL
from seedwise.reporting._table import METHOD, Table
from seedwise.reporting._topic import Compared, Shown, Topic
from seedwise.statistics import AssistedSpread, Cell, SpreadSources
from seedwise.statistics.cells.names import names_of
from seedwise.statistics.cells.pairing import is_base, several_groups
from seedwise.statistics.comparison import of_cells
from seedwise.statistics.core.formatting import decimals_for, interval, number, reduction

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_NOTE: Final = (
    "In points of accuracy. Test-set noise is what the SD over runs would be if examples varied independently. The "
    "distribution-wise variance (Jordan 2023, points squared) and its root are what would remain on unlimited test "
    "data. It is a difference and may come out below 0, which says that nothing is seen to remain; the root is then 0, "
    "and the share of noise 100 %, above which it is cut. "
    "With the examples' help: the SD if runs are better or worse as a whole, if at all, so that it is not below the "
    "noise; that is an assumption, and the interval takes accuracies for normal."
)
_CAPTION: Final = (
    "How much of the variance over runs a finite test set makes by itself, with 95 % intervals. At 100 % the "
    "runs would be equally good on unlimited test data, and nothing could make them steadier there."
)
_MOST: Final = 16
_NOT_INDEPENDENT: Final = (
    "runs that share one of several fixed seeds are alike: for them the share of test-set noise and groups of fewer "
    "runs are not shown, which take independent runs"
)


def sources_of(
    cells: Sequence[Cell], labels: Sequence[NDArray[np.int64] | None]
) -> tuple[dict[str, SpreadSources], list[str]]:
    """Return where the spread of accuracy comes from, by cell, of at least 3 runs at one value of the fixed seeds.

    A cell whose runs cannot be taken apart, as they predicted different examples, is left out; the second result says
    why.

    Args:
        cells: the cells.
        labels: for each cell the true classes of its examples, or None.

    """
    found, reasons = {}, []
    for cell, truth, name in zip(cells, labels, names_of(cells), strict=True):
        try:
            sources = of_cells.sources_of(cell, truth)
        except ValueError as error:
            reasons.append(f"{name}: no test-set noise: {error}")
            continue
        if sources is not None:
            found[name] = sources
    return found, reasons


def assisted_of(cells: Sequence[Cell], labels: Sequence[NDArray[np.int64] | None]) -> dict[str, AssistedSpread]:
    """Return the SD that the single examples help to estimate, by cell, where :func:`sources_of` has its parts.

    Args:
        cells: the cells.
        labels: for each cell the true classes of its examples, or None.

    """
    found = {
        name: of_cells.assisted_spread_of(cell, truth)
        for cell, truth, name in zip(cells, labels, names_of(cells), strict=True)
    }
    return {name: assisted for name, assisted in found.items() if assisted is not None}


def sources_table(sources: Mapping[str, SpreadSources], assisted: Mapping[str, AssistedSpread]) -> Table:
    """Lay out the parts of each cell's variance over runs, as SDs in points of accuracy."""
    rows = []
    for name, s in sources.items():
        share = s.share_of_noise
        width = s.distribution.high - s.distribution.low
        shown = reduction(share, 100) if share else "-"
        rows.append(
            [
                name,
                interval(s.spread, 2, 100),
                number(100 * float(np.sqrt(s.noise)), 2),
                interval(s.distribution, max(decimals_for(100**2 * width), 2), 100**2),
                interval(s.distribution_sd, 2, 100),
                shown,
                interval(assisted[name].spread, 2, 100) if name in assisted else "-",
            ]
        )
    columns = [METHOD, "SD [95 %]", "SD of test-set noise", "distribution-wise variance [95 %]"]
    return Table([*columns, "its root [95 %]", "share of noise [95 %]", "SD with the examples' help [95 %]"], rows)


def noise_figure(sources: Mapping[str, SpreadSources], bases: Collection[str] = ()) -> Figure:
    """Draw, for each cell, the share of the variance over runs that is noise of the finite test set.

    Args:
        sources: by cell, what ``spread_sources`` gave; those whose runs do not vary are left out.
        bases: the cells that the others are compared with.

    """
    lines = [
        Line(name, s.share_of_noise, BASE if name in bases else NEUTRAL)
        for name, s in sources.items()
        if s.share_of_noise is not None
    ]
    figure = intervals_figure(lines, "share of test-set noise [%]", scale=100)
    figure.axes[0].set_xlim(0, 100)
    return figure


def _show(found: Compared) -> Shown:
    cells, labels = found.cells, [part.labels for part in found.study.parts]
    sources, reasons = sources_of(cells, labels)
    table = sources_table(sources, assisted_of(cells, labels))
    plain = {name for cell, name in zip(cells, names_of(cells), strict=True) if cell.readout == "plain"}
    drawn = {name: one for name, one in sources.items() if len(sources) <= _MOST or name in plain}
    bases = {name for cell, name in zip(cells, names_of(cells), strict=True) if is_base(cell, found.base)}
    figures = [(partial(noise_figure, drawn, bases), _CAPTION + OTHERS * (len(drawn) < len(sources)))] if drawn else []
    if any(map(several_groups, cells)):
        reasons.append(_NOT_INDEPENDENT)
    return Shown(table, _NOTE, figures, reasons)


TOPIC: Final = Topic("Where does the spread come from?", _show, short="Sources")
