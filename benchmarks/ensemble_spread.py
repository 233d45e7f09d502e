"""How often the interval of `ensemble_spread` holds the true ratio of SDs, on simulated pools with known truth.

    python benchmarks/ensemble_spread.py [--studies 1000]

Logits of two classes and 200 examples are normal about a mean per example: every run adds noise of SD .5 to each
logit and, in the second half of the table, a shift of SD .3 to the first logit of all examples. The mean logits of N
such runs are normal with the same means and SDs smaller by sqrt(N), so the truth comes from 100 000 simulated single
runs and as many ensembles, not from pools. One process.
"""

from __future__ import annotations

import argparse
import platform
import time

import numpy as np
import scipy
from numpy.typing import NDArray

from seedwise.statistics import ensemble_spread

SEED, EXAMPLES, NOISE = 20261124, 200, 0.5
SHIFTS = (0.0, 0.3)
POOLS = {2: (10, 20, 50), 4: (10,), 5: (20, 50), 8: (20,)}  # ensembles of, from pools of
MEANS = np.random.default_rng(SEED).normal(1.5, 1.2, EXAMPLES)


def logits(runs: int, size: int, shift: float, rng: np.random.Generator) -> NDArray[np.float32]:
    """Return the mean logits of ensembles of ``size`` runs, shape (runs, examples, 2)."""
    z = NOISE * rng.standard_normal((runs, EXAMPLES, 2), dtype=np.float32)
    z[..., 0] += np.float32(shift) * rng.standard_normal((runs, 1), dtype=np.float32)
    scaled: NDArray[np.float32] = z / np.float32(size**0.5)
    scaled[..., 0] += MEANS.astype(np.float32)
    return scaled


def true_sd(size: int, shift: float, rng: np.random.Generator) -> float:
    values = [(logits(1000, size, shift, rng).argmax(axis=2) == 0).mean(axis=1) for _ in range(100)]
    return float(np.std(np.concatenate(values), ddof=1))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--studies", type=int, default=1000)
    studies = parser.parse_args().studies
    labels, began = np.zeros(EXAMPLES, dtype=int), time.perf_counter()
    versions = f"Python {platform.python_version()}, numpy {np.__version__}, scipy {scipy.__version__}"
    print(f"{studies} studies per row; {versions}")
    print("shift  size  runs  true ratio  mean estimate  coverage  median factor of the interval")
    for shift in SHIFTS:
        one = true_sd(1, shift, np.random.default_rng([SEED, 1]))
        for size, pools in POOLS.items():
            truth = true_sd(size, shift, np.random.default_rng([SEED, size])) / one
            for runs in pools:
                rng = np.random.default_rng([SEED, size, runs])
                ratios = [
                    ensemble_spread(logits(runs, 1, shift, rng), labels, size, rng=study).ratio
                    for study in range(studies)
                ]
                covered = np.mean([q.low <= truth <= q.high for q in ratios])
                estimate = np.exp(np.mean([np.log(q.estimate) for q in ratios]))
                factor = np.median([q.high / q.estimate for q in ratios])
                print(
                    f"{shift:5}  {size:4}  {runs:4}  {truth:10.3f}  {estimate:13.3f}  {covered:8.3f}  {factor:.2f}",
                    flush=True,
                )
    print(f"{time.perf_counter() - began:.0f} s")


if __name__ == "__main__":
    main()
