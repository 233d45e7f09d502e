"""What docs/other-results.md shows of means, folds, examples and tasks is what is printed."""

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from seedwise.cli import app

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "tests" / "results" / "samples" / "other_kinds"
PAGE = (ROOT / "docs" / "other-results.md").read_text(encoding="utf-8").split("# What else results can be")[1]
SHOWN = re.findall(r"```bash\nseedwise compare ([^\n]+)\n```\n\n```\n(.*?)\n```", PAGE, flags=re.DOTALL)


def squeezed(text: str) -> str:
    """Return a text with single blanks: tables are padded by the widest cell."""
    return "\n".join(" ".join(line.split()) for line in text.splitlines())


def test_there_are_blocks() -> None:
    assert len(SHOWN) == 5


@pytest.mark.parametrize(("command", "shown"), SHOWN, ids=[command for command, _ in SHOWN])
def test_the_page_shows_what_is_printed(command: str, shown: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(SAMPLES)
    done = CliRunner().invoke(app, ["compare", *command.split()])
    assert done.exit_code == 0
    printed, at = squeezed(done.output), 0
    for part in re.split(r"\s*\.\.\.\s*", squeezed(shown)):
        assert part in printed[at:]
        at = printed.index(part, at) + len(part)
