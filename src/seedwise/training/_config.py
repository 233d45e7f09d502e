"""What a study file may say of the task, the model and the training.

Options at their default are left out of a run's name, so a default may not change once it is released: the golden ids
in the tests state every option and would change with it. Nothing here imports torch, so that a study is checked at
once; the tests hold these options against the signatures they stand for.
"""

from __future__ import annotations

import hashlib
import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import (
    BeforeValidator,
    ConfigDict,
    Field,
    JsonValue,
    TypeAdapter,
    ValidationError,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    WrapValidator,
    field_validator,
    model_validator,
)

from seedwise.declarations import STUDY_FILE, Options, OwnPart, Part, named, one_of, schemas
from seedwise.registry import CONTROLLERS, LOSSES, OPTIMIZERS, SCHEDULES
from seedwise.training._metrics import FORECAST_METRICS, SERIES_NAMES, SIZES, is_forecasting
from seedwise.training._networks import own_options

Share = Annotated[float, Field(gt=0, lt=1)]
Weight = Annotated[float, Field(gt=0, le=1)]
Rate = Annotated[float, Field(gt=0, le=1)]
NonNegative = Annotated[float, Field(ge=0)]
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


class Selection(Options):
    """Options of ``selection.select_weights``: each weight is chosen among ``k`` random ones, by trained scores.

    ``leave`` names modules that are trained as usual. ``sample_in_eval: every_pass`` draws anew in every batch of an
    evaluation, and evaluates in batches of the training's size.
    """

    k: Count = 8
    mode: Literal["greedy", "probabilistic"] = "greedy"
    init: Literal["glorot", "sigma"] = "glorot"
    store_weights: bool = True
    sample_in_eval: Literal[False, True, "every_pass"] = False
    leave: list[str] = Field(default_factory=list)


class Network(Options):
    """What every network of images can be told: ``selection`` drops its biases, and scale and shift of batch norms."""

    selection: Selection | None = None


class _NetworkWithBiases(Network):
    bias: bool = True
    init: Literal["torch", "glorot"] = "torch"

    @model_validator(mode="before")
    @classmethod
    def _selects_no_bias(cls, value: Any) -> Any:
        """Selected weights have no biases, scales or start of their own, said or not: it is one network."""
        if not isinstance(value, dict) or value.get("selection") is None:
            return value
        if value.get("bias") is True:
            raise ValueError("selected weights have no biases: leave out bias: true")
        implied: list[tuple[str, Any]] = [("bias", False)]
        if not (isinstance(value["selection"], dict) and value["selection"].get("leave")):
            implied += [("affine", False), ("init", "glorot")]
        return {key: given for key, given in value.items() if (key, given) not in implied}


class SmallCNN(Network):
    """Options of ``models.small_cnn``."""

    name: Literal["small_cnn"]
    width: Count = 16
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.25


class LeNet300(_NetworkWithBiases):
    """Options of ``models.lenet300``."""

    name: Literal["lenet300"]


class LeNet5(_NetworkWithBiases):
    """Options of ``models.lenet5``."""

    name: Literal["lenet5"]


class _Conv(_NetworkWithBiases):
    width: Count = 64
    padding: bool = True
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.0


class Conv2(_Conv):
    """Options of ``models.conv2``."""

    name: Literal["conv2"]


class Conv4(_Conv):
    """Options of ``models.conv4``."""

    name: Literal["conv4"]


class Conv6(_Conv):
    """Options of ``models.conv6``."""

    name: Literal["conv6"]


class ResNet9(Network):
    """Options of ``models.resnet9``."""

    name: Literal["resnet9"]


class ResNet9FFCV(Network):
    """Options of ``models.resnet9_ffcv``."""

    name: Literal["resnet9_ffcv"]


class ResNet14(Network):
    """Options of ``models.resnet14``."""

    name: Literal["resnet14"]
    width: Count = 16


class ResNet14Wide(Network):
    """Options of ``models.resnet14_wide``."""

    name: Literal["resnet14_wide"]
    width: Count = 64


class ResNet18(Network):
    """Options of ``models.resnet18``."""

    name: Literal["resnet18"]


class ResNet32(Network):
    """Options of ``models.resnet32``."""

    name: Literal["resnet32"]


class VGG16(_NetworkWithBiases):
    """Options of ``models.vgg16``."""

    name: Literal["vgg16"]
    affine: bool = True


class ShuffleNetV2(Network):
    """Options of ``models.shufflenet_v2``."""

    name: Literal["shufflenet_v2"]


class MobileNetV2(Network):
    """Options of ``models.mobilenet_v2``."""

    name: Literal["mobilenet_v2"]


class Autoformer(Options):
    """Options of ``models.autoformer``."""

    name: Literal["autoformer"]
    label: Annotated[int, Field(ge=0)] | None = None
    d_model: Count = 512
    d_ff: Count | None = None
    encoder_layers: Count = 2
    decoder_layers: Count = 1
    kernel: Count = 25
    factor: Positive = 3
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.05


class DLinear(Options):
    """Options of ``models.dlinear``."""

    name: Literal["dlinear"]
    kernel: Count = 25


class ITransformer(Options):
    """Options of ``models.itransformer``."""

    name: Literal["itransformer"]
    d_model: Count | None = None
    d_ff: Count | None = None
    heads: Count = 8
    layers: Count = 2
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.1


class OwnNetwork(Network):
    """A user's own network: ``my_project.nets:make``, called as ``make(in_channels, num_classes, **options)``."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, JsonValue]

    name: str

    @model_validator(mode="before")
    @classmethod
    def _without_defaults(cls, value: dict[str, Any]) -> dict[str, Any]:
        ours = {key: option for key, option in value.items() if key in ("name", "selection")}
        options = {key: option for key, option in value.items() if key not in ours}
        return {**ours, **own_options(value["name"], options)}


BuiltInNetwork = Annotated[
    SmallCNN
    | LeNet300
    | LeNet5
    | Conv2
    | Conv4
    | Conv6
    | ResNet9
    | ResNet9FFCV
    | ResNet14
    | ResNet14Wide
    | ResNet18
    | ResNet32
    | VGG16
    | ShuffleNetV2
    | MobileNetV2
    | Autoformer
    | DLinear
    | ITransformer,
    Field(discriminator="name"),
]
_BUILT_IN: TypeAdapter[BuiltInNetwork] = TypeAdapter(BuiltInNetwork)


def _own_or_built_in(value: Any, _handler: ValidatorFunctionWrapHandler) -> BuiltInNetwork | OwnNetwork:
    """Tell them apart by the colon, so that a mistake is reported for the one that was meant."""
    name = value.get("name") if isinstance(value, dict) else None
    if name in ("naive", "seasonal_naive"):
        raise ValueError(f"{name} has no seeds and nothing to train: every forecasting run keeps its error, {name}/mse")
    own = isinstance(name, str) and ":" in name
    return OwnNetwork.model_validate(value) if own else _BUILT_IN.validate_python(value)


class OwnLoss(OwnPart):
    """A user's own loss: it makes what is called with outputs and targets and returns one number."""

    calls = "make(**options)"
    told = ("base", "variance", "seed")


_CONTROLLERS = schemas(Part, CONTROLLERS)
_LOSSES = schemas(Part, LOSSES, controller=one_of(_CONTROLLERS, OwnLoss))
if TYPE_CHECKING:
    AnyLoss = Part
else:
    AnyLoss = one_of(_LOSSES, OwnLoss)

Model = Annotated[BuiltInNetwork | OwnNetwork, WrapValidator(_own_or_built_in), BeforeValidator(named)]


class ParameterGroup(Options):
    """Parameters that get their own learning rate and weight decay.

    ``norm``: weights of normalisation layers; ``bias``: every bias; ``weight``: all others.
    """

    kinds: list[Literal["bias", "norm", "weight"]]
    lr_scale: NonNegative = 1.0
    weight_decay: NonNegative | None = None


class Optimizer(Part):
    """An optimizer: ``lr`` is the learning rate at its peak, which nobody should leave to a default."""

    lr: Positive
    groups: list[ParameterGroup] = Field(default_factory=list)

    @model_validator(mode="after")
    def _disjoint(self) -> Self:
        kinds = [kind for group in self.groups for kind in group.kinds]
        if len(set(kinds)) < len(kinds):
            raise ValueError("every kind of parameter may stand in one group only")
        return self


class OwnOptimizer(Optimizer, OwnPart):
    """A user's own optimizer, a ``torch.optim.Optimizer``."""

    calls = "make(parameter_groups, lr=..., **options)"
    args = ([],)
    kwargs = ("lr",)


_OPTIMIZERS = schemas(Optimizer, OPTIMIZERS)
if TYPE_CHECKING:
    AnyOptimizer = Optimizer
else:
    AnyOptimizer = one_of(_OPTIMIZERS, OwnOptimizer)


class Schedule(Part):
    """A learning-rate schedule, and how long the rate rises to its peak before."""

    warmup_epochs: NonNegative = 0.0


class OwnSchedule(Schedule, OwnPart):
    """A user's own schedule: it makes what is called with a step, the steps in all and the epoch."""

    calls = "make(**options)"


_SCHEDULES = schemas(Schedule, SCHEDULES)
if TYPE_CHECKING:
    AnySchedule = Schedule
else:
    AnySchedule = one_of(_SCHEDULES, OwnSchedule)


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


class EMA(Options):
    """The exponential moving average of the weights after each step 1..t,

        sum over i of (1 - decay) decay^(t - i) weights_i / (1 - decay^t);

    with ``debias: false`` instead ``average = decay average + (1 - decay) weights`` after every step, from the initial
    weights on, of which a share of ``decay^t`` is left. In a study file ``debias`` is true unless it says otherwise; a
    run's name without it means false, as before there was a choice. Running statistics of batch norms are averaged in
    the same way; counters are those of the last step.
    """

    name: Literal["ema"]
    decay: Share
    debias: bool = False

    @model_validator(mode="before")
    @classmethod
    def _default_of_a_study_file(cls, value: Any, info: ValidationInfo) -> Any:
        return {"debias": True, **value} if isinstance(value, dict) and info.context == STUDY_FILE else value


class SWA(Options):
    """The mean of the weights after each epoch, from the share ``start`` of the epochs on.

    Statistics of batch norms are recomputed on the training set, in its own order and not varied. Epochs before have
    no average: they are evaluated with the weights as they are, and are not chosen by ``validation: {rule: best}``.
    """

    name: Literal["swa"]
    start: Annotated[float, Field(ge=0, lt=1)]

    def first_epoch(self, epochs: int) -> int:
        """Return the first epoch whose weights are averaged, counted from 0."""
        return math.ceil(round(self.start * epochs, 9))


class Snapshots(Options):
    """The cosine schedule ``cycles`` times, with predictions and state of the end of each (tag ``snapshot-k``).

    ``warmup`` says whether the schedule's warm-up comes in the first cycle or in every one.
    """

    cycles: Annotated[int, Field(ge=2)]
    warmup: Literal["first_cycle", "every_cycle"] = "first_cycle"


class Sharpness(Options):
    """Sharpness-aware minimisation: gradients at the weights plus ``rho`` times the direction of steepest ascent."""

    rho: Positive


class TrainOptions(Options):
    """How to train; beside these a study file has ``precision``, ``compile``, ``deterministic`` and ``threads``.

    ``averaging`` says which weights are evaluated and kept; ``clip_gradient`` is the largest norm of the gradient of
    all weights together.
    """

    epochs: Count
    batch_size: Count
    optimizer: AnyOptimizer
    schedule: AnySchedule = _SCHEDULES["constant"](name="constant")
    loss: AnyLoss = _LOSSES["cross_entropy"](name="cross_entropy")
    validation: Validation | None = None
    averaging: Annotated[EMA | SWA, Field(discriminator="name")] | None = None
    snapshots: Snapshots | None = None
    sharpness: Sharpness | None = None
    clip_gradient: Positive | None = None

    @field_validator("averaging")
    @classmethod
    def _averages_an_epoch(cls, averaging: EMA | SWA | None, info: ValidationInfo) -> EMA | SWA | None:
        epochs = info.data.get("epochs")
        if isinstance(averaging, SWA) and epochs is not None and averaging.first_epoch(epochs) >= epochs:
            latest = math.floor(1000 * (epochs - 1) / epochs) / 1000
            raise ValueError(
                f"start {averaging.start:g} leaves none of {epochs} epochs to average: set start to {latest:g} or less"
            )
        return averaging

    @field_validator("snapshots")
    @classmethod
    def _cycles_fit(cls, snapshots: Snapshots | None, info: ValidationInfo) -> Snapshots | None:
        if snapshots is None or not {"epochs", "schedule", "averaging"} <= info.data.keys():
            return snapshots
        epochs, schedule, cycles = info.data["epochs"], info.data["schedule"], snapshots.cycles
        validation = info.data.get("validation")
        if validation is not None and validation.patience is not None:
            raise ValueError("training that stops early may not reach the last cycle: leave out patience")
        if schedule.name != "cosine":
            raise ValueError(f"cycles are cosines, and the schedule is {schedule.name}: set schedule: cosine")
        if isinstance(info.data["averaging"], SWA):
            raise ValueError("averaging: swa would mix the cycles: leave out one of the two, or use averaging: ema")
        if epochs % cycles:
            raise ValueError(
                f"{cycles} cycles do not divide {epochs} epochs: set epochs to {max(epochs // cycles, 1) * cycles}"
            )
        if schedule.warmup_epochs >= epochs / cycles:
            raise ValueError(
                f"the warm-up of {schedule.warmup_epochs:g} epochs fills the first cycle of {epochs // cycles}: "
                "set fewer cycles or a shorter warm-up"
            )
        if snapshots.warmup == "every_cycle" and schedule.warmup_epochs == 0:
            raise ValueError(
                "every_cycle repeats the warm-up of the schedule, and it has none: set schedule: "
                "{name: cosine, warmup_epochs: 3}, or leave out warmup"
            )
        return snapshots


class TrainerConfig(Options):
    """Everything that the built-in trainer is configured with."""

    task: Task
    model: Model
    train: TrainOptions

    @classmethod
    def of_study_file(cls, value: Any) -> Self:
        """Check what a study file says; ``model_validate`` is for what is in a run's name."""
        return cls.model_validate(value, context=STUDY_FILE)

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
        forecasts = isinstance(self.task, ForecastingTask)
        if forecasts != isinstance(self.model, (Autoformer, DLinear, ITransformer)):
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
    if ":" in name:
        return f"model: '{name}' is called with channels and classes: give forecasts a 'train: {{function: ...}}'"
    return (
        f"model: {name} takes images, and this task is a time series: write 'model: itransformer' or 'model: dlinear'"
    )


def steps_per_epoch(examples: int, batch_size: int) -> int:
    """Return the optimizer steps of an epoch; the last, partial batch is kept."""
    return math.ceil(examples / batch_size)
