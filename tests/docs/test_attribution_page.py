"""docs/attribution.md: its example runs, and its picture's numbers are what the script prints."""

import doctest
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/attribution.md").read_text(encoding="utf-8")


def test_the_example_runs() -> None:
    parsed = doctest.DocTestParser().get_doctest(PAGE, {}, "docs/attribution.md", None, None)
    assert len(parsed.examples) > 4
    runner = doctest.DocTestRunner()
    runner.run(parsed)
    assert runner.summarize().failed == 0


def test_the_numbers_of_the_picture_are_those_of_the_page(tmp_path: Path) -> None:
    script = [sys.executable, ROOT / "docs/figures/attribution.py", "--output", tmp_path]
    printed = subprocess.run(script, capture_output=True, text=True, check=True, timeout=200).stdout
    assert (tmp_path / "attribution.png").stat().st_size > 10_000
    apart, together = [line.split("sums:")[1].split() for line in printed.splitlines() if "sums:" in line]
    assert f"{apart[0]} % {apart[1]} {apart[2]}." in " ".join(PAGE.replace("up to\n", "up to ").split())
    assert f"{together[0]} % {together[1]} {together[2]}" in PAGE
    init = next(line for line in printed.splitlines() if "init" in line).split("total ")[1].split(" ")[0]
    assert f"init causes {init} % of churn" in PAGE
    for blocks, limits in [
        line.split("metric, ")[1].split(" blocks: typically ") for line in printed.splitlines()[-2:]
    ]:
        assert f"{blocks} blocks" in PAGE
        assert limits in PAGE
