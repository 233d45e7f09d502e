"""What a study file says, and its methods resolved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    Field,
    PlainSerializer,
    SerializeAsAny,
    ValidationError,
    WrapValidator,
    model_validator,
)

from seedwise.declarations import Group, schema
from seedwise.errors import SeedwiseError, shown
from seedwise.randomness import SOURCES
from seedwise.readouts import parse_readout
from seedwise.registry import QUESTION
from seedwise.run import Keep, Numerics, configure, digest_of, load_function
from seedwise.run._execute import config_model
from seedwise.statistics import Scalar
from seedwise.statistics.sequential.questions import QUESTIONS
from seedwise.study._error_messages import describe, mistake, validated
from seedwise.study._methods import FACTOR, Method, in_study_file, methods_of
from seedwise.study._overrides import merge
from seedwise.study._regimes import REGIME_SETS, regime_name, regime_sources
from seedwise.study._tasks import Name, Task, is_builtin, task_of
from seedwise.training import FUNCTION, Options, TrainerConfig

_MOST_METHODS: Final = 1000
_NUMERICS = ("precision", "compile", "deterministic", "threads", "graphs")


def _named_regimes(regimes: Any) -> Any:
    """Spell out sets of regimes; ``regimes: two-by-two`` is short for a list of one."""
    given = [regimes] if isinstance(regimes, str) else regimes
    if not isinstance(given, list):
        return regimes
    return [regime for entry in given for regime in REGIME_SETS.get(entry if isinstance(entry, str) else "", (entry,))]


_ReadoutName = Annotated[str, AfterValidator(lambda name: parse_readout(name).name)]
_Regime = Annotated[str, AfterValidator(lambda regime: regime_name(regime_sources(regime)))]


if TYPE_CHECKING:
    AskedOf = Group
    GrowingQuestionName = str
else:
    AskedOf = schema(Group, "question", QUESTION)
    GrowingQuestionName = Literal[tuple(QUESTIONS)]


class Until(Options):
    """When a growing study may stop, with the error rate of a single look (``run --until resolved``).

    ``question`` is what is to be resolved for every method. ``effect`` is what the study should find with probability
    ``power``: for the spread a ratio of SDs, for means and churn a difference in SDs over runs. ``looks`` are runs per
    method, the last is the maximum; ``alpha`` is shared by all comparisons.
    """

    question: GrowingQuestionName = "spread"
    effect: Annotated[float, Field(gt=0)] = 0.7
    alpha: Annotated[float, Field(gt=0, lt=1)] = 0.05
    power: Annotated[float, Field(gt=0, lt=1)] = 0.8
    looks: Annotated[list[Annotated[int, Field(ge=10, le=100_000, strict=True)]], Field(min_length=1)] = Field(
        default_factory=lambda: [20, 40, 60, 80]
    )

    @model_validator(mode="after")
    def _rising(self) -> Until:
        if sorted(set(self.looks)) != self.looks:
            raise ValueError(f"the looks {shown(self.looks)} must rise: each is a number of runs per method")
        asked = QUESTIONS[self.question]
        if self.effect == asked.no_effect:
            raise ValueError(
                f"an effect of {self.effect:g} is no difference in {self.question}: name {asked.effect} such as 0.7"
            )
        return self


class KeepOptions(Options):
    """What is kept of a finished run; ``weights: snapshots`` keeps those of the ``last_epochs`` too."""

    predictions: Literal["labels", "logits16", "full"] = "logits16"
    weights: Literal["none", "final", "snapshots"] = "none"
    last_epochs: Annotated[int, Field(ge=0)] = 0

    @model_validator(mode="after")
    def _kept(self) -> KeepOptions:
        if self.last_epochs and self.weights != "snapshots":
            raise ValueError("last_epochs are kept with weights: snapshots")
        return self


class Evaluate(Options):
    """Whether the test set is evaluated after every epoch, or after the last alone."""

    every_epoch: bool = True


class CheckpointOptions(Options):
    """When a checkpoint is written: every N epochs, and at the first end of an epoch after S seconds."""

    every_epochs: Annotated[int, Field(ge=1)] | None = None
    every_seconds: Annotated[float, Field(gt=0)] | None = 30.0


class Limits(Options):
    """How long a run may take, and how often one whose worker was killed is tried again."""

    seconds: Annotated[float, Field(gt=0)] | None = None
    retries: Annotated[int, Field(ge=0)] = 2


class NumericOptions(Options):
    """What decides the bits besides the spec and the seeds."""

    precision: Literal["float32", "bf16"] = "float32"
    compile: bool = False
    deterministic: bool = True
    threads: Annotated[int, Field(ge=1)] = 1
    graphs: bool = False


class TaskOverrides(Options):
    """What one of several tasks changes of ``task``, ``model`` and ``train``, and of the overrides of ``methods``."""

    task: dict[str, Any] = Field(default_factory=dict)
    model: Any = None
    train: dict[str, Any] = Field(default_factory=dict)
    methods: dict[str, dict[str, Any]] = Field(default_factory=dict)


class PublishedScores(Options):
    """Published measures of how much runs differ: disagreement and gain in points of 100."""

    cross_entropy_sd: Annotated[float, Field(gt=0)] | None = None
    disagreement: Annotated[float, Field(ge=0, le=100)] | None = None
    correlation: Annotated[float, Field(ge=-1, le=1)] | None = None
    gain: float | None = None


class Published(Options):
    """A published SD over runs, in the unit in which the report shows the metric (accuracy: points of 100).

    Where only a ``mean`` has been published, there is neither ``n`` nor ``sd``. ``means`` are those of other metrics.
    """

    method: str
    readout: _ReadoutName = "plain"
    regime: _Regime = "all"
    task: str | None = None
    n: Annotated[int, Field(ge=3, le=1_000_000_000)] | None = None
    sd: Annotated[float, Field(gt=0)] | None = None
    mean: float | None = None
    means: dict[str, float] = Field(default_factory=dict)
    scores: PublishedScores = PublishedScores()

    @model_validator(mode="after")
    def _known(self) -> Published:
        if (self.n is None) != (self.sd is None):
            raise ValueError("a published SD needs n, the number of runs that it is of, and n needs the SD: give both")
        if self.sd is None and self.mean is None:
            raise ValueError("nothing is published: give n and sd, or mean")
        return self


class PublishedRange(Options):
    """The largest and the smallest of several published SDs, where a paper does not say of which methods they are.

    ``cells`` is how many SDs they were picked from, ``n`` the runs that each is of.
    """

    task: str | None = None
    regime: _Regime = "all"
    cells: Annotated[int, Field(ge=2, le=1_000_000)]
    n: Annotated[int, Field(ge=3, le=1_000_000_000)]
    largest: Annotated[float, Field(gt=0)]
    smallest: Annotated[float, Field(gt=0)]

    @model_validator(mode="after")
    def _ordered(self) -> PublishedRange:
        if self.smallest > self.largest:
            raise ValueError(f"smallest {self.smallest:g} must not exceed largest {self.largest:g}")
        return self


def _base_alone() -> dict[str, Method]:
    return {"base": Method("base")}


_Methods = Annotated[
    dict[str, Method], WrapValidator(lambda raw, _handler: methods_of(raw)), PlainSerializer(in_study_file)
]
Seeds = dict[str, Annotated[int, Field(ge=0, strict=True)]]


def _check_seeds(vectors: list[Seeds]) -> list[Seeds]:
    seen = set()
    for vector in vectors:
        for source in vector:
            if source not in (*SOURCES, "repeat"):
                raise ValueError(mistake("source", source, [*SOURCES, "repeat"]))
        key = tuple(sorted((source, seed) for source, seed in vector.items() if seed))
        if key in seen:
            raise ValueError(f"the seeds {shown(vector)} are listed twice: the same run would count as two samples")
        seen.add(key)
    return vectors


class StudySpec(Options):
    """A study file.

    ``task``, ``model``, ``train`` and ``methods`` are resolved together, since a method overrides parts of them. With
    ``factor: {k: 2}`` a method says that it is a level of a factor, whose levels the report compares. ``tasks`` names
    several tasks, each with what it changes of these three. ``published`` holds SDs from a paper, named in ``source``,
    to compare ours with, ``published_ranges`` the largest and the smallest of several; ``published_setting`` is false
    where network, data or length of training are not those of the paper, as in every one of ``scales`` but ``full``:
    then SDs and means are listed with the published ones and not judged. ``fixed_values`` asks for so many values of
    the seeds that a regime does not vary, with ``replicates`` runs each. ``readouts`` turn the finished runs into
    predictions in other ways, too. ``sweep`` stands for further methods, each with another value of one parameter: it
    is written out when the file is read. ``tune`` is a search for better values (``seedwise tune``).
    """

    name: Name
    task: dict[str, Any] = Field(default_factory=dict)
    model: Any = None
    train: dict[str, Any]
    methods: _Methods = Field(default_factory=_base_alone)
    base: str | None = None
    regimes: Annotated[list[_Regime], BeforeValidator(_named_regimes), Field(min_length=1)] = Field(
        default_factory=lambda: ["all"]
    )
    replicates: Annotated[int, Field(ge=1, le=100_000, strict=True)] = 20
    first_replicate: Annotated[int, Field(ge=0, le=1_000_000_000, strict=True)] = 0
    fixed_values: Annotated[int, Field(ge=1, le=1000, strict=True)] = 1
    tasks: Annotated[dict[Name, TaskOverrides], Field(min_length=1)] | None = None
    sweep: dict[Name, dict[str, Annotated[list[Scalar], Field(min_length=1)]]] | None = None
    published: list[Published] = Field(default_factory=list)
    published_ranges: list[PublishedRange] = Field(default_factory=list)
    published_setting: bool = True
    source: str = ""
    seeds: Annotated[list[Seeds], AfterValidator(_check_seeds), Field(min_length=1)] | None = None
    question: AskedOf = AskedOf()
    until: Until | None = None
    tune: SerializeAsAny[Options] | None = None
    keep: KeepOptions = KeepOptions()
    readouts: list[_ReadoutName] = Field(default_factory=list)
    evaluate: Evaluate = Evaluate()
    checkpoint: CheckpointOptions = CheckpointOptions()
    limits: Limits = Limits()

    @model_validator(mode="after")
    def _consistent(self) -> StudySpec:
        if len(self.methods) > _MOST_METHODS:
            raise ValueError(f"methods has {len(self.methods)} entries: a study has at most {_MOST_METHODS}")
        if self.base is not None and self.base not in self.methods:
            raise ValueError(mistake("base", self.base, list(self.methods)))
        if len(set(self.regimes)) < len(self.regimes):
            raise ValueError("a regime is listed twice")
        if len(set(self.readouts)) < len(self.readouts):
            raise ValueError("a readout is listed twice")
        listed: list[Published | PublishedRange] = [*self.published, *self.published_ranges]
        for known, given, what in (
            (list(self.methods), [p.method for p in self.published], "method"),
            (list(self.tasks or ()), [p.task for p in listed if p.task is not None], "task"),
            (["plain", *self.readouts], [p.readout for p in self.published], "readout"),
        ):
            for name in given:
                if name not in known:
                    raise ValueError(mistake(what, name, known, "published"))
        if self.seeds is not None and self.model_fields_set & {
            "regimes",
            "replicates",
            "first_replicate",
            "fixed_values",
        }:
            raise ValueError("give either 'seeds' or 'regimes' and 'replicates', not both")
        return self

    @property
    def base_method(self) -> str:
        """The method that the others are compared with: ``base``, or the first."""
        return self.base or next(iter(self.methods))

    @property
    def function(self) -> str:
        """The function that trains, as ``module:name``."""
        return str(self.train.get("function", FUNCTION))

    @property
    def numerics(self) -> Numerics:
        """What decides the bits besides the spec and the seeds."""
        given = {key: self.train[key] for key in _NUMERICS if key in self.train}
        return Numerics(**validated(NumericOptions, given, "train").model_dump())

    def by_task(self) -> dict[str, StudySpec]:
        """Return a study of one task for each of the ``tasks``, by its name."""
        if self.tasks is None:
            return {self.learns.name: self}
        found = {}
        for name, changed in self.tasks.items():
            base = {"task": self.task, "model": self.model, "train": self.train}
            named = self.is_builtin
            merged = merge(base, changed.model_dump(exclude_unset=True, exclude={"methods"}), named=named)
            for method, own in changed.methods.items():
                if method not in self.methods:
                    raise SeedwiseError(mistake("method", method, list(self.methods), f"tasks.{name}.methods"))
                if FACTOR in own:
                    raise SeedwiseError(
                        f"tasks.{name}.methods.{method}: a factor holds for all tasks: write it under 'methods'"
                    )
            merged["methods"] = {
                method.name: replace(
                    method, overrides=merge(method.overrides, changed.methods.get(method.name, {}), named=named)
                )
                for method in self.methods.values()
            }
            found[name] = self.model_copy(update={**merged, "tasks": None, "published": [], "published_ranges": []})
        return found

    @property
    def learns(self) -> Task:
        """The only task.

        Raises:
            SeedwiseError: for a mistake in the task of a function of the user's own.

        """
        return task_of(self.function, self.task)

    @property
    def is_builtin(self) -> bool:
        """Whether the built-in trainer trains."""
        return is_builtin(self.function)

    @property
    def keep_options(self) -> Keep:
        """What is kept of a run."""
        return Keep(**self.keep.model_dump())

    def function_of(self, method: str) -> str:
        """Return the function that trains a method: its own where it names one."""
        return str(self.methods[method].overrides.get("function", self.function))

    def configs(self) -> dict[str, dict[str, Any]]:
        """Return the resolved configuration of every method, options at their default left out.

        Raises:
            SeedwiseError: for a mistake in the base or in a method's overrides.

        """
        resolved = {}
        base: dict[str, Any] = {"model": self.model} | {k: v for k, v in self.train.items() if k not in _NUMERICS}
        for method, its in self.methods.items():
            merged = merge(base, its.overrides, named=self.is_builtin)
            for key in _NUMERICS:
                if key in merged:
                    raise SeedwiseError(f"methods.{method}: '{key}' holds for the whole study: write it under 'train'")
            model = merged.pop("model")
            # A mistake of the base shows in every method: it is reported where it was made.
            paths: list[tuple[str, ...]] = [(key,) if key == "model" else ("train", key) for key in its.overrides]
            where = dict.fromkeys(paths, f"methods.{method}")
            if self.is_builtin:
                resolved[method] = self._builtin(model, merged, where)
            else:
                resolved[method] = self._own(model, merged, method)
        return resolved

    def _builtin(self, model: Any, train: dict[str, Any], where: Mapping[tuple[str, ...], str]) -> dict[str, Any]:
        raw = {"task": self.task, "train": train} | ({} if model is None else {"model": model})
        try:
            checked = TrainerConfig.of_study_file(raw)
        except ValidationError as error:
            line = describe(error, TrainerConfig, where=where, of_method=("model", FACTOR))
            raise SeedwiseError(line) from None
        return checked.model_dump(mode="json", exclude_defaults=True)

    def _own(self, model: Any, train: dict[str, Any], method: str) -> dict[str, Any]:
        function = str(train.pop("function"))
        config = train.pop("config", {})
        if is_builtin(function):
            raise SeedwiseError(
                f"methods.{method}: the built-in trainer cannot be a method of a study with a function of its own"
            )
        if model is not None:
            raise SeedwiseError(
                "a study with 'train: {function: ...}' has no 'model': put it under 'train: {config: ...}'"
            )
        overrides = self.methods[method].overrides
        for key in train:
            place = f"methods.{method}" if key in overrides else "train"
            raise SeedwiseError(mistake("key", key, ["function", "config", *_NUMERICS], place))
        place = f"methods.{method}.config" if "config" in overrides else "train.config"
        if not isinstance(config, dict):
            raise SeedwiseError(f"{place} is {shown(config)}: it holds 'key: value' lines")
        train_function = load_function(function)
        try:
            configured = configure(train_function, config)
            if isinstance(configured, BaseModel):
                configured = configured.model_dump(mode="json", exclude_defaults=True)
        except ValidationError as error:
            raise SeedwiseError(describe(error, config_model(train_function), prefix=place)) from None
        except Exception as error:  # a validator or serializer of the user's model
            reason = (str(error) or type(error).__name__).splitlines()[0]
            raise SeedwiseError(f"{place}: the model of '{function}' fails: {reason}") from None
        try:
            digest_of(configured)
        except (TypeError, ValueError) as error:
            raise SeedwiseError(f"{place} may hold finite numbers, text, lists and mappings only: {error}") from None
        return dict(configured)
