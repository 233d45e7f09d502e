"""How many more runs the default tests of spread need than the exact normal ones; `seeds_needed` plans for the default.

    python benchmarks/extra_runs.py [--repetitions 10000]

Normal values, power .8, alpha .05. At five numbers of runs around the planned one both tests are applied to the same
simulated studies; the number at which the default reaches .8 is read off a line through the probits of its power, each
less what the normal test's simulated power was off its exact value. One process, one core.
"""

from __future__ import annotations

import argparse
import math
import platform
import time

import numpy as np
import scipy
from numpy.typing import NDArray
from scipy.stats import norm

from seedwise.statistics import power, seeds_needed
from seedwise.statistics.ratios._ratio_tests import two_sided
from seedwise.statistics.ratios.ratios import RatioProcedure, ratio_arms, ratio_test

Array = NDArray[np.float64]

SEED = 20240611
AROUND = (1.0, 1.08, 1.16, 1.24, 1.32)
STUDIES: tuple[tuple[float, float | None], ...] = (
    *((0.7, rho) for rho in (None, 0.0, 0.5, 0.7, 0.9)),
    *((0.5, rho) for rho in (None, 0.0, 0.5, 0.7)),
)


def found(x: Array, y: Array, paired: bool, procedure: RatioProcedure) -> float:
    """Return the share of studies that find a difference at .05."""
    p_values = []
    for one, other in zip(x, y, strict=True):
        arms = ratio_arms(one, other, paired)
        p_values.append(two_sided(ratio_test(arms, procedure, 0.95)[1], 1 / arms.ratio))
    return float(np.mean(np.array(p_values) < 0.05))


def default_runs(ratio: float, rho: float | None, repetitions: int, rng: np.random.Generator) -> tuple[int, float]:
    """Return the planned number of runs and the one at which the default test has power .8."""
    planned = seeds_needed(sd_ratio=ratio, paired=rho is not None, correlation=rho or 0.0, tests="normal")
    sizes = sorted({math.ceil(planned * factor) for factor in AROUND})
    probits = []
    for n in sizes:
        common, own = rng.standard_normal((2, repetitions, n))
        r = rho or 0.0
        x, y = ratio * (r * common + math.sqrt(1 - r * r) * own), common
        paired = rho is not None
        exact = found(x, y, paired, "normal")
        truth = power(sd_ratio=ratio, n=n, paired=paired, correlation=r, tests="normal")
        probits.append(norm.ppf(found(x, y, paired, "adjusted")) - norm.ppf(exact) + norm.ppf(truth))
    slope, start = np.polyfit(np.sqrt(sizes), probits, 1)
    return planned, float(((norm.ppf(0.8) - start) / slope) ** 2)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repetitions", type=int, default=10_000)
    repetitions = parser.parse_args().repetitions
    began = time.perf_counter()
    print(f"{repetitions} studies per number of runs, Python {platform.python_version()}, ", end="")
    print(f"numpy {np.__version__}, scipy {scipy.__version__}")
    print("ratio  arms                      planned  default test  more")
    for k, (ratio, rho) in enumerate(STUDIES):
        planned, needed = default_runs(ratio, rho, repetitions, np.random.default_rng([SEED, k]))
        arms = "unpaired" if rho is None else f"paired, correlation {rho:g}"
        print(
            f"{ratio:5g}  {arms:24s}  {planned:7d}  {needed:12.1f}  {100 * (needed / planned - 1):3.0f} %", flush=True
        )
    print(f"{time.perf_counter() - began:.0f} s")


if __name__ == "__main__":
    main()
