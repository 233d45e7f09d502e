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
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, Self

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

from seedwise.data import Size
from seedwise.declarations import STUDY_FILE, Group, Options, Part, named
from seedwise.errors import SeedwiseError, listed
from seedwise.registry import DATASETS, ERRORS, FORECASTERS, METRICS, SERIES, WAYS, Objects
from seedwise.training._facts import is_forecasting
from seedwise.training._image_data import declared_size
from seedwise.training._measures import CALIBRATION, OF_CLASSES, OF_FORECASTS, title
from seedwise.training._parts import (
    LOSS_MODELS,
    SCHEDULE_MODELS,
    WAY_MODELS,
    AnyAverage,
    AnyLoss,
    AnyNetwork,
    AnyOptimizer,
    AnySchedule,
    OwnDataset,
    OwnForecaster,
    OwnLoss,
    OwnMetric,
    OwnOptimizer,
    Positive,
)

Share = Annotated[float, Field(gt=0, lt=1)]
Count = Annotated[int, Field(ge=1)]


class Normalisation(Options):
    """Subtracted from the pixels, and what they are divided by then, per channel; pixels go to 255, of digits to 16."""

    mean: list[float]
    std: list[Positive]


if TYPE_CHECKING:
    ImageName = str
    SeriesName = str
else:
    ImageName = Literal[tuple(DATASETS)]
    SeriesName = Literal[tuple(SERIES)]


def _image_set(value: Any, _handler: ValidatorFunctionWrapHandler) -> str | OwnDataset:
    name = value.get("name") if isinstance(value, dict) else value
    if isinstance(name, str) and ":" in name:
        return OwnDataset.model_validate(named(value))
    if isinstance(value, OwnDataset):
        return value
    if name not in tuple(DATASETS):
        raise _unknown(name, tuple(DATASETS))
    if value not in (name, {"name": name}):
        raise ValueError(f"{name} has no options: write 'dataset: {name}'")
    return str(name)


def _further(table: Objects, default: tuple[str, ...]) -> Any:
    """Return the type of the metrics that are recorded besides the default ones, of the table or the user's own.

    Their order is the study's and none of a run's: which one is the primary trains nothing again.
    """

    def recorded(value: Any) -> list[str | OwnMetric]:
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

    return Annotated[list[str | OwnMetric], BeforeValidator(recorded)]


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


class ClassificationTask(Options):
    """Images and classes.

    ``dataset`` may be the user's own, ``module:name``. ``metrics`` are recorded besides accuracy, loss (the mean
    cross-entropy, which is the negative log-likelihood), brier and ece (15 bins of equal width); in a study the first
    is the primary one. ``augment: flip`` mirrors training images and does not move them. ``normalise`` takes the place
    of the dataset's own mean and SD. ``train_examples`` and ``test_examples`` are the first of each class; ``test``
    says what a run is tested on: ``none`` leaves the test set alone, for runs that are judged on validation data.
    """

    forecasts: ClassVar = False

    dataset: Annotated[ImageName | OwnDataset, WrapValidator(_image_set)]
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


class CSVSeries(_Windows):
    """A time series of one's own, split into shares in the order of time.

    ``sha256`` is filled in: runs are named by what the file holds.
    """

    csv: str
    time: str | None = None
    split: tuple[Share, Share, Share] = (0.7, 0.1, 0.2)
    sha256: str

    @model_validator(mode="before")
    @classmethod
    def _named_by_content(cls, value: Any) -> Any:
        if not isinstance(value, dict) or not isinstance(value.get("csv"), str) or "sha256" in value:
            return value
        return {**value, "sha256": sha256_of(value["csv"])}


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

    forecasts: ClassVar = True

    dataset: Annotated[PublishedSeries | CSVSeries | OwnSeries, WrapValidator(_series), BeforeValidator(named)]
    metrics: _further(ERRORS, OF_FORECASTS) = Field(default_factory=list)  # type: ignore[valid-type]
    train_windows: Count | None = None
    test_windows: Count | None = None
    test: Literal["published", "none"] = "published"


def _images_or_series(value: Any, _handler: ValidatorFunctionWrapHandler) -> ClassificationTask | ForecastingTask:
    if not isinstance(value, dict):
        return ClassificationTask.model_validate(value)
    if is_forecasting(value):
        return ForecastingTask.model_validate(value)
    dataset = value.get("dataset")
    if isinstance(dataset, str) and dataset not in DATASETS and ":" not in dataset:
        raise _unknown(dataset, (*DATASETS, *SERIES), "dataset")
    return ClassificationTask.model_validate(value)


Task = Annotated[ClassificationTask | ForecastingTask, WrapValidator(_images_or_series)]


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
    """How to train; beside these a study file has ``precision``, ``compile``, ``deterministic``, ``threads`` and
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
    def _defaults_of_forecasts(cls, value: Any) -> Any:
        """The base loss is the task's own, which ``loss: mse`` names; the metric to choose by is its primary one."""
        task, train = (value.get(key) if isinstance(value, dict) else None for key in ("task", "train"))
        if not isinstance(task, dict) or not isinstance(train, dict) or not is_forecasting(task):
            return value
        train = {key: given for key, given in train.items() if (key, named(given)) != ("loss", {"name": "mse"})}
        if isinstance(train.get("validation"), dict):
            train["validation"] = {"metric": OF_FORECASTS[0], **train["validation"]}
        return {**value, "train": train}

    @model_validator(mode="after")
    def _loss_fits_the_task(self) -> TrainerConfig:
        size = None if isinstance(self.task, ForecastingTask) else declared_size(self.task.dataset)
        for part in self.train.loss.with_inner() if "loss" in self.train.model_fields_set else ():
            if self.task.forecasts and isinstance(part, Part) and getattr(part.declared, "needs_classes", False):
                raise ValueError(f"train.loss: {part.name} needs classes: the loss of a forecast is 'loss: mse'")
            fits = getattr(part.options, "fits_classes", None)
            if size is not None and fits is not None:
                fits(size.classes)
        return self

    @model_validator(mode="after")
    def _fit_together(self) -> TrainerConfig:
        forecasts = self.task.forecasts
        if forecasts != (self.model.name in FORECASTERS or isinstance(self.model, OwnForecaster)):
            raise ValueError(_unfit_model(self.model.name, forecasts))
        if forecasts:
            for name in WAYS:
                way = getattr(self.train, name)
                if way is not None and getattr(way.declared, "needs_classes", False):
                    raise ValueError(
                        f"train.{name} compares probabilities of classes, and a forecast has none: leave it out"
                    )
        validation = self.train.validation
        if validation is None:
            if self.task.test == "none":
                wanted = "{rule: last}" if forecasts else "{fraction: 0.1}"
                raise ValueError(f"task.test: none leaves nothing to evaluate: set train: {{validation: {wanted}}}")
            return self
        if forecasts and validation.fraction is not None:
            raise ValueError("train.validation: a time series has validation rows of its own: leave out fraction")
        if not forecasts and validation.fraction is None:
            raise ValueError("train.validation.fraction is missing")
        metrics = dict.fromkeys([*(OF_FORECASTS if forecasts else OF_CLASSES), *map(title, self.task.metrics)])
        if validation.metric not in metrics:
            raise ValueError(f"train.validation.metric: '{validation.metric}' is none of {listed(metrics)}")
        return self


def _unfit_model(name: str, forecasts: bool) -> str:
    if not forecasts:
        return (
            f"model: {name} forecasts time series, and this task has images: write 'dataset: etth1', or another model"
        )
    return (
        f"model: {name} takes images, and this task is a time series: write 'model: itransformer' or 'model: dlinear'"
    )


def check_graphs(config: TrainerConfig) -> None:
    """Raise SeedwiseError if a step of such a training does not do the same each time, as far as the host sees."""
    leave_out = "leave out train: {graphs: true}"
    for group in config.groups:
        if isinstance(group, OwnLoss | OwnOptimizer):
            raise SeedwiseError(
                f"'{group.name}' may count its steps in Python, which a replay does not run: {leave_out}"
            )
        why = getattr(group.options, "on_host", None)
        if why is not None:
            raise SeedwiseError(f"{why}, which a replay does not do: {leave_out}")


def steps_per_epoch(examples: int, batch_size: int) -> int:
    """Return the optimizer steps of an epoch; the last, partial batch is kept."""
    return math.ceil(examples / batch_size)
