"""Rows of a table as a task."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from seedwise.data import Rows, Size, bootstrap, hold_out, long_tail, with_noise
from seedwise.declarations import Part
from seedwise.errors import SeedwiseError
from seedwise.randomness import Randomness
from seedwise.run import Run
from seedwise.training._config import TableTask, Validation
from seedwise.training._kinds import Scale
from seedwise.training._measures import evaluate, measures
from seedwise.training._networks import build_network


@dataclass(frozen=True)
class TableExamples:
    """Some rows, standardized.

    Attributes:
        features: (N, features) float32, each with mean 0 and SD 1 over the rows that are trained on.
        targets: (N,) int64 classes, or (N, outputs) float32; values are standardized likewise.
        ids: (N,) int64, numbers of the rows in the file, from 0.

    """

    features: Tensor
    targets: Tensor
    ids: Tensor

    def __len__(self) -> int:
        return len(self.features)


class Tabular:
    """Rows of a table, of any kind of task that a table can have.

    Args:
        config: what a study file says.
        device: where the rows are to lie.

    """

    chunk: ClassVar[int] = 2048
    augment = False

    def __init__(self, config: TableTask, device: str) -> None:
        self.config = config
        self.device = device
        self.kind = config.learns
        self.rows: Rows = config.dataset.rows()
        self.targets = config.targets()
        self.measures = measures(self.kind.recorded, config.metrics, self.kind.chances(self.targets), self.kind.metrics)
        self.metrics = tuple(one.metric for one in self.measures)
        self.scale: Scale | None = None

    @property
    def default_loss(self) -> Callable[..., Tensor]:
        """That of the kind."""
        return self.kind.loss

    @property
    def variance(self) -> Callable[..., Tensor]:
        """That of the kind."""
        return self.kind.variance

    def split(self, validation: Validation | None, randomness: Randomness) -> dict[str, TableExamples]:
        """Return the rows to train on, those held out for validation if asked for, and those to test on.

        Without a column that splits them, the ``split`` source draws the test rows, of each class the same share, so
        that its seed 0 means one split for all runs. Where a column does, a ``split`` seed that is not 0 makes the
        training rows a bootstrap, as of images. Standardized is on the training rows alone.
        """
        strata = self.kind.strata(self.targets)
        everything = np.arange(len(self.rows))
        said = self.rows.split
        if said is None:
            tested = hold_out(strata, float(self.config.dataset.split), randomness.numpy("split", "test"))
            parts = {"train": everything[~tested], "validation": everything[:0], "test": everything[tested]}
        else:
            parts = {name: np.flatnonzero(said == name) for name in ("train", "validation", "test")}
        train = parts["train"]
        if validation is not None and validation.fraction is not None:
            held_out = hold_out(strata[train], validation.fraction, randomness.numpy("split", "validation"))
            parts["validation"], train = train[held_out], train[~held_out]
        if self.config.imbalance is not None:
            train = train[long_tail(strata[train], self.config.imbalance)]
        if said is not None and randomness.seeds["split"]:
            train = train[bootstrap(strata[train], randomness.numpy("split", "bootstrap"))]
        parts["train"] = train
        wanted = [
            "train",
            *(["validation"] if validation is not None else []),
            *(["test"] if self.config.test != "none" else []),
        ]
        for name in wanted:
            if len(parts[name]) < 2:
                raise SeedwiseError(
                    f"{self.rows.place} leaves {len(parts[name])} rows for {name}: at least 2 are needed, give it more "
                    "rows or other shares"
                )
        features = _standard(self.rows.features, train)
        values = self.targets.values
        if not (self.kind.has_classes or self.targets.classes):
            self.scale = _scale(values, train)
            values = (values - self.scale.mean) / self.scale.sd
        given = values
        if self.config.label_noise:  # of a row, whatever other rows are trained on
            noisy = with_noise(strata, self.config.label_noise, len(self.targets.classes), randomness.numpy("labels"))
            given = noisy.reshape(values.shape).astype(values.dtype)
        return {name: self._examples(features, given if name == "train" else values, parts[name]) for name in wanted}

    def _examples(self, features: NDArray[Any], values: NDArray[Any], rows: NDArray[np.int64]) -> TableExamples:
        targets = torch.from_numpy(values[rows])
        return TableExamples(
            torch.from_numpy(features[rows]).to(self.device),
            (targets.float() if targets.is_floating_point() else targets).to(self.device),
            torch.from_numpy(rows),
        )

    def table(self, slots: int, randomness: Randomness, epoch: int, device: str) -> None:
        """Return nothing: rows are not varied."""

    def batch(self, examples: TableExamples, at: Tensor | slice, table: Tensor | None = None) -> tuple[Tensor, ...]:  # noqa: ARG002
        """Return features (B, features) and targets (B,) or (B, outputs) of the rows at the slots ``at``."""
        return examples.features[at], examples.targets[at]

    def build_model(self, model: Part) -> nn.Module:
        """Return a network from the features to the outputs."""
        return build_network(model, Size(0, 0, self.targets.outputs, (self.rows.features.shape[1], 1, 1)))

    def output_shape(self, targets: Tensor) -> tuple[int, ...]:
        """Return (N, outputs)."""
        return len(targets), self.targets.outputs

    def evaluate(self, outputs: Tensor, targets: Tensor) -> dict[str, float]:
        """Return every metric of outputs (N, outputs)."""
        return evaluate(self.measures, *self.kind.read(outputs, targets, self.scale))

    @staticmethod
    def baselines(examples: TableExamples) -> dict[str, float]:  # noqa: ARG004 - forecasts have some
        """Return nothing: the chance level says it of classes, and R^2 of values."""
        return {}

    def keep(
        self, run: Run[Any], examples: TableExamples, outputs: Tensor, targets: Tensor, split: str, **place: Any
    ) -> None:
        """Keep the predictions."""
        predictions, truth = self.kind.read(outputs, targets, self.scale)
        if self.scale is not None:  # as in the file, the same to the last bit however it was standardized
            truth = torch.from_numpy(self.targets.values[examples.ids.numpy()])
        names = self.config.dataset.target
        self.kind.keep(run, predictions, truth, split, ids=examples.ids, names=names, place=place)


def _scale(values: NDArray[np.float64], rows: NDArray[np.int64]) -> Scale:
    sd = values[rows].std(0)
    return Scale(values[rows].mean(0), np.where(sd > 0, sd, 1.0))


def _standard(values: NDArray[np.float64], rows: NDArray[np.int64]) -> NDArray[np.float32]:
    scale = _scale(values, rows)
    return ((values - scale.mean) / scale.sd).astype(np.float32)
