"""``compare`` and ``power``, which need no torch."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from seedwise.statistics import seeds_needed, spread

from .conftest import run_cli

NO_TORCH = ("torch", "sklearn")
COMPARE = ["--by", "method", "--metric", "accuracy", "--baseline", "base", "--seed", "seed"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("results")
    rng = np.random.default_rng(5)
    rows = [
        {"method": method, "seed": seed, "accuracy": 0.95 + sd * rng.normal()}
        for method, sd in (("base", 0.004), ("steady", 0.0004))
        for seed in range(10)
    ]
    frame = pd.DataFrame(rows)
    frame.to_csv(path / "results.csv", index=False)
    frame.to_csv(path / "results.tsv", index=False, sep="\t")
    frame.to_parquet(path / "results.parquet", index=False)
    frame.pivot(index="seed", columns="method", values="accuracy").reset_index().to_csv(path / "wide.csv", index=False)
    (path / "empty.csv").write_text("")
    (path / "binary.parquet").write_bytes(b"\0\1\2")
    return path


def test_csv_tsv_parquet_and_wide_give_the_same_table(folder: Path) -> None:
    shown = [
        run_cli(["compare", f"results.{kind}", *COMPARE], folder, block=NO_TORCH) for kind in ("csv", "tsv", "parquet")
    ]
    wide = ["compare", "wide.csv", "--metric", "accuracy", "--baseline", "base", "--seed", "seed"]
    shown.append(run_cli(wide, folder, block=NO_TORCH))
    assert {done.returncode for done in shown} == {0}, [done.stderr for done in shown]
    assert len({done.stdout for done in shown}) == 1
    assert "reduced: the SD is" in shown[0].stdout


def test_json_holds_the_numbers(folder: Path) -> None:
    done = run_cli(["compare", "results.csv", *COMPARE, "--format", "json"], folder, block=NO_TORCH)
    base = json.loads(done.stdout)[0]
    data = pd.read_csv(folder / "results.csv").query("method == 'base'").accuracy
    assert base["spread"] == pytest.approx(spread(data).estimate)
    assert base["n"] == 10


@pytest.mark.parametrize(
    ("form", "part"), [("csv", "method,n,failed"), ("markdown", "| method | n |"), ("latex", "\\toprule")]
)
def test_forms(folder: Path, form: str, part: str) -> None:
    assert part in run_cli(["compare", "results.csv", *COMPARE, "--format", form], folder).stdout


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (["compare", "nothing.csv", *COMPARE], "there is no file nothing.csv"),
        (["compare", "empty.csv", *COMPARE], "empty.csv is empty"),
        (["compare", "binary.parquet", *COMPARE], "cannot read binary.parquet as a table"),
        (["compare", "results.csv", *COMPARE[:-2]], "--seed"),
        (["compare", "results.csv", *COMPARE, "--format", "latx"], "did you mean 'latex'?"),
        (["power", "--sd-ratio", "1"], "ratio"),
        (["power", "--power", "2"], "power"),
    ],
)
def test_mistakes(folder: Path, arguments: list[str], part: str) -> None:
    done = run_cli(arguments, folder)
    assert done.returncode == 2
    assert done.stderr.startswith("seedwise: ")
    assert done.stderr.count("\n") == 1
    assert part in done.stderr


def test_power_says_how_many_runs(folder: Path) -> None:
    done = run_cli(["power", "--sd-ratio", "0.5", "--power", "0.9"], folder, block=NO_TORCH)
    assert f"takes {seeds_needed(sd_ratio=0.5, power=0.9)} runs per method" in done.stdout
    # Published for an SD ratio of .5: power .21 at 5, .50 at 10, .84 at 20 runs per arm.
    rows = [line.split() for line in done.stdout.splitlines()[3:6]]
    assert [row[:2] for row in rows] == [["5", "0.21"], ["10", "0.50"], ["20", "0.84"]]
    # The 2.5 % and 97.5 % points of F(4, 4) are .104 and 9.605.
    assert rows[0][2:] == ["0.32", "to", "3.10"]
