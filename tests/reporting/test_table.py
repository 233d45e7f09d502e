"""Cells from anywhere in every form of a table."""

import csv
import io
from pathlib import Path

import pytest
from typer.testing import CliRunner

from seedwise.cli import app
from seedwise.reporting import Table, compare
from seedwise.results import Roles, read_table, understand

NASTY = ["=1+1", "+mixup", "@sum", "-x", "a|b", "<script>", "two\nlines", "\x1b[31mred", "50 %", "-.02 [-.1, .1]"]


def test_a_spreadsheet_computes_nothing_and_numbers_stay_numbers() -> None:
    rows = list(csv.reader(io.StringIO(Table(["method"], [[text] for text in NASTY]).to_csv())))[1:]
    assert [row[0] for row in rows] == [
        "'=1+1", "'+mixup", "'@sum", "'-x", "a|b", "<script>", "two lines", "\\x1b[31mred", "50 %", "-.02 [-.1, .1]",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+1", "@A1", "-2+3", "-1 +cmd|' /C calc'!A0", "-5-5", "-1(", "'+x", "''=1", "\t=1", "\r=1", "\n+1", " =1"],
)
def test_what_may_be_computed_stands_behind_an_apostrophe_in_cells_and_headings(text: str) -> None:
    heading, cell = (row[0] for row in csv.reader(io.StringIO(Table([text], [[text]]).to_csv())))
    assert heading == cell
    assert cell.startswith(("'", " "))  # a blank is no sign of a formula
    assert not {"\t", "\r", "\n"} & set(cell)


@pytest.mark.parametrize(
    "text", ["-1", "-.5", "-1.5e-05", "-16 % [-91, 55]", "-.02 [-.1, .1]", "-3 %", "-1.2 [-2.0, .3] %", "a-b", "1+1"]
)
def test_numbers_stay_as_they_are(text: str) -> None:
    assert Table([text], [[text]]).to_csv().splitlines() == [f'"{text}"' if "," in text else text] * 2


def test_cells_break_no_table() -> None:
    table = Table(["method", "n"], [[text, "1"] for text in NASTY])
    lines = table.to_markdown().splitlines()
    assert len(lines) == 2 + len(NASTY)
    assert all(line.replace("\\|", "").count("|") == 3 for line in lines)
    assert "<script" not in "".join(lines)
    assert table.to_html().count("<tr>") == 1 + len(NASTY)
    assert "<script>" not in table.to_html()
    assert table.to_latex().count("\\\\") == 1 + len(NASTY)
    for text in (table.to_csv(), table.to_markdown(), table.to_html(), table.to_latex()):
        assert "\x1b" not in text


NAMES = ["+mixup", "=best", "@home", "-fast", "-2+3", "'quoted", "'+both", "''=more"]


@pytest.mark.parametrize("name", NAMES)
def test_our_own_csv_is_read_back_with_the_same_names(tmp_path: Path, name: str) -> None:
    rows = [[method, str(seed), f".{seed}{k}"] for k, method in enumerate(("base", name)) for seed in range(4)]
    path = tmp_path / "runs.csv"
    path.write_text(Table(["method", "seed", name], [*rows, ["method", "seed", name]]).to_csv())
    runs = understand([read_table(path)], Roles())
    assert (runs.methods, [metric.name for metric in runs.metrics]) == (["base", name], [name])
    assert [row.method for row in compare(path).rows] == ["base", name]


def test_compare_reads_what_it_wrote(tmp_path: Path) -> None:
    path = tmp_path / "runs.csv"
    path.write_text(
        "method,seed,accuracy\n" + "".join(f"{m},{s},.9{s}\n" for m in ("base", "+mixup") for s in range(4))
    )
    done = CliRunner().invoke(app, ["compare", str(path), "--format", "csv"])
    (tmp_path / "table.csv").write_text(done.stdout)
    assert read_table(tmp_path / "table.csv").data["method"].tolist() == ["base", "+mixup"]
