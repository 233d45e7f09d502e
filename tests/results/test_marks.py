"""Footnote marks, bold and arrows, in cells, names and titles."""

import pandas as pd
import pytest

from seedwise import SeedwiseError, compare

BASE, OURS = [0.91, 0.92, 0.93], [0.93, 0.92, 0.95]


def table(base: str, ours: list[str], metric: str) -> pd.DataFrame:
    rows = [(base, seed, value) for seed, value in enumerate(BASE)]
    rows += [(name, seed, value) for name, (seed, value) in zip(ours, enumerate(OURS), strict=True)]
    return pd.DataFrame(rows, columns=["method", "seed", metric])


@pytest.mark.parametrize(
    "bold", ["**ours**", "`ours`", r"\textbf{ours}", r"$\mathbf{ours}$", "<b>ours</b>", " *ours* "]
)
def test_a_name_in_bold_is_the_name(bold: str) -> None:
    found = compare(table("base", [bold, "ours", bold], "acc"))
    assert [(row.method, row.n) for row in found.rows] == [("base", 3), ("ours", 3)]
    assert found.rows[1].mean_difference.estimate == pytest.approx((sum(OURS) - sum(BASE)) / 3)


@pytest.mark.parametrize("base", ["base*", "base\u2020", r"base$^\dagger$", "base<sup>1</sup>", "Baseline [1]"])
def test_a_footnote_behind_a_name_hides_no_base(base: str) -> None:
    found = compare(table(base, ["ours"] * 3, "acc"))
    assert found.parts[0].found.base == base
    assert f"base: '{base}'" in found.lines[1]
    assert compare(table("ours*", ["A*"] * 3, "acc"), base="ours").parts[0].found.base == "ours*"


def test_an_algorithm_with_an_asterisk_keeps_it() -> None:
    found = compare(table("base", ["A*"] * 3, "acc"))
    assert [row.method for row in found.rows] == ["base", "A*"]
    assert not any("is this meant" in line for line in found.lines)


def test_two_methods_that_differ_in_a_footnote_alone_are_asked_about() -> None:
    frame = pd.concat([table("base", ["ours"] * 3, "acc"), table("base*", ["ours"] * 3, "acc").head(3)])
    line = compare(frame).lines[-1]
    assert line.startswith("is this meant? 'base' and 'base*' differ in a footnote mark alone")


@pytest.mark.parametrize(
    ("title", "higher"),
    [("score \u2193", False), ("acc (\u2191)", True), (r"score ($\downarrow$)", False), ("loss \u2191", True)],
)
def test_an_arrow_says_the_direction(title: str, higher: bool) -> None:
    found = compare(table("base", ["ours"] * 3, title))
    assert found.parts[0].metric.higher_is_better is higher
    assert found.lines[0].endswith(f", {'higher' if higher else 'lower'} is better")
    said = compare(table("base", ["ours"] * 3, title), lower_is_better=higher, higher_is_better=not higher)
    assert said.parts[0].metric.higher_is_better is not higher


def test_a_column_is_named_without_its_marks() -> None:
    frame = table("base", ["ours"] * 3, "acc \u2191").assign(f1=[0.1, 0.2, 0.3, 0.4, 0.5, 0.6])
    found = compare(frame, metric="acc")
    assert found.parts[0].metric.name == "acc \u2191"
    assert found.rows[0].mean == pytest.approx(sum(BASE) / 3)
    with pytest.raises(SeedwiseError, match="'acc' but for their marks"):
        compare(frame.rename(columns={"f1": "**acc**", "acc \u2191": "acc"}))


@pytest.mark.parametrize("cell", ["92.1*", "92.1\u2020", "92.1^a"])
def test_a_number_with_a_mark_is_refused_with_what_to_do(cell: str) -> None:
    frame = table("base", ["ours"] * 3, "acc").astype({"acc": object})
    frame.loc[1, "acc"] = cell
    with pytest.raises(SeedwiseError, match="is not a number: take the mark behind it off"):
        compare(frame)


@pytest.mark.parametrize("cell", ["10^{3}", "10^3", "10\u00b3"])
def test_an_exponent_is_no_footnote(cell: str) -> None:
    frame = table("base", ["ours"] * 3, "acc").astype({"acc": object})
    frame.loc[1, "acc"] = cell
    with pytest.raises(SeedwiseError, match="is not a number: leave the value"):
        compare(frame)
    norms = pd.concat([table("L^1", ["base"] * 3, "acc"), table("L^2", ["base"] * 3, "acc").head(3)])
    assert not any("is this meant" in line for line in compare(norms).lines)


def test_a_table_of_a_paper(tmp_path) -> None:
    path = tmp_path / "table.md"
    path.write_text(
        "**Model**\tFID (\u2193)\nbase\u2020\t12.1 \u00b1 0.3\n\\textbf{ours}\t\\textbf{11.0} $\\pm$ 0.2\n",
        encoding="utf-8",
    )
    found = compare(path, summary=True, n=5)
    assert [row.method for row in found.rows] == ["base\u2020", "ours"]
    assert found.rows[1].mean_verdict.word == "better"
