"""Attribution: its runs are runs of the study, and its shares those of a function that is known."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from seedwise.errors import SeedwiseError
from seedwise.statistics import attribution_design
from seedwise.study import AttributionResults, AttributionStudy, Store, attribution_results, study_results

# Example j of 40 has the class that the j-th source decides (a quarter each); the accuracy is a sum of the sources;
# the logits are those of shuffle alone. Nothing is drawn from 'split'.
KNOWN = """
import numpy as np

SOURCES = ["init", "shuffle", "augment", "dropout"]


def train(run):
    if run.config.get("fail") == run.seeds["init"]:
        raise RuntimeError("as planned")
    draw = [run.randomness.numpy(source, "draw").normal() for source in SOURCES]
    if run.config.get("predict", True):
        classes = [run.randomness.numpy(source, "class").integers(0, 9, 10) for source in SOURCES]
        run.save_predictions(np.concatenate(classes), np.zeros(40, dtype=int))
    run.finish(accuracy=0.9 + 0.01 * sum(draw))
"""


def known(project: Any, **config: Any) -> Any:
    (project.folder / "known.py").write_text(KNOWN)
    return project.study(train={"function": "known:train", "config": config}, replicates=None)


def section_of(attribution: AttributionStudy) -> dict[str, Any]:
    with Store(attribution.store_path) as store:
        (section,) = attribution_results(store)
    return section


def shares(found: AttributionResults) -> list[str]:
    return [name for name in ("churn", "logits", "values") if getattr(found, name) is not None]


def test_the_shares_are_those_of_the_function(project: Any) -> None:
    attribution = AttributionStudy(known(project), blocks=12)
    assert attribution.run(workers=1).counts == {"finished": 72}
    section = section_of(attribution)
    assert shares(section) == ["churn", "values"]
    assert section.reasons == ("no shares of the variance of the logits: no finished run kept it",)
    churn = section.churn
    assert churn.amount.estimate == pytest.approx(8 / 9, abs=0.02)
    for effect in churn.effects:
        assert effect.total.estimate == pytest.approx(0.25, abs=0.03)
        assert effect.first_order.estimate == pytest.approx(0.25, abs=0.06)
    metric = section.values
    assert np.sqrt(metric.amount.estimate) == pytest.approx(0.02, rel=0.35)  # four draws with an SD of .01
    assert all(effect.total.low <= 0.25 <= effect.total.high for effect in metric.effects)
    assert (section.runs, section.failed, section.pending, section.blocks) == (72, 0, 0, 12)
    assert (section.method, section.metric.name, section.model) == ("base", "test/accuracy", None)


def test_its_runs_are_those_that_the_study_has_and_what_is_missing(project: Any) -> None:
    study = project.study(replicates=6, regimes=["all"])
    outcome, _ = project.run(study)
    assert outcome.trained == 6
    attribution = AttributionStudy(study, blocks=4)
    planned = {p.spec.id for p in attribution.plan()}
    assert len(planned) == 24
    first, _ = project.run(attribution)
    assert (first.trained, first.counts) == (24 - 6, {"finished": 24})  # 3 of 4 blocks have A and B already
    again, _ = project.run(attribution)
    assert again.trained == 0
    assert project.run(study)[0].trained == 0


def test_a_source_that_nothing_is_drawn_from_has_exactly_no_effect(project: Any) -> None:
    study = project.study(replicates=1)  # the toy's logits and accuracy are those of init
    attribution = AttributionStudy(study, vary="init+shuffle+augment", blocks=3)
    project.run(attribution)
    section = section_of(attribution)
    assert section.reasons == ()
    for found in (section.churn, section.logits, section.values):
        init, *others = found.effects
        assert [(e.total.estimate, e.total.low, e.total.high) for e in others] == [(0.0, 0.0, 0.0)] * 2
        assert init.total.estimate > 0


def test_an_attribution_is_no_study_of_replicates(project: Any) -> None:
    study = project.study(replicates=3)
    project.run(study)
    attribution = AttributionStudy(study, vary="init+shuffle", blocks=3)
    project.run(attribution)
    with Store(project.store_path) as store:
        assert [section.name for section in study_results(store)] == ["toy"]
        assert [section.name for section in attribution_results(store)] == ["toy-attribution"]
        described = store.studies()["toy-attribution"]
    assert described["attribution"] == {"method": "base", "sources": ["init", "shuffle"], "blocks": 3}
    assert "seeds" not in described["spec"]
    section = section_of(attribution)
    assert (section.study, section.provenance.again) == (
        "toy",
        "seedwise attribute toy.yaml --vary init+shuffle --blocks 3",
    )


def test_failed_runs_leave_their_pairs_out(project: Any) -> None:
    attribution = AttributionStudy(known(project, fail=2), blocks=6)  # B and A_init of the first block
    outcome = attribution.run(workers=1)
    assert outcome.counts == {"finished": 34, "crashed": 2}
    section = section_of(attribution)
    assert section.failed == 2
    assert section.provenance.failures == (("crashed: RuntimeError: as planned (known.py, line 9)", 2),)
    assert [effect.pairs for effect in section.churn.effects] == [5, 6, 6, 6]


def test_a_function_that_reports_a_metric_alone_has_its_variance_attributed(project: Any) -> None:
    attribution = AttributionStudy(known(project, predict=False), vary="init+shuffle", blocks=5)
    attribution.run(workers=1)
    section = section_of(attribution)
    assert shares(section) == ["values"]
    assert section.reasons == (
        "no shares of churn: no finished run kept it",
        "no shares of the variance of the logits: no finished run kept it",
    )


def test_runs_that_predict_different_examples_have_no_churn_to_attribute(project: Any) -> None:
    (project.folder / "known.py").write_text(
        KNOWN.replace("dtype=int)", "dtype=int), ids=range(draw[0] > 0, 40 + (draw[0] > 0))")
    )
    study = project.study(train={"function": "known:train"}, replicates=None)
    attribution = AttributionStudy(study, vary="init+shuffle", blocks=5)
    assert attribution.run(workers=1).failed == 0
    section = section_of(attribution)
    assert shares(section) == ["values"]
    assert "predicted different examples" in section.reasons[0]


def test_the_sources_are_those_of_the_studys_first_regime_with_several(project: Any) -> None:
    def sources(**keys: Any) -> tuple[str, ...]:
        return AttributionStudy(project.study(**keys), blocks=3).design.sources

    everything = ("init", "shuffle", "augment", "dropout")
    assert sources() == everything
    assert sources(regimes=["none", "init", "shuffle+init", "all"]) == ("init", "shuffle")
    assert sources(regimes=["init"]) == everything
    study = project.study(regimes=["init"], first_replicate=100)
    assert AttributionStudy(study, vary="init+split", blocks=3).plan()[0].spec.seeds == {"init": 101, "split": 101}


def test_a_method_has_an_attribution_of_its_own(project: Any) -> None:
    study = project.study(methods={"base": {}, "long": {"config": {"epochs": 5}}}, base="base")
    base, long = (AttributionStudy(study, method=name, blocks=3) for name in (None, "long"))
    assert (base.spec.name, long.spec.name) == ("toy-attribution", "toy-attribution-long")
    assert list(long.spec.methods) == ["long"]
    assert long.plan()[0].spec.config == {"epochs": 5}
    assert [dict(p.spec.seeds) for p in base.plan()] == attribution_design(base.design.sources, 3).vectors


def test_every_task_is_attributed_by_itself(project: Any) -> None:
    study = project.study(tasks={"one": {"task": {"name": "one"}}, "two": {"task": {"metric": "accuracy"}}})
    attribution = AttributionStudy(study, vary="init+shuffle", blocks=3)
    assert len(attribution.plan()) == 24
    outcome, _ = project.run(attribution)
    assert outcome.counts == {"finished": 12}  # the tasks differ in name only, so that their runs are the same
    with Store(attribution.store_path) as store:
        sections = attribution_results(store, "toy-attribution")
        assert attribution_results(store, "toy") == []
    assert [(s.name, s.task, s.runs) for s in sections] == [
        ("toy-attribution-one", "one", 12),
        ("toy-attribution-two", "two", 12),
    ]
    assert [(shares(s), s.reasons) for s in sections] == [(["churn", "logits", "values"], ())] * 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"vary": "init"}, "attribution is between sources, at least 2; got init"),
        ({"vary": "init+shufle"}, "unknown source 'shufle' in --vary: did you mean 'shuffle'?"),
        ({"vary": "init+init"}, "names a source twice"),
        ({"vary": "all+hardware"}, "no seed holds 'hardware' fixed.*--vary all"),
        ({"blocks": 2}, "2 blocks: an interval needs at least 3"),
        ({"method": "vml"}, "unknown method 'vml': allowed: base"),
    ],
)
def test_what_cannot_be_attributed_is_refused_in_one_line(
    project: Any, arguments: dict[str, Any], message: str
) -> None:
    with pytest.raises(SeedwiseError, match=message) as raised:
        AttributionStudy(project.study(), **arguments)
    assert "\n" not in str(raised.value)
