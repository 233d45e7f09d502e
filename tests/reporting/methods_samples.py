"""A study of twelve methods with readouts and ensembles, 50 runs each, of which ensembles alone are resolved."""

import numpy as np

from seedwise.statistics import Cost, EnsembleSpread, Interval
from seedwise.study import Ensembles, StudyResults

from .samples import description, predicted, section

METHODS = [
    "base",
    "ema",
    "swa",
    "snapshots",
    "sam",
    "smoothing",
    "clipping",
    "vml",
    "clf",
    "placebo",
    "lr_vml",
    "lr_clf",
]
CONTROLS = {"placebo": "vml", "lr_vml": "vml", "lr_clf": "clf"}
READOUTS = ["plain", "crop25", "average-3"]
SIZES = {2: 0.6, 5: 0.4, 10: 0.3}
"""Ensembles, and the ratio of their SD to that of the base's runs."""
RUNS, EXAMPLES, EPOCHS = 50, 360, 12


def ensemble(size: int, ratio: float) -> EnsembleSpread:
    def around(value: float, share: float, p: float | None = None) -> Interval:
        return Interval(value, value * (1 - share), value * (1 + share), 0.95, RUNS, "jackknife", p)

    return EnsembleSpread(
        size=size,
        n=RUNS,
        ensembles=RUNS // size,
        partitions=100,
        mean=around(0.95, 0.001),
        gain=around(0.002, 0.5),
        spread=around(0.005 * ratio, 0.2),
        base=0.005,
        ratio=around(ratio, 0.2, p=1e-6),
        churn=around(0.01, 0.2),
        churn_ratio=around(ratio, 0.2),
    )


def methods_study() -> StudyResults:
    truth = np.random.default_rng(0).integers(0, 2, EXAMPLES)
    cells = [
        predicted(method, truth, 0.03, runs=RUNS, seed=k, readout=readout)
        for k, method in enumerate(METHODS)
        for readout in READOUTS
    ]
    rng = np.random.default_rng(1)
    curves = [
        {name: rng.random((RUNS, EPOCHS)) for name in ("test/accuracy", "train/loss", "test/loss", "lr")}
        if cell.readout == "plain"
        else {}
        for cell in cells
    ]
    ensembles = tuple(
        Ensembles("digits", "all", method, "plain", size, ensemble(size, ratio))
        for method in METHODS
        for size, ratio in SIZES.items()
    )
    return section(
        cells,
        labels=[truth] * len(cells),
        curves=curves,
        costs=[Cost(1.0, 1.0 if cell.readout == "plain" else 9.0) for cell in cells],
        seeds=[tuple({"init": k + 1, "shuffle": k + 1} for k in range(RUNS))] * len(cells),
        ensembles=ensembles,
        description=description(name="methods", controls=CONTROLS),
    )
