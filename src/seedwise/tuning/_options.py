"""What a study file may say of a search for better values: ``tune:``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from seedwise.statistics import Scalar
from seedwise.training import Options
from seedwise.tuning._goals import GOALS, Goal, SpreadName
from seedwise.tuning._results import Arm

if TYPE_CHECKING:
    GoalName = str
else:
    GoalName = Literal[tuple(GOALS)]


class Values(Options):
    """The values that a search may try: from ``low`` to ``high``, or one of the ``choices``.

    ``log`` searches orders of magnitude evenly, ``whole`` whole numbers only, ``step`` multiples above ``low``.
    """

    low: float | None = None
    high: float | None = None
    log: bool = False
    whole: bool = False
    step: Annotated[float, Field(gt=0)] | None = None
    choices: Annotated[list[Scalar], Field(min_length=2)] | None = None

    @model_validator(mode="after")
    def _one_kind(self) -> Values:
        if self.choices is not None:
            if self.model_fields_set - {"choices"}:
                raise ValueError("give either a list of values, or low and high")
            return self
        if self.low is None or self.high is None:
            raise ValueError("needs low and high, such as {low: 0.01, high: 1, log: true}, or a list of values")
        if not self.low < self.high:
            raise ValueError(f"low {self.low:g} must be below high {self.high:g}")
        if self.log and self.low <= 0:
            raise ValueError(f"log takes a low above 0, not {self.low:g}")
        if self.log and self.step is not None:
            raise ValueError("log has no step: leave out one of the two")
        whole = [value for value in (self.low, self.high, self.step) if value is not None]
        if self.whole and any(value != int(value) for value in whole):
            raise ValueError("whole numbers have a whole low, high and step")
        return self

    def examples(self) -> list[Scalar]:
        """Return values that hold for the others: the ends and one between, or all choices."""
        if self.choices is not None:
            return list(self.choices)
        assert self.low is not None
        assert self.high is not None
        if self.whole:
            return [int(self.low), int(self.high)]
        return [self.low, self.high, self.low + 0.37 * (self.high - self.low)]


def _listed(value: Any) -> Any:
    """``[a, b]`` is short for ``{choices: [a, b]}``."""
    return {"choices": value} if isinstance(value, list) else value


Space = dict[str, Annotated[Values, BeforeValidator(_listed)]]
"""The values that are tried, by parameter."""


def _named(value: Any) -> Any:
    """``churn`` is short for ``{name: churn}``, ``[mean, sd]`` for ``{name: front, spread: sd}``."""
    if isinstance(value, str):
        return {"name": value}
    if isinstance(value, list) and len(value) == 2 and value[0] == "mean":
        return {"name": "front", "spread": value[1]}
    return value


class Objective(Options):
    """What a search makes small; all of it is measured on validation data.

    ``churn`` and ``sd`` have a ``floor`` that the mean must reach (a ceiling where low values are good); without one it
    is the base's mean on the same seeds less one SD of its runs. ``mean-sd`` is the mean less ``c`` SDs; ``paper``
    normalised SD less normalised mean; ``front`` the mean and a ``spread`` at once.
    """

    name: GoalName = "churn"
    floor: float | None = None
    c: Annotated[float, Field(ge=0)] = 1.0
    spread: SpreadName = "sd"

    @model_validator(mode="after")
    def _takes(self) -> Objective:
        for option in sorted(self.model_fields_set - {"name"}):
            if option not in self.goal.takes:
                names = [name for name, goal in GOALS.items() if option in goal.takes]
                raise ValueError(f"'{option}' goes with {', '.join(names)}, not with {self.name}")
        return self

    @property
    def goal(self) -> Goal:
        """What is made small."""
        return GOALS[self.name]

    @property
    def has_floor(self) -> bool:
        """Whether the mean must reach a floor."""
        return "floor" in self.goal.takes

    @property
    def needs_predictions(self) -> bool:
        """Whether it compares predictions."""
        return self.judged_spread == "churn"

    @property
    def judged_spread(self) -> SpreadName:
        """The spread that trials are judged by."""
        return self.goal.spread or self.spread


class Tune(Options):
    """A search for the values of a method that make it steady; each trial is a small study of ``replicates`` runs.

    ``space`` names values by their place in a method, such as ``loss.lambda_s``; without one the trials are the
    study's own methods. ``method`` is whose values are searched. ``tune_base`` searches ``base_space`` (and the
    learning rate) for the base with as many trials. ``batch`` trials are asked for at a time. ``fresh`` is how many
    runs of the chosen setting and of the base are trained at the end, with seeds that no trial had.
    """

    method: str | None = None
    space: Space = Field(default_factory=dict)
    objective: Annotated[Objective, BeforeValidator(_named)] = Objective()
    trials: Annotated[int, Field(ge=1, le=100_000, strict=True)] = 24
    replicates: Annotated[int, Field(ge=3, le=100_000, strict=True)] = 5
    sampler: Literal["tpe", "random"] = "tpe"
    seed: Annotated[int, Field(ge=0, strict=True)] = 0
    batch: Annotated[int, Field(ge=1, strict=True)] = 4
    pruner: Literal["none", "median", "wilcoxon"] = "none"
    tune_base: bool = False
    base_space: Space = Field(default_factory=dict)
    fresh: Annotated[int, Field(ge=3, le=100_000, strict=True)] = 20
    storage: str | None = None

    @model_validator(mode="after")
    def _fits(self) -> Tune:
        name, goal = self.objective.name, self.objective.goal
        if self.pruner == "wilcoxon" and not goal.is_mean:
            raise ValueError(
                f"pruner: wilcoxon compares means, and the objective is {name}: use objective: mean or pruner: median"
            )
        if self.pruner == "median" and goal.not_one:
            raise ValueError(f"pruner: median takes an objective of one fixed value, not {name}, {goal.not_one}")
        if self.pruner != "none" and not self.space:
            raise ValueError("pruner stops trials of a search: give it a space")
        if self.base_space and not self.tune_base:
            raise ValueError("base_space is searched with tune_base: true")
        return self

    @property
    def searched(self) -> list[Arm]:
        """What is searched with Optuna: values of the tuned method, and of the base."""
        wanted: list[tuple[Arm, bool]] = [("tuned", bool(self.space)), ("base", self.tune_base)]
        return [arm for arm, asked in wanted if asked]

    @property
    def fixed(self) -> dict[str, Any]:
        """The options that may not change while a search goes on, as JSON values."""
        return self.model_dump(mode="json", exclude={"trials", "fresh", "storage"})
