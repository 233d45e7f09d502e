"""``export``: runs and results, of a store and of other programs' tables, in every form."""

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner, Result

import seedwise
from seedwise.cli import app

from .conftest import run_cli

RNG = np.random.default_rng(7)
TABLE = pd.DataFrame(
    [
        {"method": method, "dataset": task, "seed": seed, "accuracy": 0.9 + sd * draw, "loss": 0.1 - sd * draw}
        for method, sd in (("base", 0.01), ("=new", 0.003))
        for task in ("cifar10", "mnist")
        for seed, draw in enumerate(RNG.normal(size=8))
    ]
)


def export(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, ["export", *map(str, arguments)])


@pytest.fixture
def results(tmp_path: Path) -> Path:
    TABLE.to_csv(tmp_path / "results.csv", index=False)
    return tmp_path / "results.csv"


def test_a_folder_holds_the_runs_and_every_table_in_every_form(results: Path, tmp_path: Path) -> None:
    done = export(
        results, "--metric", "accuracy", "-o", tmp_path / "out", "--format", "csv,parquet,latex,markdown,rliable"
    )
    assert done.exit_code == 0, done.exception
    files = {path.name for path in (tmp_path / "out").iterdir()}
    assert done.stdout.splitlines()[-1] == f"{len(files)} files in {tmp_path / 'out'}"
    names = {name.rpartition(".")[0] for name in files} - {"results-rliable"}
    assert {"results-runs", "results-numbers", "results-results", "results-means", "results-verdicts"} <= names
    assert files == {f"{name}.{end}" for name in names for end in ("csv", "parquet", "tex", "md")} | {
        "results-rliable.npz"
    }
    numbers = pd.read_parquet(tmp_path / "out" / "results-numbers.parquet").set_index(["task", "method"])
    for place, own in TABLE.groupby(["dataset", "method"]):
        assert numbers.spread[place] == pytest.approx(100 * own.accuracy.std(), rel=1e-12)
        assert np.isnan(numbers.reduction[place]) == (place[1] == "base"), "a number, or none"
        assert numbers["mean"][place] == pytest.approx(100 * own.accuracy.mean(), rel=1e-12)
    with np.load(tmp_path / "out" / "results-rliable.npz") as scores:
        for method, own in TABLE.groupby("method"):
            assert np.array_equal(scores[method], own.pivot(index="seed", columns="dataset", values="accuracy"))
    assert "'=new" in (tmp_path / "out" / "results-results.csv").read_text(), "no spreadsheet computes it"


@pytest.mark.parametrize("ending", [".csv", ".parquet"])
def test_exported_runs_compare_as_the_file_that_they_come_from(results: Path, tmp_path: Path, ending: str) -> None:
    target = tmp_path / f"runs{ending}"
    assert export(results, "--metric", "accuracy", "-o", target).exit_code == 0
    one, other = (seedwise.compare(path, metric="accuracy").to_frame() for path in (results, target))
    pd.testing.assert_frame_equal(one, other, check_exact=True)


def test_several_metrics_have_tables_and_arrays_each(results: Path, tmp_path: Path) -> None:
    done = export(results, "--metric", "accuracy,loss", "-o", tmp_path / "out", "--format", "csv,rliable")
    assert done.exit_code == 0, done.exception
    assert "of loss lower is better" in done.stdout
    files = {path.name for path in (tmp_path / "out").iterdir()}
    assert {
        f"results-{metric}-{end}" for metric in ("accuracy", "loss") for end in ("means.csv", "rliable.npz")
    } <= files
    assert pd.read_csv(tmp_path / "out" / "results-runs.csv").columns.tolist() == [
        "task",
        "method",
        "seed",
        "accuracy",
        "loss",
    ]


def test_without_a_base_the_runs_are_written_and_that_is_said(results: Path, tmp_path: Path) -> None:
    TABLE.replace("base", "old").to_csv(results, index=False)
    done = export(results, "--metric", "loss", "-o", tmp_path / "out")
    assert done.exit_code == 0
    assert "the runs alone, no results: which method is the base: old, =new? Pass --base" in done.stdout
    assert {path.stem for path in (tmp_path / "out").iterdir()} == {"results-runs"}
    one = export(results, "--metric", "loss", "--methods", "old", "-o", tmp_path / "one")
    assert "the runs alone, no results: there is one method, 'old'" in one.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["-o", "results.csv", "--overwrite"], "results.csv is what is exported"),
        (["-o", "there.csv"], "there.csv exists: --overwrite replaces it"),
        (["-o", "out.xlsx"], "out.xlsx is no folder, and ends in none of .csv, .parquet, .tex, .md, .npz"),
        (["-o", "out", "--format", "latx"], "unknown format 'latx': did you mean 'latex'?"),
        (["-o", "out.csv", "--format", "latex"], "--format latex does not go with out.csv"),
        (["-o", "out.csv", "--table", "resluts"], "unknown table 'resluts': did you mean 'results'?"),
        (["-o", "out.csv", "--base", "bas"], "there is no method 'bas': did you mean 'base'?"),
        (["-o", "out.csv", "--scale", "small"], "--scale small goes with a study file"),
        (["-o", "two.npz", "--metric", "accuracy,loss"], "two.npz holds one metric of 2"),
    ],
)
def test_mistakes(results: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], message: str) -> None:
    monkeypatch.chdir(results.parent)
    Path("there.csv").touch()
    metric = [] if "--metric" in arguments else ["--metric", "accuracy"]
    table = [] if "--table" in arguments or "--base" not in arguments else ["--table", "results"]
    done = export("results.csv", *metric, *table, *arguments)
    assert isinstance(done.exception, seedwise.SeedwiseError)
    assert message in str(done.exception)
    assert sorted(path.name for path in results.parent.iterdir()) == ["results.csv", "there.csv"]


def test_a_store_gives_its_runs_and_the_tables_of_its_study(trained: Path, tmp_path: Path) -> None:
    done = run_cli(
        ["export", str(trained / "tiny.yaml"), "-o", str(tmp_path / "out"), "--format", "csv,parquet"],
        tmp_path,
        block=("torch", "sklearn"),
    )
    assert done.returncode == 0, done.stderr
    runs = pd.read_parquet(tmp_path / "out" / "tiny-runs.parquet")
    shown = json.loads(run_cli(["show", "tiny.db", "--json"], trained).stdout)
    keys = ["method", "replicate", "regime"]
    assert runs[keys].to_dict("records") == [{key: run[key] for key in keys} for run in shown]
    assert runs.accuracy.tolist() == [run["metrics"]["test/accuracy"] for run in shown]
    assert set(pd.read_csv(tmp_path / "out" / "tiny-results.csv").method) == {"base", "steady", "wild"}
    numbers = pd.read_parquet(tmp_path / "out" / "tiny-numbers.parquet").set_index("method")
    assert numbers.spread["wild"] == pytest.approx(100 * runs[runs.method == "wild"].accuracy.std(), rel=1e-12)


def test_a_store_gives_the_arrays_of_rliable_and_one_table(trained: Path, tmp_path: Path) -> None:
    shutil.copy(trained / "tiny.db", tmp_path)
    done = export(tmp_path / "tiny.db", "-o", tmp_path / "tiny.npz", "--metric", "accuracy")
    assert done.exit_code == 0, done.exception
    with np.load(tmp_path / "tiny.npz") as scores:
        assert {method: found.shape for method, found in scores.items()} == dict.fromkeys(
            ("base", "steady", "wild"), (12, 1)
        )
    done = export(tmp_path / "tiny.db", "-o", tmp_path / "paper.tex", "--table", "results")
    assert done.stdout == f"{tmp_path / 'paper.tex'}\n"
    assert "\\toprule" in (tmp_path / "paper.tex").read_text()


def test_two_metrics_whose_files_would_be_the_same_are_refused(tmp_path: Path) -> None:
    TABLE.rename(columns={"accuracy": "valid/acc", "loss": "valid acc"}).to_csv(tmp_path / "two.csv", index=False)
    done = export(tmp_path / "two.csv", "--metric", "valid/acc,valid acc", "-o", tmp_path / "out")
    assert "the tables of 'two-valid/acc' and 'two-valid acc' would be the same files" in str(done.exception)
    assert not (tmp_path / "out").exists()
