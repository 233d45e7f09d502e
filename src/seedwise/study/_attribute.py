"""Attribution as a study: the runs of its design, and what they say of the sources."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from seedwise.errors import SeedwiseError
from seedwise.randomness import SOURCES
from seedwise.run import FAILURES
from seedwise.statistics import (
    Attribution,
    AttributionDesign,
    churn_attribution,
    logit_attribution,
    variance_attribution,
)
from seedwise.statistics.cells.metric import as_recorded
from seedwise.store import Query, Store, StoredRun
from seedwise.study._attribution_plan import attribution_plan
from seedwise.study._description import description_of, is_attribution
from seedwise.study._error_messages import mistake
from seedwise.study._methods import in_study_file
from seedwise.study._provenance import provenance_of
from seedwise.study._regimes import regime_name, regime_sources
from seedwise.study._results import AttributionResults
from seedwise.study._spec import StudySpec
from seedwise.study._study import Study
from seedwise.study._study_file import check_study
from seedwise.study._varied import undrawn

_OF_REPLICATES = {
    "regimes", "replicates", "first_replicate", "fixed_values", "seeds", "methods", "base", "published",
    "published_setting", "source",
    "readouts", "sweep", "tune",
}  # fmt: skip


class AttributionStudy(Study):
    """The runs that tell the sources of one method of a study apart; they lie in the study's own store.

    Its runs share seeds, so that they are no replicates: no SD is taken over them.

    Args:
        study: the study.
        method: one of its methods; default its base method.
        vary: the sources, as a regime's name; default the first regime that varies two or more, or ``all``.
        blocks: number of blocks of the design, at least 3.

    Raises:
        SeedwiseError: for an unknown method or source, fewer than two sources or three blocks, or ``hardware``.

    Example:
        >>> study = Study.from_text('''
        ... name: tiny
        ... task: {dataset: digits}
        ... model: small_cnn
        ... train: {epochs: 1, batch_size: 64, optimizer: {name: sgd, lr: 0.1}}
        ... ''')
        >>> attribution = AttributionStudy(study, vary="init+shuffle", blocks=3)
        >>> attribution.spec.name, [dict(planned.spec.seeds) for planned in attribution.plan()][:4]
        ... # doctest: +NORMALIZE_WHITESPACE
        ('tiny-attribution', [{'init': 1, 'shuffle': 1}, {'init': 2, 'shuffle': 2},
                              {'init': 2, 'shuffle': 1}, {'init': 1, 'shuffle': 2}])

    """

    def __init__(self, study: Study, *, method: str | None = None, vary: str | None = None, blocks: int = 10) -> None:
        spec = study.spec
        method = method or spec.base_method
        if method not in spec.methods:
            raise SeedwiseError(mistake("method", method, list(spec.methods)))
        is_base, first = method == spec.base_method, spec.first_replicate
        self._attribution = attribution_plan(
            spec.name,
            method,
            _sources(spec, vary),
            blocks,
            is_base=is_base,
            first_replicate=first,
            vary="--vary {}",
            more="--blocks {}",
        )
        own = {
            "name": self._attribution.name,
            "methods": in_study_file({method: spec.methods[method]}),
            "seeds": self.design.vectors,
        }
        kept = spec.model_dump(mode="json", exclude_unset=True, exclude=_OF_REPLICATES)
        super().__init__(check_study(kept | own, "attribution"), store=study.store_path, folder=study.folder)
        self.of, self.method = spec.name, method

    @property
    def design(self) -> AttributionDesign:
        """The seeds of its runs."""
        return self._attribution.design

    def describe(self) -> dict[str, Any]:
        """Return what a report needs to know; the seeds are in the runs."""
        described = super().describe()
        spec = {key: value for key, value in described["spec"].items() if key != "seeds"} | {"name": self.of}
        return described | {"spec": spec, "attribution": self._attribution.description}


def _sources(spec: StudySpec, vary: str | None) -> tuple[str, ...]:
    regimes = [regime for regime in spec.regimes if len(regime_sources(regime)) >= 2]
    for source in [] if vary is None else vary.split("+"):
        if source not in ("all", *SOURCES):
            raise SeedwiseError(mistake("source", source, ["all", *SOURCES], "--vary") + "; join several with '+'")
    try:
        return regime_sources(vary or next(iter(regimes), "all"))
    except ValueError as error:
        raise SeedwiseError(f"--vary: {error}") from None


def attribution_results(store: Store, only: str | None = None) -> list[AttributionResults]:
    """Return the results of every attribution in a store, or of ``only`` one, task by task."""
    return [
        _results(store, name, described, task)
        for name, described in store.studies().items()
        if is_attribution(described) and only in (None, name)
        for task in described["metrics"]
    ]


def _results(store: Store, name: str, stored: Mapping[str, Any], task: str) -> AttributionResults:
    asked, spec, description = stored["attribution"], stored["spec"], description_of(name, stored)
    runs = [run for run in store.runs(name) if run.link.task == task]
    declared = description.metrics[task][0].on("test")
    metric = as_recorded(declared, (run.metrics.get(declared.name) for run in runs))
    finished = [run for run in runs if run.status == "finished"]
    ids = [run.run_id for run in finished]
    sources = tuple(asked["sources"])
    found, reasons = _attributions(store, finished, sources, metric.name)
    again = None
    if not description.is_loop:
        again = f"seedwise attribute {spec['name']}.yaml --vary {regime_name(sources)} --blocks {asked['blocks']}"
    return AttributionResults(
        name=name + (f"-{task}" if len(description.metrics) > 1 else ""),
        study=spec["name"],
        method=asked["method"],
        task=replace(description, name=spec["name"]).title_of(task),
        model=description.models[task],
        metric=metric,
        sources=sources,
        undrawn=tuple(undrawn(store.observed(ids), ids, sources)),
        blocks=asked["blocks"],
        churn=found.get("churn"),
        logits=found.get("logits"),
        values=found.get("metric"),
        reasons=tuple(reasons),
        runs=len(runs),
        failed=sum(run.status in FAILURES for run in runs),
        pending=sum(run.status not in ("finished", *FAILURES) for run in runs),
        provenance=provenance_of(store, runs, spec, again, named=False),
        program=(description.program or "the program") if description.is_loop else None,
    )


def _attributions(
    store: Store, finished: Sequence[StoredRun], sources: Sequence[str], metric: str
) -> tuple[dict[str, Attribution], list[str]]:
    kept = store.predictions(run.run_id for run in finished)
    labels = {run_id: p.predicted for run_id, p in kept.items()}
    logits = {run_id: p.logits for run_id, p in kept.items() if p.logits is not None}
    values = {run.run_id: run.metrics.get(metric) for run in finished}
    finite = {run_id: value for run_id, value in values.items() if value is not None and np.isfinite(value)}
    quantities: list[tuple[str, str, Mapping[str, Any], Callable[..., Attribution]]] = [
        ("churn", "churn", labels, churn_attribution),
        ("logits", "the variance of the logits", logits, logit_attribution),
        ("metric", f"the variance of {metric}", finite, variance_attribution),
    ]
    attributions: dict[str, Attribution] = {}
    reasons: list[str] = []
    for name, what, outputs, attribute in quantities:
        runs = [run for run in finished if run.run_id in outputs]
        examples = {} if name == "metric" else {"example_ids": [kept[run.run_id].ids for run in runs]}
        compute: Callable[[], Any] = partial(_attributed, runs, outputs, sources, partial(attribute, **examples))
        if name == "logits":
            run_ids = [run.run_id for run in finished if run.run_id in kept]
            if len(runs) < len(run_ids) and store.left_out(run_ids):
                compute = partial(str, f"the logits of {len(run_ids) - len(runs)} runs were left out of this store")
            found = store.recall(Query("attribution of logits", {"sources": list(sources)}, run_ids), compute)
        else:
            found = compute()
        if isinstance(found, str):
            reasons.append(f"no shares of {what}: {found}")
        else:
            attributions[name] = found
    return attributions, reasons


def _attributed(
    runs: Sequence[StoredRun],
    outputs: Mapping[str, Any],
    sources: Sequence[str],
    attribute: Callable[..., Attribution],
) -> Attribution | str:
    """Attribute what runs gave to its sources, or say why not."""
    if not runs:
        return "no finished run kept it"
    try:
        return attribute([outputs[run.run_id] for run in runs], _design(runs, sources))
    except (TypeError, ValueError) as error:
        return str(error)


def _design(runs: Sequence[StoredRun], sources: Sequence[str]) -> AttributionDesign:
    """Return the design of these runs; replicate r belongs to block r // (k + 2)."""
    seeds = np.array([[run.content["seeds"].get(source, 0) for source in sources] for run in runs], dtype=np.int64)
    block = np.array([run.link.replicate // (len(sources) + 2) for run in runs], dtype=np.int64)
    return AttributionDesign(tuple(sources), seeds, block)
