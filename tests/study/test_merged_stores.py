"""Stores of one study, trained apart and joined."""

from __future__ import annotations

import pytest

from seedwise.errors import SeedwiseError
from seedwise.execution import Silent, StudyFolder
from seedwise.study import Store, Study, export_compact, merge
from tests.toy_project import everything

STUDY = {
    "methods": {"base": {}, "long": {"config": {"epochs": 5}}},
    "train": {"function": "toy:train", "config": {"weights": True}},
    "keep": {"weights": "final"},
}


@pytest.fixture(scope="module")
def parts(new_project, tmp_path_factory):
    """Two laboratories: the first three replicates in one store, the next two in another."""
    projects = [new_project(tmp_path_factory.mktemp(name)) for name in ("first", "second")]
    for project, (first, count) in zip(projects, ((0, 3), (3, 2)), strict=True):
        project.run(project.study(**STUDY, first_replicate=first, replicates=count), workers=2)
    return projects


def test_two_stores_joined_are_the_study_that_one_has_run(parts, new_project, tmp_path):
    whole = new_project(tmp_path / "whole")
    whole.run(whole.study(**STUDY, replicates=5), workers=2)
    joined = tmp_path / "joined.db"
    assert merge(joined, [project.store_path for project in parts], Silent()) == (10, 0)
    expected, found = whole.everything(), everything(joined)
    for one in (expected, found):
        one["runs"].sort(key=lambda run: (run["link"]["method"], run["link"]["replicate"]))
    assert found == expected
    with Store(joined) as store:
        store.check()
    weights = [
        {file.name: file.read_bytes() for file in StudyFolder.of_store(path).weights.iterdir()}
        for path in (joined, whole.store_path)
    ]
    assert weights[0] == weights[1]
    assert merge(joined, [project.store_path for project in parts], Silent()) == (0, 10), (
        "a second time changes nothing"
    )
    with Store(joined) as store:
        assert {run.attempt for run in store.runs()} == {0}


def test_what_a_readout_found_comes_along(tmp_path):
    text = """
name: read
task: {dataset: digits, train_examples: 100, test_examples: 50}
model: {name: small_cnn, width: 2}
train: {epochs: 1, batch_size: 20, optimizer: {name: sgd, lr: 0.1}}
readouts: [crop25]
keep: {weights: final}
replicates: 2
"""
    Study.from_text(text, store=tmp_path / "one.db").run(workers=2)
    assert merge(tmp_path / "joined.db", [tmp_path / "one.db"], Silent()) == (2, 0)
    read = []
    for name in ("one.db", "joined.db"):
        with Store(tmp_path / name) as store:
            ids = [run.run_id for run in store.runs()]
            tags = store.predictions(ids, tag="crop25")
            read.append((store.readouts(), {i: tags[i].logits.tobytes() for i in ids}))
    assert read[0] == read[1]
    assert len(read[1][0]) == 2


def test_stores_of_two_studies_with_one_name_are_refused(parts, new_project, tmp_path):
    other = new_project(tmp_path / "other")
    other.run(other.study(**STUDY | {"train": {"function": "toy:train", "config": {"epochs": 2}}}, replicates=1))
    joined = tmp_path / "joined.db"
    merge(joined, [parts[0].store_path], Silent())
    before = everything(joined)
    with pytest.raises(SeedwiseError, match=r"holds another run of 'toy' than .* for base, .*, replicate 0: the two"):
        merge(joined, [other.store_path], Silent())
    assert everything(joined) == before


def test_a_store_is_not_merged_into_itself_and_a_compact_one_not_at_all(parts, tmp_path):
    with pytest.raises(SeedwiseError, match="cannot be merged into itself"):
        merge(parts[0].store_path, [parts[0].store_path], Silent())
    export_compact(parts[0].store_path, tmp_path / "small.db")
    with pytest.raises(SeedwiseError, match="is a compact copy, which lacks logits"):
        merge(tmp_path / "joined.db", [tmp_path / "small.db"], Silent())
