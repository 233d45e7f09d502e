"""What a store keeps of a study, typed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from seedwise.statistics import Look, Metric, Question
from seedwise.statistics.cells.metric import unit_of
from seedwise.study._spec import Published, PublishedRange

_OLD_NAMES: Final = {"spread_ratio": "sd_ratio"}
"""Names of options of ``question:`` in stores from before they were renamed."""


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
        metrics: by task, its metrics, the primary one first.
        models: by task, the name of the network, or None.
        look: the look at it, if it grows until its question is resolved.
        published: what it is compared with.
        readouts: the readouts that it asks for.
        function: what trains, as ``module:name``, or None.

    """

    name: str
    base: str
    question: Question
    metrics: Mapping[str, tuple[Metric, ...]]
    models: Mapping[str, str | None]
    look: Look | None = None
    published: PublishedResults = PublishedResults()
    readouts: tuple[str, ...] = ()
    function: str | None = None

    @property
    def is_loop(self) -> bool:
        """Whether a loop over ``seedwise.replicates`` trained it, which its own script runs."""
        return (self.function or "").endswith(":replicates")


def description_of(name: str, stored: Mapping[str, Any]) -> StudyDescription:
    """Read what a store keeps of a study, by any version.

    Args:
        name: the study's name.
        stored: its description, see ``Study.describe``.

    """
    spec = stored["spec"]
    metrics = {task: tuple(map(_metric, listed)) for task, listed in stored["metrics"].items()}
    question = {_OLD_NAMES.get(key, key): value for key, value in stored.get("question", {}).items()}
    until = stored.get("until")
    tasks = spec.get("tasks") or {}
    return StudyDescription(
        name=name,
        base=stored.get("base") or "",
        question=Question(**question),
        metrics=metrics,
        models={task: _model((tasks.get(task) or {}).get("model", spec.get("model"))) for task in metrics},
        look=None if until is None else Look(**until | {key: tuple(until[key]) for key in ("looks", "limits")}),
        published=PublishedResults(
            results=tuple(Published.model_validate(entry) for entry in spec.get("published", [])),
            ranges=tuple(PublishedRange.model_validate(entry) for entry in spec.get("published_ranges", [])),
            same_setting=spec.get("published_setting", True),
            source=spec.get("source", ""),
        ),
        readouts=tuple(spec.get("readouts", [])),
        function=spec.get("train", {}).get("function"),
    )


def _metric(stored: Mapping[str, Any]) -> Metric:
    """Read a metric; there was a time before units were recorded."""
    return Metric(**{"unit": unit_of(stored["name"], None), **stored})


def _model(given: Any) -> str | None:
    name = given.get("name") if isinstance(given, Mapping) else given
    return None if name is None else str(name)


def is_attribution(description: Mapping[str, Any]) -> bool:
    """Return whether a stored study is the attribution of another."""
    return "attribution" in description
