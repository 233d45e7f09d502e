"""How often the default tests of spread claim a difference between arms of equal SD whose shapes differ.

    python benchmarks/false_alarms.py [--studies 10000]

The tests are calibrated for arms of one shape (benchmarks/calibration.py); this is where they are known not to hold.
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

from seedwise.statistics.ratios._ratio_tests import default_p_values

Array = NDArray[np.float64]
Draw = Callable[[np.random.Generator, tuple[int, int]], Array]

SEED, AT_ONCE, ALPHA = 20261127, 2000, 0.05
# Each of SD 1.
SHAPES: dict[str, Draw] = {
    "normal": lambda rng, size: rng.standard_normal(size),
    "t5": lambda rng, size: rng.standard_t(5, size) / np.sqrt(5 / 3),
    "gamma(4)": lambda rng, size: rng.gamma(4.0, 0.5, size),
    "exponential": lambda rng, size: rng.exponential(1.0, size),
    "exponential, mirrored": lambda rng, size: -rng.exponential(1.0, size),
}
EQUAL = (5, 10, 20, 50)
UNEQUAL = ((5, 20), (20, 5), (10, 50), (50, 10))
PAIRS = (
    ("normal", "normal"),
    ("normal", "t5"),
    ("normal", "gamma(4)"),
    ("normal", "exponential"),
    ("exponential", "exponential, mirrored"),
)


def false_alarms(names: tuple[str, str], n: tuple[int, int], paired: bool, studies: int) -> float:
    """Return the share of studies with p < .05."""
    rng = np.random.default_rng([SEED, *n, paired, *(list(SHAPES).index(name) for name in names)])
    found = 0
    for done in range(0, studies, AT_ONCE):
        rows = min(AT_ONCE, studies - done)
        x, y = (SHAPES[name](rng, (rows, size)) for name, size in zip(names, n, strict=True))
        found += int(np.sum(default_p_values(x, y, paired=paired) < ALPHA))
    return found / studies


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--studies", type=int, default=10_000)
    studies = parser.parse_args().studies
    began = time.perf_counter()
    print(
        f"{studies} studies per entry, standard error {100 * (0.07 * 0.93 / studies) ** 0.5:.2f} points at 7 %, ",
        end="",
    )
    print(f"Python {platform.python_version()}, numpy {np.__version__}, scipy {scipy.__version__}")
    columns: list[tuple[str, tuple[int, int], bool]] = [
        *((f"paired {n}", (n, n), True) for n in EQUAL),
        *((f"{n} / {n}", (n, n), False) for n in EQUAL),
        *((f"{a} / {b}", (a, b), False) for a, b in UNEQUAL),
    ]
    print(f"| method / base | {' | '.join(name for name, *_ in columns)} |")
    print(f"|---|{'---:|' * len(columns)}")
    for names in PAIRS:
        shares = (f"{100 * false_alarms(names, n, paired, studies):.1f}" for _, n, paired in columns)
        print(f"| {' / '.join(names)} | {' | '.join(shares)} |", flush=True)
    print(f"{time.perf_counter() - began:.0f} s")


if __name__ == "__main__":
    main()
