"""What a study file may say of the task, the model and the training.

Options at their default are left out of a run's name, so a default may not change once it is released: the golden ids
in the tests state every option and would change with it. Nothing here imports torch, so that a study is checked at
once.
"""

from __future__ import annotations

import hashlib
import math
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Final, Literal, Self

import numpy as np
from pydantic import (
    BeforeValidator,
    Field,
    ValidationError,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    WrapValidator,
    create_model,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from seedwise.data import Size, read_rows
from seedwise.declarations import STUDY_FILE, Group, Options, Part, named
from seedwise.errors import SeedwiseError, listed
from seedwise.registry import DATASETS, ERRORS, KINDS, METRICS, SERIES, TABLES, WAYS, Objects, resolve
from seedwise.run import note_imports
from seedwise.training._image_data import declared_size, known_size
from seedwise.training._kinds import CLASSIFICATION, FORECASTING, Kind, TableKind, Targets, kind_named, table_kind
from seedwise.training._measures import CALIBRATION, OF_CLASSES, OF_FORECASTS, title
from seedwise.training._own_data import loaded_by
from seedwise.training._parts import (
    DATA,
    LOSS_MODELS,
    SCHEDULE_MODELS,
    WAY_MODELS,
    AnyAverage,
    AnyLoss,
    AnyNetwork,
    AnyOptimizer,
    AnySchedule,
    FolderImages,
    ImageFile,
    NPZImages,
    OwnDataset,
    OwnMetric,
    Positive,
    data_of,
    image_set,
)
from seedwise.training._task_kind import data_of_task, kind_of

Share = Annotated[float, Field(gt=0, lt=1)]
Count = Annotated[int, Field(ge=1)]


class Normalisation(Options):
    """Subtracted from the pixels, and what they are divided by then, per channel; pixels go to 255, of digits to 16."""

    mean: list[float]
    std: list[Positive]


if TYPE_CHECKING:
    from seedwise.data import Rows

    ImageName = str
    SeriesName = str
    TableName = str
else:
    ImageName = Literal[tuple(DATASETS)]
    SeriesName = Literal[tuple(SERIES)]
    TableName = Literal[tuple(TABLES)]


def _image_set(value: Any, _handler: ValidatorFunctionWrapHandler) -> str | OwnDataset | ImageFile:
    found = image_set(value)
    if isinstance(found, OwnDataset | ImageFile):
        return found
    name = value.get("name") if isinstance(value, dict) else value
    if name not in tuple(DATASETS):
        raise _unknown(name, tuple(DATASETS))
    if value not in (name, {"name": name}):
        raise ValueError(f"{name} has no options: write 'dataset: {name}'")
    return str(name)


def _further(table: Objects, default: tuple[str, ...]) -> Any:
    """Return the type of the metrics that are recorded besides the default ones, of the table or the user's own.

    Their order is the study's and none of a run's: which one is the primary trains nothing again.
    """

    return Annotated[list[str | OwnMetric], BeforeValidator(lambda value: _recorded(value, table, default))]


def _recorded(value: Any, table: Objects, default: tuple[str, ...]) -> list[str | OwnMetric]:
    if not isinstance(value, list):
        raise ValueError(f"a list is needed, such as [{default[0]}, 'my_module:my_metric']")
    found = {}
    for given in value:
        one = given if isinstance(given, OwnMetric) else _metric(given, table)
        name = title(one)
        own = not isinstance(one, str)
        if name in found or (own and name in default and name not in CALIBRATION):
            raise ValueError(f"two metrics are called '{name}': list each once, under a name of its own")
        found[name] = one
    return [found[name] for name in sorted(found) if found[name] not in default]


def _metric(given: Any, table: Objects) -> str | OwnMetric:
    name = given.get("name") if isinstance(given, dict) else given
    if isinstance(name, str) and ":" in name:
        return OwnMetric.model_validate(named(given))
    if given not in tuple(table):
        raise _unknown(given, tuple(table), "metric")
    return str(given)


def _unknown(given: Any, allowed: tuple[str, ...], *place: str) -> ValidationError:
    """Return the error of a name that is none of ours, where it could be one of the user's own."""
    error = PydanticCustomError("unknown_name", "is unknown", {"allowed": list(allowed)})
    return ValidationError.from_exception_data("name", [{"type": error, "loc": place, "input": given}])


class _OfClasses(Options):
    """Training classes that are not as they should be; validation and test stay as they are.

    ``label_noise`` is the share of training examples whose label is one of the other classes, drawn from the source
    ``labels``. ``imbalance`` is how many times as frequent as the last class the first is, exponentially between.
    """

    label_noise: Annotated[float, Field(ge=0, lt=1)] = 0.0
    imbalance: Annotated[float, Field(ge=1)] | None = None


class ClassificationTask(_OfClasses):
    """Images and classes.

    ``dataset`` may be the user's own, ``module:name``, or ``{npz: FILE}`` or ``{folder: DIR}``. ``metrics`` are
    recorded besides accuracy, loss (the mean cross-entropy, which is the negative log-likelihood), brier and ece (15
    bins of equal width); in a study the first is the primary one. ``augment: flip`` mirrors training images and does
    not move them. ``normalise`` takes the place of the dataset's own mean and SD. ``train_examples`` and
    ``test_examples`` are the first of each class; ``test`` says what a run is tested on: ``none`` leaves the test set
    alone, for runs that are judged on validation data.
    """

    data: ClassVar = "images"
    learns: ClassVar[Kind] = CLASSIFICATION

    dataset: Annotated[ImageName | OwnDataset | NPZImages | FolderImages, WrapValidator(_image_set)]
    metrics: _further(METRICS, OF_CLASSES) = Field(default_factory=list)  # type: ignore[valid-type]
    augment: Literal[True, False, "flip"] = True
    normalise: Normalisation | None = None
    train_examples: Count | None = None
    test_examples: Count | None = None
    test: Literal["published", "out_of_bootstrap", "none"] = "published"

    @model_validator(mode="after")
    def _enough(self) -> ClassificationTask:
        size = declared_size(self.dataset)
        if size is not None:
            self.check(size)
        return self

    def size(self, *, declared: bool = False) -> Size | None:
        """Return the sizes of the dataset, or None where only data or torch would say, or where none are declared."""
        return (declared_size if declared else known_size)(self.dataset)

    def check(self, size: Size) -> None:
        """Raise ValueError unless the dataset, of these sizes, has what is asked of it."""
        name = self.dataset if isinstance(self.dataset, str) else self.dataset.name
        for wanted, there, which in (
            (self.train_examples, size.train, "training"),
            (self.test_examples, size.test, "test"),
        ):
            if wanted is not None and wanted > there:
                raise ValueError(f"{name} has {there} {which} examples, not {wanted}")
        if self.augment == "flip" and not size.flip:
            raise ValueError(f"{name} is not mirrored: set augment to true or false")
        if self.normalise is not None and {len(self.normalise.mean), len(self.normalise.std)} != {size.image[0]}:
            raise ValueError(f"{name} has {size.image[0]} channels: normalise needs a mean and an std for each")


class _OfFile(Options):
    """A file of the user's; ``sha256`` is filled in: runs are named by what the file holds."""

    csv: str
    sha256: str

    @model_validator(mode="before")
    @classmethod
    def _named_by_content(cls, value: Any) -> Any:
        if not isinstance(value, dict) or not isinstance(value.get("csv"), str) or "sha256" in value:
            return value
        return {**value, "sha256": sha256_of(value["csv"])}

    def check_unchanged(self) -> None:
        """Raise SeedwiseError if the file has changed since the study was planned."""
        try:
            same = sha256_of(self.csv) == self.sha256
        except ValueError as error:
            raise SeedwiseError(str(error)) from None
        if not same:
            raise SeedwiseError(f"{self.csv} has changed since the study was planned: type 'seedwise run' again")


class _Windows(Options):
    """Windows of a time series: ``lookback`` rows are seen, the ``horizon`` rows after them are forecast.

    ``target``: the columns that are forecast and scored; default: all.
    """

    lookback: Count = 96
    horizon: Count = 96
    target: Annotated[list[str], Field(min_length=1)] | None = None


class PublishedSeries(_Windows):
    """A published time series, split as published."""

    name: SeriesName


class CSVSeries(_Windows, _OfFile):
    """A time series of one's own, split into shares in the order of time."""

    time: str | None = None
    split: tuple[Share, Share, Share] = (0.7, 0.1, 0.2)


class OwnSeries(_Windows, OwnDataset):
    """A time series of the user's own, ``module:name``, which returns a ``pandas.DataFrame``; split as a CSV is.

    By its ``horizon``, which has no default here, it differs from a dataset of images.
    """

    horizon: Count
    split: tuple[Share, Share, Share] = (0.7, 0.1, 0.2)


def sha256_of(path: str) -> str:
    """Return what names the content of a file.

    Raises:
        ValueError: if it cannot be read.

    """
    try:
        if not stat.S_ISREG(Path(path).stat().st_mode):
            raise ValueError(f"{path} is no regular file: name a CSV")
        return hashlib.sha256(Path(path).read_bytes()).hexdigest()
    except OSError as error:
        raise ValueError(f"cannot read {path}: {error.strerror}; a path is taken from the working directory") from None


def _series(value: Any, _handler: ValidatorFunctionWrapHandler) -> PublishedSeries | CSVSeries | OwnSeries:
    if not isinstance(value, dict):
        return PublishedSeries.model_validate(value)
    if "csv" in value:
        return CSVSeries.model_validate(value)
    return (OwnSeries if ":" in str(value.get("name")) else PublishedSeries).model_validate(value)


class ForecastingTask(Options):
    """A time series and its windows.

    ``train_windows`` and ``test_windows`` are so many of them, evenly spaced; default: all. ``test: none`` leaves the
    test rows alone, for runs that are judged on validation rows. ``metrics`` are recorded besides mse and mae.
    """

    data: ClassVar = "series"
    learns: ClassVar[Kind] = FORECASTING

    dataset: Annotated[PublishedSeries | CSVSeries | OwnSeries, WrapValidator(_series), BeforeValidator(named)]
    metrics: _further(ERRORS, OF_FORECASTS) = Field(default_factory=list)  # type: ignore[valid-type]
    train_windows: Count | None = None
    test_windows: Count | None = None
    test: Literal["published", "none"] = "published"


if TYPE_CHECKING:
    TableKindName = str
else:
    TableKindName = Literal[tuple(name for name in KINDS if isinstance(kind_named(name), TableKind))]


class _Table(Options):
    """Rows that are examples: ``target`` names the columns that are predicted, all others are learned from.

    ``split`` is the share of the rows that are tested on, or a column that says train, validation or test of each.
    ``ignore``: columns that are left out.
    """

    target: Annotated[
        list[str], Field(min_length=1), BeforeValidator(lambda given: [given] if isinstance(given, str) else given)
    ]
    split: Share | str = 0.2
    ignore: list[str] = Field(default_factory=list)

    def rows(self) -> Rows:
        """Return the rows.

        Raises:
            SeedwiseError: if the file cannot be read, has changed since the study was planned, or does not hold what
                is asked of it; or if a function of the user's fails or returns no ``pandas.DataFrame``.

        """
        raise NotImplementedError

    @property
    def split_column(self) -> str | None:
        """The column that splits the rows, or None."""
        return self.split if isinstance(self.split, str) else None


class CSVTable(_Table, _OfFile):
    """A CSV whose rows are examples."""

    def rows(self) -> Rows:
        """See above."""
        self.check_unchanged()
        return read_rows(self.csv, self.target, split=self.split_column, ignore=self.ignore)


class NamedTable(_Table):
    """A table that comes with scikit-learn."""

    name: TableName
    target: Annotated[
        list[str], Field(min_length=1), BeforeValidator(lambda given: [given] if isinstance(given, str) else given)
    ] = Field(default_factory=lambda: ["target"])

    def rows(self) -> Rows:
        """See above."""
        return _rows(self, resolve(TABLES[self.name])())


class OwnTable(_Table, OwnDataset):
    """A table of the user's own, ``module:name``, which returns a ``pandas.DataFrame``."""

    def rows(self) -> Rows:
        """See above."""
        made, imported = loaded_by(self, lambda frame: frame)
        note_imports(imported)
        return _rows(self, made)


def _rows(table: NamedTable | OwnTable, made: Any) -> Rows:
    import pandas as pd

    from seedwise.data import Place, rows_of

    if not isinstance(made, pd.DataFrame):
        raise SeedwiseError(
            f"'{table.name}' returned {type(made).__name__}: of a table a pandas.DataFrame is needed, a row per example"
        )
    return rows_of(made, Place(table.name, "row", 1, ""), table.target, split=table.split_column, ignore=table.ignore)


def _table(value: Any, _handler: ValidatorFunctionWrapHandler) -> CSVTable | NamedTable | OwnTable:
    if not isinstance(value, dict):
        raise ValueError("a table is needed: dataset: {csv: FILE, target: [COLUMN]}")
    if "csv" in value:
        return CSVTable.model_validate(value)
    return (OwnTable if ":" in str(value.get("name")) else NamedTable).model_validate(value)


class TableTask(_OfClasses):
    """Rows of a table, and the ``kind`` of what is predicted of them.

    ``metrics`` are recorded besides those of the kind; in a study the first is the primary one. ``test: none`` leaves
    the test rows alone, for runs that are judged on validation rows.
    """

    data: ClassVar = "table"

    kind: TableKindName
    dataset: Annotated[CSVTable | NamedTable | OwnTable, WrapValidator(_table), BeforeValidator(named)]
    metrics: list[str | OwnMetric] = Field(default_factory=list)
    test: Literal["published", "none"] = "published"

    @field_validator("metrics", mode="before")
    @classmethod
    def _recorded(cls, value: Any, info: ValidationInfo) -> Any:
        if "kind" not in info.data:
            return []  # the mistake in the kind is reported
        kind = kind_named(info.data["kind"])
        return _recorded(value, kind.metrics, kind.recorded)

    @model_validator(mode="after")
    def _has_classes(self) -> Self:
        for option in ("label_noise", "imbalance"):
            if option in self.model_fields_set and not self.learns.one_of_several:
                raise ValueError(f"{option} is of classes, and {self.learns.noun} has none: leave it out")
        return self

    @property
    def learns(self) -> TableKind:
        """Its kind."""
        return table_kind(self.kind)

    def targets(self) -> Targets:
        """Return what is predicted of every row; see ``CSVTable.rows`` for what may be wrong."""
        return self.learns.targets(self.dataset.rows())

    def size(self, *, declared: bool = False) -> Size | None:
        """Return the numbers of rows, of outputs and of features; None if only what is ``declared`` is asked for."""
        if declared:
            return None
        rows, targets = self.dataset.rows(), self.targets()
        if rows.split is None:
            _, counts = np.unique(self.learns.strata(targets), return_counts=True)
            test = sum(round(float(self.dataset.split) * count) for count in counts.tolist())
        else:
            test = int((rows.split == "test").sum())
        return Size(len(rows) - test, test, targets.outputs, (rows.features.shape[1], 1, 1))


def _told_apart(value: Any, _handler: ValidatorFunctionWrapHandler) -> ClassificationTask | ForecastingTask | TableTask:
    if not isinstance(value, dict):
        return ClassificationTask.model_validate(value)
    dataset = value.get("dataset")
    name = dataset.get("name") if isinstance(dataset, dict) else dataset
    if "kind" in value and name in (*DATASETS, *SERIES):
        raise ValueError(f"kind is of a table, and {name} is none: leave it out, or name a table")
    data = data_of_task(value)
    if data == "images" and isinstance(dataset, str) and dataset not in DATASETS and ":" not in dataset:
        raise _unknown(dataset, (*DATASETS, *SERIES), "dataset")
    return TASKS[data].model_validate(value)


TASKS: Final[dict[str, type[ClassificationTask | ForecastingTask | TableTask]]] = {
    task.data: task for task in (ClassificationTask, ForecastingTask, TableTask)
}
"""By what a task is of."""


Task = Annotated[ClassificationTask | ForecastingTask | TableTask, WrapValidator(_told_apart)]


class Validation(Options):
    """What is validated on, and which epoch is reported.

    ``fraction``: of the training images, held out; a time series has validation rows of its own. ``patience``: training
    stops when so many epochs in a row were no better than the best one.
    """

    fraction: Share | None = None
    rule: Literal["last", "best"] = "last"
    metric: str = "accuracy"
    patience: Count | None = None

    @model_validator(mode="after")
    def _waits_for_the_best(self) -> Validation:
        if self.patience is not None and self.rule != "best":
            raise ValueError("patience waits for an epoch better than the best: set rule: best")
        return self


class _TrainOptions(Options):
    """How to train; a study file also has ``precision``, ``compile``, ``deterministic``, ``threads`` and
    ``graphs``.

    ``averaging`` says which weights are evaluated and kept; ``clip_gradient`` is the largest norm of the gradient of
    all weights together.
    """

    epochs: Count
    batch_size: Count
    optimizer: AnyOptimizer
    schedule: AnySchedule = SCHEDULE_MODELS["constant"](name="constant")
    loss: AnyLoss = LOSS_MODELS["cross_entropy"](name="cross_entropy")
    validation: Validation | None = None
    averaging: AnyAverage | None = None
    clip_gradient: Positive | None = None

    @field_validator("averaging", *WAYS, check_fields=False)
    @classmethod
    def _fits(cls, group: Group | None, info: ValidationInfo) -> Group | None:
        """Ask a group whether it fits the options before it, where these are in order themselves."""
        before = list(cls.model_fields)[: list(cls.model_fields).index(str(info.field_name))]
        fits = None if group is None else getattr(group.options, "fits", None)
        if fits is not None and set(before) <= info.data.keys():
            fits(info.data)
        return group

    @property
    def ways(self) -> list[Group]:
        """The ways to train that are asked for, in the order of the registry."""
        return [way for name in WAYS if (way := getattr(self, name)) is not None]


if TYPE_CHECKING:

    class TrainOptions(_TrainOptions):
        """With the ways to train."""
else:
    TrainOptions = create_model(
        "TrainOptions",
        __base__=_TrainOptions,
        __doc__=_TrainOptions.__doc__,
        **{name: (way | None, None) for name, way in WAY_MODELS.items()},
    )


class TrainerConfig(Options):
    """Everything that the built-in trainer is configured with."""

    task: Task
    model: AnyNetwork
    train: TrainOptions

    @classmethod
    def of_study_file(cls, value: Any) -> Self:
        """Check what a study file says; ``model_validate`` is for what is in a run's name."""
        return cls.model_validate(value, context=STUDY_FILE)

    @property
    def groups(self) -> list[Group]:
        """Everything that is called with its options: the network, how it is trained, and what these hold."""
        train = self.train
        chosen = (self.model, train.optimizer, train.schedule, train.loss, train.averaging, *train.ways)
        return [inner for group in chosen if group is not None for inner in group.with_inner()]

    @model_validator(mode="before")
    @classmethod
    def _defaults_of_the_kind(cls, value: Any) -> Any:
        """The plain loss is the task's own, whatever it is called; the metric to choose by is its primary one."""
        task, train = (value.get(key) if isinstance(value, dict) else None for key in ("task", "train"))
        kind = kind_of(task) if isinstance(task, dict) and isinstance(train, dict) else None
        if kind is None or not isinstance(train, dict):
            return value
        own = [{"name": name} for name in kind.own_losses]
        train = {key: given for key, given in train.items() if not (key == "loss" and named(given) in own)}
        if isinstance(train.get("validation"), dict):
            train["validation"] = {"metric": kind.recorded[0], **train["validation"]}
        return {**value, "train": train}

    @model_validator(mode="after")
    def _loss_fits_the_task(self) -> TrainerConfig:
        kind = self.task.learns
        size = None if isinstance(self.task, ForecastingTask) else self.task.size(declared=True)
        for part in self.train.loss.with_inner() if "loss" in self.train.model_fields_set else ():
            learns = getattr(part.declared, "learns", (kind.name,))
            if isinstance(part, Part) and kind.name not in learns:
                raise ValueError(
                    f"train.loss: {part.name} needs {kind_named(learns[0]).needs}: the loss of {kind.noun} is "
                    f"'loss: {kind.own_losses[0]}'{self._hint}"
                )
            fits = getattr(part.options, "fits_classes", None)
            if size is not None and fits is not None:
                fits(size.classes)
        return self

    @property
    def _hint(self) -> str:
        """What a CSV without a kind may have been meant to be."""
        is_series = isinstance(self.task, ForecastingTask) and isinstance(self.task.dataset, CSVSeries)
        return "; rows that are examples and no series are 'task: {kind: regression}' or another kind" * is_series

    @model_validator(mode="after")
    def _fit_together(self) -> TrainerConfig:
        kind, data = self.task.learns, DATA[self.task.data]
        if data_of(self.model) != self.task.data:
            raise ValueError(
                f"model: {self.model.name} {DATA[data_of(self.model)].takes}, and this task {data.has}: write "
                f"{data.instead}{self._hint}"
            )
        for name in WAYS:
            way = getattr(self.train, name)
            if way is not None and kind.name not in getattr(way.declared, "learns", (kind.name,)):
                raise ValueError(
                    f"train.{name} compares probabilities of classes, and {kind.noun} has none: leave it out"
                )
        validation = self.train.validation
        if validation is None:
            if self.task.test == "none":
                raise ValueError(
                    f"task.test: none leaves nothing to evaluate: set train: {{validation: {data.validation}}}"
                )
            return self
        splits = self.task.data == "series" or (
            isinstance(self.task, TableTask) and isinstance(self.task.dataset.split, str)
        )
        if self.task.data == "series" and validation.fraction is not None:
            raise ValueError("train.validation: a time series has validation rows of its own: leave out fraction")
        if not splits and validation.fraction is None:
            raise ValueError("train.validation.fraction is missing")
        metrics = dict.fromkeys([*kind.recorded, *map(title, self.task.metrics)])
        if validation.metric not in metrics:
            raise ValueError(f"train.validation.metric: '{validation.metric}' is none of {listed(metrics)}")
        return self


def steps_per_epoch(examples: int, batch_size: int) -> int:
    """Return the optimizer steps of an epoch; the last, partial batch is kept."""
    return math.ceil(examples / batch_size)
