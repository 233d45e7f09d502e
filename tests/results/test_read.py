"""Files of text: what the quick way reads is what the csv module reads, and what it cannot read is left to that."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from seedwise.errors import SeedwiseError
from seedwise.results import Frame, Roles, read_table, understand
from seedwise.results._cells import factorized
from seedwise.results._read import _plain_csv

PLAIN = [
    "method,seed,accuracy\nbase,0,0.91\nnew,0,.92\n",
    "method,seed,accuracy\r\nbase,0,0.91\r\nnew,0,.92",
    "method , seed;x,accuracy\n base ,0 ,\u00a00.91\n'=new,0.0,.92\nbase,'0,\u2212\n",
    "method\tseed\taccuracy\nbase\t0\t0,91\nnew\t0\tNaN\nnew\t1\tnull\nnew\t2\t\n",
    "method;accuracy\nbase;1_000\nb\u00e4se;True\nNone;1e400\nNA;0x1\n'+a;007\n",
    "a,b\n1,2\n\n\n",
]
CAREFUL = [
    'method,accuracy\n"a,b",1\nc,2\n',
    "method,accuracy\n# a comment\nc,2\n",
    "method,accuracy\na,1\n\nc,2\n",
    "method,accuracy\na,1,\nc,2\n",
    "method,accuracy\na,1\nmethod,accuracy\nc,2\n",
    "method,accuracy\na,1\n,2\n",
    "method,accuracy\na,1\r\rc,2\n",
    "method,accuracy\n",
    ",accuracy\n0,1\n1,2\n",
    "a,a\n0,1\n1,2\n",
    f"a,b\n0,{'1' * 140_000}\n",
]


def cells(path: Path, text: str) -> tuple[list[str], list[list[object]]]:
    path.write_bytes(text.encode())
    data = read_table(path).data
    return list(data.columns), data.astype(object).to_numpy().tolist()


@pytest.mark.parametrize("text", PLAIN)
def test_both_ways_read_the_same_cells(text: str, tmp_path: Path) -> None:
    path = tmp_path / ("runs.tsv" if "\t" in text else "runs.csv")
    assert _plain_csv(text, "\t" if "\t" in text else ";" if text.startswith("method;") else ",") is not None
    assert cells(path, text) == cells(path, f"# with a comment it is read by the csv module\n{text}")


@pytest.mark.parametrize("text", CAREFUL)
def test_what_needs_care_is_left_to_the_csv_module(text: str) -> None:
    assert _plain_csv(text, ",") is None


def test_random_tables_are_read_alike(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    letters = list("ab01.-+e' \t\u00e9\u2003,;\n")
    read = 0
    for _ in range(300):
        text = "x,y\n" + "".join(rng.choice(letters, size=rng.integers(1, 40)))
        if _plain_csv(text, ",") is None:
            continue
        results = []
        for start in ("", "#\n"):
            try:
                results.append(cells(tmp_path / "t.csv", start + text))
            except SeedwiseError as error:
                results.append(([str(error)], []))
        assert results[0] == results[1], repr(text)
        read += 1
    assert read > 20


def test_a_long_curve_is_read_by_its_last_step(tmp_path: Path) -> None:
    steps = 500
    table = pd.DataFrame(
        [
            {"method": method, "seed": seed, "step": step, "accuracy": 0.9 + seed / 100 + step / 1e6}
            for method in ("base", "new")
            for seed in range(3)
            for step in range(steps)
        ]
    ).sample(frac=1, random_state=0)
    table.to_csv(tmp_path / "curves.csv", index=False)
    table.to_parquet(tmp_path / "curves.parquet", index=False)
    last = table[table.step == steps - 1].set_index(["method", "seed"]).accuracy
    for ending in ("csv", "parquet"):
        found = understand([read_table(tmp_path / f"curves.{ending}")], Roles())
        assert found.seed is not None
        for method, seed, value in zip(found.method, found.seed, found.values["accuracy"], strict=True):
            assert value == last[method, int(seed)]
        assert len(found.method) == 6


@pytest.mark.parametrize("kinds", [["a", "b"], ["", "a", "b"]])
def test_a_missing_cell_is_an_empty_text_in_a_categorical_column_too(kinds: list[str]) -> None:
    column = pd.Series(pd.Categorical(["a", None, "b", None], categories=kinds))
    code, unique = factorized(column)
    assert (code.tolist(), unique.tolist()) == ([0, 1, 2, 1], ["a", "", "b"])
    assert factorized(pd.Series(pd.Categorical([2, None, 1])))[1].tolist() == [2, "", 1]


def test_a_gap_in_a_categorical_column_of_the_metric_is_a_failed_run() -> None:
    frame = pd.DataFrame({"method": ["base"] * 3 + ["new"] * 3, "seed": [0, 1, 2] * 2, "acc": [0.1, None, 0.3] * 2})
    values = understand([Frame(frame.astype({"acc": "category"}), "r")], Roles()).values["acc"]
    assert np.isnan(values).tolist() == [False, True, False] * 2


def test_a_file_that_lacks_a_column_of_another_one_has_empty_cells_there(tmp_path: Path) -> None:
    (tmp_path / "base.csv").write_text("seed,acc,state\n0,0.1,finished\n1,0.2,failed\n2,0.3,finished\n")
    (tmp_path / "new.csv").write_text("seed,acc\n0,0.4\n1,0.5\n2,0.6\n")
    frames = [read_table(tmp_path / f"{name}.csv") for name in ("base", "new")]
    values = understand(frames, Roles(metric=("acc",))).values["acc"]
    assert np.isnan(values).tolist() == [False, True, False, False, False, False]
    frames[0], frames[1] = frames[1], frames[0]
    assert np.isnan(understand(frames, Roles(metric=("acc",))).values["acc"]).sum() == 1
