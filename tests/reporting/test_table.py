"""Cells from anywhere in every form of a table."""

import csv
import io
from pathlib import Path

import pytest

from seedwise.reporting import Table, compare
from seedwise.results import Roles, read_table, understand

NASTY = ["=1+1", "+mixup", "@sum", "-x", "a|b", "<script>", "two\nlines", "\x1b[31mred", "50 %", "-.02 [-.1, .1]"]


def test_a_spreadsheet_computes_nothing_and_numbers_stay_numbers() -> None:
    rows = list(csv.reader(io.StringIO(Table(["method"], [[text] for text in NASTY]).to_csv())))[1:]
    assert [row[0] for row in rows] == [
        "'=1+1", "'+mixup", "'@sum", "'-x", "a|b", "<script>", "two lines", "\\x1b[31mred", "50 %", "-.02 [-.1, .1]",
    ]  # fmt: skip


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


@pytest.mark.parametrize("name", ["+mixup", "=best", "@home", "-fast"])
def test_our_own_csv_is_read_back_with_the_same_names(tmp_path: Path, name: str) -> None:
    rows = [[method, str(seed), f".{seed}{k}"] for k, method in enumerate(("base", name)) for seed in range(4)]
    path = tmp_path / "runs.csv"
    path.write_text(Table(["method", "seed", "acc"], rows).to_csv())
    assert understand([read_table(path)], Roles()).methods == ["base", name]
    assert [row.method for row in compare(path).rows] == ["base", name]


def test_in_a_file_every_column_has_a_name_of_its_own(tmp_path: Path) -> None:
    table = Table(["method", "n", "n"], [["base", "5", "6"]])
    assert table.to_csv() == "method,n,n (2)\nbase,5,6\n"
    (tmp_path / "table.parquet").write_bytes(table.encoded("parquet"))
    for ending in ("csv", "parquet"):
        (tmp_path / f"table.{ending}").write_bytes(table.encoded(ending))
        assert list(read_table(tmp_path / f"table.{ending}").data) == ["method", "n", "n (2)"]
    assert table.to_markdown().startswith("| method | n | n |")
