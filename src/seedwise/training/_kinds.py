"""Kinds of task: what is predicted, with which losses, by what it is measured, and what is kept of it.

Those of a table also say what they make of its columns; torch is imported when one is trained.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Final, Literal

import numpy as np
from numpy.typing import NDArray

from seedwise.errors import SeedwiseError, listed, shown
from seedwise.registry import ERRORS, KINDS, METRICS, OF_LABELS, OF_VALUES, YES_OR_NO, Objects, resolve
from seedwise.training._measures import OF_CLASSES, OF_FORECASTS

if TYPE_CHECKING:
    from torch import Tensor

    from seedwise.data import Rows
    from seedwise.run import Run

MOST_LABELS: Final = 62
"""A set of labels is kept as one whole number, a bit for each."""


@dataclass(frozen=True)
class Targets:
    """What is predicted of every row.

    Attributes:
        values: (rows,) int64 classes, or (rows, outputs) float64.
        outputs: how many numbers a network gives for a row.
        classes: the values that classes stand for; empty where there are none.

    """

    values: NDArray[Any]
    outputs: int
    classes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Scale:
    """How values were standardized: (value - mean) / sd, each (targets,)."""

    mean: NDArray[np.float64]
    sd: NDArray[np.float64]


@dataclass(frozen=True)
class Kind:
    """What is known of a kind of task.

    Attributes:
        name: as in a study file.
        noun: how a message names such a task.
        needs: what a loss needs that is of this kind.
        own_losses: names of the loss that the task has of itself.
        metrics: those that it can record.
        recorded: those that every run does, the primary one first.
        has_classes: whether runs are compared by the classes that they predict, else by values.
        score: what an ensemble is scored by; see ``ensemble_spread``. None where runs are no pool.

    """

    name: str
    noun: str
    needs: str
    own_losses: tuple[str, ...]
    metrics: Objects
    recorded: tuple[str, ...]
    has_classes: bool
    score: Literal["accuracy"] | Callable[[NDArray[Any], NDArray[Any]], NDArray[Any]] | None = "accuracy"


class TableKind(Kind):
    """A kind of task that a table can have.

    Attributes:
        one_of_several: whether every row has one class.

    """

    one_of_several: ClassVar[bool] = False

    def targets(self, rows: Rows) -> Targets:
        """Return what is predicted.

        Raises:
            SeedwiseError: one line, if the columns do not hold it.

        """
        raise NotImplementedError

    def strata(self, targets: Targets) -> NDArray[np.int64]:
        """Return (rows,) in which parts of equal composition a split cuts the rows: by class where each has one."""
        return np.zeros(len(targets.values), dtype=np.int64)

    def chances(self, targets: Targets) -> int | None:
        """Return among how many classes one guesses, or None."""
        del targets
        return None

    @property
    def loss(self) -> Callable[..., Tensor]:
        """The loss of outputs and targets where a study names none."""
        raise NotImplementedError

    @property
    def variance(self) -> Callable[..., Tensor]:
        """What CLF takes for the variance of outputs."""
        raise NotImplementedError

    def read(self, outputs: Tensor, targets: Tensor, scale: Scale | None) -> tuple[Tensor, Tensor]:
        """Return what metrics are computed from, and what is kept: predictions and the truth."""
        del scale
        return outputs, targets

    def keep(
        self,
        run: Run[Any],
        predictions: Tensor,
        truth: Tensor,
        split: str,
        *,
        ids: Tensor,
        names: Sequence[str],
        place: Mapping[str, Any],
    ) -> None:
        """Keep what ``read`` gave."""
        del names
        run.save_predictions(predictions, truth, split, ids=ids, **place)


class _Classes(TableKind):
    one_of_several = True

    def targets(self, rows: Rows) -> Targets:
        from seedwise.data import class_column

        index, classes = class_column(rows, self.name)
        if len(classes) < 2:
            raise SeedwiseError(
                f"{rows.place}: column {rows.targets.columns[0]} is {shown(classes[0])} in every row: two classes are "
                "needed"
            )
        return Targets(index, len(classes), classes)

    def strata(self, targets: Targets) -> NDArray[np.int64]:
        return targets.values.reshape(-1).astype(np.int64)

    def chances(self, targets: Targets) -> int | None:
        return len(targets.classes)

    @property
    def loss(self) -> Callable[..., Tensor]:
        import torch.nn.functional as F

        return F.cross_entropy

    @property
    def variance(self) -> Callable[..., Tensor]:
        from seedwise.losses import variance_penalty

        return variance_penalty


class _Logits(TableKind):
    """A logit for each thing that is so or is not."""

    @property
    def loss(self) -> Callable[..., Tensor]:
        import torch.nn.functional as F

        return F.binary_cross_entropy_with_logits

    @property
    def variance(self) -> Callable[..., Tensor]:
        from seedwise.losses import binary_variance

        return binary_variance


class _YesOrNo(_Logits, _Classes):
    """One logit; kept as the two of no, which is 0, and yes, so that whatever reads classes reads these."""

    def targets(self, rows: Rows) -> Targets:
        from seedwise.data import class_column

        index, classes = class_column(rows, self.name)
        if len(classes) != 2:
            raise SeedwiseError(
                f"{rows.place}: column {rows.targets.columns[0]} has {len(classes)} different values "
                f"({listed(classes, None)}), and kind: binary needs two: write kind: classification"
            )
        return Targets(index[:, None].astype(np.float64), 1, classes)

    def read(self, outputs: Tensor, targets: Tensor, scale: Scale | None) -> tuple[Tensor, Tensor]:
        import torch

        del scale
        return torch.cat([torch.zeros_like(outputs), outputs], 1), targets[:, 0].long()


class _Labels(_Logits):
    """A logit for each label; the labels of an example are kept as one class, a whole number with a bit for each."""

    def targets(self, rows: Rows) -> Targets:
        from seedwise.data import label_columns

        count = rows.targets.shape[1]
        if not 2 <= count <= MOST_LABELS:
            raise SeedwiseError(
                f"{rows.place}: kind: multilabel needs 2 to {MOST_LABELS} columns of 0 and 1 in target, not {count}"
                + (": write kind: binary for one" if count == 1 else "")
            )
        values = label_columns(rows)
        return Targets(values, values.shape[1])

    def keep(
        self,
        run: Run[Any],
        predictions: Tensor,
        truth: Tensor,
        split: str,
        *,
        ids: Tensor,
        names: Sequence[str],
        place: Mapping[str, Any],
    ) -> None:
        del names
        run.save_predictions(predictions, bits(truth > 0), split, ids=ids, predicted=bits(predictions > 0), **place)


class _Values(TableKind):
    """Values of one or several targets, standardized for the network; errors and predictions are in their units."""

    def targets(self, rows: Rows) -> Targets:
        from seedwise.data import value_columns

        values = value_columns(rows)
        return Targets(values, values.shape[1])

    @property
    def loss(self) -> Callable[..., Tensor]:
        import torch.nn.functional as F

        return F.mse_loss

    @property
    def variance(self) -> Callable[..., Tensor]:
        from seedwise.losses import residual_variance

        return residual_variance

    def read(self, outputs: Tensor, targets: Tensor, scale: Scale | None) -> tuple[Tensor, Tensor]:
        import torch

        assert scale is not None
        mean, sd = (torch.from_numpy(part).to(outputs.device) for part in (scale.mean, scale.sd))
        return outputs.double() * sd + mean, targets.double() * sd + mean

    def keep(
        self,
        run: Run[Any],
        predictions: Tensor,
        truth: Tensor,
        split: str,
        *,
        ids: Tensor,
        names: Sequence[str],
        place: Mapping[str, Any],
    ) -> None:
        # As arrays they keep their precision: values may be far from 0.
        values, wanted = (part.cpu().numpy() for part in (predictions, truth))
        run.save_values(values, wanted, split, ids=ids, variables=names, **place)


def _all_right(logits: NDArray[Any], sets: NDArray[Any]) -> NDArray[np.bool_]:
    """Return of which examples (n,) ensembles say every label, from logits (E, n, labels)."""
    has = sets[:, None] >> np.arange(logits.shape[2]) & 1
    right: NDArray[np.bool_] = ((logits > 0) == has.astype(bool)).all(2)
    return right


def _squared_errors(values: NDArray[Any], truth: NDArray[Any]) -> NDArray[Any]:
    """Return the squared errors of examples, from values (E, n, 1, targets)."""
    errors: NDArray[Any] = np.square(values - truth).mean((2, 3))
    return errors


CLASSIFICATION: Final = _Classes(
    "classification", "classification", "classes", ("cross_entropy",), METRICS, OF_CLASSES, has_classes=True
)
BINARY: Final = _YesOrNo(
    "binary",
    "kind: binary",
    "yes or no",
    ("binary_cross_entropy",),
    YES_OR_NO,
    (*OF_CLASSES, "auc"),
    has_classes=True,
)
MULTILABEL: Final = _Labels(
    "multilabel",
    "kind: multilabel",
    "labels",
    ("binary_cross_entropy",),
    OF_LABELS,
    ("accuracy", "hamming", "loss", "macro_f1"),
    has_classes=True,
    score=_all_right,
)
REGRESSION: Final = _Values(
    "regression",
    "a regression",
    "numbers",
    ("squared_error", "mse"),
    OF_VALUES,
    ("mse", "mae", "rmse", "r2"),
    has_classes=False,
    score=_squared_errors,
)
FORECASTING: Final = Kind(
    "forecasting",
    "a forecast",
    "numbers",
    ("mse", "squared_error"),
    ERRORS,
    OF_FORECASTS,
    has_classes=False,
    score=None,
)


def kind_named(name: str) -> Kind:
    """Return a kind of ``registry.KINDS``."""
    kind: Kind = resolve(KINDS[name])
    return kind


def table_kind(name: str) -> TableKind:
    """Return a kind that a table can have."""
    kind = kind_named(name)
    assert isinstance(kind, TableKind)
    return kind


def bits(members: Tensor) -> Tensor:
    """Return sets of labels (N, labels), true where an example has one, as whole numbers (N,).

    Example:
        >>> import torch
        >>> bits(torch.tensor([[True, False, True], [False, True, False]]))
        tensor([5, 2])

    """
    import torch

    return (members.long() << torch.arange(members.shape[1], device=members.device)).sum(1)
