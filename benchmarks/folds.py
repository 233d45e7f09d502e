"""How often tests over folds call two equally good methods different.

    python benchmarks/folds.py [--studies 4000]

A study draws a data set and cross-validates two models on it. Each sees one half of the features; both halves are as
informative, so both models are equally good on average over data sets. One process, one core.
"""

from __future__ import annotations

import argparse
import contextlib
import platform
import time
from functools import partial

import numpy as np
import scipy
from numpy.typing import NDArray

from seedwise.statistics import five_by_two_difference, fold_difference, mean_difference

Array = NDArray[np.float64]

SEED, ALPHA, FEATURES, AT_ONCE = 20261129, 0.05, 5, 100
EXAMPLES = (60, 200)
KINDS = ("regression", "linear classifier", "nearest neighbour")
DESIGNS = ((1, 5), (1, 10), (10, 10), (5, 2))  # repeats, folds


def scores(rng: np.random.Generator, studies: int, examples: int, design: tuple[int, int], kind: str) -> Array:
    """Return the metric of both models, shape (studies, 2, repeats, folds): squared error, or accuracy."""
    repeats, folds = design
    x = rng.standard_normal((studies, examples, 2, FEATURES))
    y = x.sum(axis=(2, 3)) * 0.3 + rng.standard_normal((studies, examples))
    if kind != "regression":
        y = np.sign(y)
    found = np.empty((studies, 2, repeats, folds))
    for repeat in range(repeats):
        order = np.argsort(rng.random((studies, examples)), axis=1)
        target = np.take_along_axis(y, order, axis=1)
        for model in range(2):
            seen = np.take_along_axis(x[:, :, model], order[:, :, None], axis=1)
            predicted = (nearest if kind == "nearest neighbour" else linear)(seen, target, folds)
            hit = (predicted - target) ** 2 if kind == "regression" else predicted * target > 0
            found[:, model, repeat] = hit.reshape(studies, folds, -1).mean(axis=2)
    return found


def linear(x: Array, y: Array, folds: int) -> Array:
    """Predict each fold by least squares on the others."""
    x, target = (values.reshape(len(x), folds, -1, width) for values, width in ((x, FEATURES), (y, 1)))
    squares, products = x.swapaxes(2, 3) @ x, x.swapaxes(2, 3) @ target
    trained = np.linalg.solve(squares.sum(1, keepdims=True) - squares, products.sum(1, keepdims=True) - products)
    predicted: Array = (x @ trained).reshape(y.shape)
    return predicted


def nearest(x: Array, y: Array, folds: int) -> Array:
    """Predict each fold by the nearest example in the others."""
    lengths = np.sum(x**2, axis=2)
    apart = lengths[:, None] - 2 * x @ x.swapaxes(1, 2)
    fold = np.repeat(np.arange(folds), y.shape[1] // folds)
    apart[:, fold[:, None] == fold] = np.inf
    return np.take_along_axis(y, np.argmin(apart, axis=2), axis=1)


def claims(drawn: Array) -> dict[str, float]:
    """Return the share of studies with p < .05, by test."""
    by_five = drawn.shape[2:] == (5, 2)
    found = dict.fromkeys(("plain t", "corrected t", *(("combined F",) if by_five else ())), 0.0)
    for method, base in drawn:
        tests = {
            "plain t": partial(mean_difference, method.ravel(), base.ravel(), paired=True),
            "corrected t": partial(fold_difference, method, base),
            "combined F": partial(five_by_two_difference, method, base),
        }
        for name in found:
            with contextlib.suppress(ValueError):  # all folds have one difference, or no difference fits: no claim
                found[name] += (tests[name]().p_value or 0) < ALPHA
    return {name: count / len(drawn) for name, count in found.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--studies", type=int, default=4000)
    studies, began = parser.parse_args().studies, time.perf_counter()
    print(
        f"{studies} studies per entry, standard error {100 * (0.05 * 0.95 / studies) ** 0.5:.2f} points at 5 %, ",
        end="",
    )
    print(f"Python {platform.python_version()}, numpy {np.__version__}, scipy {scipy.__version__}")
    print(f"| folds | test | {' | '.join(f'{kind}, {n}' for kind in KINDS for n in EXAMPLES)} |")
    print(f"|---|---|{'---:|' * (len(KINDS) * len(EXAMPLES))}")
    for design in DESIGNS:
        shares: dict[str, list[float]] = {}
        for kind in KINDS:
            for examples in EXAMPLES:
                rng = np.random.default_rng([SEED, *design, examples, KINDS.index(kind)])
                parts = [scores(rng, AT_ONCE, examples, design, kind) for _ in range(studies // AT_ONCE)]
                for name, share in claims(np.concatenate(parts)).items():
                    shares.setdefault(name, []).append(share)
        title = f"{design[0]} x {design[1]}" if design[0] > 1 else f"{design[1]}"
        for name, row in shares.items():
            print(f"| {title} | {name} | {' | '.join(f'{100 * share:.1f}' for share in row)} |", flush=True)
    print(f"{time.perf_counter() - began:.0f} s")


if __name__ == "__main__":
    main()
