"""A CSV whose rows are examples is read as it is, and what cannot be is said in one line."""

import numpy as np
import pytest

from seedwise.data import class_column, label_columns, read_rows, value_columns
from seedwise.errors import SeedwiseError

HOUSES = """rooms,heating,new,price,part
3,gas,True,200.5,train
5,oil,False,310,test
4,gas,False,250,train
2,wood,True,120,validation
"""


@pytest.fixture
def file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def write(text):
        (tmp_path / "houses.csv").write_text(text)
        return "houses.csv"

    return write


def test_numbers_stay_and_categories_become_a_column_each(file):
    rows = read_rows(file(HOUSES), ["price"], split="part")
    assert rows.columns == ("rooms", "heating=gas", "heating=oil", "heating=wood", "new")
    wanted = [[3, 1, 0, 0, 1], [5, 0, 1, 0, 0], [4, 1, 0, 0, 0], [2, 0, 0, 1, 1]]
    np.testing.assert_array_equal(rows.features, wanted)
    np.testing.assert_array_equal(rows.split, ["train", "test", "train", "validation"])
    assert rows.notes == ("houses.csv: column heating holds text: 3 categories, one column of 0 and 1 each",)
    np.testing.assert_array_equal(value_columns(rows), [[200.5], [310], [250], [120]])


def test_columns_are_left_out(file):
    assert read_rows(file(HOUSES), ["price"], ignore=["part", "heating"]).columns == ("rooms", "new")


def test_classes_are_in_their_order(file):
    path = file("a,size,count\n1,small,10\n2,large,9\n3,small,9\n")
    index, classes = class_column(read_rows(path, ["size"]), "classification")
    assert (index.tolist(), classes) == ([1, 0, 1], ("large", "small"))
    index, classes = class_column(read_rows(path, ["count"]), "classification")
    assert (index.tolist(), classes) == ([1, 0, 0], ("9", "10"))  # as numbers, not as texts


def test_a_changed_file_is_read_again(file):
    assert len(read_rows(file("a,y\n1,2\n2,3\n"), ["y"])) == 2
    path = file("a,y\n1,2\n2,3\n5,6\n7,8\n")
    assert len(read_rows(path, ["y"])) == 4


@pytest.mark.parametrize(
    ("text", "options", "line"),
    [
        (
            HOUSES,
            {"target": ["prize"]},
            "houses.csv has no column 'prize': did you mean 'price'? its columns are rooms,",
        ),
        (HOUSES, {"ignore": ["rooms", "heating", "new", "part"]}, "has no column to learn from besides price, rooms"),
        (HOUSES, {"ignore": ["price"]}, "column price is named twice among target, split and ignore"),
        (HOUSES, {"split": "heating"}, "line 2: column heating splits the rows and says 'gas': write train, valid"),
        (HOUSES.replace("test\n", "train\n"), {"split": "part"}, "column part says 'test' of no row: some are needed"),
        (
            HOUSES.replace("5,oil", ",oil").replace("4,gas", ",gas"),
            {},
            "line 3: column rooms is missing (and in 1 further rows): correct it or drop the row, or leave the column "
            "out with ignore: [rooms]",
        ),
        (HOUSES.replace("310", ""), {}, "line 3: column price is missing: correct it"),
        (HOUSES.replace("5,oil", "?,oil"), {}, "line 3: column rooms holds text ('?') among numbers: correct it"),
        (HOUSES.replace("5,oil", "inf,oil"), {}, "line 3: column rooms is infinite: correct it"),
        ("a,a,y\n1,1,2\n", {"target": ["y"]}, None),
        (
            "name,y\n" + "".join(f"n{k},{k}\n" for k in range(21)),
            {"target": ["y"]},
            "column name holds text with 21 different values ('n0', ...), more than 20 categories: leave it out with "
            "ignore: [name], or make numbers of it",
        ),
        ("", {}, "houses.csv is no CSV"),
    ],
)
def test_what_cannot_be_read_is_one_line(file, text, options, line):
    path, options = file(text), {"target": ["price"], **options}
    if line is None:  # pandas calls the second one a.1, which is another name
        assert read_rows(path, **options).columns == ("a", "a.1")
        return
    with pytest.raises(SeedwiseError) as error:
        read_rows(path, **options)
    assert line in str(error.value)
    assert "\n" not in str(error.value)


def test_targets_of_the_wrong_kind_are_one_line(file):
    path = file("a,size,share,count\n1,small,0.5,1\n2,large,1,0\n")
    for read, target, line in (
        (value_columns, "size", "line 2: column size is 'small': kind: regression predicts finite numbers"),
        (label_columns, "share", "line 2: column share is '0.5': the columns of kind: multilabel hold 0 or 1"),
        (lambda rows: class_column(rows, "binary"), "share", "line 2: column share is 0.5: classes are text or whole"),
    ):
        with pytest.raises(SeedwiseError, match=line):
            read(read_rows(path, [target]))
    with pytest.raises(SeedwiseError, match="kind: binary has one column as its target, not share, count: several"):
        class_column(read_rows(path, ["share", "count"]), "binary")
