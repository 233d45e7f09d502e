"""What a store keeps of a study, typed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from seedwise.statistics import Look, Metric, Question, Scalar
from seedwise.statistics.cells.metric import unit_of
from seedwise.statistics.cells.names import UNNAMED
from seedwise.store import Store
from seedwise.study._artifacts import Artifact, artifacts_in
from seedwise.study._controls import controls_in
from seedwise.study._methods import factor_and_level
from seedwise.study._old_names import with_new_names
from seedwise.study._spec import Published, PublishedRange


@dataclass(frozen=True)
class PublishedResults:
    """What a study is compared with from a paper.

    Attributes:
        results: published SDs and means, in the unit in which the metric is shown.
        ranges: the largest and the smallest of several SDs, likewise.
        same_setting: whether the study has the network, data and length of training of the paper.
        source: the paper.

    """

    results: tuple[Published, ...] = ()
    ranges: tuple[PublishedRange, ...] = ()
    same_setting: bool = True
    source: str = ""


@dataclass(frozen=True)
class StudyDescription:
    """What is known of a study besides its runs.

    Attributes:
        name: the study's name.
        base: the method that the others are compared with.
        question: what it is asked.
        factors: by method, its factor and level, for those that have one; None in a store from before they were kept.
        metrics: by task, its metrics, the primary one first.
        models: by task, the name of the network, or None.
        look: the look at it, if it grows until its question is resolved.
        published: what it is compared with.
        readouts: the readouts that it asks for.
        controls: by method, the method that it is a control of.
        artifacts: by method, what all of its runs share, so that their spread is conditional on it.
        function: what trains, as ``module:name``, or None.
        program: the file that calls ``seedwise.replicates``, of a study without a study file.
        is_loop: whether a program that calls ``seedwise.replicates`` trained it, and no study file says what to train.
        titles: by task, what it is called where it is shown, if that is not its name.

    """

    name: str
    base: str
    question: Question
    metrics: Mapping[str, tuple[Metric, ...]]
    models: Mapping[str, str | None]
    look: Look | None = None
    factors: Mapping[str, tuple[str, Scalar]] | None = field(default_factory=dict)
    published: PublishedResults = PublishedResults()
    readouts: tuple[str, ...] = ()
    controls: Mapping[str, str] = field(default_factory=dict)
    artifacts: Mapping[str, Artifact] = field(default_factory=dict)
    function: str | None = None
    program: str | None = None
    is_loop: bool = False
    titles: Mapping[str, str] = field(default_factory=dict)

    def title_of(self, task: str) -> str:
        """Return what a task is called where it is shown: by the study's name where nobody named it."""
        return self.titles.get(task, self.name if task == UNNAMED else task)

    def factor_of(self, method: str) -> tuple[str, Scalar] | tuple[None, None]:
        """Return the factor and the level of a method, each None if it has none."""
        if self.factors is None:
            return _factor_in_name(method) or (None, None)
        return self.factors.get(method, (None, None))


def confirmation_of(name: str) -> str:
    """Return what the study is called that trains a choice of this one with fresh seeds."""
    return f"{name}-confirm"


def description_of(name: str, stored: Mapping[str, Any]) -> StudyDescription:
    """Read what a store keeps of a study, by any version.

    Args:
        name: the study's name.
        stored: its description, see ``Study.describe``.

    """
    spec = stored["spec"]
    metrics = {task: tuple(map(_metric, listed)) for task, listed in stored["metrics"].items()}
    question = with_new_names({"question": stored.get("question", {})})[0]["question"]
    until = stored.get("until")
    tasks = spec.get("tasks") or {}
    function = spec.get("train", {}).get("function")
    return StudyDescription(
        name=name,
        base=stored.get("base") or "",
        question=Question(**question),
        factors=_factors(stored),
        metrics=metrics,
        models={task: _model((tasks.get(task) or {}).get("model", spec.get("model"))) for task in metrics},
        look=None
        if until is None
        else Look(until["question"], tuple(until["looks"]), tuple(until["limits"]), until["look"]),
        published=PublishedResults(
            results=tuple(Published.model_validate(entry) for entry in spec.get("published", [])),
            ranges=tuple(PublishedRange.model_validate(entry) for entry in spec.get("published_ranges", [])),
            same_setting=spec.get("published_setting", True),
            source=spec.get("source", ""),
        ),
        readouts=tuple(spec.get("readouts", [])),
        controls=controls_in(spec),
        artifacts=artifacts_in(spec),
        function=function,
        program=stored.get("program"),
        # There was a time before it was recorded.
        is_loop=stored.get("loop", (function or "").endswith(":replicates") and stored.get("base") is None),
    )


def stored_factors(methods: Iterable[tuple[str, str | None, Scalar]]) -> dict[str, dict[str, Scalar]]:
    """Return what a store keeps of factors: by method, ``{factor: level}``.

    Args:
        methods: names, with the factor and the level of each.

    """
    return {name: {factor: level} for name, factor, level in methods if factor is not None}


def factors_in(store: Store, study: str) -> dict[str, dict[str, Scalar]]:
    """Return what a store keeps of the factors of a study, which may be from before they were kept."""
    stored: Mapping[str, Any] = store.studies().get(study, {"factors": {}})
    if "factors" in stored:
        return dict(stored["factors"])
    description = description_of(study, stored)
    methods = dict.fromkeys(run.link.method for run in store.runs(study))
    return stored_factors((name, *description.factor_of(name)) for name in methods)


def _factors(stored: Mapping[str, Any]) -> dict[str, tuple[str, Scalar]] | None:
    if "factors" not in stored:
        return None
    return {method: factor_and_level(given) for method, given in stored["factors"].items()}


def _factor_in_name(method: str) -> tuple[str, str] | None:
    """Return the factor and the level of a method called ``k=2``, all that a store said of them once."""
    factor, equals, level = method.partition("=")
    return (factor.strip(), level.strip()) if equals else None


def _metric(stored: Mapping[str, Any]) -> Metric:
    """Read a metric; there was a time before units were recorded."""
    return Metric(**{"unit": unit_of(stored["name"], None), **stored})


def _model(given: Any) -> str | None:
    name = given.get("name") if isinstance(given, Mapping) else given
    return None if name is None else str(name)


def is_attribution(description: Mapping[str, Any]) -> bool:
    """Return whether a stored study is the attribution of another."""
    return "attribution" in description
