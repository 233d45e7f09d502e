"""Comparisons on churn and on the error variance: how often they claim a difference that is not there, and how precise
they are beside comparisons on the SD of accuracy.

    python benchmarks/churn_comparisons.py [--studies 2000]

Simulated runs answer 400 examples with ten classes. Example j is wrong with probability logistic(h_j + s z), h_j fixed
(error rate 12 %, most examples easy), z standard normal per run: s = 0 makes examples independent, s = .3 makes some
runs better as a whole. Paired arms share z and, on every second answer, the draw itself. One process.
"""

from __future__ import annotations

import argparse
import math
import platform
import time

import numpy as np
import scipy
from numpy.typing import NDArray
from scipy.special import expit, logit

from seedwise.statistics import (
    churn,
    churn_difference,
    churn_ratio,
    error_variance,
    error_variance_difference,
    error_variance_ratio,
)

SEED, EXAMPLES, CLASSES = 20261125, 400, 10
RUNS, SHIFTS = (5, 10, 20, 50), (0.0, 0.3)
HARD = logit(np.clip(np.random.default_rng(SEED).beta(0.3, 2.0, EXAMPLES), 1e-6, 1 - 1e-6))

Labels = NDArray[np.int64]


def arms(runs: int, shift: float, paired: bool, rng: np.random.Generator) -> tuple[Labels, Labels]:
    """Return the answers of two arms of one law, shape (runs, examples) each; class 0 is right."""
    z, u = rng.standard_normal((2, runs, 1)), rng.random((2, runs, EXAMPLES))
    answers = rng.integers(1, CLASSES, (2, runs, EXAMPLES))
    if paired:
        shared = rng.random((runs, EXAMPLES)) < 0.5
        z[1] = z[0]
        u[1], answers[1] = np.where(shared, u[0], u[1]), np.where(shared, answers[0], answers[1])
    labels = np.where(u < expit(HARD + shift * z), answers, 0)
    return labels[0], labels[1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--studies", type=int, default=2000)
    studies, began = parser.parse_args().studies, time.perf_counter()
    versions = f"Python {platform.python_version()}, numpy {np.__version__}, scipy {scipy.__version__}"
    print(f"{studies} studies per row; {versions}")
    print("share of null studies with p < .05, in percent; 5 % + 3 standard errors is", end=" ")
    print(f"{100 * (0.05 + 3 * math.sqrt(0.05 * 0.95 / studies)):.2f}")
    print("shift  arms      runs  churn ratio  churn difference  error variance ratio  error variance difference")
    for shift in SHIFTS:
        for paired in (False, True):
            for runs in RUNS:
                rng, found = np.random.default_rng([SEED, runs, paired]), np.zeros(4)
                for _ in range(studies):
                    x, y = arms(runs, shift, paired, rng)
                    results = (
                        churn_ratio(x, y, paired=paired),
                        churn_difference(x, y, paired=paired),
                        error_variance_ratio(x != 0, y != 0, paired=paired),
                        error_variance_difference(x != 0, y != 0, paired=paired),
                    )
                    found += [r.p_value is not None and r.p_value < 0.05 for r in results]
                text = "  ".join(f"{100 * share:5.1f}" for share in found / studies)
                print(f"{shift:5}  {'paired' if paired else 'unpaired':8}  {runs:4}  {text}", flush=True)
    print("standard error of the logarithm of an estimate from 10 runs")
    print("shift  churn  error variance  SD of accuracy  ratio of the last to the first")
    for shift in SHIFTS:
        rng, logs = np.random.default_rng([SEED, 10]), []
        for _ in range(studies):
            x, _ = arms(10, shift, False, rng)
            sd = np.std((x == 0).mean(axis=1), ddof=1)
            logs.append(np.log([churn(x).estimate, error_variance(x != 0).estimate, sd]))
        errors = np.std(logs, axis=0, ddof=1)
        print(f"{shift:5}  {errors[0]:.3f}  {errors[1]:.3f}  {errors[2]:.3f}  {errors[2] / errors[0]:.1f}")
    print(f"{time.perf_counter() - began:.0f} s")


if __name__ == "__main__":
    main()
