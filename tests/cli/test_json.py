"""What programs read: JSON with numbers as numbers, and null for what is none."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from seedwise.cli import app
from seedwise.cli._json import print_json

from .conftest import STUDY

TABLE = "method,seed,accuracy\nbase,0,.91\nbase,1,\nbase,2,.90\nnew,0,.9\nnew,1,.9\nnew,2,.9\nodd,0,.8\n"


def refuse(token: str) -> Any:
    raise AssertionError(f"{token} is no JSON")


def printed(*arguments: str) -> Any:
    done = CliRunner().invoke(app, [*arguments])
    return json.loads(done.stdout, parse_constant=refuse)


def leaves(value: Any, key: str = "") -> list[tuple[str, Any]]:
    if isinstance(value, dict):
        return [leaf for name, inner in value.items() for leaf in leaves(inner, name)]
    return [leaf for inner in value for leaf in leaves(inner, key)] if isinstance(value, list) else [(key, value)]


def test_compare(tmp_path: Path) -> None:
    (tmp_path / "r.csv").write_text(TABLE)
    rows = printed("compare", str(tmp_path / "r.csv"), "--format", "json", "--unpaired")
    base, new, odd = rows
    assert (base["n"], base["failed"], new["mean"], odd["mean"]) == (2, 1, pytest.approx(0.9), 0.8)
    # Where there is no number there is a null, and its reason next to it.
    assert odd["spread"] is None
    assert odd["spread_reason"] == "1 finished run: an SD needs at least 3"
    texts = {"task", "method", "regime", "readout", "metric", "spread_label", "verdict", "mean_verdict"}
    for key, value in leaves(rows):
        if isinstance(value, str):
            assert key in texts or key.endswith(("_reason", "_sentence", "_reading")), f"{key} is {value!r}"


def test_show(trained: Path) -> None:
    runs = printed("show", str(trained / "tiny.db"), "--json")
    assert len(runs) == 36
    assert all(isinstance(run["metrics"]["test/accuracy"], float) for run in runs)
    assert all(isinstance(seed, int) for run in runs for seed in run["seeds"].values())


def test_show_of_what_has_no_numbers(trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code = "def train(run):\n    run.log(0, loss=float('inf'))\n    run.finish(accuracy=float('nan'))\n"
    (tmp_path / "endless.py").write_text(code)
    text = STUDY.replace("cli_project:train", "endless:train").replace("12", "1")
    (tmp_path / "tiny.yaml").write_text(text[: text.index("  steady:")] + "replicates: 1\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    CliRunner().invoke(app, ["run", "tiny.yaml"])
    (run,) = printed("show", "tiny.db", "--json")
    assert run["status"] != "pending"
    assert run["metrics"].get("test/accuracy") is None


def test_what_is_no_finite_number_is_null(capsys: pytest.CaptureFixture[str]) -> None:
    print_json({"a": [float("nan"), (float("inf"), -float("inf"), 1.5)], "b": {"c": float("nan"), "d": "NaN"}})
    assert json.loads(capsys.readouterr().out) == {"a": [None, [None, None, 1.5]], "b": {"c": None, "d": "NaN"}}


def test_every_command_that_prints_json_is_here() -> None:
    """Tune's is tried where a search is made, in tests/tuning."""
    import inspect

    from seedwise import cli

    modules = [module for _, module in inspect.getmembers(cli, inspect.ismodule) if hasattr(module, "NAME")]
    prints = {module.NAME for module in modules if "print_json(" in inspect.getsource(module)}
    assert prints == {"compare", "show", "tune"}
    assert not any("json.dumps" in inspect.getsource(module) for module in modules)
