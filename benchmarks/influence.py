"""How often a run is said to make the spread of values that have no odd one.

    python benchmarks/influence.py [--studies 20000]

One process, one core.
"""

from __future__ import annotations

import argparse
import platform
import time
from collections.abc import Callable

import numpy as np
import scipy
from numpy.typing import NDArray

from seedwise.statistics import influence

Array = NDArray[np.float64]
SEED, RUNS = 20261130, (4, 5, 10, 20, 50)
SHAPES: dict[str, Callable[[np.random.Generator, tuple[int, int]], Array]] = {
    "normal": lambda rng, size: rng.standard_normal(size),
    "binomial(360, .98)": lambda rng, size: rng.binomial(360, 0.98, size).astype(np.float64),
    "gamma(4)": lambda rng, size: rng.gamma(4.0, size=size),
    "t, 5 degrees of freedom": lambda rng, size: rng.standard_t(5, size),
    "exponential": lambda rng, size: rng.exponential(size=size),
    "normal, one run 5 SDs off": lambda rng, size: rng.standard_normal(size) + 5 * (np.arange(size[1]) == 0),
}


def named(shape: str, runs: int, studies: int) -> float:
    """Return the share of studies in which a run is named."""
    values = SHAPES[shape](np.random.default_rng([SEED, runs, list(SHAPES).index(shape)]), (studies, runs))
    return sum(influence(study).makes_the_spread for study in values) / studies


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--studies", type=int, default=20_000)
    studies, began = parser.parse_args().studies, time.perf_counter()
    print(
        f"{studies} studies per entry, standard error {100 * (0.01 * 0.99 / studies) ** 0.5:.2f} points at 1 %, ",
        end="",
    )
    print(f"Python {platform.python_version()}, numpy {np.__version__}, scipy {scipy.__version__}")
    print(f"| distribution | {' | '.join(f'n = {n}' for n in RUNS)} |")
    print(f"|---|{'---:|' * len(RUNS)}")
    for shape in SHAPES:
        shares = (f"{100 * named(shape, n, studies):.1f}" for n in RUNS)
        print(f"| {shape} | {' | '.join(shares)} |", flush=True)
    print(f"{time.perf_counter() - began:.0f} s")


if __name__ == "__main__":
    main()
