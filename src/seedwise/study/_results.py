"""What reports are made of: the results of a study, and of an attribution."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from seedwise.statistics import Attribution, Cell, Cost, Interval, Metric, ScoreSpread
from seedwise.study._cell_forecasts import CellForecasts
from seedwise.study._description import StudyDescription
from seedwise.study._fans import Fan
from seedwise.study._pools import Ensembles

Counted = tuple[tuple[str, int], ...]
"""Texts with the number of runs that each holds for, the most frequent first."""


@dataclass(frozen=True)
class Provenance:
    """Where results come from.

    Attributes:
        spec: the study file, YAML.
        again: the command that runs it, or None where its own script does.
        environments: the environments in which runs were trained.
        failures: why runs failed.
        notes: what runs noted.
        mixed: cells whose runs come from several environments or versions of the code.
        resumed: number of runs that were resumed.
        seconds: of all runs.

    """

    spec: str
    again: str | None
    environments: Counted
    failures: Counted
    seconds: float
    notes: Counted = ()
    mixed: tuple[str, ...] = ()
    resumed: int = 0


@dataclass(frozen=True)
class Network:
    """What forecasts: the series with its horizon, and the name of the network."""

    series: str
    name: str


@dataclass(frozen=True, eq=False)
class CellResults:
    """A cell, and what its runs left besides the metric.

    Attributes:
        cell: the cell.
        labels: the true classes of its examples, or None where no predictions were kept.
        curves: series by name, arrays (runs, epochs); NaN where a run did not log the number.
        epochs: those of the curves, (epochs,), counted from 0; default: 0, 1, ...
        metrics: values (runs,) by name of all metrics of the finished runs.
        network: what forecasts, or None where no series is forecast.
        forecasts: what its runs forecast, or None.
        scores: how much the runs' logits differ, or why that is not known; None where no logits are kept.
        similarity: how alike the kept weights of two runs are, or why that is not known; None where none are kept.
        cost: training and inference relative to the base.
        seeds: of every run, by source; those that are 0 are left out. Empty where nobody knows them.

    """

    cell: Cell
    labels: NDArray[np.int64] | None = None
    curves: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)
    epochs: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    metrics: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)
    network: Network | None = None
    forecasts: CellForecasts | None = None
    scores: ScoreSpread | str | None = None
    similarity: Interval | str | None = None
    cost: Cost = field(default_factory=lambda: Cost(1.0, 1.0, 1.0, 1.0))
    seeds: tuple[Mapping[str, int], ...] = ()

    def __post_init__(self) -> None:
        if self.curves and not len(self.epochs):
            object.__setattr__(self, "epochs", np.arange(next(iter(self.curves.values())).shape[1]))


@dataclass(frozen=True, eq=False)
class StudyResults:
    """The results of a study.

    Attributes:
        description: what was asked.
        parts: its cells, in the order of the study file.
        ensembles: those that its readouts ask for.
        fans: which forecasts are drawn.
        provenance: where they come from; None where another program trained the runs.

    """

    description: StudyDescription
    parts: tuple[CellResults, ...]
    provenance: Provenance | None
    ensembles: tuple[Ensembles, ...] = ()
    fans: tuple[Fan, ...] = ()

    @property
    def name(self) -> str:
        """The study's name."""
        return self.description.name

    @property
    def study(self) -> str:
        """The same: it belongs to itself."""
        return self.description.name

    @property
    def cells(self) -> list[Cell]:
        """Its cells."""
        return [part.cell for part in self.parts]


@dataclass(frozen=True, eq=False)
class AttributionResults:
    """What the runs of an attribution say of the sources, on one task.

    Attributes:
        name: of the attribution, with the task's where there are several.
        study: the study that it belongs to.
        method: whose runs they are.
        task: what they learned.
        model: the name of the network, or None.
        metric: the metric.
        sources: the sources that are told apart.
        undrawn: those that nothing drew from.
        blocks: number of blocks of the design.
        churn: shares of churn, or None.
        logits: shares of the variance of the logits, or None.
        values: shares of the variance of the metric, or None.
        reasons: why some of these are not there.
        runs, failed, pending: numbers of runs.
        provenance: where they come from.
        program: the file whose loop trained them, or None.

    """

    name: str
    study: str
    method: str
    task: str
    model: str | None
    metric: Metric
    sources: tuple[str, ...]
    undrawn: tuple[str, ...]
    blocks: int
    churn: Attribution | None
    logits: Attribution | None
    values: Attribution | None
    reasons: tuple[str, ...]
    runs: int
    failed: int
    pending: int
    provenance: Provenance
    program: str | None = None

    @property
    def known(self) -> bool:
        """Whether there are shares of anything."""
        return not (self.churn is self.logits is self.values is None)
