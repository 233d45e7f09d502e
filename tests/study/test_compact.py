"""A compact store says what the full one says, and goes on from there."""

from __future__ import annotations

import dataclasses
import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from seedwise.errors import SeedwiseError, StorageError
from seedwise.reporting import render
from seedwise.statistics import (
    EnsembleSpread,
    Interval,
    churn,
    ensemble_spread,
    forecast_difference,
    logit_attribution,
    score_spread,
)
from seedwise.store._packing import pack_text
from seedwise.store._recorded import Recalled, _encoded
from seedwise.study import (
    AttributionStudy,
    Store,
    Study,
    StudyResults,
    attribution_results,
    cells_of,
    export_compact,
    forecasts,
    study_results,
)
from seedwise.study import _compact as study_compact
from seedwise.study._attribute import _design

from ..toy_project import before_checksums, forget_modules, reseal

FUNCTION = '''
"""Logits and forecasts of known classes and values, whose noise is the run's."""
import numpy as np


def train(run):
    draw = run.randomness.numpy
    if run.config.get("fail", -1) == run.seeds["init"]:
        raise RuntimeError("as planned")
    for epoch in range(3):
        run.log(epoch, loss=float("nan") if run.config.get("nan") and epoch == 2 else draw("shuffle", epoch).normal())
    if run.config.get("forecast"):
        truth = np.sin(np.arange(70 * 6 * 2).reshape(70, 6, 2) * 0.7)
        history = np.cos(np.arange(70 * 4 * 2).reshape(70, 4, 2) * 0.7)
        error = draw("init", "error").normal(size=truth.shape) * np.linspace(0.1, 0.5, 70)[:, None, None]
        run.save_forecasts(truth + error, truth, history=history, variables=["load", "wind"])
        run.finish(mse=float(np.mean(error**2)), mae=float(np.mean(np.abs(error))))
        return
    labels = np.arange(90) % 3
    found = {}
    for tag in ["final", *(["snapshot-1", "snapshot-2"] if run.config.get("cyclic") else [])]:
        noise = draw("init", tag).normal(size=(90, 3)) + 0.5 * draw("shuffle", tag).normal(size=(90, 3))
        logits = noise + 1.5 * np.eye(3)[labels]
        run.save_predictions(logits, labels, tag=tag)
        found[tag] = float((logits.argmax(1) == labels).mean())
    run.finish(accuracy=found["final"])
'''
CLASSES = {
    "name": "classes",
    "task": {"metric": "accuracy", "chance": 0.3333},
    "train": {"function": "noisy:train"},
    "methods": {"base": {}, "cyclic": {"config": {"cyclic": True}}, "bad": {"config": {"fail": 2, "nan": True}}},
    "readouts": ["snapshots", "ensemble-2", "snapshots + ensemble-2"],
    "replicates": 5,
}
FORECASTS = {
    "name": "forecasts",
    "task": {"metric": "mse", "higher_is_better": False},
    "train": {"function": "noisy:train", "config": {"forecast": True}},
    "methods": {name: {"config": {"number": k}} for k, name in enumerate(["base", "a", "b", "c", "d"])},
    "replicates": 4,
}
HEAVY = {"window_errors", "sample", "truth", "history", "forecasts"}


def study(folder: Path, keys: Mapping[str, Any], store: Path, **changes: Any) -> Study:
    (folder / "noisy.py").write_text(FUNCTION)
    file = folder / f"{keys['name']}.yaml"
    file.write_text(yaml.safe_dump({**keys, **changes}, sort_keys=False))
    forget_modules(folder)
    sys.modules.pop("noisy", None)
    return Study.from_yaml(file, store=store)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    path = list(sys.path)
    yield tmp_path_factory.mktemp("compact")
    sys.path[:] = path


@pytest.fixture(scope="module")
def full(folder: Path) -> Path:
    """A store of a classification study with failures, readouts, ensembles and an attribution, and one of forecasts."""
    store = folder / "full.db"
    made = study(folder, CLASSES, store)
    assert made.run(workers=1).counts == {"finished": 14, "crashed": 1}
    AttributionStudy(made, vary="init+shuffle", blocks=3).run(workers=1)
    study(folder, FORECASTS, store).run(workers=1)
    return store


@pytest.fixture(scope="module")
def small(full: Path) -> Path:
    target = full.with_name("small.db")
    export_compact(full, target)
    return target


def page(path: Path) -> str:
    with Store(path) as store:
        return render(study_results(store), command="seedwise report", attributions=attribution_results(store))


def sections(path: Path) -> list[dict[str, Any]]:
    with Store(path) as store:
        return [*study_results(store), *attribution_results(store)]


def each(study: StudyResults, name: str) -> list[Any]:
    return [getattr(part, name) for part in study.parts]


def assert_same(one: Any, other: Any, place: str = "") -> None:
    """Fail unless both are equal to the last bit, but for what a compact store leaves out."""
    assert type(one) is type(other), place
    if dataclasses.is_dataclass(one):
        one, other = ({f.name: getattr(x, f.name) for f in dataclasses.fields(x)} for x in (one, other))
        whole = one
        one, other = ({key: x[key] for key in whole if key not in HEAVY or "fans" in place} for x in (one, other))
    if isinstance(one, Mapping):
        assert list(one) == list(other), place
        for key in one:
            assert_same(one[key], other[key], f"{place}.{key}")
    elif isinstance(one, list | tuple):
        assert len(one) == len(other), place
        for k, (a, b) in enumerate(zip(one, other, strict=True)):
            assert_same(a, b, f"{place}[{k}]")
    elif isinstance(one, np.ndarray):
        np.testing.assert_array_equal(one, other, err_msg=place)
        assert one.dtype == other.dtype, place
    else:
        assert one == other or (one != one and other != other), place


def test_report_data_and_page_are_those_of_the_full_store(full: Path, small: Path) -> None:
    before, after = sections(full), sections(small)
    assert_same(before, after)
    # It is no accident of there being nothing: all that needs logits or forecasts is there.
    classes, fans = before[0], before[1]
    assert sum(one is not None and not isinstance(one, str) for one in each(classes, "scores")) == 4
    assert [isinstance(one.found, EnsembleSpread) for one in classes.ensembles] == [True, True, True, False]
    assert [len(fan.forecasts) for fan in fans.fans] == [4]
    assert fans.fans[0].left_out == ("d",)
    assert before[2].logits is not None
    html = page(full)
    assert html == page(small)
    for text in (
        "gain of two runs",
        "cyclic, snapshots, ensemble-2",
        "Shares of the variance of the logits",
        "by all runs",
    ):
        assert text in html
    assert "of the first" not in html


def test_what_needs_logits_and_forecasts_is_what_they_say(full: Path, small: Path) -> None:
    """The recorded numbers are computed here once more, from the full store's arrays."""
    found = sections(small)
    with Store(full) as store:
        runs = [r for r in store.runs("classes") if r.link.method == "base"]
        kept = store.predictions([r.run_id for r in runs])
        logits = np.stack([kept[r.run_id].logits for r in runs])
        labels = np.arange(90) % 3
        assert found[0].parts[0].scores == score_spread(logits, labels)
        assert found[0].ensembles[0].found == ensemble_spread(logits, labels, 2)
        of_forecasts = forecasts(store, "a", study="forecasts")
        assert of_forecasts is not None
        expected = forecast_difference(of_forecasts.sample, of_forecasts.truth)
        assert cells_of_small(small, "forecasts")[1].forecast_difference == expected
        attributed = store.runs("classes-attribution")
        arrays = store.predictions([r.run_id for r in attributed])
        expected = logit_attribution(
            [arrays[r.run_id].logits for r in attributed], _design(attributed, ["init", "shuffle"])
        )
        assert found[2].logits == expected


def cells_of_small(path: Path, name: str) -> list[Any]:
    with Store(path) as store:
        return cells_of(store, name)


def test_nothing_heavy_is_left_and_the_rest_is(full: Path, small: Path) -> None:
    with sqlite3.connect(small) as db:
        assert db.execute("SELECT count(*) FROM seedwise_predictions WHERE logits IS NOT NULL").fetchone() == (0,)
        assert db.execute("SELECT count(*) FROM seedwise_forecasts WHERE sample IS NOT NULL").fetchone() == (0,)
        windows = db.execute("SELECT count(*) FROM seedwise_windows WHERE truth IS NOT NULL OR history IS NOT NULL")
        assert windows.fetchone() == (0,)
    assert small.stat().st_size < full.stat().st_size
    with Store(full) as one, Store(small) as two:
        ids = [run.run_id for run in one.runs()]
        assert one.runs() == two.runs()
        assert one.readouts() == two.readouts()
        assert one.studies() == two.studies()
        assert_same(one.series(ids), two.series(ids))
        assert one.tags() == two.tags()
        for tag in ("final", "snapshot-1", "snapshot-2", "snapshots"):
            before, after = (store.predictions(ids, tag=tag, logits=False) for store in (one, two))
            assert before.keys() == after.keys()
            assert_same(list(before.values()), list(after.values()))
        known = forecasts(two, "base", study="forecasts")
        assert known is not None
        assert (known.sample, known.truth) == (None, None)
        assert known.window_errors.shape == (4, 70)
        assert np.isnan(known.window_errors).all()


def test_the_same_store_gives_the_same_bytes(full: Path, small: Path, tmp_path: Path) -> None:
    exported = export_compact(full, tmp_path / "again.db")
    assert (tmp_path / "again.db").read_bytes() == small.read_bytes()
    assert exported.after == small.stat().st_size
    assert exported.before == full.stat().st_size
    assert exported.left_out.keys() == {"logits", "forecasts"}
    assert list(tmp_path.iterdir()) == [tmp_path / "again.db"]
    # Compact already: the same again.
    export_compact(small, tmp_path / "twice.db")
    assert_same(sections(tmp_path / "twice.db"), sections(full))
    assert page(tmp_path / "twice.db") == page(full)


@pytest.fixture(scope="module")
def grown(folder: Path, full: Path, small: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Both stores after two more replicates and a method."""
    changes = {
        "replicates": 7,
        "methods": {**CLASSES["methods"], "new": {"config": {"number": 9}}},  # type: ignore[dict-item]
    }
    paths = {}
    for path in (full, small):
        copy = tmp_path_factory.mktemp("grown") / path.name
        shutil.copy(path, copy)
        outcome = study(folder, CLASSES, copy, **changes).run(workers=1)
        # 3 x 2 replicates and 7 of the new method; 2 snapshot readouts, and none of old runs.
        assert (outcome.trained, outcome.read, outcome.unread) == (13, 2, 0)
        methods = {**FORECASTS["methods"], "e": {"config": {"number": 8}}}  # type: ignore[dict-item]
        outcome = study(folder, FORECASTS, copy, replicates=5, methods=methods).run(workers=1)
        assert outcome.trained == 5 + 5
        paths[path.stem] = copy
    return paths


def test_runs_are_added_and_old_results_say_of_how_many_they_are(
    grown: dict[str, Path], full: Path, folder: Path
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


def test_runs_trained_again_are_other_runs(folder: Path, small: Path, tmp_path: Path) -> None:
    copy = tmp_path / "small.db"
    shutil.copy(small, copy)
    keys = CLASSES | {"methods": {"base": {}}, "readouts": ["ensemble-2"]}
    study(folder, keys, copy).run(workers=1, retrain=True)
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


def test_shares_that_were_never_recorded_are_not_made_of_some_runs(folder: Path, tmp_path: Path) -> None:
    keys = CLASSES | {"methods": {"base": {}}, "readouts": [], "regimes": ["init+shuffle"]}
    study(folder, keys, tmp_path / "t.db").run(workers=1)
    export_compact(tmp_path / "t.db", tmp_path / "c.db")
    attribution = AttributionStudy(study(folder, keys, tmp_path / "c.db"), vary="init+shuffle", blocks=3)
    assert attribution.run(workers=1).trained == 12 - 5  # the seeds 1 to 5 are those of the study's own runs
    (section,) = sections(tmp_path / "c.db")[1:]
    assert [getattr(section, name) is None for name in ("churn", "logits", "values")] == [False, True, False]
    assert list(section.reasons) == [
        "no shares of the variance of the logits: the logits of 5 runs were left out of this store"
    ]


def test_what_was_said_of_no_runs_is_not_said_of_those_that_come(folder: Path, tmp_path: Path) -> None:
    keys = CLASSES | {"methods": {"base": {}}, "readouts": ["ensemble-2"]}
    study(folder, keys, tmp_path / "t.db").run(workers=1)
    more = study(folder, keys | {"methods": {"base": {}, "new": {"config": {"number": 1}}}}, tmp_path / "t.db")
    with Store(tmp_path / "t.db", write=True) as store:  # planned, and not trained yet
        store.write_plan("classes", more.describe(), more.plan())
    export_compact(tmp_path / "t.db", tmp_path / "c.db")
    assert [one.found for one in sections(tmp_path / "c.db")[0].ensembles][1].startswith("no logits were kept")
    more.store_path = tmp_path / "c.db"
    assert more.run(workers=1).trained == 5
    for one in sections(tmp_path / "c.db")[0].ensembles:
        assert isinstance(one.found, EnsembleSpread)
        assert (one.found.n, one.of_first) == (5, None)


def test_equal_tracebacks_are_kept_once(folder: Path, tmp_path: Path) -> None:
    methods = {name: {"config": {"fail": 1, "number": k}} for k, name in enumerate(["base", "x", "y"])}
    made = study(folder, CLASSES, tmp_path / "t.db", methods=methods, readouts=[], replicates=2)
    made.run(workers=1)
    export_compact(tmp_path / "t.db", tmp_path / "c.db")
    with Store(tmp_path / "t.db") as one, Store(tmp_path / "c.db") as two:
        crashed = [run.run_id for run in one.runs() if run.status == "crashed"]
        assert len(crashed) == 3
        for run_id in crashed:
            assert "as planned" in str(two.traceback(run_id))
            assert two.traceback(run_id) == one.traceback(run_id)
        texts = [text for text in two.documents().values() if "traceback" in text]
        assert len(texts) == len({one.traceback(run_id) for run_id in crashed}) == 1
        assert two.traceback(next(run.run_id for run in one.runs() if run.status == "finished")) is None


def test_an_older_store_without_readouts_and_forecasts(full: Path, tmp_path: Path) -> None:
    old, new = tmp_path / "old.db", tmp_path / "new.db"
    shutil.copy(full, old)
    with sqlite3.connect(old) as db:
        db.execute("UPDATE seedwise_studies SET description = replace(description, '\"snapshots\", ', '')")
        for table in ("readouts", "forecasts", "windows"):
            db.execute(f"DROP TABLE seedwise_{table}")
    before_checksums(old)
    export_compact(old, new)
    assert_same(sections(old), sections(new))
    assert page(old) == page(new)


def test_tables_of_others_are_copied(full: Path, tmp_path: Path) -> None:
    mine = tmp_path / "mine.db"
    shutil.copy(full, mine)
    with sqlite3.connect(mine) as db:
        db.execute('CREATE TABLE "odd ""name" (a INTEGER PRIMARY KEY AUTOINCREMENT, "group" TEXT, c BLOB)')
        db.execute('INSERT INTO "odd ""name" VALUES (7, \'x\', ?)', (b"\x00\xff",))
        db.execute('CREATE INDEX look ON "odd ""name" ("group")')
        db.execute('CREATE VIEW seen AS SELECT "group" FROM "odd ""name"')
    export_compact(mine, tmp_path / "c.db")
    with sqlite3.connect(tmp_path / "c.db") as db:
        assert db.execute('SELECT * FROM "odd ""name"').fetchall() == [(7, "x", b"\x00\xff")]
        assert db.execute("SELECT * FROM seen").fetchall() == [("x",)]
        assert db.execute("SELECT count(*) FROM sqlite_master WHERE name = 'look'").fetchone() == (1,)


def test_a_store_that_changes_meanwhile_is_not_exported(
    full: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = tmp_path / "mine.db"
    shutil.copy(full, mine)
    record = study_compact.record

    def and_somebody_writes(self: Any) -> None:
        record(self)
        with Store(mine, write=True) as store:
            store.accept_code([("one", "other")])

    monkeypatch.setattr(study_compact, "record", and_somebody_writes)
    with pytest.raises(SeedwiseError, match=r"mine.db changed while it was exported: wait until its study has stopped"):
        export_compact(mine, tmp_path / "c.db")
    assert [path.name for path in tmp_path.iterdir()] == ["mine.db"]


def test_what_is_refused(full: Path, small: Path, tmp_path: Path) -> None:
    before = full.read_bytes()
    with pytest.raises(SeedwiseError, match=r"would overwrite .* itself"):
        export_compact(full, full, overwrite=True)
    with pytest.raises(SeedwiseError, match=r"small\.db exists: --overwrite replaces it"):
        export_compact(full, small)
    with pytest.raises(SeedwiseError, match="there is no store"):
        export_compact(tmp_path / "none.db", tmp_path / "c.db")
    (tmp_path / "text.db").write_text("no store")
    with pytest.raises(SeedwiseError, match="is not a store of seedwise"):
        export_compact(tmp_path / "text.db", tmp_path / "c.db")
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match="cannot write"):
        export_compact(full, tmp_path / "file" / "c.db")
    assert full.read_bytes() == before
    target = tmp_path / "c.db"
    target.write_text("older")
    export_compact(full, target, overwrite=True)
    assert target.read_bytes() == small.read_bytes()


KILLED = """
import os, signal, sys
from pathlib import Path
from seedwise.store import _compact
from seedwise.study import export_compact

at = sys.argv[3]

def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)

if at == "rows":
    insert = _compact._Writer._insert
    _compact._Writer._insert = lambda self, table, rows: (insert(self, table, rows), table == "seedwise_runs" and die())
if at == "rename":
    Path.replace = die
export_compact(Path(sys.argv[1]), Path(sys.argv[2]), overwrite=True)
"""


@pytest.mark.parametrize("at", ["rows", "rename"])
@pytest.mark.parametrize("older", [False, True])
def test_a_killed_export_leaves_no_half_file(full: Path, small: Path, tmp_path: Path, at: str, older: bool) -> None:
    target = tmp_path / "c.db"
    if older:
        target.write_text("older")
    done = subprocess.run([sys.executable, "-c", KILLED, full, target, at], check=False, env=os.environ, timeout=120)
    assert done.returncode == -signal.SIGKILL
    assert target.exists() == older
    assert not older or target.read_text() == "older"
    export_compact(full, target, overwrite=True)
    assert target.read_bytes() == small.read_bytes()


def test_a_recorded_result_of_an_unknown_form_is_said(small: Path, tmp_path: Path) -> None:
    copy = tmp_path / "small.db"
    shutil.copy(small, copy)
    row = Recalled(Interval(1.0, 0.0, 2.0, 0.95, 5, "x"), (), ()).row("s", {})
    with sqlite3.connect(copy) as db:
        made = json.dumps(_encoded(Interval(1.0, 0.0, 2.0, 0.95, 5, "x"))).replace("Interval", "Spread")
        db.execute("UPDATE seedwise_recorded SET result = ? WHERE statistic = 'scores'", (pack_text(made),))
    reseal(copy)
    assert row["statistic"] == "s"
    with pytest.raises(
        SeedwiseError, match=r"the recorded 'scores' is in no form that this seedwise reads \('Spread'\)"
    ):
        sections(copy)


def test_series_keep_what_is_no_number(small: Path) -> None:
    with Store(small) as store:
        bad = next(r for r in store.runs("classes") if r.link.method == "bad" and r.status == "finished")
        rows = store.series([bad.run_id])[bad.run_id]
    assert np.isnan(rows[2]["loss"])
    assert re.fullmatch(r"-?\d.*", str(rows[0]["loss"]))
