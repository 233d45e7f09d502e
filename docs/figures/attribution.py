"""Draw the picture of docs/attribution.md, and print the numbers that the page takes from it.

    python docs/figures/attribution.py [--output docs/figures]

Needs seedwise and matplotlib. All seeds are fixed: the same versions draw the same picture.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure

from seedwise.statistics import Attribution, Interval, attribution_design, churn_attribution, variance_attribution

BLUE, GREY = "#2f6db3", "#7a828a"
SOURCES = ["init", "shuffle", "augment", "dropout"]
BLOCKS, EXAMPLES, CLASSES = 10, 400, 10
OWNED = [0.4, 0.3, 0.2, 0.1]  # shares of the examples that hang on each source, where every example hangs on one


def imagined(together: bool) -> Attribution:
    """Attribute the churn of imagined runs in which a tenth of the examples is undecided.

    An undecided example gets a class by chance: from one source, which differs between examples, or from all of them
    together, so that a change of any source draws it again.
    """
    design = attribution_design(SOURCES, BLOCKS)
    rng = np.random.default_rng(1)
    undecided = EXAMPLES // 10
    draws = rng.integers(0, CLASSES, size=(int(design.seeds.max()) + 1, len(SOURCES), undecided))
    of_run = draws[design.seeds, np.arange(len(SOURCES))]
    owner = np.repeat(np.arange(len(SOURCES)), [round(share * undecided) for share in OWNED])
    drawn = of_run.sum(axis=1) % CLASSES if together else of_run[:, owner, np.arange(undecided)]
    decided = np.zeros((len(design.block), EXAMPLES - undecided), dtype=np.int64)
    return churn_attribution(np.concatenate([drawn, decided], axis=1), design)


def typical(blocks: int, studies: int = 500) -> tuple[float, float]:
    """Return the median limits of a total effect of 40 % on a metric, the normal sum of four sources, in percent."""
    design = attribution_design(SOURCES, blocks)
    rng = np.random.default_rng(0)
    limits = []
    for _ in range(studies):
        draws = rng.normal(size=(int(design.seeds.max()) + 1, len(SOURCES))) * np.sqrt([0.4, 0.3, 0.2, 0.1])
        total = variance_attribution(draws[design.seeds, np.arange(len(SOURCES))].sum(axis=1), design).effects[0].total
        limits.append((100 * total.low, 100 * total.high))
    low, high = np.median(limits, axis=0)
    return float(low), float(high)


def mark(axes: mpl.axes.Axes, at: float, share: Interval, filled: bool, label: str | None) -> None:
    """Draw a share with its interval."""
    colour = BLUE if filled else GREY
    axes.hlines(at, 100 * share.low, 100 * share.high, color=colour, linewidth=2)
    axes.plot(
        [100 * share.estimate], [at], "o", color=colour, markerfacecolor=colour if filled else "white", label=label
    )


def picture(apart: Attribution, together: Attribution) -> Figure:
    """Draw sources that act on their own beside sources of which any decides everything."""
    figure = Figure(figsize=(9, 3.4), layout="constrained")
    panels = figure.subplots(1, 2, sharey=True)
    for axes, found, title in zip(
        panels, (apart, together), ("each source decides some examples", "all sources decide together"), strict=True
    ):
        for row, effect in enumerate(found.effects):
            assert effect.first_order is not None
            mark(axes, row - 0.12, effect.total, True, "total effect" if row == 0 else None)
            mark(axes, row + 0.12, effect.first_order, False, "first-order effect" if row == 0 else None)
        axes.axvline(0, color="black", linewidth=0.8)
        axes.axvline(100, color="black", linewidth=0.8, linestyle=":")
        axes.set_title(f"{title}:\ntotal effects add up to {100 * found.total_sum.estimate:.0f} %", fontsize=10)
        axes.set_xlabel("share of churn [%]")
        axes.set_xlim(-20, 125)
        axes.spines[["top", "right", "left"]].set_visible(False)
        axes.tick_params(left=False)
    panels[0].set_yticks(range(len(SOURCES)), SOURCES)
    panels[0].invert_yaxis()
    figure.legend(*panels[0].get_legend_handles_labels(), frameon=False, loc="outside lower center", ncols=2)
    return figure


def main() -> None:
    """Draw the picture and print its numbers."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=Path, default=Path(__file__).parent)
    folder = parser.parse_args().output
    apart, together = imagined(together=False), imagined(together=True)
    with mpl.rc_context({"svg.fonttype": "none", "font.size": 10}):
        picture(apart, together).savefig(folder / "attribution.png", dpi=120)
    for found in (apart, together):
        print(f"churn {100 * found.amount.estimate:.2f} %, {found.blocks} blocks, {found.runs} runs")
        for effect in found.effects:
            assert effect.first_order is not None
            total, first = (f"{100 * s.estimate:.0f} [{100 * s.low:.0f}, {100 * s.high:.0f}]" for s in
                            (effect.total, effect.first_order))  # fmt: skip
            print(f"  {effect.source}: total {total}, first-order {first}")
        sums = found.total_sum, found.first_order_sum
        print("  sums:", *(f"{100 * s.estimate:.0f} [{100 * s.low:.0f}, {100 * s.high:.0f}]" for s in sums if s))
    for blocks in (10, 50):
        low, high = typical(blocks)
        print(f"a total effect of 40 % on a metric, {blocks} blocks: typically {low:.0f} to {high:.0f} %")


if __name__ == "__main__":
    main()
