"""A report of twelve methods is read in a minute: what is seen first, how long it is, and what its script does."""

import os
from pathlib import Path
from typing import Any

import pytest

from seedwise.reporting import render

from .chromium import EXECUTABLE, Chromium, Page
from .methods_samples import METHODS, READOUTS, RUNS, SIZES, methods_study

pytestmark = [
    pytest.mark.programs,
    pytest.mark.skipif(EXECUTABLE is None, reason="no chromium on PATH: install it to open the report"),
]

LAPTOP, PHONE, SCREEN = 1440, 400, 900
AXE = Path(os.environ.get("SEEDWISE_AXE", "")) / "node_modules" / "axe-core" / "axe.min.js"


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("report") / "methods.html"
    path.write_text(render([methods_study()], command="seedwise report methods.db"), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def page(browser: Chromium, report: Path) -> Page:
    return browser.open(report, width=LAPTOP)


def bottom(page: Page, query: str) -> float:
    found: float = page.evaluate(f"document.querySelector({query!r}).getBoundingClientRect().bottom + scrollY")
    return found


def test_it_is_at_most_eight_screens_long_before_anything_is_unfolded(page: Page) -> None:
    assert page.evaluate("document.documentElement.scrollHeight") <= 8 * SCREEN


def test_the_answer_and_the_first_resolved_row_are_on_the_first_screen(page: Page) -> None:
    assert page.evaluate("document.querySelector('.answer').innerText") == (
        "No way of training is resolved to be steadier. An ensemble of 2 is: 40 % less spread "
        "[28, 52]; selected, optimistic until fresh seeds confirm it. It is the cheapest of 36 that are. "
        "On average 3 methods and readouts are better than base, most clearly sam: by 2.2 points [1.3, 3.1]."
    )
    assert bottom(page, ".answer") <= SCREEN
    assert page.evaluate("document.querySelector('.main tbody tr').matches('.yes')")
    assert bottom(page, ".main tr.yes") <= SCREEN


def test_it_is_no_larger_than_a_megabyte_and_a_half(report: Path) -> None:
    assert report.stat().st_size <= 1_500_000


def test_ensembles_of_other_methods_are_folded_and_controls_stand_under_what_they_control(page: Page) -> None:
    names: list[str] = page.evaluate(
        "[...document.querySelector('.main').querySelectorAll(':scope > tbody > tr:not(.fold) .name')]"
        ".map(e => e.innerText)"
    )
    assert names == [*(f"ensemble of {size}" for size in SIZES), "base", "sam"], "sam has a better mean"
    folds: list[str] = page.evaluate("[...document.querySelectorAll('.main .fold summary')].map(e => e.innerText)")
    assert folds[:3] == ["the same of 11 other methods: 11 steadier"] * 3
    behind: list[list[Any]] = page.evaluate(
        "[...document.querySelectorAll('.behind > .main > tbody > tr:not(.fold)')]"
        ".map(e => [e.querySelector('.name').textContent, e.matches('.control')])"
    )
    places = {name: k for k, (name, _) in enumerate(behind)}
    assert behind[places["vml"] + 1 : places["vml"] + 3] == [["placebo", True], ["lr_vml", True]]
    assert behind[places["clf"] + 1] == ["lr_clf", True]
    assert not behind[places["ema"]][1]


@pytest.mark.parametrize("width", [PHONE, 1024, LAPTOP])
def test_nothing_is_beyond_the_window(browser: Chromium, report: Path, width: int) -> None:
    page = browser.open(report, width=width)
    page.evaluate("document.querySelectorAll('details').forEach(details => { details.open = true; })")
    beyond: list[str] = page.evaluate(
        f"""[...document.querySelectorAll('main *')].filter(e => !e.closest('.scroll, pre'))
           .filter(e => e.getClientRects().length && e.getBoundingClientRect().right > {width} + 1)
           .map(e => e.outerHTML.slice(0, 80))"""
    )
    assert beyond == []


def test_it_can_be_read_without_its_script(browser: Chromium, report: Path, tmp_path: Path) -> None:
    bare = tmp_path / "bare.html"
    text = report.read_text(encoding="utf-8")
    bare.write_text(text[: text.index("<script>")] + "</body></html>", encoding="utf-8")
    page = browser.open(bare, width=LAPTOP)
    assert page.evaluate("document.querySelectorAll('.strip title').length") == RUNS * len(METHODS) * len(READOUTS)
    assert bottom(page, ".main tr.yes") <= SCREEN
    page.evaluate("document.querySelector('.topic > summary').click()")
    assert page.evaluate("document.querySelector('.topic').open")


def test_a_tick_says_its_run_under_the_pointer_and_by_the_arrow_keys(page: Page) -> None:
    strip = "document.querySelector('.main tr.base .strip')"
    first = page.evaluate(
        f"""(() => {{ const box = {strip}.querySelector('line').getBoundingClientRect();
        {strip}.dispatchEvent(new PointerEvent('pointermove', {{ clientX: box.left, clientY: box.bottom }}));
        return document.getElementById('tip').innerText; }})()"""
    )
    assert first.startswith("replicate ")
    assert "init, shuffle seed " in first
    page.evaluate(f"{strip}.focus()")
    texts = [
        page.evaluate(
            f"{strip}.dispatchEvent(new KeyboardEvent('keydown', {{ key: 'ArrowRight', cancelable: true }}));"
            "document.getElementById('tip').innerText"
        )
        for _ in range(RUNS)
    ]
    assert len(set(texts)) == RUNS, "every run is reached"
    page.evaluate(f"{strip}.dispatchEvent(new KeyboardEvent('keydown', {{ key: 'Escape' }}))")
    assert page.evaluate("document.getElementById('tip').hidden")


def column(page: Page, topic: str, k: int) -> list[str]:
    found: list[str] = page.evaluate(
        f"[...document.querySelectorAll('#study0-{topic} .data tbody tr:not([hidden])')]"
        f".map(row => row.cells[{k}].textContent.trim())"
    )
    return found


def test_tables_are_sorted_filtered_and_copied(browser: Chromium, report: Path) -> None:
    page = browser.open(report, width=LAPTOP)
    page.evaluate("document.querySelectorAll('details').forEach(details => { details.open = true; })")
    head = "document.querySelectorAll('#study0-normal .data th')[1]"
    for order in ("ascending", "descending"):
        page.evaluate(f"{head}.querySelector('button').click()")
        values = [float(text.split()[0]) for text in column(page, "normal", 1)]
        assert values == sorted(values, reverse=order == "descending")
        assert page.evaluate(f"{head}.getAttribute('aria-sort')") == order
    page.evaluate(
        "(() => { const box = document.querySelector('#study0-normal input'); box.value = 'CLF';"
        " box.dispatchEvent(new Event('input')); })()"
    )
    assert set(column(page, "normal", 0)) == {
        "clf",
        "clf, crop25",
        "clf, average-3",
        "lr_clf",
        "lr_clf, crop25",
        "lr_clf, average-3",
    }
    page.evaluate(
        "Object.defineProperty(navigator, 'clipboard',"
        " { value: { writeText: async text => { window.copied = text; } } })"
    )
    copied = {}
    for form in ("CSV", "Markdown", "LaTeX"):
        copied[form] = page.evaluate(
            f"(async () => {{ [...document.querySelectorAll('#study0-normal .tools button')]"
            f".find(b => b.textContent === 'Copy {form}').click(); await null; return window.copied; }})()"
        ).splitlines()
    assert copied["CSV"][0].startswith('"method","SD [95')
    assert len(copied["CSV"]) == 7
    assert copied["Markdown"][1] == "| --- | --- | --- | --- |"
    assert len(copied["Markdown"]) == 8
    assert copied["LaTeX"][:2] == ["\\begin{tabular}{llll}", "\\toprule"]
    assert "lr\\_clf" in copied["LaTeX"][-3] or "lr\\_clf" in copied["LaTeX"][4]
    assert copied["LaTeX"][-2:] == ["\\bottomrule", "\\end{tabular}"]


def test_a_link_of_the_contents_unfolds_its_topic(browser: Chromium, report: Path) -> None:
    page = browser.open(report, width=LAPTOP)
    assert not page.evaluate("document.getElementById('study0-sources').open")
    page.evaluate("document.querySelector('nav a[href=\"#study0-sources\"]').click()")
    assert page.evaluate(
        "new Promise(done => setTimeout(() => done(document.getElementById('study0-sources').open), 50))"
    )


def violations(page: Page) -> list[str]:
    """Return what axe-core finds, a line each."""
    page.evaluate(f"{AXE.read_text(encoding='utf-8')};0")
    found: list[str] = page.evaluate(
        "axe.run().then(result => result.violations.flatMap(v => v.nodes.map(n => `${v.id}: ${n.html.slice(0, 120)}`)))"
    )
    return found


@pytest.mark.skipif(not AXE.is_file(), reason="no axe-core: npm install it into a folder, and set SEEDWISE_AXE to that")
class TestAccessibility:
    @pytest.mark.parametrize(("width", "scheme"), [(PHONE, "light"), (LAPTOP, "dark")])
    def test_axe_finds_no_violation(self, browser: Chromium, report: Path, width: int, scheme: str) -> None:
        page = browser.open(report, width=width, scheme=scheme)
        assert violations(page) == []
        page.evaluate("document.querySelectorAll('details').forEach(details => { details.open = true; })")
        assert violations(page) == []

    def test_axe_finds_what_is_wrong(self, browser: Chromium, report: Path, tmp_path: Path) -> None:
        broken = tmp_path / "broken.html"
        text = report.read_text(encoding="utf-8")
        broken.write_text(text.replace("</main>", "<img src='data:,'><button></button></main>"), encoding="utf-8")
        found = {line.partition(":")[0] for line in violations(browser.open(broken, width=LAPTOP))}
        assert {"image-alt", "button-name"} <= found


def test_everything_is_unfolded_at_once_and_what_is_folded_is_not_printed(browser: Chromium, report: Path) -> None:
    page = browser.open(report, width=718, media="print")
    visible = "[...document.querySelectorAll('.topic > summary')].filter(e => e.getClientRects().length).length"
    assert page.evaluate(visible) == 0
    page.evaluate("document.querySelector('.unfold').click()")
    topics = page.evaluate("document.querySelectorAll('.topic').length")
    assert topics > 10
    assert page.evaluate(visible) == topics
    page.evaluate("document.querySelector('.unfold').click()")
    assert page.evaluate("document.querySelectorAll('details[open]').length") == 0


@pytest.mark.parametrize("width", [PHONE, 1024])
def test_the_contents_are_one_line_where_they_stand_above(browser: Chromium, report: Path, width: int) -> None:
    page = browser.open(report, width=width)
    assert page.evaluate("document.querySelector('nav').getBoundingClientRect().height") < 60
