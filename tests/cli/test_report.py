"""``report`` with its tables, and what a study may ask."""

import csv
import shutil
from pathlib import Path

import pandas as pd
import pytest
from scipy import stats

from .conftest import STUDY, run_cli

NO_TORCH = ("torch", "sklearn")


def test_tables_are_written_without_torch_and_agree_with_the_printed_ones(trained: Path, tmp_path: Path) -> None:
    folder = tmp_path / "new" / "tables"
    html = tmp_path / "tiny.html"
    done = run_cli(["report", "tiny.db", "-o", str(html), "--tables", str(folder)], trained, block=NO_TORCH)
    assert done.returncode == 0, done.stderr
    files = sorted(path.name for path in folder.iterdir())
    assert done.stdout.splitlines() == [f"report: {html}", f"tables: {len(files)} files in {folder}"]
    assert {path.rpartition(".")[2] for path in files} == {"csv", "md", "tex"}
    with (folder / "tiny-results.csv").open(newline="") as file:
        results = list(csv.DictReader(file))
    printed = (trained / "stdout").read_text()
    assert [row["method"] for row in results] == ["base", "steady", "wild"]
    for row in results:
        assert all(row[column] in printed for column in ("SD [95 %]", "reduction [95 %]", "churn [95 %]"))
    assert "reduced: the SD is" in (folder / "tiny-verdicts.md").read_text()
    # The runs and all their numbers are not on the page.
    assert html.read_text().count('<table class="data">') == sum(name.endswith(".csv") for name in files) - 2
    assert done.stderr == "seedwise: 'report --tables FOLDER' is now called 'export -o FOLDER'; it still works\n"


def test_a_smaller_study_of_the_same_name_leaves_the_page_of_the_store_alone(trained: Path, tmp_path: Path) -> None:
    shutil.copytree(trained, tmp_path, dirs_exist_ok=True)
    page = (tmp_path / "tiny.html").read_text()
    assert "replicates: 12" in STUDY
    (tmp_path / "smaller.yaml").write_text(STUDY.replace("replicates: 12", "replicates: 3"))
    assert run_cli(["report", "smaller.yaml"], tmp_path).stdout == "report: smaller.html\n"
    assert (tmp_path / "tiny.html").read_text() == page
    assert "3 replicates" in (tmp_path / "smaller.html").read_text()
    assert run_cli(["report", "tiny.yaml"], tmp_path).stdout == "report: tiny.html\n"


def test_tables_into_a_file_are_refused(trained: Path, tmp_path: Path) -> None:
    done = run_cli(["report", "tiny.db", "-o", str(tmp_path / "a.html"), "--tables", "tiny.yaml"], trained)
    assert done.returncode == 2
    assert "is a file" in done.stderr


def test_another_question_trains_nothing_and_changes_the_verdicts(trained: Path, tmp_path: Path) -> None:
    for name in ("tiny.db", "cli_project.py"):
        shutil.copy(trained / name, tmp_path / name)
    question = "question: {factor: 1000, margin: 0.5, threshold: 0.9}\n"
    (tmp_path / "tiny.yaml").write_text(STUDY + question)
    before = run_cli(["show", "tiny.db", "--json"], tmp_path).stdout
    done = run_cli(["run", "tiny.yaml"], tmp_path)
    assert done.returncode == 0, done.stderr
    assert run_cli(["show", "tiny.db", "--json"], tmp_path).stdout == before, "the same ids, the same seconds"
    page = (tmp_path / "tiny.html").read_text()
    assert page.count('<td class="sentence">equivalent within the margin of 50') == 2
    assert "a run is worse than 90" in page
    assert "question: {factor: 1000.0, margin: 0.5, threshold: 0.9}" in page


@pytest.mark.parametrize(
    ("question", "part"),
    [("{factor: 1}", "question.factor"), ("{margin: 0}", "question.margin"), ("{faktor: 2}", "factor")],
)
def test_questions_that_cannot_be_asked(tmp_path: Path, question: str, part: str) -> None:
    (tmp_path / "tiny.yaml").write_text(STUDY + f"question: {question}\n")
    done = run_cli(["run", "tiny.yaml"], tmp_path)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert part in done.stderr


def test_compare_asks_about_equivalence(tmp_path: Path) -> None:
    quantiles = stats.norm.ppf((pd.Series(range(60)) + 0.5) / 60)
    frame = pd.DataFrame({"base": 20 + quantiles, "same": 20.1 + quantiles[::-1]})
    frame.to_csv(tmp_path / "wide.csv", index=False)
    compare = ["compare", "wide.csv", "--base", "base", "--unpaired", "--format", "markdown"]

    def verdict(*options: str) -> str:
        done = run_cli([*compare, *options], tmp_path, block=NO_TORCH)
        assert done.returncode == 0, done.stderr
        return done.stdout.splitlines()[-1]

    # The SDs are equal: those of normal values are shown to be within a factor as far off as F's 95 % quantile.
    limit = stats.f.ppf(0.95, 59, 59) ** 0.5
    assert 1.1 < limit < 1.6
    assert "not resolved" in verdict()
    assert "equivalent within a factor of 1.6" in verdict("--factor", "1.6")
    assert "not resolved" in verdict("--factor", "1.1")
    t = stats.ttest_ind(frame.base, frame.same, equal_var=False).confidence_interval(0.9)
    far = max(abs(t.low), abs(t.high))
    assert "equivalent within the margin" in verdict("--margin", f"{1.02 * far}")
    assert "equivalent within the margin" not in verdict("--margin", f"{0.98 * far}")
    for bad in (["--factor", "1"], ["--margin", "-1"]):
        done = run_cli([*compare, *bad], tmp_path)
        assert done.returncode == 2
        assert done.stderr.count("\n") == 1, done.stderr
