"""How often the intervals of an SD and of a ratio of SDs hold what they promise, on a fixed battery of distributions.

    python benchmarks/calibration.py [--repetitions 10000] [--quick] [--output docs/calibration.md]

One process, one core. A ratio's interval holds the ratios that its test does not reject, so its coverage is counted as
the share of studies whose test at the true ratio has p > .05; widths are those of whole intervals.
"""

from __future__ import annotations

import argparse
import math
import platform
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np
import scipy
from numpy.typing import NDArray

from seedwise.statistics import spread, spread_ratio
from seedwise.statistics.ratios._ratio_tests import two_sided
from seedwise.statistics.ratios.ratios import RatioProcedure, ratio_arms, ratio_test
from seedwise.statistics.spreads.spread import SpreadProcedure

Array = NDArray[np.float64]
Draw = Callable[[np.random.Generator, tuple[int, int], float], tuple[Array, Array]]

SEED = 20240607
ELSEWHERE = "## Where the tests of spread do not hold"
RUNS = (5, 10, 20, 50)
CORRELATIONS = (0.0, 0.5, 0.9)
WIDTHS = 100  # intervals behind each median width; 10 of the slow ones by permutation


def mixed(draw: Callable[[np.random.Generator, tuple[int, int]], Array]) -> Draw:
    """Return arms that share a term: the correlation is exact, the law lies between the given one and a sum of it."""

    def arms(rng: np.random.Generator, shape: tuple[int, int], rho: float) -> tuple[Array, Array]:
        common, x, y = (draw(rng, shape) for _ in range(3))
        return tuple(math.sqrt(rho) * common + math.sqrt(1 - rho) * own for own in (x, y))  # type: ignore[return-value]

    return arms


def summed(draw: Callable[[np.random.Generator, tuple[int, int], float], Array]) -> Draw:
    """Return arms that share a part of what they count or wait for: correlation and law are exact."""

    def arms(rng: np.random.Generator, shape: tuple[int, int], rho: float) -> tuple[Array, Array]:
        common = draw(rng, shape, rho)
        return common + draw(rng, shape, 1 - rho), common + draw(rng, shape, 1 - rho)

    return arms


def binomial(n: int, p: float) -> Draw:
    return summed(lambda rng, shape, part: rng.binomial(round(part * n), p, shape).astype(np.float64))


def gamma(k: float) -> Draw:
    return summed(lambda rng, shape, part: rng.gamma(k * part, size=shape) if part else np.zeros(shape))


def contaminated(rng: np.random.Generator, shape: tuple[int, int]) -> Array:
    return rng.standard_normal(shape) * np.where(rng.random(shape) < 0.1, 5.0, 1.0)


BATTERY: dict[str, tuple[Draw, float]] = {  # arms, SD
    "normal": (mixed(lambda rng, shape: rng.standard_normal(shape)), 1.0),
    "binomial(360, .98)": (binomial(360, 0.98), math.sqrt(360 * 0.98 * 0.02)),
    "binomial(10 000, .95)": (binomial(10_000, 0.95), math.sqrt(10_000 * 0.95 * 0.05)),
    "gamma(4)": (gamma(4), 2.0),
    "t, 5 degrees of freedom": (mixed(lambda rng, shape: rng.standard_t(5, shape)), math.sqrt(5 / 3)),
    "exponential": (gamma(1), 1.0),
    "normal, 10 % of SD x 5": (mixed(contaminated), math.sqrt(3.4)),
}
UNEQUAL = (("normal", "t, 5 degrees of freedom"), ("normal", "gamma(4)"), ("normal", "exponential"))


def varying(x: Array) -> NDArray[np.bool_]:
    """Return which samples vary: an SD of 0 has no interval and makes no claim."""
    mask: NDArray[np.bool_] = np.ptp(x, axis=1) > 0
    return mask


def sd_cell(name: str, n: int, procedure: SpreadProcedure, repetitions: int, rng: np.random.Generator) -> str:
    draw, sd = BATTERY[name]
    x, _ = draw(rng, (repetitions, n), 0.0)
    intervals = [spread(sample, procedure=procedure) for sample in x[varying(x)]]
    covered = np.mean([s.low <= sd <= s.high for s in intervals])
    width = np.median([s.high / s.low for s in intervals]) ** 0.5
    return f"{100 * covered:.1f} ({width:.1f})"


def rejections(x: Array, y: Array, paired: bool, procedure: RatioProcedure) -> float:
    p_values = []
    for one, other in zip(x, y, strict=True):
        arms = ratio_arms(one, other, paired)
        p_values.append(1.0 if arms.identical else two_sided(ratio_test(arms, procedure, 0.95)[1], 1 / arms.ratio))
    return float(np.sum(np.array(p_values) <= 0.05))


def linear(x: Array, y: Array) -> NDArray[np.bool_]:
    """Return which pairs of arms are exactly linear in each other, which are left out: a few ties at n = 5."""
    x, y = (arm - arm.mean(axis=1, keepdims=True) for arm in (x, y))
    squares = np.sum(x * x, axis=1) * np.sum(y * y, axis=1)
    mask: NDArray[np.bool_] = squares - np.sum(x * y, axis=1) ** 2 <= 1e-9 * squares
    return mask


def ratio_cell(
    names: tuple[str, str],
    n: int,
    rho: float | None,
    procedure: RatioProcedure,
    repetitions: int,
    rng: np.random.Generator,
    ratio: float = 1.0,
) -> tuple[float, float]:
    """Return the share of studies that reject equal spreads, and the median width factor of the intervals."""
    paired = rho is not None
    (x, y), sds = BATTERY[names[0]][0](rng, (repetitions, n), rho or 0.0), [BATTERY[name][1] for name in names]
    if names[1] != names[0]:
        y = BATTERY[names[1]][0](rng, (repetitions, n), 0.0)[0]
    x, y = ratio * x / sds[0], y / sds[1]
    usable = varying(x) & varying(y)
    if paired:
        usable &= ~linear(x, y)
    x, y = x[usable], y[usable]
    rejected = rejections(x, y, paired, procedure) / repetitions
    few = 10 if procedure == "permutation" else WIDTHS
    intervals = [
        spread_ratio(one, other, paired=paired, procedure=procedure)
        for one, other in zip(x[:few], y[:few], strict=True)
    ]
    with np.errstate(divide="ignore"):
        return rejected, float(np.median([np.divide(q.high, q.low) for q in intervals]) ** 0.5)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    lines = [f"| {' | '.join(head)} |", f"|---|{'---:|' * (len(head) - 1)}"]
    for row in rows:
        lines.append(f"| {' | '.join(row)} |")
        print("  ".join(row), file=sys.stderr, flush=True)
    return [*lines, ""]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repetitions", type=int, default=10_000)
    parser.add_argument("--quick", action="store_true", help="400 repetitions, for a look")
    parser.add_argument("--output", type=Path, default=Path("docs/calibration.md"))
    options = parser.parse_args()
    repetitions = 400 if options.quick else options.repetitions
    few = max(100, repetitions // 5)
    rng, began = np.random.default_rng(SEED), time.perf_counter()
    heads = ["distribution", *(f"n = {n}" for n in RUNS)]

    def coverage(name: str, n: int, rho: float | None, procedure: RatioProcedure, many: int) -> str:
        rejected, width = ratio_cell((name, name), n, rho, procedure, many, rng)
        factor = "no limit" if not math.isfinite(width) else f"{width:.1f}" if width < 1000 else "> 1000"
        return f"{100 * (1 - rejected):.1f} ({factor})"

    body: list[str] = []
    spreads: tuple[SpreadProcedure, ...] = ("adjusted", "bonett", "chi-square")
    for procedure in spreads:
        body += [f'## SD, `procedure="{procedure}"`{default(procedure)}', ""]
        rows = ([name, *(sd_cell(name, n, procedure, repetitions, rng) for n in RUNS)] for name in BATTERY)
        body += table(heads, rows)
    ratios: tuple[tuple[RatioProcedure, int], ...] = (
        ("adjusted", repetitions), ("normal", repetitions), ("bonett", few), ("permutation", few),
    )  # fmt: skip
    for ratio_procedure, many in ratios:
        title = f'## Ratio of SDs, unpaired, `procedure="{ratio_procedure}"`{default(ratio_procedure)}'
        body += [title, "", *([f"{many} repetitions.", ""] if many != repetitions else [])]
        body += table(
            heads, ([name, *(coverage(name, n, None, ratio_procedure, many) for n in RUNS)] for name in BATTERY)
        )
    for ratio_procedure, many in ratios:
        if ratio_procedure == "bonett":
            continue
        title = f'## Ratio of SDs, paired, `procedure="{ratio_procedure}"`{default(ratio_procedure)}'
        body += [title, "", *([f"{many} repetitions.", ""] if many != repetitions else [])]
        body += table(
            ["distribution", "correlation", *heads[1:]],
            (
                [name, f"{rho:g}", *(coverage(name, n, rho, ratio_procedure, many) for n in RUNS)]
                for name in BATTERY
                for rho in (CORRELATIONS if ratio_procedure != "permutation" else CORRELATIONS[:1])
            ),
        )
    body += [
        "## Equal SDs, unequal tails",
        "",
        f"Share of studies called different at .05, in percent; {few} repetitions.",
        "",
    ]
    tests: tuple[tuple[str, RatioProcedure, float | None], ...] = (
        ("unpaired", "adjusted", None), ("unpaired", "normal", None),
        ("paired", "adjusted", 0.0), ("paired", "normal", 0.0),
    )  # fmt: skip
    body += table(
        ["method / base", "arms", "procedure", *heads[1:]],
        (
            [
                " / ".join(names),
                arms,
                procedure,
                *(percent(ratio_cell(names, n, rho, procedure, few, rng)) for n in RUNS),
            ]
            for names in UNEQUAL
            for arms, procedure, rho in tests
        ),
    )
    compared: tuple[RatioProcedure, ...] = ("adjusted", "normal")
    body += [
        "## Power",
        "",
        f"Share of studies that find the ratio at .05, in percent; normal values, {few} repetitions.",
        "",
    ]
    body += table(
        ["ratio", "arms", "correlation", "procedure", *heads[1:]],
        (
            [
                f"{ratio:g}",
                "unpaired" if rho is None else "paired",
                "" if rho is None else f"{rho:g}",
                procedure,
                *(percent(ratio_cell(("normal", "normal"), n, rho, procedure, few, rng, ratio)) for n in RUNS),
            ]
            for ratio in (0.7, 0.5)
            for rho in (None, 0.0, 0.5, 0.9)
            for procedure in compared
        ),
    )
    options.output.parent.mkdir(parents=True, exist_ok=True)
    page = "\n".join([*head(repetitions, options.quick, time.perf_counter() - began), *body])
    # benchmarks/false_alarms.py printed the last section.
    old = options.output.read_text() if options.output.exists() else ""
    options.output.write_text(page.rstrip() + "\n" + "".join(old.partition(f"\n{ELSEWHERE}")[1:]))


def default(procedure: str) -> str:
    return " (the default)" if procedure == "adjusted" else ""


def percent(result: tuple[float, float]) -> str:
    return f"{100 * result[0]:.1f}"


def head(repetitions: int, quick: bool, seconds: float) -> list[str]:
    command = "python benchmarks/calibration.py" + (" --quick" if quick else f" --repetitions {repetitions}")
    versions = f"Python {platform.python_version()}, numpy {np.__version__}, scipy {scipy.__version__}"
    error = 100 * math.sqrt(0.95 * 0.05 / repetitions), 50 / math.sqrt(repetitions)
    return [
        "# Calibration",
        "",
        "How often the 95 % intervals of seedwise hold the true value, in percent, by simulation. In brackets: the",
        "factor by which the limits lie apart either way (the median square root of upper over lower limit).",
        "",
        f"- command: `{command}` ({seconds:.0f} s on one core of {platform.machine()})",
        f"- {repetitions} repetitions per entry where nothing else is said, seed {SEED}",
        f"- Monte Carlo standard error {error[0]:.2f} points at 95 %, at most {error[1]:.2f}",
        f"- {versions}",
        "",
        "What is asked of the defaults: 93 to 97 % for normal and binomial values, at least 90 % for gamma(4) and t",
        "with 5 degrees of freedom from n = 10. The other two rows are shown, not promised: from n = 10 on no",
        "procedure attains 95 % for the SD of exponential or contaminated values. Where arms are paired, both have the",
        "same law; they share what makes them correlated (examples, waiting times, or a common term). For arms of",
        "different law see the last tables. An entry above 97 % is an interval wider than it need be, not one that",
        "misses.",
        "",
    ]


if __name__ == "__main__":
    main()
