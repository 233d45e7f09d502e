"""docs/trainers.md: its programs run."""

import importlib
import re
from pathlib import Path

import pytest
from torch import nn
from torch.utils.data import DataLoader

from seedwise.store import Store

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/trainers.md").read_text(encoding="utf-8")
LIGHTNING, TRANSFORMERS = re.findall(r"```python\n(.*?)```", PAGE, flags=re.DOTALL)

pytestmark = pytest.mark.filterwarnings("ignore")  # of the other libraries


def check(file, examples):
    """The runs are finished and differ, and their accuracy is the share of their own predictions that is right."""
    with Store(file) as store:
        runs = store.runs()
        kept = store.predictions([run.run_id for run in runs])
    assert [run.status for run in runs] == ["finished"] * 3
    assert len({found.logits.tobytes() for found in kept.values()}) == 3
    for run in runs:
        found = kept[run.run_id]
        assert len(found.labels) == examples
        assert run.metrics["test/accuracy"] == pytest.approx((found.predicted == found.labels).mean(), abs=1e-6)


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(ROOT / "examples"))


def test_lightning(tmp_path):
    pytest.importorskip("lightning")
    example = importlib.import_module("lightning_loop")
    train_set, test_set = example.data()
    names = {"Classifier": example.Classifier, "nn": nn, "DataLoader": DataLoader}
    exec(LIGHTNING, names | {"train_set": train_set, "test_set": test_set})
    check(tmp_path / "lightning.db", len(test_set))


def test_transformers(tmp_path):
    pytest.importorskip("transformers")
    example = importlib.import_module("transformers_loop")
    train_set, test_set = example.sentences(100, seed=1), example.sentences(40, seed=2)
    program = TRANSFORMERS.replace("chance=0.5)\n", "chance=0.0)\n")  # so short a training may well learn nothing
    exec(
        program,
        {
            "model_config": example.small_bert(),
            "train_set": train_set,
            "test_set": test_set,
            "accuracy": example.accuracy,
        },
    )
    check(tmp_path / "text.db", len(test_set))
