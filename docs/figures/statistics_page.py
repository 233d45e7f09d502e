"""Draw the pictures of docs/statistics.md, and print the numbers that the page takes from them.

    python docs/figures/statistics_page.py [--output docs/figures]

Needs seedwise and matplotlib. All seeds are fixed: the same versions draw the same pictures. (A file named
statistics.py would hide python's own module of that name from the packages it imports.)
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from scipy import stats

from seedwise.statistics import (
    Interval,
    SpreadSources,
    Verdict,
    expected_interval,
    group_size_table,
    mean_seeds_needed,
    power,
    seed_effect,
    seeds_needed,
    spread,
    spread_equivalence,
    spread_ratio,
    spread_sources,
    spread_verdict,
)

BLUE, ORANGE, GREEN, GREY = "#2f6db3", "#d1701c", "#3a8a52", "#7a828a"
MEAN, SD = 95.0, 0.15  # of the imagined network, in percent and points of accuracy
HARD, REAL = 0.2, 0.02  # see pool
STUDIES, RUNS, EXAMPLES = 30, 20, 10_000


def two_panels(height: float) -> tuple[Figure, mpl.axes.Axes, mpl.axes.Axes]:
    """Return a figure with a left and a right panel."""
    figure = Figure(figsize=(9, height), layout="constrained")
    left, right = figure.subplots(1, 2)
    return figure, left, right


def density_of_sd(s: np.ndarray, n: int) -> np.ndarray:
    """Return the density of the SD of n normal values with SD 1."""
    log = (n - 2) * np.log(s) - (n - 1) * s**2 / 2 + (n - 1) / 2 * math.log((n - 1) / 2)
    return np.asarray(2 * np.exp(log - math.lgamma((n - 1) / 2)))


def spread_picture() -> Figure:
    """Draw what an SD is, and how far the SD of a few runs may lie from the truth."""
    figure, left, right = two_panels(3.3)
    values = np.random.default_rng(3).normal(MEAN, SD, 20)
    grid = np.linspace(MEAN - 4 * SD, MEAN + 4 * SD, 200)
    density = np.exp(-(((grid - MEAN) / SD) ** 2) / 2)
    left.fill_between(grid, density, color=BLUE, alpha=0.15, linewidth=0)
    left.plot(grid, density, color=BLUE)
    left.vlines(values, -0.14, -0.04, color=ORANGE, linewidth=1.6)
    left.annotate("", (MEAN - SD, 0.607), (MEAN + SD, 0.607), arrowprops={"arrowstyle": "<->", "color": "black"})
    left.text(MEAN, 0.64, "one SD\neither way", ha="center", va="bottom", fontsize=9)
    left.set(
        yticks=[], xlabel="accuracy [%]", title="20 runs (ticks) of one method, and all its runs", ylim=(-0.18, 1.1)
    )
    grid = np.linspace(0.01, 2.4, 400)
    for n, colour in ((5, ORANGE), (20, BLUE), (100, GREEN)):
        right.plot(grid, density_of_sd(grid, n), color=colour, label=f"{n} runs")
    right.axvline(1, color="black", linewidth=0.8)
    right.set(
        yticks=[], xlabel="SD that a study sees, divided by the true SD", title="How far off the SD of a study is"
    )
    right.set_ylim(bottom=0)
    right.legend(frameon=False)
    return figure


def power_picture() -> Figure:
    """Draw power and the interval to expect against the number of runs."""
    figure, left, right = two_panels(3.6)
    sizes = np.unique(np.round(np.geomspace(3, 200, 60)).astype(int))
    for ratio, colour in ((0.5, GREEN), (0.7, BLUE), (0.8, ORANGE), (0.9, GREY)):
        left.plot(sizes, [100 * power(sd_ratio=ratio, n=int(n), tests="normal") for n in sizes], color=colour)
        at = {0.5: 10, 0.7: 36, 0.8: 74, 0.9: 150}[ratio]
        left.text(
            at * 0.94, 100 * power(sd_ratio=ratio, n=at, tests="normal") + 2, f"{ratio:g}", color=colour, ha="right"
        )
    left.axhline(80, color="black", linewidth=0.7, linestyle=":")
    left.axvline(5, color="black", linewidth=0.7, linestyle=":")
    left.set(xscale="log", ylim=(0, 102), xlabel="runs per method", ylabel="chance of finding it [%]")
    left.set_title("Power, by the true ratio of the SDs")
    intervals = [expected_interval("ratio", n=int(n)) for n in sizes]
    right.fill_between(
        sizes, [i.low for i in intervals], [i.high for i in intervals], color=BLUE, alpha=0.2, linewidth=0
    )
    for n in (5, 10, 20, 64):
        expected = expected_interval("ratio", n=n)
        right.vlines(n, expected.low, expected.high, color=BLUE)
        right.text(n * 1.05, expected.high * 1.06, f"x {expected.high:.2f}", fontsize=9)
    right.axhline(1, color="black", linewidth=0.8)
    right.set(xscale="log", yscale="log", xlabel="runs per method", ylabel="ratio of SDs", ylim=(0.14, 7))
    right.set_yticks([0.2, 0.5, 1, 2, 5], ["0.2", "0.5", "1", "2", "5"])
    right.minorticks_off()
    right.set_title("95 % interval of the ratio of two equal SDs")
    for axes in (left, right):
        axes.set_xticks([3, 5, 10, 20, 50, 100, 200], ["3", "5", "10", "20", "50", "100", "200"])
        axes.minorticks_off()
    return figure


def pairing_picture() -> Figure:
    """Draw pairs that agree and pairs that do not, and the runs that agreement saves."""
    figure, left, right = two_panels(3.5)
    z = np.random.default_rng(12).standard_normal((2, 20))
    z = np.linalg.solve(np.linalg.cholesky(np.cov(z)), z - z.mean(axis=1, keepdims=True))  # correlation exactly 0
    for k, rho in enumerate((0.0, 0.8)):
        other = rho * z[0] + math.sqrt(1 - rho**2) * z[1] + 0.5
        x = np.array([3 * k, 3 * k + 1.6])
        for pair in zip(z[0], other, strict=True):
            left.plot(x, pair, color=GREEN if pair[1] > pair[0] else GREY, linewidth=1, marker="o", markersize=3)
        left.text(x.mean(), 3.1, f"correlation {rho:g}", ha="center")
        left.text(x[0], -2.75, "base", ha="center", fontsize=9)
        left.text(x[1], -2.75, "method", ha="center", fontsize=9)
    left.set(
        xticks=[],
        xlim=(-0.7, 5.3),
        ylim=(-3, 3.5),
        ylabel="metric, in SDs",
        title="Each line: two runs with the same seeds",
    )
    grid = np.linspace(0, 0.95, 39)
    means = [mean_seeds_needed(difference=0.5, paired=True, correlation=float(r)) for r in grid]
    right.plot(grid, means, color=GREEN, label="difference of means of .5 SD")
    right.plot(
        grid,
        [seeds_needed(sd_ratio=0.7, paired=True, correlation=float(r), tests="normal") for r in grid],
        color=BLUE,
        label="ratio of SDs of .7",
    )
    right.set(xlabel="correlation between the arms", ylabel="runs per method for power .8", ylim=(0, 72))
    right.set_title("What agreement saves")
    right.legend(frameon=False, loc="lower left")
    return figure


def verdicts() -> list[tuple[str, Interval, Verdict]]:
    """Return simulated pairs of arms, what they are, their intervals and their verdicts."""
    found = []
    for what, ratio, n, seed in (
        ("SD halved, 5 runs each", 0.5, 5, 1),
        ("SD halved, 40 runs each", 0.5, 40, 2),
        ("SD doubled, 40 runs each", 2.0, 40, 3),
        ("equal SDs, 20 runs each", 1.0, 20, 4),
        ("equal SDs, 200 runs each", 1.0, 200, 5),
    ):
        x, y = np.random.default_rng(seed).standard_normal((2, n)) * [[ratio], [1]]
        q = spread_ratio(x, y, paired=False)
        same = spread_equivalence(x, y, factor=1.5, paired=False)
        found.append((what, q, spread_verdict(q, p_adjusted=q.p_value or 0.0, equivalence=same)))
    return found


def verdict_picture() -> Figure:
    """Draw intervals of the ratio of SDs with their verdicts."""
    figure = Figure(figsize=(9, 3.2), layout="constrained")
    axes = figure.subplots()
    axes.axvspan(1 / 1.5, 1.5, color=GREY, alpha=0.15, linewidth=0)
    axes.axvline(1, color="black", linewidth=0.8)
    colours = {"reduced": GREEN, "increased": ORANGE, "equivalent within a factor": BLUE, "not resolved": GREY}
    for k, (_, q, verdict) in enumerate(verdicts()):
        colour = colours[verdict.word]
        axes.hlines(k, q.low, q.high, color=colour, linewidth=2.5)
        axes.plot([q.estimate], [k], "o", color=colour)
        factor = " of 1.5" if verdict.word.startswith("equivalent") else ""
        axes.text(60, k, verdict.word + factor, va="center", color=colour, weight="bold")
    axes.set_yticks(range(5), [what for what, _, _ in verdicts()])
    axes.set(
        xscale="log", xlim=(0.03, 50), ylim=(4.6, -0.6), xlabel="SD of the method / SD of the base, with 95 % interval"
    )
    axes.set_xticks([0.05, 0.2, 0.5, 1, 2, 5, 20], ["0.05", "0.2", "0.5", "1", "2", "5", "20"])
    axes.minorticks_off()
    axes.tick_params(axis="y", length=0)
    for side in ("left", "right", "top"):
        axes.spines[side].set_visible(False)
    return figure


def pool(rng: np.random.Generator, runs: int, examples: int) -> np.ndarray:
    """Return which of the runs are right on which example.

    A fifth of the examples is hard, with error rates e uniform on (0, .5); a run errs with probability e (1 + a), and a
    is normal over runs with SD .02. On infinitely many examples the error is .05 (1 + a): its SD is .1 points.
    """
    hard = int(HARD * examples)
    rates = rng.uniform(0, 0.5, hard) * (1 + REAL * rng.standard_normal((runs, 1)))
    correct = np.ones((runs, examples), dtype=bool)
    correct[:, :hard] = rng.random((runs, hard)) >= rates
    return correct


def pools() -> list[SpreadSources]:
    """Take the spread of simulated studies apart."""
    rng = np.random.default_rng(8)
    return [spread_sources(pool(rng, RUNS, EXAMPLES)) for _ in range(STUDIES)]


def noise_picture() -> Figure:
    """Draw the SD that a test set of some size shows, and estimates of what would remain without its noise."""
    figure, left, right = two_panels(3.5)
    sizes = np.geomspace(300, 1_000_000, 200)
    real = REAL * HARD / 4 * 100
    noise = 100 * np.sqrt(HARD * (1 / 4 - 1 / 12) / sizes)
    left.plot(sizes, np.hypot(real, noise), color=BLUE, linewidth=2, label="SD seen over runs")
    left.plot(sizes, noise, color=ORANGE, linestyle="--", label="of it test-set noise")
    left.axhline(real, color=GREEN, linestyle=":", linewidth=2, label="what remains: real spread")
    left.set(xscale="log", yscale="log", xlabel="examples in the test set", ylabel="SD over runs [points]")
    left.set_xticks([1e3, 1e4, 1e5, 1e6], ["1,000", "10,000", "100,000", "1,000,000"])
    left.set_yticks([0.03, 0.1, 0.3, 1], ["0.03", "0.1", "0.3", "1"])
    left.minorticks_off()
    left.set_title("The same runs, larger test sets")
    left.legend(frameon=False, loc="upper right")
    found = sorted((s.distribution for s in pools()), key=lambda d: d.estimate)
    for k, d in enumerate(found):
        colour = ORANGE if d.estimate < 0 else BLUE
        right.vlines(k, 1e4 * d.low, min(1e4 * d.high, 0.12), color=colour, alpha=0.5)
        right.plot([k], [1e4 * d.estimate], "o", color=colour, markersize=4)
    right.axhline(0, color="black", linewidth=0.8)
    right.axhline(real**2, color=GREEN, linestyle=":", linewidth=2)
    right.text(0, 0.1, "dotted: the truth\norange: below 0", fontsize=9)
    right.set(xticks=[], xlabel=f"{STUDIES} studies of {RUNS} runs, sorted", ylim=(-0.04, 0.125))
    right.set(ylabel="variance that remains [points²]", title=f"What {RUNS} runs on {EXAMPLES:,} examples say of it")
    return figure


def groups() -> tuple[np.ndarray, np.ndarray]:
    """Return 20 paired runs of a method and its base, of equal true SD."""
    base, method = np.random.default_rng(4).normal(MEAN, SD, (2, 20))
    return method, base


def group_picture() -> Figure:
    """Draw the reduction in groups of several sizes, from one pool and from new runs."""
    figure = Figure(figsize=(7, 3.4), layout="constrained")
    axes = figure.subplots()
    for k, row in enumerate(group_size_table(*groups(), paired=True)):
        axes.vlines(
            k - 0.08, row.new_low, row.new_high, color=GREY, linewidth=3, label=None if k else "95 % of new groups"
        )
        axes.vlines(
            k + 0.08,
            row.low or 0,
            row.high or 0,
            color=BLUE,
            linewidth=3,
            label=None if k else "95 % of groups of this pool",
        )
        axes.plot([k + 0.08], [row.reduction], "o", color=ORANGE, zorder=3, label=None if k else "from the mean SDs")
    axes.axhline(0, color="black", linewidth=0.8)
    axes.set_xticks(range(4), ["5", "10", "15", "20"])
    axes.set(xlabel="runs per group", ylabel="reduction of the SD [%]", xlim=(-0.5, 3.5))
    axes.set_title("20 runs of two methods with the same true SD, in smaller groups")
    axes.legend(frameon=False, loc="lower right", fontsize=9)
    return figure


PICTURES: dict[str, Callable[[], Figure]] = {
    "spread": spread_picture,
    "power": power_picture,
    "pairing": pairing_picture,
    "verdicts": verdict_picture,
    "noise": noise_picture,
    "groups": group_picture,
}


def tables() -> list[str]:
    """Return the rows of the page's tables of power and pairing."""
    ratios, correlations = (0.9, 0.8, 0.7, 0.5, 0.3), (0.0, 0.3, 0.5, 0.7, 0.9)
    lines = []
    for n in (3, 5, 10, 20, 40, 80, 160):
        found = " | ".join(f"{power(sd_ratio=q, n=n, tests='normal'):.2f}" for q in ratios).replace("0.", ".")
        lines.append(f"| {n} | {found} | x {expected_interval('ratio', n=n).high:.2f} |")
    lines.append(
        f"| **runs for power .8** | {' | '.join(str(seeds_needed(sd_ratio=q, tests='normal')) for q in ratios)} | |"
    )
    means = [mean_seeds_needed(difference=0.5, paired=True, correlation=rho) for rho in correlations]
    lines.append(f"| means | {' | '.join(map(str, means))} |")
    sds = [seeds_needed(sd_ratio=0.7, paired=True, correlation=rho, tests="normal") for rho in correlations]
    lines.append(f"| SDs | {' | '.join(map(str, sds))} |")
    return lines


def luck() -> list[str]:
    """Return what few runs of normal values do by luck."""
    lines = []
    for n in (5, 20):
        low, high = (math.sqrt(q / (n - 1)) for q in stats.chi2.ppf((0.025, 0.975), n - 1))
        s = expected_interval("spread", n=n)
        lines.append(
            f"{n} runs: SD {low:.2f} to {high:.2f} times the true one; which is {s.low:.1f} to {s.high:.1f} times it"
        )
    lines.append(f"equal SDs, 5 runs: a reduction of a third in {100 * stats.f.cdf(4 / 9, 4, 4):.0f} %")
    for factor in (1.5, 1.25):
        n = next(n for n in range(3, 1000) if equivalence_power(factor, n) >= 0.8)
        lines.append(f"equal SDs: equivalent within a factor of {factor} takes {n} runs")
    lines.append(f"5 or 6 wins, or losses, out of 6: {100 * 2 * stats.binom.cdf(1, 6, 0.5):.0f} %")
    return lines


def equivalence_power(factor: float, n: int) -> float:
    """Return the chance that two one-sided F tests at .05 show equal SDs to be equal within a factor."""
    low, high = stats.f.ppf((0.05, 0.95), n - 1, n - 1)
    return float(stats.f.cdf(low * factor**2, n - 1, n - 1) - stats.f.cdf(high / factor**2, n - 1, n - 1))


def numbers() -> list[str]:
    """Return the numbers that the page takes from the pictures."""
    one = spread(np.random.default_rng(3).normal(MEAN, SD, 20))
    lines = [f"spread: true SD {SD}, 20 runs {one.estimate:.2f} [{one.low:.2f}, {one.high:.2f}]"]
    for what, q, verdict in verdicts():
        p = f"p = {q.p_value:.3f}"
        lines.append(f"verdicts: {what}: {q.estimate:.2f} [{q.low:.2f}, {q.high:.2f}], {p}: {verdict.word}")
    found = pools()
    real = (REAL * HARD / 4) ** 2
    negative = sum(s.distribution.estimate < 0 for s in found)
    holds_zero = sum(s.distribution.low <= 0 for s in found)
    covered = sum(s.distribution.low <= real <= s.distribution.high for s in found)
    lines.append(f"noise: {negative} estimates below 0, {holds_zero} intervals reach 0, {covered} hold the truth")
    for row in group_size_table(*groups(), paired=True):
        lines.append(
            f"| {row.size} | {row.reduction:.0f} % | {row.low:.0f} to {row.high:.0f} % "
            f"| {row.new_low:.0f} to {row.new_high:.0f} % |"
        )
    effect = seed_effect(groups()[1], 10)
    low, high, gap = effect.low, effect.high, effect.expected / effect.sd
    lines.append(
        f"seed effect: gap {effect.gap:.2f}, by luck {effect.expected:.2f} [{low:.2f}, {high:.2f}], {gap:.2f} SDs"
    )
    return lines


def main() -> None:
    """Draw everything."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=Path, default=Path(__file__).parent)
    output = parser.parse_args().output
    output.mkdir(parents=True, exist_ok=True)
    mpl.rcParams.update({"font.size": 10, "axes.titlesize": 10.5, "axes.spines.top": False, "axes.spines.right": False})
    for name, draw in PICTURES.items():
        draw().savefig(output / f"{name}.png", dpi=100, facecolor="white", metadata={"Software": None})
    print("\n".join([*tables(), *luck(), *numbers()]))


if __name__ == "__main__":
    main()
