import json
import shutil
from pathlib import Path

import pytest

from .conftest import run_cli


@pytest.fixture
def folder(trained: Path, tmp_path: Path) -> Path:
    """A copy of the trained study."""
    return Path(shutil.copytree(trained, tmp_path / "copy"))


def test_attribute_trains_what_is_missing_and_reports(folder: Path) -> None:
    dry = run_cli(["attribute", "tiny.yaml", "--vary", "init+shuffle", "--blocks", "10", "--dry-run"], folder)
    assert "init + shuffle: 10 blocks of 4 runs, 20 pairs a source\nruns:  40 (40 pending)" in dry.stdout, dry.stderr
    done = run_cli(["attribute", "tiny.yaml", "--vary", "init+shuffle", "--blocks", "10"], folder)
    assert done.returncode == 0, done.stderr
    assert "tiny, base: init + shuffle, 10 blocks, 40 runs\nShares of churn\nsource" in done.stdout
    # Labels are drawn from shuffle alone, so churn is all its own and init has none.
    assert "init has no effect" not in done.stdout  # it has one on the metric
    churn = done.stdout[done.stdout.index("Shares of churn") :].splitlines()
    assert churn[2].split()[:7] == ["init", "20", ".00", "[.00,", ".00]", "%", "0"]
    assert "no shares of the variance of accuracy: 20 pairs a source, and below 50 they say little: --blocks 25" in (
        done.stdout
    )
    assert done.stdout.endswith("report: tiny.html\n")
    page = (folder / "tiny.html").read_text()
    assert '<p class="eyebrow"><strong>tiny</strong>' in page
    assert '<p class="eyebrow"><strong>tiny-attribution</strong>' in page
    shown = run_cli(["show", "tiny.yaml"], folder, block=["torch"])
    assert (
        shown.stdout
        == (folder / "stdout").read_text().split("report:")[0]
        + done.stdout.partition("a source\n")[2].split("report:")[0]
    )
    runs = json.loads(run_cli(["show", "tiny.yaml", "--json"], folder).stdout)
    assert sum(run["study"] == "tiny-attribution" for run in runs) == 40


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--vary", "init"], "attribution is between sources, at least 2; got init"),
        (["--blocks", "2"], "2 blocks: an interval needs at least 3"),
        (["--vary", "init+hardware"], "no seed holds 'hardware' fixed"),
        (["--method", "bse"], "unknown method 'bse': did you mean 'base'?"),
    ],
)
def test_a_mistake_is_one_line(trained: Path, arguments: list[str], message: str) -> None:
    done = run_cli(["attribute", "tiny.yaml", *arguments], trained)
    assert done.returncode == 2
    assert message in done.stderr
    assert done.stderr.count("\n") == 1
