"""A compact store says what the full one says."""

from __future__ import annotations

import json
import re
import shutil
import signal
import sqlite3
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from seedwise.errors import SeedwiseError, StorageError
from seedwise.statistics import (
    EnsembleSpread,
    Interval,
    ensemble_spread,
    forecast_difference,
    logit_attribution,
    score_spread,
)
from seedwise.store._packing import pack_text
from seedwise.store._recorded import Query, Recalled, _encoded
from seedwise.study import (
    Store,
    cells_of,
    export_compact,
    forecasts,
)
from seedwise.study import _compact as study_compact
from seedwise.study._attribute import _design

from ..nursery import nursery
from ..toy_project import before_checksums, reseal
from .compact_studies import CLASSES, assert_same, each, page, sections, study


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


def test_equal_tracebacks_are_kept_once(noisy_folder: Path, tmp_path: Path) -> None:
    methods = {name: {"config": {"fail": 1, "number": k}} for k, name in enumerate(["base", "x", "y"])}
    made = study(noisy_folder, CLASSES, tmp_path / "t.db", methods=methods, readouts=[], replicates=2)
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
    done = nursery().run(["-c", KILLED, str(full), str(target), at], timeout=250)
    assert done.returncode == -signal.SIGKILL
    assert target.exists() == older
    assert not older or target.read_text() == "older"
    export_compact(full, target, overwrite=True)
    assert target.read_bytes() == small.read_bytes()


def test_a_recorded_result_of_an_unknown_form_is_said(small: Path, tmp_path: Path) -> None:
    copy = tmp_path / "small.db"
    shutil.copy(small, copy)
    row = Recalled(Interval(1.0, 0.0, 2.0, 0.95, 5, "x"), (), ()).row(Query("s", {}, ()))
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
