"""Code that is edited, and records that come late, while a study runs."""

from __future__ import annotations

import time
from types import SimpleNamespace

import pytest
import yaml

from seedwise.errors import ChangedCodeError, SeedwiseError
from seedwise.execution import _supervisor
from seedwise.run import Checkpoint, RunCode, RunRecord, RunSpec, changed_files
from seedwise.store import Store
from seedwise.study import Study
from seedwise.study._study_file import parse_study


@pytest.fixture
def module(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(tmp_path))
    file = tmp_path / "edited_module.py"
    file.write_text("def train(run):\n    run.finish(accuracy=1.0)\n")
    __import__("edited_module")
    yield file
    __import__("sys").modules.pop("edited_module")


def test_the_fingerprint_is_of_what_was_loaded_and_not_of_a_later_edit(module):
    code = RunCode(RunSpec("edited_module:train", {}, {}))
    before = code.files()
    module.write_text("def train(run):\n    run.finish(accuracy=2.0)\n")
    assert code.files() == before
    assert changed_files(before) == ["edited_module.py"]


def test_a_checkpoint_of_other_code_is_not_gone_on_from_and_that_is_said(module, tmp_path):
    path = tmp_path / "checkpoint"

    def checkpoint():
        made = Checkpoint(path, every_epochs=1)
        made.code = RunCode(RunSpec("edited_module:train", {}, {}))
        return made

    checkpoint().save(0, total=1)
    assert checkpoint().load() == {"epoch": 0, "total": 1}
    module.write_text("def train(run):\n    run.finish(accuracy=2.0)\n")
    after = checkpoint()
    assert after.load() is None
    assert after.resumed_from == []
    assert after.notes == ["the code has changed since the checkpoint (edited_module.py): from the start"]
    assert not path.exists()


def test_a_slow_commit_is_not_charged_to_the_runs_behind_it(tmp_path, monkeypatch):
    text = yaml.safe_dump(
        {"name": "naps", "train": {"function": "napping:train"}, "replicates": 4, "limits": {"seconds": 1000}}
    )
    (tmp_path / "napping.py").write_text("def train(run):\n    run.finish(accuracy=1)\n")
    (tmp_path / "naps.yaml").write_text(text)
    ingest, ingested, passed = Store.ingest, [], [0]

    def slowly(store, *records):
        # Until the runs of both workers have ended too, and that has been said: for longer than their limit.
        ending = min(len(records) + 2, 4 - len(ingested))
        ingested.extend(records)
        while len(list((tmp_path / "naps.d" / "outbox").glob("*.run"))) < ending:
            time.sleep(0.02)
        time.sleep(0.5)
        passed[0] += 1001
        return ingest(store, *records)

    monkeypatch.setattr(Store, "ingest", slowly)
    clock = SimpleNamespace(monotonic=lambda: time.monotonic() + passed[0])
    monkeypatch.setattr(_supervisor, "time", clock)
    outcome = Study.from_yaml(tmp_path / "naps.yaml").run(workers=2)
    assert outcome.counts == {"finished": 4}


def test_what_the_users_code_reads_is_empty(tmp_path):
    (tmp_path / "asking.py").write_text("import sys\ndef train(run):\n    run.finish(accuracy=len(sys.stdin.read()))\n")
    (tmp_path / "asks.yaml").write_text("name: asks\ntrain: {function: 'asking:train'}\nreplicates: 1\n")
    study = Study.from_yaml(tmp_path / "asks.yaml")
    assert study.run(workers=1).counts == {"finished": 1}
    assert study.cells()[0].values.tolist() == [0.0]


FAILING = "def train(run):\n    raise ValueError('{}')\n"
REPAIRED = "def train(run):\n    run.finish(accuracy=run.seeds['init'])\n"


def test_a_shard_obeys_retry_failed_and_changed_code(tmp_path):
    (tmp_path / "sharded.py").write_text(FAILING.format("first"))
    (tmp_path / "parts.yaml").write_text("name: parts\ntrain: {function: 'sharded:train'}\nreplicates: 2\n")

    def run(**options):
        __import__("sys").modules.pop("sharded", None)
        return Study.from_yaml(tmp_path / "parts.yaml").run(workers=1, shard=(1, 1), **options)

    assert run().counts == {"crashed": 2}
    (tmp_path / "sharded.py").write_text(REPAIRED)
    assert (run().counts, run().trained) == ({"crashed": 2}, 0)
    assert run(retry_failed=True).counts == {"finished": 2}
    (tmp_path / "sharded.py").write_text(REPAIRED + "\nEDITED = 1\n")
    with pytest.raises(ChangedCodeError, match=r"sharded\.py"):
        run()
    assert run(accept_changed_code=True).trained == 0
    assert run(retrain=True).trained == 2


BASE = """
name: s
task: {dataset: digits}
model: small_cnn
train: {epochs: 2, batch_size: 64, optimizer: {name: sgd, lr: 0.1}, schedule: cosine}
methods:
  base: {}
  wide: {model: {width: 32}, schedule: {warmup_epochs: 1}}
"""


def test_the_short_form_of_a_group_can_be_overridden():
    wide = parse_study(BASE).configs()["wide"]
    assert wide["model"] == {"name": "small_cnn", "width": 32}
    assert wide["train"]["schedule"] == {"name": "cosine", "warmup_epochs": 1.0}


def test_ones_own_config_is_merged_key_by_key_whatever_the_keys_are_called(new_project, tmp_path):
    project = new_project(tmp_path)
    study = project.study(
        methods={"base": {}, "vit": {"config": {"name": "vit"}}},
        train={"function": "toy:train", "config": {"name": "resnet", "lr": 0.1}},
    )
    assert study.spec.configs()["vit"] == {"name": "vit", "lr": 0.1}


def test_replacing_the_number_of_replicates_renames_no_run(new_project, tmp_path):
    project = new_project(tmp_path)
    train = {"function": "toy:train", "config": {"tag": "1e-4"}}
    plain = project.study(train=train, replicates=3).plan()
    changed = Study.from_yaml(project.file, replicates=3)
    assert [p.spec.id for p in changed.plan()] == [p.spec.id for p in plain]


@pytest.mark.parametrize("value", ["!!float abc", "!!int abc"])
def test_a_value_that_yaml_cannot_build_is_one_line(value):
    with pytest.raises(SeedwiseError, match="not valid YAML") as caught:
        parse_study(f"name: {value}\n")
    assert "\n" not in str(caught.value)


def test_one_regime_has_one_name():
    regimes = parse_study(BASE + "regimes: [shuffle+init]\n").regimes
    assert regimes == ["init+shuffle"]
    with pytest.raises(SeedwiseError, match="listed twice"):
        parse_study(BASE + "regimes: [shuffle+init, init+shuffle]\n")


def test_weights_of_an_earlier_attempt_are_set_aside(tmp_path):
    from seedwise.study import StudyFolder

    folder = StudyFolder(tmp_path)
    record = RunRecord("id", {}, "finished")
    for blob in (b"old", b"old", b"new"):
        folder.keep_weights(record.id, "final", blob)
    assert (tmp_path / "weights" / "id-final.pt").read_bytes() == b"new"
    assert sorted(p.read_bytes() for p in (tmp_path / "weights").iterdir()) == [b"new", b"old"]


@pytest.mark.parametrize("name", ["out.html", "out.yaml", "a_folder"])
def test_a_store_that_cannot_be_one_is_refused(tmp_path, name):
    (tmp_path / "a_folder").mkdir()
    with pytest.raises(SeedwiseError, match="cannot be the store"):
        Study(parse_study(BASE), store=tmp_path / name)
