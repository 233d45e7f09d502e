"""What a study file may say of the task, the model and the training.

Options at their default are left out of a run's name, so a default may not change once it is released: the golden ids
in the tests state every option and would change with it. Nothing here imports torch, so that a study is checked at
once.
"""

from __future__ import annotations

import hashlib
import math
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

from seedwise.declarations import STUDY_FILE, Group, Options, named
from seedwise.registry import FORECASTERS, WAYS
from seedwise.training._metrics import FORECAST_METRICS, SERIES_NAMES, SIZES, is_forecasting
from seedwise.training._parts import (
    LOSS_MODELS,
    SCHEDULE_MODELS,
    WAY_MODELS,
    AnyAverage,
    AnyLoss,
    AnyNetwork,
    AnyOptimizer,
    AnySchedule,
    Network,
    OwnForecaster,
)

Share = Annotated[float, Field(gt=0, lt=1)]
Positive = Annotated[float, Field(gt=0)]
Count = Annotated[int, Field(ge=1)]


class Normalisation(Options):
    """Subtracted from the pixels, and what they are divided by then, per channel; pixels go to 255, of digits to 16."""

    mean: list[float]
    std: list[Positive]


class ClassificationTask(Options):
    """Images and classes.

    ``augment: flip`` mirrors training images and does not move them. ``normalise`` takes the place of the dataset's own
    mean and SD. ``train_examples`` and ``test_examples`` are the first of each class; ``test`` says what a run is
    tested on: ``none`` leaves the test set alone, for runs that are judged on validation data.
    """

    forecasts: ClassVar = False

    dataset: Literal["digits", "mnist", "fashion_mnist", "cifar10", "cifar100"]
    augment: Literal[True, False, "flip"] = True
    normalise: Normalisation | None = None
    train_examples: Count | None = None
    test_examples: Count | None = None
    test: Literal["published", "out_of_bootstrap", "none"] = "published"

    @model_validator(mode="after")
    def _enough(self) -> ClassificationTask:
        size = SIZES[self.dataset]
        for wanted, there, which in (
            (self.train_examples, size.train, "training"),
            (self.test_examples, size.test, "test"),
        ):
            if wanted is not None and wanted > there:
                raise ValueError(f"{self.dataset} has {there} {which} examples, not {wanted}")
        if self.augment == "flip" and not size.flip:
            raise ValueError(f"{self.dataset} is not mirrored: set augment to true or false")
        if self.normalise is not None and {len(self.normalise.mean), len(self.normalise.std)} != {size.image[0]}:
            raise ValueError(f"{self.dataset} has {size.image[0]} channels: normalise needs a mean and an std for each")
        return self


class _Windows(Options):
    """Windows of a time series: ``lookback`` rows are seen, the ``horizon`` rows after them are forecast.

    ``target``: the columns that are forecast and scored; default: all.
    """

    lookback: Count = 96
    horizon: Count = 96
    target: Annotated[list[str], Field(min_length=1)] | None = None


class PublishedSeries(_Windows):
    """A published time series, split as published."""

    name: Literal["etth1", "etth2"]


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


def sha256_of(path: str) -> str:
    """Return what names the content of a file.

    Raises:
        ValueError: if it cannot be read.

    """
    try:
        return hashlib.sha256(Path(path).read_bytes()).hexdigest()
    except OSError as error:
        raise ValueError(f"cannot read {path}: {error.strerror}; a path is taken from the working directory") from None


def _series(value: Any, _handler: ValidatorFunctionWrapHandler) -> PublishedSeries | CSVSeries:
    own = isinstance(value, dict) and "csv" in value
    return CSVSeries.model_validate(value) if own else PublishedSeries.model_validate(value)


class ForecastingTask(Options):
    """A time series and its windows.

    ``train_windows`` and ``test_windows`` are so many of them, evenly spaced; default: all. ``test: none`` leaves the
    test rows alone, for runs that are judged on validation rows.
    """

    forecasts: ClassVar = True

    dataset: Annotated[PublishedSeries | CSVSeries, WrapValidator(_series), BeforeValidator(named)]
    train_windows: Count | None = None
    test_windows: Count | None = None
    test: Literal["published", "none"] = "published"


def _images_or_series(value: Any, _handler: ValidatorFunctionWrapHandler) -> ClassificationTask | ForecastingTask:
    if not isinstance(value, dict):
        return ClassificationTask.model_validate(value)
    if is_forecasting(value):
        return ForecastingTask.model_validate(value)
    dataset = value.get("dataset")
    if isinstance(dataset, str) and dataset not in SIZES:
        names = [f"'{name}'" for name in (*SIZES, *SERIES_NAMES)]
        expected = {"expected": f"{', '.join(names[:-1])} or {names[-1]}"}
        raise ValidationError.from_exception_data(
            "task", [{"type": "literal_error", "loc": ("dataset",), "input": dataset, "ctx": expected}]
        )
    return ClassificationTask.model_validate(value)


Task = Annotated[ClassificationTask | ForecastingTask, WrapValidator(_images_or_series)]


class Validation(Options):
    """What is validated on, and which epoch is reported.

    ``fraction``: of the training images, held out; a time series has validation rows of its own. ``patience``: training
    stops when so many epochs in a row were no better than the best one.
    """

    fraction: Share | None = None
    rule: Literal["last", "best"] = "last"
    metric: Literal["accuracy", "loss", "mse", "mae"] = "accuracy"
    patience: Count | None = None

    @model_validator(mode="after")
    def _waits_for_the_best(self) -> Validation:
        if self.patience is not None and self.rule != "best":
            raise ValueError("patience waits for an epoch better than the best: set rule: best")
        return self


class _TrainOptions(Options):
    """How to train; beside these a study file has ``precision``, ``compile``, ``deterministic`` and ``threads``.

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
        model, train = self.model, self.train
        selection = model.selection if isinstance(model, Network) else None
        chosen = (model, selection, train.optimizer, train.schedule, train.loss, train.averaging, *train.ways)
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
            train["validation"] = {"metric": FORECAST_METRICS[0].name, **train["validation"]}
        return {**value, "train": train}

    @model_validator(mode="after")
    def _fit_together(self) -> TrainerConfig:
        forecasts = self.task.forecasts
        if forecasts != (self.model.name in FORECASTERS or isinstance(self.model, OwnForecaster)):
            raise ValueError(_unfit_model(self.model.name, forecasts))
        if forecasts and "loss" in self.train.model_fields_set and self.train.loss.name == "cross_entropy":
            raise ValueError("train.loss: cross_entropy needs classes: the loss of a forecast is 'loss: mse'")
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
        metrics = [metric.name for metric in FORECAST_METRICS] if forecasts else ["accuracy", "loss"]
        if validation.metric not in metrics:
            raise ValueError(f"train.validation.metric: '{validation.metric}' is none of {' and '.join(metrics)}")
        return self


def _unfit_model(name: str, forecasts: bool) -> str:
    if not forecasts:
        return (
            f"model: {name} forecasts time series, and this task has images: write 'dataset: etth1', or another model"
        )
    return (
        f"model: {name} takes images, and this task is a time series: write 'model: itransformer' or 'model: dlinear'"
    )


def steps_per_epoch(examples: int, batch_size: int) -> int:
    """Return the optimizer steps of an epoch; the last, partial batch is kept."""
    return math.ceil(examples / batch_size)
