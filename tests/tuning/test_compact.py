"""A search in a compact store: the same page, and a search that goes on."""

import json

import pytest

from seedwise.study import export_compact

SPACE = {"config.noise": {"low": 0.05, "high": 1.0}}


def test_a_search_is_shown_and_goes_on_from_a_compact_store(project, cli):
    project.write({"space": SPACE, "objective": {"name": "churn", "floor": 0.5}, "method": "other"})
    done = cli(project.folder, "tune", "tiny.yaml", "--workers", "1")
    assert done.returncode == 0, done.stderr
    full = project.folder / "tiny.db"
    pages = []
    for _ in range(2):
        for command in (["report", "tiny.db"], ["show", "tiny.db"]):
            done = cli(project.folder, *command, block=("torch", "optuna"))
            assert done.returncode == 0, done.stderr
            pages.append(done.stdout)
        pages.append((project.folder / "tiny.html").read_text())
        full.rename(project.folder / "full.db")
        export_compact(project.folder / "full.db", full)
    assert pages[:3] == pages[3:]
    assert "optimism" in pages[2]

    # Once more: nothing is trained, and the same is said; then four more trials.
    asked = (project.folder / "asked.txt").read_text()
    again = cli(project.folder, "tune", "tiny.yaml", "--json")
    assert again.returncode == 0, again.stderr
    assert (project.folder / "asked.txt").read_text() == asked
    further = cli(project.folder, "tune", "tiny.yaml", "--json", "--trials", "8")
    assert further.returncode == 0, further.stderr
    trials = [json.loads(one.stdout, parse_constant=pytest.fail)["trials"] for one in (again, further)]
    assert len(trials[1]) == len(trials[0]) + 2
