"""The README and the pages: every link leads somewhere, every page is in the index, and the README is short."""

import re
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), ROOT / "docs/results/README.md"]


def links(page: Path) -> list[str]:
    tokens = MarkdownIt("commonmark").enable("table").parse(page.read_text(encoding="utf-8"))
    inside = [child for token in tokens for child in token.children or []]
    found = [child.attrs.get("href") or child.attrs.get("src") for child in inside]
    return [str(link) for link in found if link and not str(link).startswith(("http://", "https://"))]


def anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_link_leads_somewhere(page: Path) -> None:
    for link in links(page):
        file, _, anchor = link.partition("#")
        target = (page.parent / file).resolve() if file else page
        assert target.exists(), link
        if anchor:
            assert anchor in anchors(target), link


def test_every_page_is_in_the_index() -> None:
    index = ROOT / "docs/index.md"
    listed = {link.partition("#")[0] for link in links(index)}
    assert listed >= {page.name for page in (ROOT / "docs").glob("*.md")} - {index.name}


def test_the_readme_is_short_and_its_first_picture_is_there() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 150
    assert "docs/index.md" in links(ROOT / "README.md")
