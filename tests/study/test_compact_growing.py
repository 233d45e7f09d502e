"""A compact store goes on: runs are added, and old results say of how many runs they are."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from seedwise.statistics import (
    EnsembleSpread,
    churn,
)
from seedwise.study import (
    AttributionStudy,
    Store,
    export_compact,
    study_results,
)

from ..toy_project import reseal
from .compact_studies import CLASSES, FORECASTS, assert_same, each, page, sections, study


@pytest.fixture(scope="module")
def grown(noisy_folder: Path, full: Path, small: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Both stores after two more replicates and a method."""
    changes = {
        "replicates": 7,
        "methods": {**CLASSES["methods"], "new": {"config": {"number": 9}}},  # type: ignore[dict-item]
    }
    paths = {}
    for path in (full, small):
        copy = tmp_path_factory.mktemp("grown") / path.name
        shutil.copy(path, copy)
        outcome = study(noisy_folder, CLASSES, copy, **changes).run(workers=1)
        # 3 x 2 replicates and 7 of the new method; 2 snapshot readouts, and none of old runs.
        assert (outcome.trained, outcome.read, outcome.unread) == (13, 2, 0)
        methods = {**FORECASTS["methods"], "e": {"config": {"number": 8}}}  # type: ignore[dict-item]
        outcome = study(noisy_folder, FORECASTS, copy, replicates=5, methods=methods).run(workers=1)
        assert outcome.trained == 5 + 5
        paths[path.stem] = copy
    return paths


def test_runs_are_added_and_old_results_say_of_how_many_they_are(
    grown: dict[str, Path], full: Path, noisy_folder: Path
) -> None:
    (all_classes, all_forecasts, _), (classes, few, _) = sections(grown["full"]), sections(grown["small"])
    old = sections(full)
    names = [(cell.method, cell.readout) for cell in classes.cells]
    assert names == [
        ("base", "plain"),
        ("cyclic", "plain"),
        ("cyclic", "snapshots"),
        ("bad", "plain"),
        ("new", "plain"),
    ]
    # Labels, metrics and series are there of all runs.
    for key in ("labels", "curves", "metrics"):
        assert_same(each(all_classes, key), each(classes, key))
    assert_same(all_classes.provenance.failures, classes.provenance.failures)
    assert_same(all_classes.cells, classes.cells)
    assert [churn(cell.predictions).n for cell in classes.cells] == [7, 7, 7, 6, 7]
    # Logits are not: what they said of the runs that had them stands, and of the new method it is computed.
    assert_same(each(classes, "scores"), [*each(old[0], "scores"), each(all_classes, "scores")[-1]])
    assert [score.correlation.n for score in each(classes, "scores")] == [5, 5, 5, 4, 7]
    assert [one.of_first for one in classes.ensembles] == [5, 5, 5, None, None]
    assert [one.found for one in classes.ensembles[:3]] == [one.found for one in old[0].ensembles[:3]]
    assert_same(classes.ensembles[3:], all_classes.ensembles[3:])
    # Likewise of forecasts; errors by step and by variable are there of all runs.
    assert_same(
        [one.by_step for one in each(few, "forecasts")], [one.by_step for one in each(all_forecasts, "forecasts")]
    )
    assert [cell.forecast_difference.n for cell in few.cells] == [4] * 5 + [5]
    assert few.cells[5].forecast_difference == all_forecasts.cells[5].forecast_difference
    assert few.fans[0].left_out == ("d", "e")
    assert few.fans[0].of_first == dict.fromkeys(["base", "a", "b", "c"], 4)
    assert_same(few.fans[0].forecasts, old[1].fans[0].forecasts)
    html = page(grown["small"])
    assert "base, ensemble-2 of the first 5 runs" in html
    assert "new, ensemble-2 of the first" not in html
    assert html.count(" of the first 4 runs") >= 5 + 4  # forecast differences and the parts of the fan
    assert "of the first" not in page(grown["full"])
    with Store(grown["small"]) as store:
        (section,) = [s for s in study_results(store) if s.name == "classes"]
        scores = {row[0]: row for row in tables(section)["scores"]}
    assert scores["base"][1] == "7"
    assert [text.endswith("of the first 5 runs") for text in scores["base"][2:]] == [False, True, False, True, True]
    assert not any("first" in text for text in scores["new"])


def tables(section: Mapping[str, Any]) -> dict[str, list[list[str]]]:
    from seedwise.reporting._findings import findings_of

    return {key: table.rows for key, table in findings_of(section).tables.items()}


def test_a_grown_compact_store_is_exported_again(grown: dict[str, Path], tmp_path: Path) -> None:
    export_compact(grown["small"], tmp_path / "again.db")
    assert page(tmp_path / "again.db") == page(grown["small"])
    with sqlite3.connect(tmp_path / "again.db") as db:
        assert db.execute("SELECT count(*) FROM seedwise_predictions WHERE logits IS NOT NULL").fetchone() == (0,)


def test_runs_trained_again_are_other_runs(noisy_folder: Path, small: Path, tmp_path: Path) -> None:
    copy = tmp_path / "small.db"
    shutil.copy(small, copy)
    keys = CLASSES | {"methods": {"base": {}}, "readouts": ["ensemble-2"]}
    study(noisy_folder, keys, copy).run(workers=1, retrain=True)
    section = sections(copy)[0]
    # The same seeds give the same logits, which are there again.
    assert section.parts[0].scores == sections(small)[0].parts[0].scores
    with sqlite3.connect(copy) as db:
        db.execute("DELETE FROM seedwise_recorded")
    reseal(copy)
    assert [p.scores for p in sections(copy)[0].parts] == [p.scores for p in section.parts]
    # One of five that is trained again leaves no five that were recorded.
    shutil.copy(small, copy)
    with sqlite3.connect(copy) as db:
        db.execute("UPDATE seedwise_runs SET nonce = 'other' WHERE run_id = ?", (base_run(copy),))
    reseal(copy)
    section = sections(copy)[0]
    assert section.parts[0].scores == "the logits of some runs were left out of this compact store"
    assert section.ensembles[0].found == section.parts[0].scores
    assert section.parts[1].scores == sections(small)[0].parts[1].scores


def base_run(path: Path) -> str:
    with Store(path) as store:
        return [run.run_id for run in store.runs("classes") if run.link.method == "base"][2]


def test_shares_that_were_never_recorded_are_not_made_of_some_runs(noisy_folder: Path, tmp_path: Path) -> None:
    keys = CLASSES | {"methods": {"base": {}}, "readouts": [], "regimes": ["init+shuffle"]}
    study(noisy_folder, keys, tmp_path / "t.db").run(workers=1)
    export_compact(tmp_path / "t.db", tmp_path / "c.db")
    attribution = AttributionStudy(study(noisy_folder, keys, tmp_path / "c.db"), vary="init+shuffle", blocks=3)
    assert attribution.run(workers=1).trained == 12 - 5  # the seeds 1 to 5 are those of the study's own runs
    (section,) = sections(tmp_path / "c.db")[1:]
    assert [getattr(section, name) is None for name in ("churn", "logits", "values")] == [False, True, False]
    assert list(section.reasons) == [
        "no shares of the variance of the logits: the logits of 5 runs were left out of this store"
    ]


def test_what_was_said_of_no_runs_is_not_said_of_those_that_come(noisy_folder: Path, tmp_path: Path) -> None:
    keys = CLASSES | {"methods": {"base": {}}, "readouts": ["ensemble-2"]}
    study(noisy_folder, keys, tmp_path / "t.db").run(workers=1)
    more = study(noisy_folder, keys | {"methods": {"base": {}, "new": {"config": {"number": 1}}}}, tmp_path / "t.db")
    with Store(tmp_path / "t.db", write=True) as store:  # planned, and not trained yet
        store.write_plan("classes", more.describe(), more.plan())
    export_compact(tmp_path / "t.db", tmp_path / "c.db")
    assert [one.found for one in sections(tmp_path / "c.db")[0].ensembles][1].startswith("no logits were kept")
    more.store_path = tmp_path / "c.db"
    assert more.run(workers=1).trained == 5
    for one in sections(tmp_path / "c.db")[0].ensembles:
        assert isinstance(one.found, EnsembleSpread)
        assert (one.found.n, one.of_first) == (5, None)
