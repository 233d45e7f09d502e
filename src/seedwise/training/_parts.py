"""The parts of a training that a study file names: network, loss, optimizer, schedule, average, ways to train.

Their options are declared beside what they are of, and what every one of a kind can be told stands here. Nothing here
imports torch, so that a study is checked at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Final, Literal, Self

from pydantic import Field, ValidationInfo, model_validator

from seedwise.declarations import Group, Options, OwnPart, Part, named, one_of, schema, schemas
from seedwise.registry import (
    AVERAGES,
    BASELINES,
    CONTROLLERS,
    FORECASTERS,
    LOSSES,
    NETWORKS,
    OBJECTIVES,
    OPTIMIZERS,
    PACKED,
    SCHEDULES,
    SELECTION,
    SMELU,
    TABULAR,
    WAYS,
)

NonNegative = Annotated[float, Field(ge=0)]
Positive = Annotated[float, Field(gt=0)]

if TYPE_CHECKING:
    Selection = Group
    Packing = Group
    SmeLU = Group
else:
    Selection = schema(Group, "selection", SELECTION)
    Packing = schema(Group, "packed", PACKED)
    SmeLU = schema(Group, "smelu", SMELU)


class Network(Part):
    """What every network of images may have.

    ``selection`` drops its biases, and scale and shift of batch norms. ``packed`` trains several of it as one.
    ``smelu`` takes the place of every ReLU.
    """

    selection: Selection | None = None
    packed: Packing | None = None
    smelu: SmeLU | None = None

    @model_validator(mode="after")
    def _selects_of_one(self) -> Self:
        if self.selection is not None and self.packed is not None:
            raise ValueError("weights are selected in one network: leave out selection or packed")
        return self

    @model_validator(mode="before")
    @classmethod
    def _selects_no_bias(cls, value: Any) -> Any:
        """Selected weights have no biases, scales or start of their own, said or not: it is one network."""
        if not isinstance(value, dict) or value.get("selection") is None or "bias" not in cls.model_fields:
            return value
        if value.get("bias") is True:
            raise ValueError("selected weights have no biases: leave out bias: true")
        implied: list[tuple[str, Any]] = [("bias", False)]
        if not (isinstance(value["selection"], dict) and value["selection"].get("leave")):
            implied += [("affine", False), ("init", "glorot")]
        return {key: given for key, given in value.items() if (key, given) not in implied}


class OwnNetwork(Network, OwnPart):
    """A user's own network of images, a ``torch.nn.Module``."""

    calls = "make(in_channels, num_classes, **options)"
    args = (1, 2)
    offered = ("image_size",)


class OwnForecaster(OwnPart):
    """A user's own network of time series, a ``torch.nn.Module``."""

    calls = "make(variables, lookback, horizon, calendar, **options)"
    args = (1, 1, 1, 1)


class OwnTabular(OwnPart):
    """A user's own network of rows of a table, a ``torch.nn.Module``."""

    calls = "make(features, outputs, **options)"
    args = (1, 1)


class _OwnOfUnknown(OwnPart):
    """A network for a task that is not known, as there is a mistake in it: one is reported at a time."""

    @classmethod
    def _differing(cls, name: str, options: Mapping[str, Any]) -> dict[str, Any]:  # noqa: ARG003
        return dict(options)


@dataclass(frozen=True)
class Data:
    """What is known of networks of one kind of data.

    Attributes:
        networks: those of ours.
        own: a network of the user's.
        takes: what such a network does, for messages; ``has``: what such a task has; ``instead``: what to write.
        validation: what ``validation:`` such a task needs.

    """

    networks: Mapping[str, type[Part]]
    own: type[OwnPart]
    takes: str
    has: str
    instead: str
    validation: str


DATA: Final = {
    "images": Data(
        schemas(Network, NETWORKS),
        OwnNetwork,
        "takes images",
        "has images",
        "'model: small_cnn', or another dataset",
        "{fraction: 0.1}",
    ),
    "series": Data(
        schemas(Part, FORECASTERS),
        OwnForecaster,
        "forecasts time series",
        "is a time series",
        "'model: itransformer' or 'model: dlinear'",
        "{rule: last}",
    ),
    "table": Data(
        schemas(Part, TABULAR), OwnTabular, "takes rows of a table", "is a table", "'model: mlp'", "{fraction: 0.1}"
    ),
}
"""By what a task is of."""


def data_of(model: Part) -> str:
    """Return the data that a network is for."""
    return next(name for name, data in DATA.items() if model.name in data.networks or isinstance(model, data.own))


def _own_network(info: ValidationInfo) -> type[OwnPart]:
    return _OwnOfUnknown if "task" not in info.data else DATA[info.data["task"].data].own


_NETWORKS = {name: model for data in DATA.values() for name, model in data.networks.items()}
_NOT_TRAINED = "{name} has no seeds and nothing to train: every forecasting run keeps its error, {name}/mse"
if TYPE_CHECKING:
    AnyNetwork = Part
else:
    AnyNetwork = one_of(
        _NETWORKS,
        *(data.own for data in DATA.values()),
        own_of=_own_network,
        refused={name: _NOT_TRAINED.format(name=name) for name in BASELINES},
    )


class OwnLoss(OwnPart):
    """A user's own loss: it makes what is called with outputs and targets and returns one number."""

    calls = "make(**options)"
    offered = ("base", "variance", "seed")


if TYPE_CHECKING:
    AnyObjective = Part
else:
    AnyObjective = one_of(schemas(Part, OBJECTIVES), OwnLoss)


class ControllerLoss(Part):
    """A loss that controls another one, its ``base``; default: the loss of the task."""

    base: AnyObjective | None = None


_CONTROLLERS = schemas(ControllerLoss, CONTROLLERS)
LOSS_MODELS = {**schemas(Part, LOSSES, controller=one_of(_CONTROLLERS, OwnLoss)), **_CONTROLLERS}
if TYPE_CHECKING:
    AnyLoss = Part
else:
    AnyLoss = one_of(LOSS_MODELS, OwnLoss)


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


SCHEDULE_MODELS = schemas(Schedule, SCHEDULES)
if TYPE_CHECKING:
    AnySchedule = Schedule
else:
    AnySchedule = one_of(SCHEDULE_MODELS, OwnSchedule)


class OwnDataset(OwnPart):
    """A user's own dataset: of images a ``seedwise.data.Dataset``, a time series a ``pandas.DataFrame``."""

    calls = "make(**options)"


class ImageFile(Options):
    """Images in a file or folder of the user's; ``sha256`` is filled in: runs are named by what it holds.

    ``shift`` and ``flip``: by how many pixels training images are moved at most, and whether they are mirrored.
    """

    sha256: str
    shift: Annotated[int, Field(ge=0)] = 0
    flip: bool = False

    place: ClassVar[str]
    makes: ClassVar[str]

    @model_validator(mode="before")
    @classmethod
    def _named_by_content(cls, value: Any) -> Any:
        if not isinstance(value, dict) or not isinstance(value.get(cls.place), str) or "sha256" in value:
            return value
        from seedwise.data import content_of

        return {**value, "sha256": content_of(value[cls.place])}

    @property
    def name(self) -> str:
        """What messages and tables call it."""
        return Path(getattr(self, self.place)).stem

    @property
    def part(self) -> OwnDataset:
        """The function that loads it, with its options."""
        return OwnDataset.model_validate({"name": self.makes, **self.model_dump()})


class NPZImages(ImageFile):
    """Images in a ``.npz`` file."""

    place = "npz"
    makes = "seedwise.data._image_files:load_npz"

    npz: str


class FolderImages(ImageFile):
    """Images in a folder with one for each class, or with ``train`` and ``test``.

    ``split``: without these, the share of each class that is tested on.
    """

    place = "folder"
    makes = "seedwise.data._image_files:load_folder"

    folder: str
    split: Annotated[float, Field(gt=0, lt=1)] = 0.2


IMAGE_FILES: Final[dict[str, type[ImageFile]]] = {files.place: files for files in (NPZImages, FolderImages)}


def image_set(value: Any) -> Any:
    """Return the dataset of images that a study file's ``dataset`` names; a name that is none as it is."""
    if isinstance(value, OwnDataset | ImageFile):
        return value
    if isinstance(value, Mapping):
        for place, files in IMAGE_FILES.items():
            if place in value:
                return files.model_validate(dict(value))
    name = value.get("name") if isinstance(value, Mapping) else value
    if isinstance(name, str) and ":" in name:
        return OwnDataset.model_validate(named(value))
    return name


class OwnMetric(OwnPart):
    """A user's own metric: it is called with outputs, targets and its options, and returns one number."""

    calls = "metric(outputs, targets, **options)"
    args = (None, None)


_AVERAGES = schemas(Part, AVERAGES)
if TYPE_CHECKING:
    AnyAverage = Part
else:
    AnyAverage = one_of(_AVERAGES)

WAY_MODELS = schemas(Group, WAYS)
