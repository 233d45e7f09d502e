"""The report opened in a browser; every check is first shown to find what it is for."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from seedwise.reporting import Comparison, compare, render
from seedwise.statistics import Metric
from seedwise.study import StudyResults

from .chromium import EXECUTABLE, Chromium, Page
from .forecast_samples import forecasts_section
from .samples import BASE, STEADY, cell, predicted, section
from .tuning_samples import search, sweep

pytestmark = [
    pytest.mark.programs,
    pytest.mark.skipif(EXECUTABLE is None, reason="no chromium on PATH: install it to open the report"),
]

DESKTOP, PHONE, PAPER = 1200, 390, 718
"""Widths in pixels; A4 less its margins is 190 mm, 718 pixels."""

Check = Callable[[Page], list[str]]


def script_errors(page: Page) -> list[str]:
    return page.errors


def requests(page: Page) -> list[str]:
    return [url for url in page.requests if not url.startswith("data:")]


def missing_images(page: Page) -> list[str]:
    """Images that did not load, and figures without a drawing of some size."""
    found: list[str] = page.evaluate(
        """[...document.images].filter(i => !i.complete || !i.naturalWidth).map(i => i.src).concat(
           [...document.querySelectorAll('figure')]
             .filter(f => !f.querySelector('svg') || f.querySelector('svg').getBBox().width < 100)
             .map(f => 'no drawing: ' + f.innerText))"""
    )
    return found


def sideways(page: Page) -> list[str]:
    wide = page.evaluate("document.scrollingElement.scrollWidth - document.scrollingElement.clientWidth")
    return [f"{wide} pixels beyond the window"] if wide > 0 else []


def unreadable(page: Page) -> list[str]:
    """Texts with a contrast below 4.5 (WCAG 2, level AA)."""
    found: list[str] = page.evaluate(
        """(() => {
          const numbers = colour => colour.match(/[\\d.]+/g).map(Number);
          const light = rgb => rgb.slice(0, 3).map(v => v / 255)
            .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
            .reduce((sum, v, k) => sum + v * [0.2126, 0.7152, 0.0722][k], 0);
          const behind = e => {
            for (; e; e = e.parentElement) {
              const c = numbers(getComputedStyle(e).backgroundColor);
              if (c.length < 4 || c[3] > 0) return c;
            }
            return matchMedia('(prefers-color-scheme: dark)').matches ? [18, 18, 18] : [255, 255, 255];
          };
          return [...document.body.querySelectorAll('*')].filter(e => !e.matches('style, script'))
            .filter(e => [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()))
            .filter(e => {
              const style = getComputedStyle(e), svg = e instanceof SVGElement;
              const pair = [light(numbers(svg ? style.fill : style.color)), light(behind(e))].sort((a, b) => b - a);
              return (pair[0] + 0.05) / (pair[1] + 0.05) < 4.5;
            }).map(e => e.textContent);
        })()"""
    )
    return found


def colliding_labels(page: Page) -> list[str]:
    """Letters of a figure that lie on each other, or reach out of it."""
    found: list[str] = page.evaluate(
        """[...document.querySelectorAll('svg')].flatMap(svg => {
          const box = svg.getBoundingClientRect(), bad = [];
          const texts = [...svg.querySelectorAll('text')].map(t => [t.textContent, t.getBoundingClientRect()]);
          texts.forEach(([a, r], k) => {
            if (r.left < box.left - 2 || r.right > box.right + 2 || r.top < box.top - 2 || r.bottom > box.bottom + 2)
              bad.push(a + ' is cut');
            for (const [b, s] of texts.slice(k + 1))
              if (Math.min(r.right, s.right) - Math.max(r.left, s.left) > 2
                  && Math.min(r.bottom, s.bottom) - Math.max(r.top, s.top) > 3) bad.push(a + ' on ' + b);
          });
          return bad;
        })"""
    )
    return found


def cut_tables(page: Page) -> list[str]:
    """Tables and blocks of code that reach beyond the paper, where nobody can scroll."""
    found: list[str] = page.evaluate(
        """[...document.querySelectorAll('table, pre, figure')]
           .filter(e => e.getBoundingClientRect().right > innerWidth + 1 || e.scrollWidth > e.clientWidth + 1)
           .map(e => e.innerText.slice(0, 60))"""
    )
    return found


def broken_words(page: Page) -> list[str]:
    """Numbers and words of tables, names of methods aside, that go on in the next line."""
    found: list[str] = page.evaluate(
        """(() => {
          const texts = document.createNodeIterator(document.body, NodeFilter.SHOW_TEXT);
          const range = document.createRange();
          const found = [];
          for (let text; (text = texts.nextNode());) {
            if (!text.parentElement.closest('td') || text.parentElement.closest('.name, th')) continue;
            for (const word of text.data.matchAll(/\\S+/g)) {
              range.setStart(text, word.index);
              range.setEnd(text, word.index + word[0].length);
              if (new Set([...range.getClientRects()].map(r => r.top)).size > 1) found.push(word[0]);
            }
          }
          return found;
        })()"""
    )
    return found


EVERYWHERE: list[Check] = [script_errors, requests, missing_images, sideways, unreadable, colliding_labels]


def whole(seed: int) -> StudyResults:
    """Return a study with everything that a report can show, and names that are hard to show."""
    names = ["base", "a-method-with-a-very-long-name-that-no-column-was-made-for", "<b>&amp;</b>", "d", "e"]
    truth = np.random.default_rng(seed).integers(0, 2, 300)
    cells = [
        predicted(name, truth, 0.02 + 0.01 * k, seed=10 * seed + k, regime=regime)
        for regime in ("all", "init+shuffle+augment")
        for k, name in enumerate(names)
    ]
    rng = np.random.default_rng(seed)
    epochs = 1 - np.exp(-np.arange(1, 9))
    curves = [
        {
            "test/accuracy": epochs * rng.uniform(0.9, 1, (12, 1)),
            "train/loss": 2 - epochs * rng.uniform(0.9, 1, (12, 1)),
        }
        | {f"train/{name}": np.full((12, 8), value) for name, value in FACTORS.items()}
        for _ in cells
    ]
    return section(
        cells, labels=[truth] * len(cells), curves=curves, spec=f"name: s\nlong: {'x' * 300}\n", mixed=["base"]
    )


def compared() -> Comparison:
    """Return a comparison of runs of another program, on two tasks by two metrics, with names that are hard to show."""
    rng = np.random.default_rng(0)
    # Bold around a whole name is taken for a mark.
    names = ["base", "a-method-with-a-very-long-name-that-no-column-was-made-for", "no <b>&amp;</b>", "$\\dots{$"]
    rows = [
        {"method": name, "dataset": task, "seed": seed, "accuracy": 0.9 + 0.01 * (k + 1) * draw, "<i>loss": 1 - draw}
        for k, name in enumerate(names)
        for task in ("cifar10", "a dataset with a name of several long words")
        for seed, draw in enumerate(rng.normal(size=10))
    ]
    return compare(pd.DataFrame(rows), metric=["accuracy", "<i>loss"])


FACTORS = {"factor_mean": 0.9, "factor_sd": 0.1, "factor_min": 0.2, "factor_max": 1.5, "active_share": 0.7}


def broken() -> StudyResults:
    """Return a study of which some runs failed, of a metric that is no share, without predictions."""
    status = tuple("diverged" if k in (2, 5) else "finished" for k in range(12))
    values = np.where([s == "finished" for s in status], 100 * STEADY, np.nan)
    change = {"metric": Metric("test/perplexity", higher_is_better=False)}
    cells = [cell("base", 100 * BASE, **change), cell("new", values, status=status, **change)]
    error = "diverged: the loss of epoch 3 is nan " + "/a/path/without/a/single/space" * 8
    return section(cells, failures=[(error, 2)], notes=[("new: <i>slow</i>", 1)], resumed=3)


def unfolded(browser: Chromium, path: Path, **options: Any) -> Page:
    """Open a report and all that is folded in it."""
    page = browser.open(path, **options)
    page.evaluate("document.querySelectorAll('details').forEach(details => { details.open = true; })")
    return page


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("reports")
    studies = {
        "whole": [whole(1)],
        "failed runs": [broken()],
        "one method": [section([cell("base", BASE)])],
        "two studies": [whole(2), broken()],
        "forecasts": [forecasts_section()],
    }
    searches = {"search": [search()], "sweep": [sweep()]}
    paths = {name: folder / f"{k}.html" for k, name in enumerate(["compared", *studies, *searches])}
    compared().save(paths.pop("compared"))
    for name, path in paths.items():
        html = render(studies.get(name, []), command="seedwise report s.db", searches=searches.get(name, []))
        path.write_text(html, encoding="utf-8")
    return {**paths, "compared": folder / "0.html"}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [DESKTOP, PHONE])
@pytest.mark.parametrize(
    "name", ["whole", "failed runs", "one method", "two studies", "forecasts", "search", "sweep", "compared"]
)
def test_the_report_is_in_order(
    browser: Chromium, reports: dict[str, Path], name: str, width: int, scheme: str
) -> None:
    page = unfolded(browser, reports[name], width=width, scheme=scheme)
    assert {check.__name__: check(page) for check in EVERYWHERE} == {check.__name__: [] for check in EVERYWHERE}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["whole", "failed runs", "forecasts", "search", "compared"])
def test_the_report_prints(browser: Chromium, reports: dict[str, Path], name: str, scheme: str) -> None:
    page = unfolded(browser, reports[name], width=PAPER, media="print", scheme=scheme)
    checks = [cut_tables, broken_words, sideways, unreadable, colliding_labels]
    assert {check.__name__: check(page) for check in checks} == {check.__name__: [] for check in checks}


def test_dark_is_dark_and_paper_is_white(browser: Chromium, reports: dict[str, Path]) -> None:
    colour = "getComputedStyle(document.body).backgroundColor"
    screen = [browser.open(reports["whole"], width=PHONE, scheme=s).evaluate(colour) for s in ("light", "dark")]
    paper = browser.open(reports["whole"], width=PAPER, scheme="dark", media="print").evaluate(colour)
    assert screen == ["rgb(255, 255, 255)", "rgb(21, 23, 27)"]
    assert paper == "rgb(255, 255, 255)"


def test_a_wide_table_scrolls_in_its_own_box_to_its_last_column(browser: Chromium, reports: dict[str, Path]) -> None:
    page = unfolded(browser, reports["whole"], width=PHONE)
    box = "document.querySelector('.scroll')"
    assert page.evaluate(f"{box}.scrollWidth > {box}.clientWidth")
    page.evaluate(f"{box}.scrollLeft = 10000")
    last = page.evaluate(f"{box}.querySelector('th:last-child').getBoundingClientRect().right")
    assert last <= PHONE
    # The name of the method stays in sight.
    assert page.evaluate(f"{box}.querySelector('th:first-child').getBoundingClientRect().left") >= 0


@pytest.mark.parametrize("name", ["two studies", "compared"])
def test_nobodys_text_becomes_markup(browser: Chromium, reports: dict[str, Path], name: str) -> None:
    page = unfolded(browser, reports[name], width=DESKTOP)
    assert page.evaluate("[...document.querySelectorAll('b, i')].length") == 0
    assert page.evaluate("[...document.querySelectorAll('script')].length") == 1
    assert page.evaluate("document.body.innerText.includes('<b>&amp;</b>')")
    assert page.evaluate("[...document.querySelectorAll('svg text')].some(t => t.textContent.includes('<b>&amp;</b>'))")


@pytest.mark.parametrize(
    ("check", "mistake", "options"),
    [
        (script_errors, "<script>nothing.at.all</script>", {}),
        (script_errors, "<script>console.error('no')</script>", {}),
        (script_errors, "<script>Promise.reject(new Error('no'))</script>", {}),
        (requests, "<img src='https://example.org/picture.png'>", {}),
        (requests, "<style>@import url(https://example.org/font.css);</style>", {}),
        (requests, "<script>fetch('https://example.org/').catch(() => 0)</script>", {}),
        (requests, "<img src='beside.png'>", {}),
        (missing_images, "<img src='data:image/png;base64,AAAA'>", {}),
        (missing_images, "<figure><svg></svg>empty</figure>", {}),
        (sideways, "<p style='width: 400px'>wide</p>", {"width": PHONE}),
        (sideways, f"<p>{'long' * 500}</p><style>body {{ overflow-wrap: normal }}</style>", {}),
        (unreadable, "<p style='color: #333'>dark on dark</p>", {"scheme": "dark"}),
        (unreadable, "<p style='color: #aaa'>light on light</p>", {}),
        (unreadable, "<svg><text y='20' fill='black'>dark on dark</text></svg>", {"scheme": "dark"}),
        (colliding_labels, "<svg><text y='20'>one</text><text y='25'>other</text></svg>", {}),
        (colliding_labels, "<svg width='50'><text y='20'>longer than its figure</text></svg>", {}),
        (cut_tables, "<style>@media print { td { min-width: 9rem } }</style>", {"media": "print"}),
        (
            broken_words,
            "<style>td { overflow-wrap: anywhere !important } table { width: 9rem }</style>",
            {"media": "print"},
        ),
        (cut_tables, "<style>@media print { pre { white-space: pre !important } }</style>", {"media": "print"}),
    ],
)
def test_each_check_finds_what_it_is_for(
    browser: Chromium, reports: dict[str, Path], tmp_path: Path, check: Check, mistake: str, options: dict[str, str]
) -> None:
    path = tmp_path / "broken.html"
    path.write_text(reports["whole"].read_text(encoding="utf-8").replace("</body>", f"{mistake}</body>"))
    options = {"width": PAPER if options.get("media") else DESKTOP} | options
    page = unfolded(browser, path, **options)
    assert check(page) != []
