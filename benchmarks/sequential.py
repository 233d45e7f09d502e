"""Studies that stop when they are resolved: how often null studies are, how often real effects, and at how many runs.

    python benchmarks/sequential.py [--studies 10000]

Looks at 10, 20, 40 and 80 runs per method, alpha .05. Limits from 20 000 simulated null studies, rates from new ones:
normal values, t with 5 degrees of freedom in both arms, and, for churn, class labels of 100 examples compared by
`churn_difference` (a fifth as many studies). One process, one core.
"""

from __future__ import annotations

import argparse
import platform

import numpy as np
import scipy

from seedwise.statistics import SequentialDesign, churn_difference, sequential_design, sequential_power
from seedwise.statistics.sequential.questions import QUESTIONS

LOOKS = (10, 20, 40, 80)
SEED = 20261124


def rates(p: np.ndarray, design: SequentialDesign) -> str:
    resolved = p < np.array(design.limits)
    first = np.where(resolved.any(axis=1), resolved.argmax(axis=1), len(LOOKS))
    runs = np.array([*LOOKS, LOOKS[-1]])[first]
    return f"{100 * np.mean(first < len(LOOKS)):5.1f} %   {np.mean(runs):5.1f}"


def heavy_tails(design: SequentialDesign, studies: int) -> np.ndarray:
    """Return p-values of null studies whose values have t5's tails."""
    rng, found = np.random.default_rng(SEED), []
    for _ in range(studies // 1000):
        x, y = rng.standard_t(5, (2, 1000, LOOKS[-1]))
        test = QUESTIONS[design.question].p_values
        found.append(np.stack([test(x[:, :n], y[:, :n], design.paired) for n in LOOKS], axis=1))
    return np.concatenate(found)


def churn_studies(paired: bool, studies: int) -> np.ndarray:
    """Return p-values of null studies of churn: 100 examples, some of them undecided."""
    rng = np.random.default_rng(SEED)
    chance = rng.beta(0.3, 0.3, size=100)
    found = np.empty((studies, len(LOOKS)))
    for s in range(studies):
        x, y = (rng.random((2, LOOKS[-1], 100)) < chance).astype(np.int64)
        found[s] = [churn_difference(x[:n], y[:n], paired=paired).p_value for n in LOOKS]
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--studies", type=int, default=10_000)
    studies = parser.parse_args().studies
    versions = f"Python {platform.python_version()}, numpy {np.__version__}, scipy {scipy.__version__}"
    print(f"{studies} studies a row, {versions}")
    print("question  arms      limits of p                       truth             resolved  mean runs")
    for question, effects in (("spread", (1.0, 0.7, 0.5)), ("mean", (0.0, 0.5)), ("churn", (0.0,))):
        for paired in (False, True):
            design = sequential_design(LOOKS, question=question, paired=paired)
            lead = f"{question:8s}  {'paired' if paired else 'unpaired':8s}  "
            lead += "  ".join(f"{limit:.5f}" for limit in design.limits)
            if question == "churn":
                print(f"{lead}  null, labels      {rates(churn_studies(paired, studies // 5), design)}", flush=True)
                continue
            for effect in effects:
                found = sequential_power(design, effect, studies=studies, rng=SEED)
                print(f"{lead}  {effect:<16g}  {100 * found.power:5.1f} %   {found.expected_runs:5.1f}", flush=True)
            print(f"{lead}  null, t5          {rates(heavy_tails(design, studies), design)}", flush=True)


if __name__ == "__main__":
    main()
