"""A topic of the report is one file and one line."""

from pathlib import Path

import pytest

from seedwise.registry import SEARCH_TOPICS, STUDY_TOPICS, resolve
from seedwise.reporting import Topic, render, study_tables

from .samples import BASE, STEADY, cell, section

MINE = """
from seedwise.reporting import Shown, Table, Topic

def _show(found):
    rows = [[row.method, str(row.n)] for row in found.rows if row.n > 11]
    return Shown(Table(["method", "n"], rows), "How many runs there are.", reasons=[] if rows else ["too few to count"])

TOPIC = Topic("Counted", _show)
"""


def test_a_file_and_a_line_add_a_topic_to_the_page_and_to_the_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "topic_of_a_newcomer.py").write_text(MINE, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setitem(STUDY_TOPICS, "counted", "topic_of_a_newcomer:TOPIC")  # type: ignore[arg-type]
    study = section([cell("base", BASE), cell("vml", STEADY)])
    page = render([study], command="c")
    assert "<h2>Counted</h2>" in page
    assert "How many runs there are." in page
    assert study_tables([study])[("s", "counted")].to_csv() == "method,n\nbase,12\nvml,12\n"
    few = section([cell("base", BASE[:4]), cell("vml", STEADY[:4])])
    page = render([few], command="c")
    assert "<h2>Counted</h2>" not in page
    assert "<li>too few to count</li>" in page
    assert ("s", "counted") not in study_tables([few])


@pytest.mark.parametrize("place", [*STUDY_TOPICS.values(), *SEARCH_TOPICS.values()])
def test_every_line_names_a_topic(place: str) -> None:
    topic = resolve(place)
    assert isinstance(topic, Topic)
    assert topic.title
