"""docs/tables.md: its study file is one, and its tables say what the registry says."""

import re
from pathlib import Path

import pytest
import yaml

from seedwise.registry import KINDS, resolve
from seedwise.study import Study

PAGE = (Path(__file__).parents[2] / "docs/tables.md").read_text(encoding="utf-8")


def test_the_study_file_is_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("houses.csv").write_text("rooms,price\n3,200\n5,310\n")
    (code,) = re.findall(r"```yaml\n(.*?)```", PAGE, flags=re.DOTALL)
    study = Study.from_text(code + "name: houses\nreplicates: 2\n")
    assert [run.spec.config["task"]["kind"] for run in study.plan()] == ["regression"] * 2
    assert yaml.safe_load(code)["task"]["dataset"]["target"] == "price"


def test_every_kind_has_a_row() -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \| (.*) \|$", PAGE, flags=re.MULTILINE))
    assert set(rows) == set(KINDS) - {"forecasting"}
    for name, row in rows.items():
        kind = resolve(KINDS[name])
        _, loss, metrics = row.split(" | ")
        assert loss == f"`{kind.own_losses[0]}`"
        assert re.findall(r"`(\w+)`", metrics.partition(";")[0]) == list(kind.recorded)
        assert set(re.findall(r"`(\w+)`", metrics)) == set(kind.metrics)
