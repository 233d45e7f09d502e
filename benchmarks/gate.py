"""How often a gate calls a regression where there is none, over bases and for one base that is used again and again.

    python benchmarks/gate.py [--studies 20000]

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

from seedwise.statistics import gate

Array = NDArray[np.float64]

SEED, ALPHA, BASES, USES = 20261202, 0.05, 5000, 400
NEW, RUNS = (1, 3, 5), (3, 5, 10, 20)
LAWS: dict[str, Callable[[np.random.Generator, tuple[int, ...]], Array]] = {
    "normal": lambda rng, size: rng.standard_normal(size),
    "t, 5 degrees of freedom": lambda rng, size: rng.standard_t(5, size),
    "gamma(4)": lambda rng, size: rng.gamma(4.0, size=size),
    "gamma(4), mirrored": lambda rng, size: -rng.gamma(4.0, size=size),
}


def p_values(new: Array, base: Array) -> Array:
    """Return those of ``gate`` for many studies at once, a higher metric being better; runs are the last axis."""
    m, n = new.shape[-1], base.shape[-1]
    of_base = base.var(axis=-1, ddof=1)
    if m < 3:
        variance, df = of_base * (1 / m + 1 / n), np.asarray(n - 1.0)
    else:
        v, w = new.var(axis=-1, ddof=1) / m, of_base / n
        variance, df = v + w, (v + w) ** 2 / (v**2 / (m - 1) + w**2 / (n - 1))
    return np.asarray(scipy.special.stdtr(df, (new.mean(axis=-1) - base.mean(axis=-1)) / np.sqrt(variance)))


def rate(law: str, m: int, n: int, studies: int) -> float:
    """Return the share of studies that call a regression."""
    rng = np.random.default_rng([SEED, m, n, list(LAWS).index(law)])
    new, base = (LAWS[law](rng, (studies, runs)) for runs in (m, n))
    p = p_values(new, base)
    assert abs(p[0] - gate(new[0], base[0], higher_is_better=True).p_regression) < 1e-9
    return float(np.mean(p < ALPHA))


def rates(law: str, m: int, n: int) -> tuple[float, float]:
    """Return the rates between which 90 % of bases lie."""
    rng = np.random.default_rng([SEED, m, n, list(LAWS).index(law), 1])
    found = []
    for base in LAWS[law](rng, (BASES, n)):
        found.append(float(np.mean(p_values(LAWS[law](rng, (USES, m)), base[None]) < ALPHA)))
    low, high = np.quantile(found, [0.05, 0.95])
    return float(low), float(high)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--studies", type=int, default=20_000)
    studies, began = parser.parse_args().studies, time.perf_counter()
    print(
        f"{studies} studies per entry, standard error {100 * (0.05 * 0.95 / studies) ** 0.5:.2f} points at 5 %; ",
        end="",
    )
    print(f"ranges of {BASES} bases used {USES} times, ", end="")
    print(f"Python {platform.python_version()}, numpy {np.__version__}, scipy {scipy.__version__}")
    cells = [(m, n) for m in NEW for n in RUNS]
    print(f"| distribution | {' | '.join(f'{m} / {n}' for m, n in cells)} |")
    print(f"|---|{'---:|' * len(cells)}")
    for law in LAWS:
        shares = (f"{100 * rate(law, m, n, studies):.1f}" for m, n in cells)
        print(f"| {law} | {' | '.join(shares)} |", flush=True)
    shown = [f"{100 * low:.1f} to {100 * high:.0f}" for low, high in (rates("normal", m, n) for m, n in cells)]
    print(f"| normal, one base again and again | {' | '.join(shown)} |", flush=True)
    base = np.random.default_rng(0).standard_normal(max(RUNS))
    stated = [gate(np.arange(float(m)), base[:n], higher_is_better=True).false_alarms_range for m, n in cells]
    print(f"| the same, as gate says it | {' | '.join(f'{low:.1f} to {high:.0f}' for low, high in stated)} |")
    print(f"{time.perf_counter() - began:.0f} s")


if __name__ == "__main__":
    main()
