"""Of a study that keeps weights the report says how alike those of two runs are, also from a compact store."""

import itertools
import shutil

import numpy as np
import pytest
import torch

from seedwise.execution import StudyFolder
from seedwise.reporting import render
from seedwise.study import Store, Study, export_compact, study_results

STUDY = """
name: kept
task: {dataset: digits, train_examples: 100, test_examples: 50}
model: {name: resnet14, width: 2}
train: {epochs: 1, batch_size: 50, optimizer: {name: sgd, lr: 0.1}}
regimes: [shuffle]
replicates: 3
keep: {weights: final}
"""


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    path = tmp_path_factory.mktemp("kept") / "kept.db"
    assert Study.from_text(STUDY, store=path).run(workers=1).counts == {"finished": 3}
    return path


def similarity(path):
    with Store(path) as opened:
        (results,) = study_results(opened)
    return results, results.parts[0].similarity


def test_it_is_the_cosine_of_the_weights_and_of_nothing_else(store):
    with Store(store) as opened:
        runs = [run.run_id for run in opened.runs("kept")]
    states = [torch.load(StudyFolder.of_store(store).weights_file(run, "final"), weights_only=True) for run in runs]
    vectors = [
        torch.cat([v.flatten().double() for k, v in state.items() if "running" not in k and "batches" not in k])
        for state in states
    ]
    assert any("running_mean" in name for name in states[0])
    wanted = [torch.cosine_similarity(a, b, dim=0).item() for a, b in itertools.combinations(vectors, 2)]
    results, found = similarity(store)
    assert found.estimate == pytest.approx(np.mean(wanted))
    assert found.estimate > 0.9, "they started alike"
    assert "How alike are the weights of two runs?" in render([results], command="seedwise report")


def test_a_compact_store_remembers_it(store, tmp_path):
    export_compact(store, tmp_path / "compact.db")
    assert similarity(tmp_path / "compact.db")[1] == similarity(store)[1]


def test_without_files_there_is_nothing_and_with_some_a_reason(store, tmp_path):
    alone = tmp_path / "kept.db"
    shutil.copy(store, alone)
    assert similarity(alone)[1] is None
    shutil.copytree(store.with_suffix(".d"), tmp_path / "kept.d")
    next((tmp_path / "kept.d/weights").glob("*.pt")).unlink()
    assert similarity(alone)[1] == "1 of 3 runs kept no weights"
