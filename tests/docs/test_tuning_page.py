"""docs/tuning.md: its example runs, its study files can be read, and its figures are those of the report."""

import doctest
import html
import re
from pathlib import Path

import pytest
import yaml

from seedwise.study import check_study

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/tuning.md").read_text(encoding="utf-8")
REPORT = html.unescape((ROOT / "docs/results/clf-tune-digits.html").read_text(encoding="utf-8"))
BASE = {
    "name": "s",
    "task": {"dataset": "digits"},
    "model": "small_cnn",
    "train": {
        "epochs": 12, "batch_size": 64, "optimizer": {"name": "sgd", "lr": 0.1}, "validation": {"fraction": 0.25},
    },
}  # fmt: skip


def test_the_example_runs():
    (example,) = re.findall(r"```pycon\n(.*?)```", PAGE, flags=re.DOTALL)
    test = doctest.DocTestParser().get_doctest(example, {}, "tuning.md", None, 0)
    assert doctest.DocTestRunner().run(test).failed == 0


@pytest.mark.parametrize("text", re.findall(r"```yaml\n(.*?)```", PAGE, flags=re.DOTALL))
def test_study_files_can_be_read(text):
    given = yaml.safe_load(text)
    spec = check_study({**BASE, **given})
    assert len(spec.methods) == (10 if "sweep" in given else 2)


@pytest.mark.parametrize(
    "name", ["churn", "sd", "mean", "paper", "{name: mean-sd, c: 2}", "[mean, sd]", "[mean, churn]"]
)
def test_objectives_of_the_table_are_objectives(name):
    assert f"`{name}`" in PAGE
    tune = {"space": {"optimizer.lr": [0.1, 0.2]}, "objective": yaml.safe_load(name)}
    assert check_study({**BASE, "tune": tune}).tune is not None


def test_figures_are_those_of_the_report():
    """Churn, SD and accuracy: gains in the search, with fresh seeds on validation and on test data, and optimism."""
    asked = "What did the search see, and what do fresh seeds say?</h2>"
    cells = re.findall(r"<td[^>]*>([^<]*)</td>", REPORT.split(asked)[1])
    found = {cells[k]: cells[k + 3 : k + 7] for k in (0, 7, 14)}
    rows = [line.strip("|").split("|") for line in PAGE.splitlines() if line.startswith(("| churn", "| SD", "| acc"))]
    for row, name in zip(rows, ("churn", "SD", "mean"), strict=True):
        theirs = [re.sub(" (%|points)", "", text) for text in found[name]]
        assert [cell.strip().removesuffix(" points") for cell in row[1:]] == theirs
    assert "two runs disagree on 6 % more examples (95 % interval -9 to 23)" in REPORT
    assert "the SD is 3 % larger (95 % interval -15 to 26)" in REPORT
