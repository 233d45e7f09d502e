"""Finished runs beside code that has changed since."""

from __future__ import annotations

import sqlite3

import pytest

from seedwise.errors import ChangedCodeError


def edit(path) -> None:
    path.write_text(path.read_text() + f"\nEDITED_AFTER = {len(path.read_text())}\n")


def attempts(project) -> list[tuple[int, int]]:
    connection = sqlite3.connect(project.store_path)
    try:
        return connection.execute("SELECT attempt, current FROM seedwise_runs ORDER BY run_id, attempt").fetchall()
    finally:
        connection.close()


def test_changed_code_stops_and_names_the_file_and_the_ways_on(project):
    project.run(project.study(replicates=2))
    before = project.everything()
    edit(project.code)
    study = project.study(replicates=3)
    with pytest.raises(ChangedCodeError) as caught:
        study.run(workers=1)
    line = str(caught.value)
    assert "changed since 2 of the finished runs were trained (toy.py)" in line
    assert "--retrain" in line
    assert "--accept-changed-code" in line
    assert caught.value.exit_code == 3
    assert project.everything()["runs"][:2] == before["runs"]


def test_retrain_trains_what_has_changed_and_keeps_the_old_results(project):
    project.run(project.study(replicates=2))
    edit(project.code)
    assert project.run(project.study(replicates=1), retrain=True)[0].counts == {"finished": 1}
    with pytest.raises(ChangedCodeError, match="since 1 of the finished runs"):
        project.run(project.study(replicates=2))
    outcome, notes = project.run(project.study(), retrain=True)
    assert notes.begun == [project.runs()["base", 1].run_id], "the first was trained by the present code"
    assert outcome.counts == {"finished": 2}
    assert attempts(project) == [(0, 0), (1, 1)] * 2
    assert project.run(project.study())[0].trained == 0


def test_retrain_trains_everything_where_nothing_has_changed(project):
    project.run(project.study(replicates=2))
    outcome, _ = project.run(project.study(), retrain=True)
    assert (outcome.trained, outcome.counts) == (2, {"finished": 2})
    assert attempts(project) == [(0, 0), (1, 1)] * 2


def test_accepting_keeps_the_runs_and_is_remembered(project):
    project.run(project.study(replicates=1))
    before = project.everything()
    edit(project.code)
    outcome, _ = project.run(project.study(), accept_changed_code=True)
    assert outcome.trained == 0
    assert project.everything() == before
    assert project.run(project.study(replicates=2))[0].trained == 1
    edit(project.code)
    with pytest.raises(ChangedCodeError, match="since 2 of the finished runs"):
        project.run(project.study())


def test_files_that_no_run_loaded_do_not_matter(project):
    project.run(project.study())
    (project.folder / "notes.py").write_text("X = 1  # nobody imports this\n")
    project.code.write_text(project.code.read_text() + "\n# a comment\n")
    (project.folder / "toy.txt").write_text("nor reads this\n")
    project.code.touch()
    assert project.run(project.study())[0].trained == 0


def test_every_loaded_module_of_the_functions_package_matters(project):
    package = project.folder / "toy"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "training.py").write_text(project.code.read_text() + "\nfrom toy import parts\n")
    (package / "parts.py").write_text("")
    (package / "unused.py").write_text("")
    project.code.unlink()
    project.run(project.study(train={"function": "toy.training:train"}))
    edit(package / "unused.py")
    assert project.run(project.study())[0].trained == 0
    edit(package / "parts.py")
    with pytest.raises(ChangedCodeError, match=r"\(toy/parts\.py\)"):
        project.run(project.study())
    (package / "parts.py").write_text("")
    assert project.run(project.study())[0].trained == 0, "changed back is not changed"


def test_two_methods_in_two_files_are_trained_by_their_own_and_only_the_edited_ones_stop(project):
    text = "import {helper}\n\ndef train(run):\n    run.log(0, loss=0.0)\n    run.finish(accuracy={helper}.VALUE)\n"
    for k, helper in enumerate(("helper_one", "helper_two")):
        (project.folder / f"{helper}.py").write_text(f"VALUE = 0.{k + 1}\n")
        (project.folder / f"{helper}_train.py").write_text(text.replace("{helper}", helper))

    def study():
        methods = {"one": {}, "two": {"function": "helper_two_train:train"}}
        return project.study(train={"function": "helper_one_train:train"}, methods=methods, replicates=2)

    project.run(study())
    runs = project.runs()
    assert {place: run.metrics["test/accuracy"] for place, run in runs.items()} == {
        ("one", 0): 0.1, ("one", 1): 0.1, ("two", 0): 0.2, ("two", 1): 0.2
    }  # fmt: skip
    (project.folder / "helper_two.py").write_text("VALUE = 0.3\n")
    with pytest.raises(ChangedCodeError, match=r"since 2 of the finished runs were trained \(helper_two\.py\)"):
        project.run(study())
    assert project.run(study(), retrain=True)[0].trained == 2
    assert project.runs()["two", 1].metrics == {"test/accuracy": 0.3}


def test_failed_runs_do_not_stop_for_changed_code(project):
    project.run(project.study(train={"function": "toy:train", "config": {"do": "raise"}}))
    edit(project.code)
    assert project.run(project.study())[0].counts == {"crashed": 1}
