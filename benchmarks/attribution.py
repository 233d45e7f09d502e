"""How often the intervals of attribution hold the true shares, for functions whose shares are known.

    python benchmarks/attribution.py [--studies 1000]

Four sources. "additive": every source adds a term, with 10, 20, 30 and 40 % of the variance. "product": the sources'
factors 1 + .7 x are multiplied, so that they interact and the outputs have heavy tails. "any": any source decides
everything. A metric is one number per run; logits and churn come from 40 examples of 5 classes, whose logits hang
together through 6 numbers per source. Prints Markdown; one process, one core.
"""

from __future__ import annotations

import argparse

import numpy as np
from numpy.typing import NDArray

from seedwise.statistics import (
    Attribution,
    AttributionDesign,
    attribution_design,
    churn_attribution,
    logit_attribution,
    variance_attribution,
)

Array = NDArray[np.float64]
WEIGHTS = np.sqrt([0.1, 0.2, 0.3, 0.4])
SPREAD = 0.7  # of a factor of the product
EXAMPLES, CLASSES, HIDDEN = 40, 5, 6
MODELS = ("additive", "product", "any")
SEED = 20240607


def outputs(model: str, design: AttributionDesign, width: int, rng: np.random.Generator) -> Array:
    """Return so many numbers per run, independent of each other, each with the shares of the model."""
    draws = rng.normal(size=(int(design.seeds.max()) + 1, 4, width))[design.seeds, np.arange(4)]
    if model == "additive":
        return np.asarray(np.einsum("rkw,k->rw", draws, WEIGHTS))
    if model == "product":
        return np.asarray(np.prod(1 + SPREAD * draws, axis=1))
    return rng.normal(size=(len(design.block), width))


def truth(model: str) -> tuple[Array, Array]:
    """Return the total and the first-order effects."""
    if model == "additive":
        return WEIGHTS**2, WEIGHTS**2
    if model == "any":
        return np.ones(4), np.zeros(4)
    v = SPREAD**2
    whole = (1 + v) ** 4 - 1
    return np.full(4, v * (1 + v) ** 3 / whole), np.full(4, v / whole)


def held(found: Attribution, total: Array, first: Array) -> Array:
    """Return how many of the four intervals of either kind hold the truth."""
    inside = np.zeros(2)
    for effect, t, s in zip(found.effects, total, first, strict=True):
        assert effect.first_order is not None
        inside += [
            effect.total.low <= t <= effect.total.high,
            effect.first_order.low <= s <= effect.first_order.high,
        ]
    return inside


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--studies", type=int, default=1000)
    studies = parser.parse_args().studies
    load = np.random.default_rng(SEED).normal(size=(HIDDEN, EXAMPLES * CLASSES))
    load = load.reshape(HIDDEN, EXAMPLES, CLASSES) - load.reshape(HIDDEN, EXAMPLES, CLASSES).mean(2, keepdims=True)
    flat = load.reshape(HIDDEN, -1)
    print(
        "| sources | blocks | metric, total | first-order | logits, total | first-order | churn, total | first-order |"
    )
    print("|---|---:|---:|---:|---:|---:|---:|---:|")
    for model in MODELS:
        total, first = truth(model)
        # Churn has no closed form where it is a threshold of logits: its shares come from one large design.
        large = attribution_design(["a", "b", "c", "d"], 2000)
        z = (outputs(model, large, HIDDEN, np.random.default_rng(1)) @ flat).reshape(-1, EXAMPLES, CLASSES)
        of_churn = churn_attribution(z.argmax(2), large).effects
        churn_total = np.array([e.total.estimate for e in of_churn])
        churn_first = np.array([e.first_order.estimate for e in of_churn if e.first_order is not None])
        for blocks in (5, 10, 20, 50):
            design = attribution_design(["a", "b", "c", "d"], blocks)
            rng = np.random.default_rng([SEED, blocks])
            hits = np.zeros(6)
            for _ in range(studies):
                numbers = outputs(model, design, HIDDEN, rng)
                logits = (numbers @ flat).reshape(len(numbers), EXAMPLES, CLASSES)
                hits[:2] += held(variance_attribution(numbers[:, 0], design), total, first)
                hits[2:4] += held(logit_attribution(logits, design), total, first)
                hits[4:] += held(churn_attribution(logits.argmax(2), design), churn_total, churn_first)
            shown = " | ".join(f"{100 * share:.1f}" for share in hits / (4 * studies))
            print(f"| {model} | {blocks} | {shown} |", flush=True)


if __name__ == "__main__":
    main()
