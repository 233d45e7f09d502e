"""``compare`` and ``power``, which need no torch."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from seedwise.statistics import mean_seeds_needed, seeds_needed, spread

from .conftest import run_cli

NO_TORCH = ("torch", "sklearn")
COMPARE = ["--by", "method", "--metric", "accuracy", "--base", "base", "--seed", "seed"]


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
    wide = ["compare", "wide.csv", "--metric", "accuracy", "--base", "base", "--seed", "seed"]
    shown.append(run_cli(wide, folder, block=NO_TORCH))
    assert {done.returncode for done in shown} == {0}, [done.stderr for done in shown]
    said = "read as methods: columns 'base', 'steady'\n"
    assert said in shown[-1].stdout
    assert len({done.stdout.replace(said, "") for done in shown}) == 1
    assert "reduced: the SD is" in shown[0].stdout


def test_the_base_is_the_method_so_called_and_its_old_option_still_works(folder: Path) -> None:
    asked = ["compare", "results.csv", "--by", "method", "--metric", "accuracy", "--seed", "seed"]
    found, old = run_cli(asked, folder), run_cli([*asked, "--baseline", "base"], folder)
    said = "read as base: 'base'\n"
    assert said in found.stdout
    assert found.stdout.replace(said, "") == old.stdout == run_cli([*asked, "--base", "base"], folder).stdout
    assert old.stderr == "seedwise: '--baseline' is now called '--base'; it still works\n"
    assert found.stderr == ""
    (folder / "unnamed.csv").write_text("seed,a,b\n0,.1,.2\n1,.2,.3\n2,.3,.5\n")
    unnamed = run_cli(["compare", "unnamed.csv"], folder)
    assert unnamed.returncode == 2
    assert unnamed.stderr == "seedwise: which method is the base: a, b? Pass --base 'a' (base=...)\n"


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
    assert max(map(len, done.stdout.splitlines()[1:])) <= 80, "the table fits a small terminal"
    rows = [line.split() for line in done.stdout.splitlines()[2:5]]
    # docs/calibration.md, 2000 simulated studies of the default test: .137, .349, .735 at 5, 10, 20 runs per arm.
    assert [row[0] for row in rows] == ["5", "10", "20"]
    assert [float(row[1]) for row in rows] == pytest.approx([0.137, 0.349, 0.735], abs=0.04)
    # The 2.5 % and 97.5 % points of F(4, 4) are .104 and 9.605.
    assert rows[0][2:] == ["0.32", "to", "3.10"]


def test_power_counts_comparisons_and_answers_for_the_mean(folder: Path) -> None:
    done = run_cli(["power", "--mean", "0.1", "--sd", "0.2", "--comparisons", "29"], folder, block=NO_TORCH)
    assert done.stdout.startswith(
        f"finding a difference of means of 0.1 (SD 0.2) in one of 29 comparisons with probability 0.8 takes "
        f"{mean_seeds_needed(difference=0.5, comparisons=29)} runs per method"
    )
    assert "SD ratio" not in done.stdout
    both = run_cli(["power", "--sd-ratio", "0.7", "--mean", "1", "--correlation", "0"], folder)
    assert f"takes {seeds_needed(paired=True)} runs per method" in both.stdout
    assert f"of 1 SDs with probability 0.8 takes {mean_seeds_needed(difference=1, paired=True)} runs" in both.stdout


def test_compare_and_power_name_the_same_number_of_runs_once(tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    pd.DataFrame(rng.normal(size=(12, 30)), columns=[f"m{k}" for k in range(30)]).to_csv(
        tmp_path / "wide.csv", index=False
    )
    compared = run_cli(["compare", "wide.csv", "--base", "m0"], tmp_path, block=NO_TORCH).stdout
    planned = run_cli(["power", "--comparisons", "29", "--correlation", "0"], tmp_path, block=NO_TORCH).stdout
    n = seeds_needed(comparisons=29, paired=True)
    assert n > 128  # what the exact tests take
    assert compared.count(f"Finding an SD ratio of 0.7 in one of 29 comparisons takes {n} runs per method") == 1
    assert compared.count("runs per method, ") == 1
    mean = mean_seeds_needed(difference=1, comparisons=29, paired=True)
    assert f"a difference of means of one SD of the base takes {mean}." in compared
    assert planned.startswith(
        f"finding an SD ratio of 0.7 in one of 29 comparisons with probability 0.8 takes {n} runs"
    )
