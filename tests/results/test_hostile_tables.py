"""Tables that hold what no table can: one line at once, or read as what they are."""

from pathlib import Path

import pandas as pd
import pytest

from seedwise.errors import SeedwiseError
from seedwise.reporting import compare
from seedwise.results import Frame, Roles, read_table, understand


@pytest.mark.parametrize(
    ("cell", "read"),
    [
        ("[1, [2]]", "[1, [2]]"),  # a list is text
        ('"\\ud800x"', "?x"),  # half a sign, which nothing can print
        ("9" * 300, int("9" * 300)),
        ("9" * 5000, float("inf")),
    ],
)
@pytest.mark.parametrize("ending", ["json", "jsonl"])
def test_what_json_can_hold_and_a_table_cannot(tmp_path: Path, cell: str, read: object, ending: str) -> None:
    path = tmp_path / f"r.{ending}"
    rows = [f'{{"method": "a", "x": {cell}}}'] * 2
    path.write_text(f"[{', '.join(rows)}]" if ending == "json" else "\n".join(rows))
    assert read_table(path).data["x"].tolist() == [read, read]


@pytest.mark.parametrize("cell", ["[1, [2]]", '"\\ud800x"', "9" * 400, '{"a": [1]}'])
@pytest.mark.parametrize("column", ["method", "seed", "accuracy"])
def test_comparing_such_a_table_is_one_line_or_a_comparison(tmp_path: Path, cell: str, column: str) -> None:
    path = tmp_path / "r.jsonl"
    rows = [
        {"method": f'"{m}"', "seed": f"{s}", "accuracy": f"0.{s}{m}"[:3]} for m in ("base", "new") for s in range(4)
    ]
    rows[2][column] = cell
    path.write_text("\n".join("{" + ", ".join(f'"{key}": {row[key]}' for key in row) + "}" for row in rows))
    try:
        said = str(compare(path, base="base"))
    except SeedwiseError as error:
        said = str(error)
        assert f"the column '{column}'" in said
        assert len(said.splitlines()) == 1
    else:
        assert f"{3 if column == 'method' else 2} methods x " in said.splitlines()[0]
    assert said.encode()


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a": 1}\n' + "[" * 100_000])
def test_json_nested_without_end_is_a_line(tmp_path: Path, text: str) -> None:
    path = tmp_path / "r.jsonl"
    path.write_text(text)
    with pytest.raises(SeedwiseError, match="cannot read"):
        read_table(path)


@pytest.mark.parametrize("chance", [float("nan"), float("inf"), 1e308])
def test_chance_is_a_finite_number(chance: float) -> None:
    frame = pd.DataFrame({"method": ["base"] * 3 + ["new"] * 3, "seed": [0, 1, 2] * 2, "acc": [0.1, 0.2, 0.3] * 2})
    with pytest.raises(SeedwiseError, match="it is the metric of guessing, a finite number"):
        compare(frame, chance=chance)


@pytest.mark.parametrize("ending", ["csv", "json"])
def test_a_table_of_very_many_columns_is_a_line_at_once(tmp_path: Path, ending: str) -> None:
    titles = [f"c{k}" for k in range(3001)]
    path = tmp_path / f"r.{ending}"
    path.write_text(",".join(titles) + "\n" if ending == "csv" else str([dict.fromkeys(titles, 0)]).replace("'", '"'))
    with pytest.raises(SeedwiseError, match=r"r(\.csv)? has 3001 columns, and at most 3000 are read"):
        understand([read_table(path)], Roles())


def test_more_methods_than_a_comparison_has_are_a_line_at_once() -> None:
    frame = pd.DataFrame({"method": [f"m{k}" for k in range(20_000)] * 2, "accuracy": 0.5, "seed": range(40_000)})
    with pytest.raises(SeedwiseError, match="holds 20000 methods, and a comparison has at most 1000"):
        understand([Frame(frame, "r")], Roles())
    assert understand([Frame(frame, "r")], Roles(methods=("m0", "m1"))).methods == ["m0", "m1"]
