"""A study file speaks for itself, also where another has the same name and so the same store."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from tests.cli.conftest import FUNCTION, STUDY, run_cli


@pytest.fixture
def two(tmp_path: Path) -> Path:
    (tmp_path / "cli_project.py").write_text(FUNCTION)
    a = yaml.safe_load(STUDY) | {"replicates": 4, "methods": {"base": {}, "steady": {"config": {"name": "steady"}}}}
    b = yaml.safe_load(STUDY) | {"replicates": 3, "methods": {"base": {}, "wild": {"config": {"name": "wild"}}}}
    (tmp_path / "a.yaml").write_text(yaml.safe_dump(a, sort_keys=False))
    (tmp_path / "b.yaml").write_text(yaml.safe_dump(b, sort_keys=False))
    first, second = (run_cli(["run", name], tmp_path) for name in ("a.yaml", "b.yaml"))
    assert (first.returncode, second.returncode) == (0, 0), first.stderr + second.stderr
    assert "last held" not in first.stderr
    assert "last held the study 'tiny' of a.yaml, and now holds that of b.yaml; no run is lost" in second.stderr
    return tmp_path


def shown(folder: Path, file: str) -> list[tuple[str, int]]:
    runs = json.loads(run_cli(["show", file, "--json"], folder).stdout)
    assert all(run["status"] == "finished" for run in runs)
    assert all(run["resumed_from"] == [] for run in runs)
    assert all(run["randomness"]["drawn"] == ["init", "shuffle"] for run in runs)
    return [(run["method"], run["replicate"]) for run in runs]


def test_each_file_shows_its_own_plan(two: Path) -> None:
    a = [(method, r) for r in range(4) for method in ("base", "steady")]
    b = [(method, r) for r in range(3) for method in ("base", "wild")]
    assert shown(two, "a.yaml") == a
    assert shown(two, "b.yaml") == b
    assert shown(two, "tiny.db") == b, "the store itself shows what ran last"
    assert "steady" in run_cli(["show", "a.yaml"], two).stdout
    status = run_cli(["status", "a.yaml"], two).stdout
    assert "tiny: 8 runs" in status
    assert "wild" not in status
    assert run_cli(["report", "a.yaml", "-o", "a.html"], two).returncode == 0
    html = (two / "a.html").read_text()
    assert "steady" in html
    assert "wild" not in html
    assert "wild" not in run_cli(["recommend", "a.yaml"], two).stdout
    # Nothing was written: the store is still that of the other file.
    assert shown(two, "tiny.db") == b


def test_an_edited_file_shows_what_it_says_now(two: Path) -> None:
    edited = yaml.safe_load((two / "b.yaml").read_text()) | {"replicates": 5}
    (two / "b.yaml").write_text(yaml.safe_dump(edited, sort_keys=False))
    status = run_cli(["status", "b.yaml"], two).stdout
    assert "wild (all): 3 finished, 2 pending" in status
    assert [line for line in status.splitlines() if "next:" in line] == ["next: seedwise run b.yaml"]


@pytest.mark.parametrize(("file", "name"), [("mine.yaml", "mine"), ("my study (2).yaml", "my-study-2")])
def test_init_names_the_study_after_its_file(tmp_path: Path, file: str, name: str) -> None:
    assert run_cli(["init", file], tmp_path).returncode == 0
    text = (tmp_path / file).read_text()
    assert yaml.safe_load(text)["name"] == name
    assert f"results go to {name}.db, the report to {name}.html" in text
