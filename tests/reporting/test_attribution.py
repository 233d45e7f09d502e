"""What is shown of an attribution."""

import re
import xml.etree.ElementTree as ET
from dataclasses import fields
from typing import Any

import numpy as np
import pytest

from seedwise.reporting import attribution_figure, attribution_findings, attribution_tables, render
from seedwise.statistics import (
    Attribution,
    Metric,
    attribution_design,
    churn_attribution,
    logit_attribution,
    variance_attribution,
)
from seedwise.study import AttributionResults, Provenance

from .samples import provenance

SOURCES = ["init", "shuffle", "dropout"]


def attributions(blocks: int, *, interacting: bool = False, unused: bool = False) -> dict[str, Attribution]:
    design = attribution_design(SOURCES, blocks)
    draws = np.random.default_rng(0).integers(0, 9, size=(int(design.seeds.max()) + 1, 3, 60))
    if unused:
        draws[:, 2] = 0
    every = draws[design.seeds, np.arange(3)]
    runs = every.sum(axis=1) % 9 if interacting else np.concatenate(np.split(every, 3, axis=2), axis=1)[:, [0, 4, 8]]
    runs = runs.reshape(len(runs), -1)
    logits = (runs[..., None] == np.arange(9)).astype(float)
    return {
        "churn": churn_attribution(runs, design),
        "logits": logit_attribution(logits, design),
        "values": variance_attribution(every.mean(axis=(1, 2)), design),
    }


def section(found: dict[str, Attribution], **changes: Any) -> AttributionResults:
    blocks = next(iter(found.values())).blocks if found else 3
    of_run = {field.name: changes.pop(field.name) for field in fields(Provenance) if field.name in changes}
    given: dict[str, Any] = {
        "name": "s-attribution", "study": "s", "method": "base", "task": "digits", "model": "small_cnn",
        "metric": Metric("test/accuracy", unit="share"), "sources": tuple(SOURCES), "undrawn": (), "blocks": blocks,
        "churn": None, "logits": None, "values": None, "reasons": (), "runs": 5 * blocks, "failed": 0, "pending": 0,
        "provenance": provenance(**of_run),
    }  # fmt: skip
    return AttributionResults(**given | found | changes)


def test_the_table_shows_every_share_with_its_interval() -> None:
    found = attributions(12)
    results = attribution_findings(section(found))
    assert results.title == "digits, small_cnn, base: init + shuffle + dropout, 12 blocks, 60 runs"
    assert [part.short for part in results.sections] == [
        "Shares of churn",
        "Shares of the variance of the logits",
    ]
    churn = results.sections[0].table
    assert churn.columns == [
        "source", "pairs", "churn alone [95 %]", "total effect [95 %]", "first-order effect [95 %]",
    ]  # fmt: skip
    effect = found["churn"].effects[1]
    assert effect.first_order is not None
    shown = dict(zip(churn.columns, churn.rows[1], strict=True))
    assert (shown["source"], shown["pairs"]) == ("shuffle", "12")
    t, s, alone = effect.total, effect.first_order, effect.alone
    assert shown["total effect [95 %]"] == f"{100 * t.estimate:.0f} % [{100 * t.low:.0f}, {100 * t.high:.0f}]"
    assert shown[
        "first-order effect [95 %]"
    ] == f"{100 * s.estimate:.0f} % [{100 * s.low:.0f}, {100 * s.high:.0f}]".replace("-0", "0")
    assert shown["churn alone [95 %]"] == (
        f"{100 * alone.estimate:.2f} [{100 * alone.low:.2f}, {100 * alone.high:.2f}] %"
    )
    assert [row[0] for row in churn.rows[3:]] == ["sum", "all differ"]
    total = found["churn"].total_sum
    assert churn.rows[3][3] == f"{100 * total.estimate:.0f} % [{100 * total.low:.0f}, {100 * total.high:.0f}]"


def test_the_metrics_variance_is_not_attributed_below_50_pairs() -> None:
    few = attribution_findings(section(attributions(49)))
    assert "accuracy" not in few.shown
    assert any("variance of accuracy: 49 pairs a source, and below 50 they say little: --blocks 50" in s
               for s in few.sentences)  # fmt: skip
    found = attributions(50)
    enough = attribution_findings(section(found))
    assert list(enough.shown) == ["churn", "logits", "accuracy"]
    heading, table = enough.sections[2].short, enough.sections[2].table
    assert heading == "Shares of the variance of accuracy"
    # The SD in points, of a variance in fractions.
    sd = 100 * np.sqrt(found["values"].effects[0].alone.estimate)
    shown = table.rows[0][table.columns.index("SD of accuracy alone [95 %]")]
    assert float(shown.split(" ")[0]) == pytest.approx(sd, rel=0.1)
    assert not any("below 50" in s for s in enough.sentences)


def test_first_order_effects_take_10_pairs() -> None:
    few = attribution_findings(section(attributions(9)))
    assert all(row[4] in ("-", "") for row in few.sections[0].table.rows)
    assert "no first-order effects: they take 10 pairs a source: --blocks 10" in few.sentences
    enough = attribution_findings(section(attributions(10)))
    assert all(row[4] != "-" for row in enough.sections[0].table.rows)


def test_the_sentences_tell_interaction_from_sources_on_their_own() -> None:
    apart = attribution_findings(section(attributions(30))).sentences[0]
    assert re.match(r"the total effects add up to (9[5-9]|10\d) % \[.*\] of churn: ", apart)
    assert apart.endswith("without interaction, is not excluded")
    together = attribution_findings(section(attributions(30, interacting=True))).sentences
    assert re.match(r"the total effects add up to (29|30)\d % \[.*\] of churn: the sources interact", together[0])
    assert re.search(
        r"smallest total effect in these runs \(intervals overlap: the order may be chance\): .* (9\d|10\d) % ",
        together[1],
    )
    assert re.search(r"holding it fixed takes away -?\d % \[.*\] of churn", together[2])


def test_a_source_without_effect_is_explained() -> None:
    bits = "dropout has no effect: no two runs that differ in it alone differ at all"
    sentences = attribution_findings(section(attributions(12, unused=True))).sentences
    assert bits in sentences, "why is not known of runs from before draws were recorded"
    sentences = attribution_findings(section(attributions(12, unused=True), undrawn=["dropout"])).sentences
    assert f"{bits}; nothing drew from the source dropout" in sentences
    assert not any(s.startswith("dropout has the smallest") for s in sentences)


def test_what_is_missing_is_said() -> None:
    results = attribution_findings(section(attributions(12), failed=2, pending=1, reasons=["no shares of x: y"]))
    assert results.sentences[-3:] == [
        "no shares of x: y",
        "2 of 60 runs failed and their pairs are left out: all shares are of finished runs",
        "1 of 60 runs are still to be trained",
    ]
    nothing = attribution_findings(section({}, reasons=["no shares of churn: z"]))
    assert (nothing.sections, nothing.shown, nothing.sentences) == ([], {}, ["no shares of churn: z"])


def test_the_figure_has_a_dot_and_a_circle_for_every_source() -> None:
    shown = attribution_findings(section(attributions(12))).shown
    panels = attribution_figure(shown).axes
    for axes, a in zip(panels, shown.values(), strict=True):
        points = [line for line in axes.lines if line.get_marker() == "o"]
        at = [(float(p.get_xdata()[0]), p.get_markerfacecolor() == "white") for p in points]
        expected = []
        for effect in a.effects:
            assert effect.first_order is not None
            expected += [(100 * effect.total.estimate, False), (100 * effect.first_order.estimate, True)]
        assert np.array(at) == pytest.approx(np.clip(np.array(expected), 0, 100))
        assert [label.get_text() for label in axes.get_yticklabels()] == SOURCES


def test_the_report_holds_the_attribution_and_escapes_names() -> None:
    page = render(
        [], command="seedwise report", attributions=[section(attributions(12), name="<b>x</b>", failures=[("a<b", 2)])]
    )
    assert "&lt;b&gt;x&lt;/b&gt;" in page
    assert "<b>x</b>" not in page
    assert "2 x a&lt;b" in page
    (svg,) = re.findall(r"<svg.*?</svg>", page, flags=re.DOTALL)
    ET.fromstring(svg)
    assert page.count("<h2>Which source makes how much of ") == 2
    assert "<svg" not in render([], command="c", attributions=[section({}, reasons=["r"])])


def test_the_tables_have_names() -> None:
    found = section(attributions(12))
    tables = attribution_tables([found])
    assert set(tables) == {("s-attribution", key) for key in ("churn", "logits")}
    assert tables["s-attribution", "churn"] == attribution_findings(found).sections[0].table
