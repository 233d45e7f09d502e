"""Damage of a store is seen, whatever it is, and what is intact is saved."""

from __future__ import annotations

import contextlib
import importlib
import shutil
import sqlite3
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from seedwise.cli import app
from seedwise.errors import SeedwiseError, StorageError
from seedwise.run import Link, PlannedRun
from seedwise.store import Store, recover
from seedwise.store._seal import seal_copy
from seedwise.study import export_compact

CAMPAIGNS = Path(__file__).parents[2] / "benchmarks" / "campaigns"


@pytest.fixture(scope="module")
def campaigns():
    """The modules of the campaigns that run at length outside the tests."""
    sys.path.insert(0, str(CAMPAIGNS))
    yield importlib.import_module("toy_study"), importlib.import_module("damaged_stores")
    sys.path.remove(str(CAMPAIGNS))


@pytest.fixture(scope="module")
def stores(campaigns, tmp_path_factory):
    """A store of made-up runs, and a compact one of it."""
    toy, _ = campaigns
    folder = tmp_path_factory.mktemp("stores")
    toy.study_in(folder).run(executor=toy.MadeUp())
    export_compact(folder / "toy.db", folder / "small.db")
    return folder


@pytest.fixture
def path(stores, tmp_path):
    shutil.copy(stores / "toy.db", tmp_path / "toy.db")
    return tmp_path / "toy.db"


def sql(path: Path, *commands: str) -> None:
    with contextlib.closing(sqlite3.connect(path)) as db, db:
        for command in commands:
            assert db.execute(command).rowcount != 0


def test_damages_end_in_the_same_numbers_or_in_a_line(campaigns, tmp_path):
    _, damaged = campaigns
    ends, wrong = damaged.campaign(tmp_path, 60, seed=1)
    assert wrong == []
    assert sum(count for (_, end), count in ends.items() if end == "a line") > 20


FINISHED = "(SELECT rowid FROM seedwise_runs WHERE status = 'finished' ORDER BY rowid LIMIT 1)"


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (
            f"UPDATE seedwise_runs SET metrics = '{{\"test/accuracy\": 0.9}}' WHERE rowid = {FINISHED}",
            "of 'runs' is not",
        ),
        (f"DELETE FROM seedwise_runs WHERE rowid = {FINISHED}", "the rows of 'runs' are 7 where 8 were written"),
        (
            "DELETE FROM seedwise_links WHERE replicate = 3 AND method = 'vml'",
            "the study 'toy' are 7 where 8 were written",
        ),
        ("DELETE FROM seedwise_studies", "the rows of 'studies' are 0 where 1 were written"),
        ("DELETE FROM seedwise_predictions WHERE rowid = 1", "of 'predictions' is missing"),
        (
            "UPDATE seedwise_predictions SET predicted = (SELECT predicted FROM seedwise_predictions WHERE rowid = 2) "
            "WHERE rowid = 1",
            "of 'predictions' is not what was written",
        ),
        ("UPDATE seedwise_readouts SET metrics = '{}' WHERE rowid = 1", "of 'readouts' is not what was written"),
        ("UPDATE seedwise_meta SET value = '1'", "its version is 1, and its rows have checksums"),
    ],
)
def test_what_is_not_what_was_written_is_named(campaigns, path, command, message):
    sql(path, command)
    with pytest.raises(StorageError, match="damaged") as caught:
        campaigns[1].numbers(path)
    assert message in str(caught.value)
    assert f"'seedwise recover {path}' saves what is intact" in str(caught.value)


def test_logits_may_stay_unread_and_are_verified_when_they_are(path):
    sql(path, "UPDATE seedwise_predictions SET logits = (SELECT logits FROM seedwise_predictions WHERE rowid = 2) "
        "WHERE rowid = 1")  # fmt: skip
    with Store(path) as store:
        finished = [run.run_id for run in store.runs() if run.status == "finished"]
        assert len(store.predictions(finished, logits=False)) == len(finished)
        with pytest.raises(StorageError, match="of 'predictions' is not what was written"):
            store.predictions(finished)


def test_a_damaged_index_leaves_nothing_out(path):
    """What an index says is compared with what was written: it is written without a row that the table has."""
    with contextlib.closing(sqlite3.connect(path)) as db:
        page, size = (
            db.execute("SELECT rootpage FROM sqlite_master WHERE name = 'sqlite_autoindex_seedwise_runs_1'").fetchone()[
                0
            ],
            db.execute("PRAGMA page_size").fetchone()[0],
        )
        run_id = db.execute("SELECT run_id FROM seedwise_runs WHERE status = 'finished'").fetchone()[0]
    content = bytearray(path.read_bytes())
    at = content.index(run_id.encode(), (page - 1) * size, page * size)
    content[at : at + 1] = b"g"  # after all that are hexadecimal: it is not found there
    path.write_bytes(content)
    with Store(path) as store, pytest.raises(StorageError, match="damaged"):
        store.series([run_id])


def before_checksums(path: Path) -> None:
    with contextlib.closing(sqlite3.connect(path)) as db, db:
        for (name,) in db.execute("SELECT name FROM sqlite_master WHERE name LIKE 'seedwise_%'").fetchall():
            for column in {row[1] for row in db.execute(f"PRAGMA table_info({name})")} & {"checksum", "left"}:
                db.execute(f'ALTER TABLE {name} DROP COLUMN "{column}"')
        db.execute("DROP TABLE seedwise_sets")
        db.execute("UPDATE seedwise_meta SET value = '1'")


@pytest.mark.parametrize("name", ["toy.db", "small.db"])
def test_stores_from_before_checksums_open_and_say_so_and_get_them_when_they_are_written_to(
    campaigns, stores, tmp_path, name
):
    numbers, path = campaigns[1].numbers, tmp_path / name
    shutil.copy(stores / name, path)
    before_checksums(path)
    assert numbers(path) == numbers(stores / name)
    said = CliRunner().invoke(app, ["status", str(path)])
    assert said.exit_code == 0
    assert f"{path}: written before checksums: damage cannot be seen" in said.stderr
    with Store(path) as store:
        assert not store.has_checksums
    Store(path, write=True).close()
    assert numbers(path) == numbers(stores / name)
    said = CliRunner().invoke(app, ["status", str(path)])
    assert "checksums" not in said.stderr
    sql(path, f"DELETE FROM seedwise_runs WHERE rowid = {FINISHED}")
    with pytest.raises(StorageError, match="7 where 8 were written"):
        numbers(path)


def test_a_damaged_store_is_not_copied_under_new_checksums(path, tmp_path):
    sql(path, "UPDATE seedwise_predictions SET logits = NULL WHERE rowid = 1")
    with pytest.raises(StorageError, match="of 'predictions' is not what was written"):
        export_compact(path, tmp_path / "small.db")
    assert not (tmp_path / "small.db").exists()


def test_a_driver_killed_before_its_first_commit_left_no_store(campaigns, tmp_path):
    toy, _ = campaigns
    (tmp_path / "toy.db").touch()
    assert Store.if_there(tmp_path / "toy.db") is None
    with pytest.raises(SeedwiseError, match="is an unfinished store: run its study again"):
        Store(tmp_path / "toy.db")
    study = toy.study_in(tmp_path)
    assert not study.was_looked_at()
    assert study.estimate().statuses
    assert study.run(executor=toy.MadeUp()).trained == 8


def test_a_store_whose_counts_of_rows_are_damaged_is_recovered(path):
    sql(path, "UPDATE seedwise_sets SET rows = 'x'")
    recovered = recover(path, path.with_name("new.db"))
    assert recovered.saved["runs"] == 8
    with Store(path.with_name("new.db")) as store:
        assert len(store.runs()) == 8


def test_what_a_newer_seedwise_wrote_is_not_recovered(path):
    with contextlib.closing(sqlite3.connect(path)) as db, db:
        db.execute("UPDATE seedwise_meta SET value = '999'")
    with pytest.raises(SeedwiseError, match="newer seedwise"):
        recover(path, path.with_name("new.db"))
    assert not path.with_name("new.db").exists()


def test_the_database_of_another_program_is_not_written_to(tmp_path):
    path = tmp_path / "places.db"
    with contextlib.closing(sqlite3.connect(path)) as db, db:
        db.execute("CREATE TABLE moz_places (url TEXT)")
    before = path.read_bytes()
    with pytest.raises(SeedwiseError, match="the database of another program: name another file"):
        Store(path, write=True)
    assert path.read_bytes() == before


def test_a_damaged_store_is_not_written_to(campaigns, path):
    toy, _ = campaigns
    sql(path, f"DELETE FROM seedwise_runs WHERE rowid = {FINISHED}")
    before = path.read_bytes()
    with pytest.raises(StorageError, match="damaged"):
        toy.study_in(path.parent).run(executor=toy.MadeUp())
    assert path.read_bytes() == before


@pytest.mark.parametrize("name", ["toy.db", "small.db"])
def test_all_of_an_intact_store_is_recovered(campaigns, stores, tmp_path, name):
    numbers = campaigns[1].numbers
    done = CliRunner().invoke(app, ["recover", str(stores / name), "-o", str(tmp_path / "new.db")])
    assert done.exit_code == 0, done.output
    assert "Everything is intact." in done.output
    assert numbers(tmp_path / "new.db") == numbers(stores / name)


def test_recover_leaves_out_what_is_lost_and_says_it_and_the_same_command_makes_it_again(campaigns, stores, path):
    toy, damaged = campaigns
    with Store(path) as store:
        finished = [run.run_id for run in store.runs() if run.status == "finished"]
    sql(
        path,
        f"UPDATE seedwise_runs SET metrics = '{{\"test/accuracy\": 0.9}}' WHERE run_id = '{finished[0]}'",
        f"DELETE FROM seedwise_series WHERE run_id = '{finished[1]}'",
        "DELETE FROM seedwise_links WHERE replicate = 3 AND method = 'vml'",
    )
    new = path.with_name("new.db")
    done = CliRunner().invoke(app, ["recover", str(path), "-o", str(new)])
    assert done.exit_code == 0, done.output
    assert f"run {finished[1]}, attempt 0: its series are lost" in done.output
    assert "runs: 2 of 8 rows are lost" in done.output
    assert "links: 1 of 8 rows are lost" in done.output
    with Store(new) as store:
        assert store.statuses().keys().isdisjoint(finished[:2])
        assert len(store.statuses()) == 6
    shutil.move(new, path)
    outcome = toy.study_in(path.parent).run(executor=toy.MadeUp())
    assert outcome.trained == 2
    ours, theirs = damaged.numbers(path), damaged.numbers(stores / "toy.db")
    assert ours[1] == theirs[1]
    assert ours[-1] == theirs[-1]


@pytest.mark.parametrize("instead", ["7", "'text'", "0.5"])
def test_what_has_something_else_in_the_place_of_bytes_is_lost(path, instead):
    sql(path, f"UPDATE seedwise_predictions SET predicted = {instead} WHERE rowid = 1")
    with contextlib.closing(sqlite3.connect(path)) as db:
        (damaged,) = db.execute("SELECT run_id FROM seedwise_predictions WHERE rowid = 1").fetchone()
    new = path.with_name("new.db")
    assert recover(path, new).saved["runs"] == 7
    with Store(new) as store, Store(path) as before:
        assert before.statuses().keys() - store.statuses().keys() == {damaged}


def test_of_a_store_from_before_checksums_what_can_be_read_is_recovered(stores, path):
    before_checksums(path)
    with contextlib.closing(sqlite3.connect(path)) as db:
        (damaged,) = db.execute("SELECT run_id FROM seedwise_predictions WHERE rowid = 1").fetchone()
    sql(path, "UPDATE seedwise_predictions SET logits = x'00' WHERE rowid = 1")
    done = CliRunner().invoke(app, ["recover", str(path)])
    assert done.exit_code == 0, done.output
    assert "was written before checksums: what can be read is taken as it is" in done.output
    assert f"run {damaged}, attempt 0: its predictions test final 1 are lost" in done.output
    with Store(path.with_name("toy-recovered.db")) as store, Store(stores / "toy.db") as whole:
        assert store.has_checksums
        assert whole.statuses().keys() - store.statuses().keys() == {damaged}


def test_a_page_in_the_middle_of_a_table_is_all_that_is_lost(path):
    with Store(path, write=True) as store:
        specs = [(link, spec) for link, spec in _many(200)]
        store.write_plan("many", store.studies()["toy"], [PlannedRun(link, spec) for link, spec in specs])
    with contextlib.closing(sqlite3.connect(path)) as db:
        size = db.execute("PRAGMA page_size").fetchone()[0]
    content = bytearray(path.read_bytes())
    at = content.index(specs[100][1].id.encode()) // size * size
    content[at : at + 100] = bytes(100)
    path.write_bytes(content)
    with pytest.raises(StorageError, match="damaged"), Store(path) as store:
        store.runs()
    found = recover(path, path.with_name("new.db"))
    assert 100 < found.saved["links"] + found.saved["specs"] < 416
    with Store(path.with_name("new.db")) as store:
        assert len(store.runs("toy")) == 8


def _many(count: int):
    from seedwise.run import RunSpec

    for k in range(count):
        yield Link("many", "task", "base", "all", 0, k), RunSpec("toy:train", {"k": k}, {"init": k + 1})


def test_recover_overwrites_nothing_and_says_where_there_is_nothing(path, tmp_path):
    with pytest.raises(SeedwiseError, match="exists: name another file with -o"):
        recover(path, path)
    with pytest.raises(SeedwiseError, match="there is no store"):
        recover(tmp_path / "absent.db", tmp_path / "new.db")
    (tmp_path / "diary.db").write_text("dear diary " * 1000)
    with pytest.raises(StorageError, match="cannot be recovered"):
        recover(tmp_path / "diary.db", tmp_path / "new.db")
    assert not (tmp_path / "new.db").exists()


def test_checksums_are_made_anew_of_what_is_there(path):
    sql(path, f"UPDATE seedwise_runs SET seconds = 7 WHERE rowid = {FINISHED}")
    with contextlib.closing(sqlite3.connect(path)) as db:
        seal_copy(db)
    with Store(path) as store:
        store.check()
        assert 7.0 in store.seconds().values()


@pytest.mark.parametrize("pages", [5, 20])
@pytest.mark.parametrize("write", [recover, export_compact])
def test_a_disk_that_is_full_is_named_and_nothing_is_left(path, write, pages, monkeypatch):
    connect = sqlite3.connect

    def small(name, *arguments, **options):
        db = connect(name, *arguments, **options)
        if str(name).endswith(".tmp"):
            db.execute(f"PRAGMA max_page_count = {pages}")  # sqlite says of both that the database or disk is full
        return db

    monkeypatch.setattr(sqlite3, "connect", small)
    with pytest.raises(StorageError, match=r"no space left to write .*new\.db"):
        write(path, path.with_name("new.db"))
    assert [file.name for file in path.parent.iterdir()] == [path.name]
