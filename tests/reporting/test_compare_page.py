"""The page of a comparison, and the same in a notebook."""

import html
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from seedwise.reporting import Comparison, compare

RNG = np.random.default_rng(3)
BASE, NEW = 0.95 + 0.004 * RNG.normal(size=12), 0.96 + 0.0005 * RNG.normal(size=12)
NASTY = ["<img src=x onerror=alert(1)>", "$\\bad{$", "a\x1b[31mb"]


@pytest.fixture(scope="module")
def found() -> Comparison:
    frame = pd.DataFrame({"method": ["base"] * 12 + ["new"] * 12, "seed": [*range(12)] * 2, "accuracy": [*BASE, *NEW]})
    return compare(frame.assign(loss=1 - frame.accuracy), metric=["accuracy", "loss"])


@pytest.fixture(scope="module")
def page(found: Comparison, tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("pages") / "page.html"
    found.save(path)
    return path.read_text(encoding="utf-8")


def text_of(page: str) -> str:
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", "", page.partition("<main>")[2].partition("<svg")[0])))


def rows_of(page: str, title: str) -> list[list[str]]:
    table = page.partition(f"<h2>{title}</h2>")[2].partition("</table>")[0]
    rows = [re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", row, flags=re.DOTALL) for row in table.split("<tr>")[1:]]
    return [[re.sub(r"<[^>]+>", "", text).strip() for text in row] for row in rows]


def test_what_was_understood_comes_first_then_the_paragraph(found: Comparison, page: str) -> None:
    shown = text_of(page)
    order = [*found.lines, "better or steadier than base", found.parts[0].answer]
    places = [shown.index(text) for text in order]
    assert places == sorted(places)
    assert shown.index(found.lines[0]) < 120, "after the date, the version and the command"
    assert found.parts[0].statement.startswith("new is better than base by 1.0")


def test_the_page_has_every_metric_with_the_numbers_of_the_data(page: str) -> None:
    assert re.findall(r'<p class="eyebrow"><strong>(.*?)</strong>', page) == ["accuracy", "loss"]
    header, base, new = rows_of(page, "What are the numbers?")
    assert [float(row[header.index("accuracy")].removesuffix(" %")) for row in (base, new)] == pytest.approx(
        [100 * BASE.mean(), 100 * NEW.mean()], abs=0.006
    )
    spread = float(base[header.index("SD [95\u00a0%]")].split()[0])
    assert spread == pytest.approx(100 * BASE.std(ddof=1), abs=0.006)
    (row,) = rows_of(page, "Do the means differ?")[1:]
    interval = stats.ttest_rel(NEW, BASE).confidence_interval()
    expected = [100 * (NEW - BASE).mean(), 100 * interval.low, 100 * interval.high]
    assert [float(text) for text in re.findall(r"-?[\d.]+", row[1])] == pytest.approx(expected, abs=0.006)


def test_every_run_is_a_tick(page: str) -> None:
    strips = re.findall(r'<svg class="strip[^"]*".*?</svg>', page)
    assert [strip.count("<title>run ") for strip in strips] == [12] * 4, "two methods by two metrics"


def test_nothing_is_said_of_a_training_that_nobody_saw(page: str) -> None:
    assert "Where and how was it trained?" not in page
    assert "the study file" not in page
    assert page.rstrip().endswith("</html>")
    assert "with <code>" not in page, "no command wrote it"


@pytest.mark.parametrize("name", NASTY)
def test_names_are_texts_in_the_page_in_a_notebook_and_in_figures(name: str, tmp_path: Path) -> None:
    found = compare(pd.DataFrame({"base": BASE, name: NEW}), metric="</style><script>")
    for shown, scripts in ((found.to_html(), 1), (found._repr_html_(), 0)):
        assert "<img" not in shown
        assert shown.count("<script") == scripts
    found.plot().savefig(tmp_path / "runs.png")
    assert (tmp_path / "runs.png").stat().st_size > 1000


def test_a_notebook_shows_two_comparisons_without_a_clash_of_ids(found: Comparison) -> None:
    other = compare(pd.DataFrame({"base": NEW, "new": BASE}), metric="accuracy")
    ids = re.findall(r'\bid="([^"]*)"', found._repr_html_() + other._repr_html_())
    assert len(ids) > 30
    assert len(ids) == len(set(ids))


def test_means_and_sds_alone_have_a_page_of_what_follows_from_them() -> None:
    table = pd.DataFrame({"method": ["base", "new"], "mean": [91.0, 92.0], "std": [0.4, 0.2], "n": [10, 10]})
    shown = compare(table, summary=True).to_html()
    (row,) = rows_of(shown, "Do the means differ?")[1:]
    of_base, of_new = 0.4**2 / 10, 0.2**2 / 10
    welch = (of_base + of_new) ** 2 / (of_base**2 / 9 + of_new**2 / 9)
    half = stats.t.ppf(0.975, welch) * np.sqrt(of_base + of_new)
    printed = [float(text) for text in re.findall(r"-?[\d.]+", row[1])]
    assert printed == pytest.approx([1, 1 - half, 1 + half], abs=0.006)
    assert "All intervals hold for normal values." in shown
    assert "What would single runs have said?" not in shown
    assert "c-runs" not in shown.partition("<body>")[2]
