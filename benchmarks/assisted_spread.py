"""What the model-assisted spread is worth: its error, its coverage, and the runs it saves.

    python benchmarks/assisted_spread.py [--studies 2000] [--pool STUDY.db ...]

Simulated: 1000 examples, example j is missed with probability logistic(h_j + s z), h_j fixed (error rate 13 %), z
standard normal per run. s is set so that pairs of different examples make the stated share of the variance of the
accuracy; the truth is an integral over z. The error of an estimate is the root mean square of log(estimate / truth).
"runs" is how many runs the plain SD of normal values needs for the same error: what the help of the examples is worth.
A factor is the root of upper over lower limit, median over studies.

Each --pool is a store of finished runs. Of every cell, the runs that share no seed are the pool; 2000 random groups of
5 are compared with the SD of the whole pool, which is itself uncertain by about 1 / sqrt(2 (R - 1)).
"""

from __future__ import annotations

import argparse
import math
import platform
import time
from pathlib import Path

import numpy as np
import scipy
from numpy.typing import NDArray
from scipy import optimize, special

from seedwise.statistics import assisted_spread, assisted_spread_ratio, spread_sources

SEED, EXAMPLES = 20261126, 1000
SHARES, RUNS = (0.0, 0.1, 0.5, 0.9), (5, 10, 20)
HARD = special.logit(np.clip(np.random.default_rng(SEED).beta(0.3, 2.0, EXAMPLES), 1e-6, 1 - 1e-6))
NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(61)

Array = NDArray[np.float64]


def variances(shift: float) -> tuple[float, float]:
    """Return the true variance of the error rate, and what independent examples would give."""
    p, w = special.expit(HARD + shift * NODES[:, None]), WEIGHTS / WEIGHTS.sum()
    rates, run_means = w @ p, p.mean(axis=1)
    within = float(w @ np.sum(p * (1 - p), axis=1)) / EXAMPLES**2
    between = float(w @ run_means**2 - (w @ run_means) ** 2)
    return within + between, float(np.sum(rates * (1 - rates))) / EXAMPLES**2


def shift_of(share: float) -> float:
    if share == 0:
        return 0.0
    return float(optimize.brentq(lambda s: 1 - variances(s)[1] / variances(s)[0] - share, 1e-4, 4))


def plain_error(runs: float) -> float:
    """Root mean square of log(s / sigma) for the SD of n normal values, in closed form."""
    half = (runs - 1) / 2
    return 0.5 * math.sqrt(float(special.polygamma(1, half)) + (float(special.digamma(half)) - math.log(half)) ** 2)


def runs_worth(error: float) -> float:
    return float(optimize.brentq(lambda n: plain_error(n) - error, 1.5, 1e6))


def draw(runs: int, shift: float, rng: np.random.Generator) -> NDArray[np.bool_]:
    missed = special.expit(HARD + shift * rng.standard_normal((runs, 1)))
    wrong: NDArray[np.bool_] = rng.random((runs, EXAMPLES)) < missed
    return wrong


def root_mean_square(logs: Array) -> float:
    return float(np.sqrt(np.mean(logs**2)))


def simulated(share: float, runs: int, studies: int) -> str:
    rng, shift = np.random.default_rng([SEED, runs, round(100 * share)]), shift_of(share)
    sd = math.sqrt(variances(shift)[0])
    found = [assisted_spread(draw(runs, shift, rng)) for _ in range(studies)]
    plain, helped = ([getattr(a, part) for a in found] for part in ("plain", "spread"))
    with np.errstate(divide="ignore"):
        errors = [root_mean_square(np.log([i.estimate / sd for i in part])) for part in (plain, helped)]
    covered = [100 * np.mean([i.low <= sd <= i.high for i in part]) for part in (plain, helped)]
    widths = [np.median([i.high / i.low for i in part]) ** 0.5 for part in (plain, helped)]
    ratios = [
        assisted_spread_ratio(draw(runs, shift, rng), draw(runs, shift, rng)) for _ in range(max(200, studies // 2))
    ]
    null = 100 * np.mean([(q.p_value or 0) < 0.05 for q in ratios])
    factor = np.median([q.high / q.low for q in ratios]) ** 0.5
    return (
        f"| {100 * share:.0f} % | {runs} | {errors[0]:.3f} | {errors[1]:.3f} | {runs_worth(errors[1]):.0f} | "
        f"{covered[0]:.1f} | {covered[1]:.1f} | {widths[0]:.2f} | {widths[1]:.2f} | {null:.1f} | {factor:.2f} |"
    )


def pools(path: Path) -> dict[str, NDArray[np.bool_]]:
    """Return, for each cell, which run errs on which example, without runs that share a seed with an earlier one."""
    from seedwise.study import Store

    found: dict[str, NDArray[np.bool_]] = {}
    with Store(path) as store:
        for study in store.studies():
            cells: dict[str, list[tuple[str, dict[str, int]]]] = {}
            for run in store.runs(study):
                if run.status == "finished":
                    name = f"{run.link.task} {run.link.method} {run.link.regime}"
                    cells.setdefault(name, []).append((run.run_id, run.content["seeds"]))
            for name, runs in cells.items():
                kept: list[str] = []
                taken: set[tuple[str, int]] = set()
                for run_id, seeds in runs:
                    own = {(source, seed) for source, seed in seeds.items() if seed}
                    if own and not own & taken:
                        kept.append(run_id)
                        taken |= own
                predictions = store.predictions(kept, logits=False)
                if len(kept) >= 10 and len(predictions) == len(kept):
                    found[f"{study}: {name}"] = np.array(
                        [predictions[k].predicted != predictions[k].labels for k in kept]
                    )
    return found


def of_pool(name: str, wrong: NDArray[np.bool_]) -> str:
    sources, rng = spread_sources(wrong), np.random.default_rng(SEED)
    logs = []
    for _ in range(2000):
        five = assisted_spread(wrong[rng.choice(len(wrong), 5, replace=False)])
        if five.plain.estimate > 0:
            logs.append(np.log([five.plain.estimate, five.spread.estimate]) - np.log(sources.spread.estimate))
    errors = [root_mean_square(column) for column in np.array(logs).T]
    share = 100 * sources.covariance / sources.variance
    return (
        f"| {name} | {len(wrong)} | {wrong.shape[1]} | {share:.0f} % | {errors[0]:.3f} | {errors[1]:.3f} | "
        f"{runs_worth(errors[0]):.1f} | {runs_worth(errors[1]):.1f} |"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--studies", type=int, default=2000)
    parser.add_argument("--pool", type=Path, action="append", default=[])
    options = parser.parse_args()
    began = time.perf_counter()
    versions = f"Python {platform.python_version()}, numpy {np.__version__}, scipy {scipy.__version__}"
    print(f"{options.studies} studies per row, half as many for ratios; {versions}")
    print("| covariance | n | error, plain | error, assisted | runs | coverage, plain | coverage, assisted |", end="")
    print(" factor, plain | factor, assisted | null ratios rejected | factor of the ratio |")
    for share in SHARES:
        for runs in RUNS:
            print(simulated(share, runs, options.studies), flush=True)
    for path in options.pool:
        print("| pool | R | examples | covariance | error of 5, plain | error of 5, assisted | runs, plain | runs |")
        for name, wrong in pools(path).items():
            print(of_pool(name, wrong), flush=True)
    print(f"{time.perf_counter() - began:.0f} s")


if __name__ == "__main__":
    main()
