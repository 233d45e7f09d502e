"""How often intervals over several tasks hold the truth, and how often tests over tasks claim too much.

    python benchmarks/across_tasks.py [--studies 1000]

The truths are counted on two million runs. One process, one core.
"""

from __future__ import annotations

import argparse
import platform
import time
from collections.abc import Callable

import numpy as np
import scipy
from numpy.typing import NDArray

from seedwise.statistics import (
    improvement_over_tasks,
    interquartile_mean,
    mean_ranks,
    optimality_gap,
    pooled_difference,
)

Array = NDArray[np.float64]
Draw = Callable[[np.random.Generator, tuple[int, ...]], Array]

SEED, RUNS, DRAWS, MANY = 20261201, (5, 10, 20), 400, 2_000_000
LAWS: dict[str, Draw] = {
    "normal": lambda rng, size: rng.standard_normal(size),
    "gamma(4)": lambda rng, size: rng.gamma(4.0, 0.5, size) - 2,
    "one run in ten fails": lambda rng, size: np.where(rng.random(size) < 0.1, -3.0, 0.3 * rng.standard_normal(size)),
}
# Mean and SD of the scores on each of three tasks.
TASKS = {
    "overlapping": np.array([[0.7, 0.15], [0.8, 0.2], [0.9, 0.15]]),
    "apart": np.array([[0.3, 0.05], [0.8, 0.2], [1.5, 0.1]]),
}


def scores(rng: np.random.Generator, law: str, layout: str, runs: int) -> Array:
    centre, spread = TASKS[layout].T
    drawn: Array = centre + spread * LAWS[law](rng, (runs, len(centre)))
    return drawn


def aggregates(law: str, layout: str, runs: int, studies: int) -> tuple[float, float]:
    """Return how often the intervals of the interquartile mean and of the optimality gap hold the truth."""
    rng = np.random.default_rng([SEED, runs, list(LAWS).index(law), list(TASKS).index(layout)])
    many = scores(rng, law, layout, MANY // 3)
    ordered = np.sort(many.ravel())
    truths = ordered[ordered.size // 4 : -(ordered.size // 4)].mean(), 1 - np.minimum(many, 1).mean()
    held = np.zeros(2)
    for _ in range(studies):
        drawn = scores(rng, law, layout, runs)
        for k, estimate in enumerate((interquartile_mean, optimality_gap)):
            found = estimate(drawn, draws=DRAWS, rng=rng)
            held[k] += found.low <= truths[k] <= found.high
    return held[0] / studies, held[1] / studies


def pooled(tasks: int, runs: int, between: float, studies: int) -> tuple[float, float]:
    """Return how often a pooled difference holds the truth, and how often "one for all" is rejected at .05."""
    rng = np.random.default_rng([SEED, tasks, runs, round(10 * between)])
    held = rejected = 0
    for _ in range(studies):
        sds = np.exp(0.5 * rng.standard_normal(tasks))
        shift = between * rng.standard_normal(tasks)
        methods = [sd * rng.standard_normal(runs) + d for sd, d in zip(sds, shift, strict=True)]
        found = pooled_difference(methods, [sd * rng.standard_normal(runs) for sd in sds], paired=False)
        held += found.difference.low <= 0 <= found.difference.high
        rejected += found.heterogeneity_p < 0.05
    return held / studies, rejected / studies


def improvement(tasks: int, runs: int, shift: float, paired: bool, studies: int) -> float:
    """Return how often P(A > B) over tasks is held, of normal runs whose means lie up to twice ``shift`` apart."""
    rng = np.random.default_rng([SEED, tasks, runs, round(10 * shift), paired])
    shifts = shift * np.linspace(0, 2, tasks)
    truth = float(np.mean(scipy.special.ndtr(shifts / np.sqrt(2))))
    held = 0
    for _ in range(studies):
        methods, bases = shifts[:, None] + rng.standard_normal((tasks, runs)), rng.standard_normal((tasks, runs))
        found = improvement_over_tasks(list(methods), list(bases), paired=paired).probability
        held += found.low <= truth <= found.high
    return held / studies


def ranks(runs: int, apart: float, paired: bool, studies: int) -> tuple[float, float]:
    """Return how often the mean ranks of four methods on five tasks are held, and the test's claims at .05."""
    rng = np.random.default_rng([SEED, runs, round(10 * apart), paired])
    centres = apart * np.arange(4)
    chance = scipy.special.ndtr((centres - centres[:, None]) / np.sqrt(2))  # of the other ahead; own: 1/2
    truth, names = 0.5 + chance.sum(axis=1), [str(j) for j in range(4)]
    held = claimed = 0.0
    for _ in range(studies):
        drawn = rng.standard_normal((5, 4, runs)) + centres[:, None]
        found = mean_ranks([dict(zip(names, task, strict=True)) for task in drawn], paired=paired)
        held += np.mean([one.rank.low <= truth[int(one.method)] <= one.rank.high for one in found.methods])
        claimed += found.p_value < 0.05
    return held / studies, claimed / studies


def table(title: str, head: list[str], rows: list[list[str]]) -> None:
    print(f"\n{title}\n\n| {' | '.join(head)} |\n|---|{'---:|' * (len(head) - 1)}")
    print("\n".join(f"| {' | '.join(row)} |" for row in rows), flush=True)


def percent(*shares: float) -> list[str]:
    return [f"{100 * share:.1f}" for share in shares]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--studies", type=int, default=1000)
    studies, began = parser.parse_args().studies, time.perf_counter()
    print(
        f"{studies} studies per entry, standard error {100 * (0.05 * 0.95 / studies) ** 0.5:.1f} points at 95 %, ",
        end="",
    )
    print(f"Python {platform.python_version()}, numpy {np.__version__}, scipy {scipy.__version__}")
    heads = [f"n = {n}" for n in RUNS]
    both = [(law, layout, [aggregates(law, layout, n, studies) for n in RUNS]) for law in LAWS for layout in TASKS]
    for k, name in enumerate(("interquartile mean", "optimality gap")):
        rows = [[f"{law}, {layout}", *percent(*(found[k] for found in cells))] for law, layout, cells in both]
        table(f"{name}, 3 tasks", ["scores", *heads], rows)
    rows = [
        [f"{k} tasks, between {tau:g}", *percent(*(share for n in RUNS for share in pooled(k, n, tau, studies)))]
        for k in (3, 5, 10)
        for tau in (0.0, 1.0)
    ]
    table(
        "pooled difference",
        ["tasks", *(f"{h}: {what}" for h in heads for what in ("held", "one for all rejected"))],
        rows,
    )
    rows = [
        [
            f"{k} tasks, shift {shift:g}",
            *percent(*(improvement(k, n, shift, paired, studies) for paired in (False, True) for n in RUNS)),
        ]
        for k in (2, 5)
        for shift in (0.0, 1.0)
    ]
    table("P(A > B) over tasks", ["tasks", *(f"{arms} {h}" for arms in ("unpaired", "paired") for h in heads)], rows)
    rows = [
        [
            f"{'paired' if paired else 'unpaired'}, means {apart:g} apart",
            *percent(*(share for n in RUNS for share in ranks(n, apart, paired, studies))),
        ]
        for paired in (False, True)
        for apart in (0.0, 0.5, 2.0)
    ]
    table(
        "mean ranks, 4 methods on 5 tasks",
        ["methods", *(f"{h}: {what}" for h in heads for what in ("held", "claims"))],
        rows,
    )
    print(f"{time.perf_counter() - began:.0f} s")


if __name__ == "__main__":
    main()
