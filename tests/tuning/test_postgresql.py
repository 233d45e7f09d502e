"""A search whose trials lie in PostgreSQL; skipped where it is not installed."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest
import sqlalchemy as sa

from seedwise.study import Store, Study
from seedwise.tuning import Interrupted, Tuner

# Debian keeps the programs of a server out of the way.
BIN = next((p.parent for p in sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), reverse=True)), None) or (
    Path(found).parent if (found := shutil.which("initdb")) else None
)

pytest.importorskip("psycopg", reason="psycopg is not installed: pip install 'psycopg[binary]'")
pytestmark = [
    pytest.mark.programs,
    pytest.mark.skipif(BIN is None, reason="PostgreSQL is not installed: apt-get install postgresql"),
]

NOISE = {"config.noise": {"low": 0.05, "high": 1.0}}


@pytest.fixture(scope="module")
def server():
    """A cluster of its own, on a socket in a temporary folder; the server refuses to run as root."""
    # A socket's path is at most 107 characters long, and the folders of pytest are closed to others.
    folder = Path(tempfile.mkdtemp(prefix="pg", dir="/tmp"))
    other = {"user": "postgres"} if os.getuid() == 0 else {}
    if other:
        shutil.chown(folder, "postgres")

    def do(*command):
        subprocess.run(
            [BIN / command[0], "-D", folder / "data", *command[1:]], check=True, stdout=subprocess.DEVNULL, cwd=folder,
            **other,
        )  # fmt: skip

    try:
        do("initdb", "--auth=trust", "--username=seed", "--no-sync")
        do("pg_ctl", "start", "-w", "-l", folder / "log", "-o", f"-c listen_addresses='' -c fsync=off -k {folder}")
        try:
            yield f"postgresql+psycopg://seed@/postgres?host={folder}"
        finally:
            do("pg_ctl", "stop", "-m", "immediate")
    finally:
        shutil.rmtree(folder)


def query(url, text):
    engine = sa.create_engine(url)
    try:
        with engine.connect() as connection:
            return connection.execute(sa.text(text)).all()
    finally:
        engine.dispose()


def settings(path):
    with Store(path) as store:
        return store.studies()["tiny-trials"]["tuning"]["settings"]


def test_a_search_lives_in_postgresql_stops_and_goes_on(server, project):
    tune = {"space": NOISE, "trials": 6, "fresh": 3, "storage": server}
    study = project.study(tune)

    def stop(_name, trial):
        if trial.number == 2:
            raise KeyboardInterrupt

    with pytest.raises(Interrupted):
        Tuner(study, workers=1, on_trial=stop).run()
    assert query(server, "select count(*) from trials where state = 'COMPLETE'") == [(3,)]
    tuned = Tuner(study, workers=1).run()
    found = query(
        server,
        "select study_name, state, count(*) from trials join studies using (study_id) group by study_name, state",
    )
    assert found == [("tiny-trials", "COMPLETE", 6)]
    here = query(f"sqlite:///{study.store_path}", "select name from sqlite_master where type = 'table'")
    assert here
    assert all(name.startswith("seedwise_") for (name,) in here)
    # A URL may hold a password, and a store is for others to read.
    assert b"postgresql" not in study.store_path.read_bytes()

    own = Study(project.study(tune | {"storage": None}).spec, store="own.db", folder=project.folder)
    assert Tuner(own, workers=1).run() == tuned
    assert settings(own.store_path) == settings(study.store_path)
