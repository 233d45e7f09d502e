"""The table of results and the report."""

import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest

from seedwise.reporting import interval, number, percent, render, results_of
from seedwise.reporting.topics.loss import check_table
from seedwise.reporting.topics.sources import assisted_of, sources_of, sources_table
from seedwise.statistics import Interval, Metric, reduction, spread

from .samples import BASE, RNG, STEADY, cell, description, section


@pytest.mark.parametrize(
    ("value", "decimals", "text"),
    [
        (0.384, 2, ".38"),
        (-0.384, 2, "-.38"),
        (0.0, 2, ".00"),
        (10.04, 1, "10.0"),
        (100.0, 0, "100"),
        (-10.5, 1, "-10.5"),
    ],
)
def test_numbers_are_written_as_in_papers(value: float, decimals: int, text: str) -> None:
    assert number(value, decimals) == text


def test_shares_are_shown_as_percent() -> None:
    assert percent(0.98104) == "98.10 %"
    assert interval(Interval(0.0038, 0.0029, 0.0056, 0.95, 20, "chi-square"), 2, 100) == ".38 [.29, .56]"


def test_the_table_shows_what_the_statistics_say() -> None:
    labels = RNG.integers(0, 2, (12, 40))
    results = results_of(description(), [cell("base", BASE, predictions=labels), cell("vml", STEADY)])
    assert results.title == "digits, small_cnn, all sources vary, 12 replicates paired by seed"
    base, vml = (dict(zip(results.table.columns, row, strict=True)) for row in results.table.rows)
    # Three decimals: two digits of the smaller SD, about .04.
    assert base["accuracy"] == f"{100 * BASE.mean():.3f} %"
    s = spread(100 * BASE)
    assert base["SD [95 %]"] == f"{s.estimate:.3f} [{s.low:.3f}, {s.high:.3f}]".replace("0.", ".")
    r = reduction(STEADY, BASE, paired=True)
    assert vml["reduction [95 %]"] == f"{r.estimate:.0f} % [{r.low:.0f}, {r.high:.0f}]"
    assert vml["verdict on spread"].startswith("reduced: ")
    assert (base["reduction [95 %]"], base["verdict on spread"]) == ("", "")
    assert vml["churn [95 %]"] == "-"


@pytest.mark.parametrize("base", ["base", "sgd"])
def test_why_there_is_no_reduction_does_not_hang_on_the_name_of_the_base(base: str) -> None:
    """The reason names the base: all pairs have equal results in vml and base."""
    results = results_of(replace(description(), base=base), [cell(base, BASE), cell("vml", BASE)])
    of_base, of_vml = (dict(zip(results.table.columns, row, strict=True)) for row in results.table.rows)
    assert (of_base["reduction [95 %]"], of_vml["reduction [95 %]"]) == ("", "-")


def test_a_metric_that_is_no_share_keeps_its_unit() -> None:
    values = np.array([0.5, 0.52, 0.49, 0.51])
    results = results_of(description(), [cell("base", values, metric=Metric("test/loss", higher_is_better=False))])
    row = dict(zip(results.table.columns, results.table.rows[0], strict=True))
    assert row["loss"] == ".505"
    assert row["SD [95 %]"].startswith(".013 [")
    two = results_of(description(), [cell("base", values[:2], metric=Metric("test/loss", higher_is_better=False))])
    assert two.table.rows[0][3] == ".510"  # without an SD, as errors are written in papers


def test_regimes_and_tasks_get_columns_only_where_there_are_several() -> None:
    cells = [cell(m, BASE, regime=r) for r in ("all", "init") for m in ("base", "vml")]
    assert results_of(description(), cells).table.columns[0] == "regime"
    assert results_of(description(), cells[:2]).table.columns[0] == "method"


def test_two_runs_have_no_sd_and_the_reason_is_given() -> None:
    results = results_of(description(), [cell("base", BASE[:2]), cell("vml", STEADY[:2])])
    assert [dict(zip(results.table.columns, row, strict=True))["SD [95 %]"] for row in results.table.rows] == ["-", "-"]
    assert any("an SD needs at least 3" in reason for reason in results.reasons)
    tasks = results_of(description(), [cell("base", BASE[:2], task=task) for task in ("a", "b")]).reasons
    assert [reason.partition(":")[0] for reason in tasks] == ["base (a, all)", "base (b, all)"]


def test_failures_are_in_every_table() -> None:
    values = STEADY.copy()
    values[3] = np.nan
    status = tuple("diverged" if k == 3 else "finished" for k in range(12))
    results = results_of(description(), [cell("base", BASE), cell("vml", values, status=status)])
    row = dict(zip(results.table.columns, results.table.rows[1], strict=True))
    assert (row["n"], row["failed"]) == ("11", "1")
    assert row["SD [95 %]"].endswith("of finished runs")
    assert row["verdict on spread"].startswith("runs failed")


class _Page(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def test_the_report_needs_nothing_from_outside() -> None:
    page = _Page(render([section([cell("base", BASE), cell("vml", STEADY)])], command="seedwise report s.db"))
    names = {tag for tag, _ in page.tags}
    assert not names & {"img", "iframe", "object"}
    assert [attributes for tag, attributes in page.tags if tag == "script"] == [{}]
    links = [value for _, attributes in page.tags for name, value in attributes.items() if name in ("src", "href")]
    # Fragments point into the figure itself; the icon is empty.
    assert all(link is not None and link.startswith(("#", "data:")) for link in links)
    assert "reduced: the SD is" in page.text
    assert "seedwise report s.db" in page.text
    assert "SD: standard deviation over runs" in page.text


def svgs(html: str) -> list[ET.Element]:
    return [ET.fromstring(svg) for svg in re.findall(r"<svg .*?</svg>", html, flags=re.DOTALL)]


def test_every_run_is_a_tick_that_says_which_it_is() -> None:
    seeds = tuple({"init": k + 1, "shuffle": k + 1} for k in range(12))
    study = section([cell("base", BASE), cell("vml", STEADY)], seeds=[seeds, seeds])
    strips = [svg for svg in svgs(render([study], command="")) if (svg.get("class") or "").startswith("strip")]
    titles = [[line.findtext("title") for line in svg.findall("line")] for svg in strips]
    assert sorted(map(len, titles)) == [12, 12]
    assert f"replicate 3: {100 * BASE[3]:.3f} %; init, shuffle seed 4" in titles[1]
    # The steady method is in front, and the axis of both is that of all runs.
    at = [float(line.get("x1", "").rstrip("%")) for line in strips[1].findall("line")]
    values = (BASE - BASE.min()) / (BASE.max() - BASE.min())
    assert np.allclose(np.array(at), at[int(np.argmin(BASE))] + values * (max(at) - min(at)), atol=0.51)


def test_all_figures_are_there_with_captions_and_unique_ids() -> None:
    labels = RNG.integers(0, 2, 40)
    cells = [cell(m, v, predictions=RNG.integers(0, 2, (12, 40))) for m, v in (("base", BASE), ("vml", STEADY))]
    series = {"test/accuracy": RNG.random((12, 5)), "train/loss": RNG.random((12, 5))}
    html = render([section(cells, labels=[labels, labels], curves=[series, series])], command="")
    figures = svgs(html)
    assert len([figure for figure in figures if figure.get("class") is None]) == 8
    assert html.count("<figcaption>") == 8
    ids = re.findall(r'\bid="([^"]+)"', html)
    assert len(ids) == len(set(ids))
    assert not any("#000000" in ET.tostring(figure, encoding="unicode") for figure in figures)
    assert "Where does the spread come from?" in html
    assert "What would fewer runs have said?" in html


def test_what_the_loss_did_is_summed_over_epochs() -> None:
    # Two epochs of the same number of steps, factors 1, 1 and then 0.8, 1.2: mean 1, SD sqrt((0 + .04) / 2).
    checks = {"factor_mean": [1.0, 1.0], "factor_sd": [0.0, 0.2], "factor_min": [1.0, 0.8], "factor_max": [1.0, 1.2]}
    series = {f"train/{name}": np.array([values] * 12) for name, values in checks.items()}
    series["train/active_share"] = np.array([[0.0, 1.0]] * 12)
    table = check_table([cell("vml", BASE)], [series])
    assert table.rows == [["vml", "50 %", "1.0000", "0.1414", "0.800 to 1.200"]]


def test_where_the_spread_comes_from_is_in_points_of_accuracy() -> None:
    truth = np.zeros(50, dtype=np.int64)
    wrong = RNG.random((12, 50)) < 0.2
    cells = [cell("base", 1 - wrong.mean(1), predictions=wrong.astype(int))]
    sources, reasons = sources_of(cells, [truth])
    (row,) = sources_table(sources, assisted_of(cells, [truth])).rows
    assert reasons == []
    noise = np.sqrt(np.sum(np.var(wrong, axis=0, ddof=1))) / 50
    assert row[0] == "base"
    assert float(row[1].split()[0]) == pytest.approx(100 * np.std(wrong.mean(1), ddof=1), abs=0.005)
    assert float(row[2]) == pytest.approx(100 * noise, abs=0.005)
    larger = max(np.std(wrong.mean(1), ddof=1), noise)
    assert float(row[6].split()[0]) == pytest.approx(100 * larger, abs=0.005)


def test_runs_that_predicted_different_examples_are_left_out_with_a_reason() -> None:
    ids = [np.arange(40) + run for run in range(12)]
    mixed = cell("base", BASE, predictions=RNG.integers(0, 2, (12, 40)), example_ids=ids)
    html = render([section([mixed], labels=[np.zeros(40, dtype=np.int64)])], command="")
    assert "base: no test-set noise: runs 0 and 1 predicted different examples" in html


def test_the_same_results_give_the_same_file() -> None:
    first, second = (render([section([cell("base", BASE)])], command="") for _ in range(2))
    assert first == second


def test_texts_from_users_are_escaped() -> None:
    evil = "<script>alert(1)</script>"
    cells = [cell("base", BASE), cell(evil, STEADY)]
    text = render(
        [
            section(
                cells,
                name=evil,
                spec=evil,
                failures=[(evil, 1)],
                notes=[(evil, 2)],
                environments=[(evil, 3)],
                mixed=[evil],
            )
        ],
        command=evil,
    )
    assert text.count("<script") == 1
    assert "<script>alert" not in text
    assert "&lt;script&gt;" in text
