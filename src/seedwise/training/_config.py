"""What a study file may say of the task, the model and the training.

Options at their default are left out of a run's name, so a default may not change once it is released: the golden ids
in the tests state every option and would change with it. Nothing here imports torch, so that a study is checked at
once; the tests hold these options against the signatures they stand for.
"""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    JsonValue,
    TypeAdapter,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    WrapValidator,
    field_validator,
    model_validator,
)

from seedwise.training._metrics import SIZES
from seedwise.training._networks import own_options


class Options(BaseModel):
    """A group of options in which every unknown key is a mistake."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


def _named(value: Any) -> Any:
    """``small_cnn`` is short for ``{name: small_cnn}``."""
    return {"name": value} if isinstance(value, str) else value


Share = Annotated[float, Field(gt=0, lt=1)]
Weight = Annotated[float, Field(gt=0, le=1)]
Rate = Annotated[float, Field(gt=0, le=1)]
NonNegative = Annotated[float, Field(ge=0)]
Positive = Annotated[float, Field(gt=0)]
Count = Annotated[int, Field(ge=1)]


class ClassificationTask(Options):
    """Images and classes.

    ``train_examples`` and ``test_examples`` are the first of each class; ``test`` says what a run is tested on.
    """

    dataset: Literal["digits", "mnist", "fashion_mnist", "cifar10", "cifar100"]
    augment: bool = True
    train_examples: Count | None = None
    test_examples: Count | None = None
    test: Literal["published", "out_of_bootstrap"] = "published"

    @model_validator(mode="after")
    def _enough(self) -> ClassificationTask:
        size = SIZES[self.dataset]
        for wanted, there, which in (
            (self.train_examples, size.train, "training"),
            (self.test_examples, size.test, "test"),
        ):
            if wanted is not None and wanted > there:
                raise ValueError(f"{self.dataset} has {there} {which} examples, not {wanted}")
        return self


class SmallCNN(Options):
    """Options of ``models.small_cnn``."""

    name: Literal["small_cnn"]
    width: Count = 16
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.25


class LeNet300(Options):
    """Options of ``models.lenet300``."""

    name: Literal["lenet300"]
    bias: bool = True


class LeNet5(Options):
    """Options of ``models.lenet5``."""

    name: Literal["lenet5"]
    bias: bool = True


class Conv2(Options):
    """Options of ``models.conv2``."""

    name: Literal["conv2"]
    bias: bool = True


class Conv4(Options):
    """Options of ``models.conv4``."""

    name: Literal["conv4"]
    bias: bool = True


class Conv6(Options):
    """Options of ``models.conv6``."""

    name: Literal["conv6"]
    bias: bool = True


class ResNet9(Options):
    """Options of ``models.resnet9``."""

    name: Literal["resnet9"]


class ResNet14(Options):
    """Options of ``models.resnet14``."""

    name: Literal["resnet14"]
    width: Count = 16


class ResNet14Wide(Options):
    """Options of ``models.resnet14_wide``."""

    name: Literal["resnet14_wide"]
    width: Count = 64


class ResNet18(Options):
    """Options of ``models.resnet18``."""

    name: Literal["resnet18"]


class ResNet32(Options):
    """Options of ``models.resnet32``."""

    name: Literal["resnet32"]


class VGG16(Options):
    """Options of ``models.vgg16``."""

    name: Literal["vgg16"]


class ShuffleNetV2(Options):
    """Options of ``models.shufflenet_v2``."""

    name: Literal["shufflenet_v2"]


class MobileNetV2(Options):
    """Options of ``models.mobilenet_v2``."""

    name: Literal["mobilenet_v2"]


class OwnNetwork(Options):
    """A user's own network: ``my_project.nets:make``, called as ``make(in_channels, num_classes, **options)``."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, JsonValue]

    name: str

    @model_validator(mode="before")
    @classmethod
    def _without_defaults(cls, value: dict[str, Any]) -> dict[str, Any]:
        options = {key: option for key, option in value.items() if key != "name"}
        return {"name": value["name"], **own_options(value["name"], options)}


BuiltInNetwork = Annotated[
    SmallCNN
    | LeNet300
    | LeNet5
    | Conv2
    | Conv4
    | Conv6
    | ResNet9
    | ResNet14
    | ResNet14Wide
    | ResNet18
    | ResNet32
    | VGG16
    | ShuffleNetV2
    | MobileNetV2,
    Field(discriminator="name"),
]
_BUILT_IN: TypeAdapter[BuiltInNetwork] = TypeAdapter(BuiltInNetwork)


def _own_or_built_in(value: Any, _handler: ValidatorFunctionWrapHandler) -> BuiltInNetwork | OwnNetwork:
    """Tell them apart by the colon, so that a mistake is reported for the one that was meant."""
    name = value.get("name") if isinstance(value, dict) else None
    own = isinstance(name, str) and ":" in name
    return OwnNetwork.model_validate(value) if own else _BUILT_IN.validate_python(value)


class CrossEntropy(Options):
    """The plain base loss; ``label_smoothing`` spreads that share of each target over all classes."""

    name: Literal["cross_entropy"]
    label_smoothing: Annotated[float, Field(ge=0, lt=1)] = 0.0


class VML(Options):
    """Options of ``losses.VarianceMinimizerLoss``."""

    name: Literal["vml"]
    lambda_base: NonNegative = 0.1
    alpha: Rate = 0.05
    beta: Rate = 0.2
    delta: Positive = 0.2
    warmup_steps: Annotated[int, Field(ge=2)] = 200
    lambda_min: NonNegative = 0.0
    lambda_max: NonNegative = 2.0
    gamma: Annotated[float, Field(ge=1)] = 1.0
    penalty_weight: NonNegative = 1.0
    eps: Positive = 1e-8
    delta_mode: Literal["absolute", "sigma", "sigma_ref"] = "absolute"
    gradient: Literal["through", "stopped"] = "through"

    @model_validator(mode="after")
    def _ordered(self) -> VML:
        if self.lambda_min > self.lambda_max:
            raise ValueError(f"lambda_min {self.lambda_min} must not exceed lambda_max {self.lambda_max}")
        return self


class CLF(Options):
    """Options of ``losses.CLFLoss``."""

    name: Literal["clf"]
    lambda_s: NonNegative = 0.1
    lambda_v: NonNegative = 0.1
    start_epoch: Annotated[int, Field(ge=0)] = 0
    end_epoch: Count | None = None

    @model_validator(mode="after")
    def _ordered(self) -> CLF:
        if self.end_epoch is not None and self.end_epoch <= self.start_epoch:
            raise ValueError(f"end_epoch {self.end_epoch} must be greater than start_epoch {self.start_epoch}")
        return self


Controller = Annotated[VML | CLF, Field(discriminator="name"), BeforeValidator(_named)]


class _OfFactors(Options):
    controller: Controller

    @model_validator(mode="after")
    def _only_factors(self) -> Self:
        if isinstance(self.controller, CLF) and self.controller.lambda_v > 0:
            raise ValueError(
                "this control is made of gradient factors, and CLF's variance term has none: set lambda_v: 0"
            )
        return self


class Placebo(_OfFactors):
    """``losses.PlaceboLoss`` around a controller, which shuffles its gradient factors in time."""

    name: Literal["placebo"]


class LRControl(_OfFactors):
    """``losses.LearningRateControl``, which gives the learning rate the mean factor of the epoch before."""

    name: Literal["lr_control"]


Loss = Annotated[CrossEntropy | VML | CLF | Placebo | LRControl, Field(discriminator="name"), BeforeValidator(_named)]
Model = Annotated[BuiltInNetwork | OwnNetwork, WrapValidator(_own_or_built_in), BeforeValidator(_named)]


class ParameterGroup(Options):
    """Parameters that get their own learning rate and weight decay.

    ``norm``: weights of normalisation layers; ``bias``: every bias; ``weight``: all others.
    """

    kinds: list[Literal["bias", "norm", "weight"]]
    lr_scale: NonNegative = 1.0
    weight_decay: NonNegative | None = None


class _Optimizer(Options):
    lr: Positive
    groups: list[ParameterGroup] = []

    @model_validator(mode="after")
    def _disjoint(self) -> _Optimizer:
        kinds = [kind for group in self.groups for kind in group.kinds]
        if len(set(kinds)) < len(kinds):
            raise ValueError("every kind of parameter may stand in one group only")
        return self


class SGD(_Optimizer):
    """``torch.optim.SGD``."""

    name: Literal["sgd"]
    momentum: Annotated[float, Field(ge=0, lt=1)] = 0.0
    weight_decay: NonNegative = 0.0
    nesterov: bool = False

    @model_validator(mode="after")
    def _has_momentum(self) -> SGD:
        if self.nesterov and self.momentum == 0:
            raise ValueError("nesterov needs a momentum: set momentum: 0.9")
        return self


class AdamW(_Optimizer):
    """``torch.optim.AdamW``."""

    name: Literal["adamw"]
    betas: tuple[Share, Share] = (0.9, 0.999)
    weight_decay: NonNegative = 0.01


class Constant(Options):
    """The same learning rate in every step."""

    name: Literal["constant"]
    warmup_epochs: NonNegative = 0.0


class Step(Options):
    """The learning rate times ``gamma`` at the start of each of the ``epochs``."""

    name: Literal["step"]
    epochs: list[Count]
    gamma: Positive = 0.1
    warmup_epochs: NonNegative = 0.0


class Cosine(Options):
    """Half a cosine from the peak to 0."""

    name: Literal["cosine"]
    warmup_epochs: NonNegative = 0.0


class Validation(Options):
    """A part of the training set held out, and which epoch is reported."""

    fraction: Share
    rule: Literal["last", "best"] = "last"
    metric: Literal["accuracy", "loss"] = "accuracy"


class EMA(Options):
    """After every step ``average = decay average + (1 - decay) weights``, from the initial weights on.

    Running statistics of batch norms are averaged in the same way; counters are those of the last step.
    """

    name: Literal["ema"]
    decay: Share


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
    """The cosine schedule ``cycles`` times, with predictions and state of the end of each (tag ``snapshot-k``)."""

    cycles: Annotated[int, Field(ge=2)]


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
    optimizer: Annotated[SGD | AdamW, Field(discriminator="name")]
    schedule: Annotated[Constant | Step | Cosine, Field(discriminator="name"), BeforeValidator(_named)] = Constant(
        name="constant"
    )
    loss: Loss = CrossEntropy(name="cross_entropy")
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
        if not isinstance(schedule, Cosine):
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
        return snapshots


class TrainerConfig(Options):
    """Everything that the built-in trainer is configured with."""

    task: ClassificationTask
    model: Model
    train: TrainOptions


def steps_per_epoch(examples: int, batch_size: int) -> int:
    """Return the optimizer steps of an epoch; the last, partial batch is kept."""
    return math.ceil(examples / batch_size)
