"""Parts of a study, trained apart and joined."""

from __future__ import annotations

import shutil

import pytest

from seedwise.errors import SeedwiseError
from seedwise.execution import Silent, StudyFolder
from seedwise.run import RunRecord
from seedwise.store import Store
from seedwise.study import Study, merge


def same_study(project, undisturbed):
    """Return the study of ``undisturbed`` in another folder."""
    project.file.write_text(undisturbed.file.read_text())
    return project.study()


@pytest.fixture(scope="module")
def sharded(new_project, tmp_path_factory, undisturbed):
    """Three shards of a study and how they ended."""
    project = new_project(tmp_path_factory.mktemp("sharded"))
    study = same_study(project, undisturbed)
    outcomes = [project.run(study, shard=(i, 3)) for i in (1, 2, 3)]
    return project, outcomes


def folders(project) -> list:
    root = StudyFolder.of_store(project.store_path).root
    return [root / f"shard-{i}-of-3" for i in (1, 2, 3)]


def test_every_run_belongs_to_one_shard_by_the_rank_of_its_name(sharded, undisturbed):
    _, outcomes = sharded
    trained = [sorted(notes.begun) for _, notes in outcomes]
    ids = sorted(run.run_id for run in undisturbed.runs().values())
    assert trained == [[ids[0], ids[3]], [ids[1], ids[4]], [ids[2], ids[5]]]
    for outcome, notes in outcomes:
        assert (outcome.counts.get("finished", 0), outcome.trained) == (len(notes.begun), len(notes.begun))


def test_a_shard_touches_no_store(sharded):
    project, _ = sharded
    assert [path.name for path in project.folder.iterdir() if path.suffix == ".db"] == []


def test_a_shard_run_again_trains_nothing(sharded):
    project, outcomes = sharded
    for i in (1, 2, 3):
        outcome, _ = project.run(project.study(), shard=(i, 3))
        assert (outcome.trained, outcome.counts) == (0, outcomes[i - 1][0].counts)


def test_shards_are_even(project):
    study = project.study(replicates=10)
    assert [project.run(study, shard=(i, 3))[0].trained for i in (1, 2, 3)] == [4, 3, 3]


def copy_of(sharded, new_project, folder):
    """Return a copy of the shards, for a test that writes beside them."""
    project, _ = sharded
    shutil.copytree(project.folder, folder)
    return new_project(folder)


def test_other_numbers_of_shards_train_nothing_again(sharded, new_project, tmp_path):
    here = copy_of(sharded, new_project, tmp_path / "here")
    for i in (1, 2):
        outcome, _ = here.run(here.study(), shard=(i, 2))
        assert (outcome.trained, outcome.counts) == (0, {"finished": 3})


def test_the_undivided_study_takes_the_shards_in_and_trains_nothing_again(sharded, new_project, undisturbed, tmp_path):
    here = copy_of(sharded, new_project, tmp_path / "here")
    outcome, _ = here.run(here.study())
    assert (outcome.trained, outcome.counts) == (0, {"finished": 6})
    assert here.everything() == undisturbed.everything()
    assert all(any((folder / "outbox").iterdir()) for folder in folders(here)), "their files stay"


def test_shards_train_nothing_that_is_in_the_store(new_project, undisturbed, tmp_path):
    shutil.copytree(undisturbed.folder, tmp_path / "here")
    here = new_project(tmp_path / "here")
    before = here.everything()
    outcome, _ = here.run(here.study(), shard=(1, 2))
    assert (outcome.trained, outcome.counts) == (0, {"finished": 3})
    outcome, notes = here.run(Study.from_yaml(here.file, replicates=4), shard=(1, 1))
    assert (outcome.trained, len(notes.begun), outcome.counts) == (2, 2, {"finished": 8})
    assert here.everything() == before, "the store is only read"


def test_what_a_shard_stopped_at_is_not_finished(project):
    study = project.study(methods={"base": {}, "bad": {"config": {"do": "raise"}}}, replicates=2)
    outcome, _ = project.run(study, shard=(1, 1))
    assert (outcome.trained, outcome.counts) == (4, {"finished": 2, "crashed": 2})
    outcome, _ = project.run(project.study(), shard=(1, 2))
    assert (outcome.trained, sum(outcome.counts.values())) == (0, 2)
    crashed = outcome.counts["crashed"]
    assert crashed >= 1
    outcome, _ = project.run(project.study(), shard=(1, 2), retry_failed=True)
    assert (outcome.trained, outcome.counts["crashed"]) == (crashed, crashed)
    outcome, _ = project.run(project.study(), retry_failed=True)
    assert (outcome.trained, outcome.counts) == (2, {"finished": 2, "crashed": 2})


BREAKABLE = """
import pathlib

import torch


def train(run):
    if pathlib.Path(__file__).with_name("broken").exists():
        raise RuntimeError("broken")
    run.save_weights({"weight": torch.zeros(2)})
    run.finish(accuracy=0.9)
"""


@pytest.fixture
def breakable(tmp_path):
    """A study whose runs crash as long as there is a file ``broken`` beside their function."""
    (tmp_path / "breakable.py").write_text(BREAKABLE)
    text = "name: s\ntrain: {function: 'breakable:train'}\nreplicates: 2\nkeep: {weights: final}\n"
    (tmp_path / "s.yaml").write_text(text)
    return Study.from_yaml(tmp_path / "s.yaml"), tmp_path / "broken"


def test_a_retraining_that_fails_has_failed(breakable):
    study, broken = breakable
    assert study.run(workers=1, shard=(1, 1)).counts == {"finished": 2}
    broken.touch()
    outcome = study.run(workers=1, shard=(1, 1), retrain=True)
    assert (outcome.trained, outcome.counts, outcome.failed) == (2, {"crashed": 2}, 2)
    assert study.run(workers=1, shard=(1, 1)).counts == {"crashed": 2}


def test_a_shard_retrains_nothing_that_the_store_would_keep(breakable):
    study, _ = breakable
    study.run(workers=1)
    with pytest.raises(SeedwiseError, match=r"2 of these runs are finished in .*s\.db.*: leave out --shard"):
        study.run(workers=1, shard=(1, 1), retrain=True)


def test_an_old_record_of_a_shard_moves_no_weights(breakable):
    study, broken = breakable
    broken.touch()
    assert study.run(workers=1, shard=(1, 1)).counts == {"crashed": 2}
    broken.unlink()
    assert study.run(workers=1, retry_failed=True).counts == {"finished": 2}
    weights = StudyFolder.of_store(study.store_path).weights
    kept = {path.name for path in weights.iterdir()}
    broken.touch()
    assert study.run(workers=1, retrain=True).counts == {"crashed": 2}
    assert study.run(workers=1).trained == 0
    assert {path.name for path in weights.iterdir()} == kept == {f"{p.spec.id}-final.pt" for p in study.plan()}


def test_merged_shards_are_the_undivided_study(sharded, undisturbed, tmp_path, contents_of):
    project, _ = sharded
    store = tmp_path / "joined.db"
    assert merge(store, folders(project), Silent()) == (6, 0)
    assert contents_of(store) == undisturbed.everything()
    kept = StudyFolder.of_store(store).weights
    reference = StudyFolder.of_store(undisturbed.store_path).weights
    assert {p.name: p.read_bytes() for p in kept.iterdir()} == {p.name: p.read_bytes() for p in reference.iterdir()}


def test_merging_twice_changes_nothing(sharded, tmp_path, contents_of):
    project, _ = sharded
    store = tmp_path / "joined.db"
    merge(store, folders(project), Silent())
    before = contents_of(store)
    assert merge(store, folders(project)[::-1], Silent()) == (0, 6)
    assert contents_of(store) == before


def test_shards_are_merged_one_after_the_other(sharded, tmp_path, undisturbed, contents_of):
    project, outcomes = sharded
    store = tmp_path / "joined.db"
    for folder, (outcome, _) in zip(folders(project), outcomes, strict=True):
        assert merge(store, [folder], Silent()) == (outcome.trained, 0)
    assert contents_of(store) == undisturbed.everything()


def test_what_is_missing_after_a_merge_is_pending_and_can_be_trained(new_project, sharded, undisturbed, tmp_path):
    project, outcomes = sharded
    here = new_project(tmp_path / "here")
    study = same_study(here, undisturbed)
    merge(here.store_path, folders(project)[1:], Silent())
    first = outcomes[0][0].trained
    assert [run.status for run in here.runs().values()].count("pending") == first > 0
    outcome, _ = here.run(study)
    assert (outcome.trained, outcome.counts) == (first, {"finished": 6})
    assert here.everything() == undisturbed.everything()


def test_a_damaged_file_is_said_and_left_out(sharded, tmp_path):
    project, _ = sharded
    copies = [tmp_path / folder.name for folder in folders(project)]
    for folder, copy in zip(folders(project), copies, strict=True):
        shutil.copytree(folder, copy)
    path = next(path for copy in copies for path in (copy / "outbox").iterdir())
    path.write_bytes(path.read_bytes()[:-1])
    said = []

    class Listener(Silent):
        def note(self, text: str) -> None:
            said.append(text)

    assert merge(tmp_path / "joined.db", copies, Listener()) == (5, 0)
    (line,) = said
    assert line.startswith(f"{path} is damaged")
    assert line.endswith("left out, run the shard again")


def test_a_failed_run_is_merged_once(project, tmp_path):
    """A finished run is known by its name; another attempt by its own."""
    study = project.study()
    (planned,) = study.plan()
    folder = StudyFolder(tmp_path / "shard")
    folder.create()
    folder.write_plan("toy", study.describe(), [planned])
    folder.hand_over(RunRecord(planned.spec.id, planned.spec.content, "crashed", error="first"))
    store = tmp_path / "joined.db"
    assert merge(store, [folder.root], Silent()) == (1, 0)
    assert merge(store, [folder.root], Silent()) == (0, 1)
    folder.hand_over(RunRecord(planned.spec.id, planned.spec.content, "crashed", error="second"))
    assert merge(store, [folder.root], Silent()) == (1, 0)
    with Store(store) as joined:
        assert [(run.error, run.attempt) for run in joined.runs()] == [("second", 1)]


@pytest.mark.parametrize("shard", [(0, 3), (4, 3), (1, 0), (-1, 3)])
def test_impossible_shards_are_refused(project, shard):
    with pytest.raises(SeedwiseError, match=f"--shard {shard[0]}/{shard[1]}: shards are counted from 1"):
        project.study().run(shard=shard)


def test_what_is_no_shard_is_refused_before_anything_is_written(sharded, tmp_path):
    project, _ = sharded
    for wrong in (tmp_path, tmp_path / "absent", StudyFolder.of_store(project.store_path).root):
        with pytest.raises(SeedwiseError, match=r"is not a shard's folder: 'seedwise run STUDY\.yaml --shard i/k'"):
            merge(tmp_path / "joined.db", [folders(project)[0], wrong], Silent())
    assert not (tmp_path / "joined.db").exists()
