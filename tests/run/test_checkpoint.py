"""When a checkpoint is written, what it may hold, and which generation is used."""

import io
import os
import subprocess
import sys
import time
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import pytest
import torch

from seedwise.errors import SeedwiseError
from seedwise.run import Checkpoint, Interrupted, Keep, Run, RunRecord, RunSpec, read_checked, write_checked
from seedwise.run._execute import record_of


@pytest.fixture
def path(tmp_path):
    return tmp_path / "run.checkpoint"


def two_generations(path):
    """Write epochs 0 and 1 and return the newest file."""
    checkpoint = Checkpoint(path, every_epochs=1)
    for epoch in range(2):
        checkpoint.log.append({"epoch": epoch})
        checkpoint.save(epoch, weights=torch.full((3,), float(epoch)))
    return path


def test_every_n_epochs(path):
    checkpoint = Checkpoint(path, every_epochs=3)
    assert [epoch for epoch in range(9) if checkpoint.save(epoch)] == [2, 5, 8]
    assert Checkpoint(path).load() == {"epoch": 8}


def test_at_the_first_end_of_an_epoch_after_s_seconds(path, monkeypatch):
    now = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    checkpoint = Checkpoint(path, every_seconds=10)
    written = []
    for epoch in range(10):
        now[0] += 4
        if checkpoint.save(epoch):
            written.append(epoch)
    assert written == [2, 5, 8]  # 12 seconds after the start, and after each other


def test_whichever_comes_first(path, monkeypatch):
    now = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    checkpoint = Checkpoint(path, every_seconds=10, every_epochs=5)
    written = []
    for epoch in range(10):
        now[0] += 3
        if checkpoint.save(epoch):
            written.append(epoch)
    assert written == [3, 4, 8, 9]


def test_never_unless_asked_for(path):
    assert not Checkpoint(path).save(0)
    assert not Checkpoint(None, every_epochs=1).save(0)
    assert not path.exists()
    assert Checkpoint(path).load() is None
    assert Checkpoint(None).load() is None


def test_a_driver_that_asks_to_stop_gets_a_checkpoint(path):
    checkpoint = Checkpoint(path, should_stop=lambda: True)
    with pytest.raises(Interrupted):
        checkpoint.save(4, x=1)
    assert Checkpoint(path).load() == {"epoch": 4, "x": 1}


def test_a_state_that_is_made_at_a_cost_is_made_only_where_it_is_needed(path):
    used, asked = [], []
    checkpoint = Checkpoint(path, every_epochs=3, stop_after=5, should_stop=lambda: asked.append(True))
    checkpoint.on_use = lambda: used.append(True)
    wanted = []
    for epoch in range(5):
        if checkpoint.wants(epoch):
            assert checkpoint.wants(epoch)
            wanted.append(epoch)
            with pytest.raises(Interrupted) if epoch == 4 else nullcontext():
                checkpoint.save(epoch, weights=torch.ones(1))
    assert wanted == [2, 4]
    assert len(used) == len(asked) == 5, "every epoch counts once, as with save alone"
    assert Checkpoint(path).load()["epoch"] == 4
    assert Checkpoint(None, keep_trace=True).wants(0)
    assert not Checkpoint(None).wants(0)


def test_state_comes_back_bit_for_bit(path):
    model = torch.nn.Linear(2, 3)
    optimizer = torch.optim.AdamW(model.parameters(), fused=True)
    model(torch.ones(1, 2)).sum().backward()
    optimizer.step()
    state = {
        "model": model.state_dict(),
        "optimizer": optimizer.state_dict(),
        "plain": {"a": [1, 2.5, "x", None, True], "b": (1, 2)},
        "nan": torch.tensor([torch.nan, -0.0]),
        "half": torch.ones(2, dtype=torch.bfloat16),
        "empty": torch.zeros(0),
    }
    Checkpoint(path, every_epochs=1).save(0, **state)
    loaded = Checkpoint(path).load()
    assert loaded["plain"] == state["plain"]
    for name in ("nan", "half", "empty"):
        assert loaded[name].dtype == state[name].dtype
        assert torch.equal(loaded[name].view(torch.uint8), state[name].view(torch.uint8))
    for name, value in model.state_dict().items():
        assert torch.equal(loaded["model"][name], value)
    optimizer.load_state_dict(loaded["optimizer"])
    assert optimizer.state_dict()["state"][0]["step"] == 1


def test_the_log_the_resumes_and_the_time_go_on(path, monkeypatch):
    now = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    first = Checkpoint(path, every_epochs=1)
    first.log.append({"epoch": 0, "loss": 0.5})
    now[0] = 7
    first.save(0)
    first.log.append({"epoch": 1, "loss": 0.25})  # lost with the process

    now[0] = 100
    second = Checkpoint(path, every_epochs=1)
    second.load()
    assert (second.log, second.resumed_from, second.seconds) == ([{"epoch": 0, "loss": 0.5}], [1], 7)
    now[0] = 105
    second.save(1)

    third = Checkpoint(path)
    third.load()
    assert (third.resumed_from, third.seconds) == ([1, 2], 12)


DAMAGE = {
    "empty": lambda content: b"",
    "truncated": lambda content: content[: len(content) // 2],
    "one byte short": lambda content: content[:-1],
    "bit flipped": lambda content: content[:300] + bytes([content[300] ^ 1]) + content[301:],
    "foreign": lambda content: b"something else",
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_a_damaged_file_gives_way_to_the_one_before_it(path, damage):
    newest = two_generations(path)
    newest.write_bytes(damage(newest.read_bytes()))
    checkpoint = Checkpoint(path)
    loaded = checkpoint.load()
    assert loaded["epoch"] == 0
    assert torch.equal(loaded["weights"], torch.zeros(3))
    assert checkpoint.log == [{"epoch": 0}]
    assert checkpoint.resumed_from == [1]
    damaged = f"{path} is damaged: its checksum does not match its content"
    assert checkpoint.notes == [f"{damaged}; going on from the one before it, or from the start"]


def test_with_both_damaged_the_run_starts_again(path):
    for file in (two_generations(path), path.with_name("run.checkpoint.previous")):
        file.write_bytes(file.read_bytes()[:-1])
    checkpoint = Checkpoint(path, every_epochs=1)
    assert checkpoint.load() is None
    assert len(checkpoint.notes) == 2
    assert (checkpoint.log, checkpoint.resumed_from) == ([], [])
    checkpoint.save(0)
    assert Checkpoint(path).load() == {"epoch": 0}


def test_a_damaged_file_never_becomes_the_previous_one(path):
    newest = two_generations(path)
    newest.write_bytes(b"")
    checkpoint = Checkpoint(path, every_epochs=1)
    checkpoint.load()
    checkpoint.save(5)
    path.write_bytes(b"")
    assert Checkpoint(path).load()["epoch"] == 0


def test_a_kill_between_the_two_renames_costs_one_generation(path, monkeypatch):
    two_generations(path)
    replace = os.replace
    calls = []

    def kill_at_the_second(*args, **kwargs):
        calls.append(args)
        if len(calls) == 2:
            raise KeyboardInterrupt
        replace(*args, **kwargs)

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", kill_at_the_second)
        with pytest.raises(KeyboardInterrupt):
            Checkpoint(path, every_epochs=1).save(2)
    checkpoint = Checkpoint(path)
    assert checkpoint.load()["epoch"] == 1
    assert checkpoint.notes == []


def test_a_file_that_cannot_be_opened_is_not_deleted(path, monkeypatch):
    two_generations(path)

    def refuse(self):
        raise PermissionError

    with monkeypatch.context() as patch:
        patch.setattr(Path, "read_bytes", refuse)
        with pytest.raises(PermissionError):
            Checkpoint(path).load()
    assert Checkpoint(path).load()["epoch"] == 1


class Opaque:
    """Something that only a pickle can hold."""


@pytest.mark.parametrize("value", [np.array([Opaque()]), Opaque(), lambda: 1, Path("x"), {"a": [Opaque()]}])
def test_what_cannot_be_read_back_safely_is_refused_by_name(path, value):
    two_generations(path)
    with pytest.raises(SeedwiseError, match=r"^a checkpoint may hold tensors, .* and 'mine' holds something else$"):
        Checkpoint(path, every_epochs=1).save(2, mine=value, fine=torch.ones(2))
    assert Checkpoint(path).load()["epoch"] == 1


class Evil:
    def __init__(self, marker):
        self.marker = marker

    def __reduce__(self):
        return os.mkdir, (str(self.marker),)


def test_code_in_a_checkpoint_is_not_run(path, tmp_path):
    import io

    marker = tmp_path / "was run"
    buffer = io.BytesIO()
    torch.save({"epoch": 3, "state": {"x": Evil(marker)}, "log": [], "resumed_from": [], "seconds": 0.0}, buffer)
    write_checked(path, buffer.getvalue())

    # The payload does what it says where it is trusted.
    torch.load(io.BytesIO(read_checked(path)), weights_only=False)
    assert marker.exists()
    marker.rmdir()

    checkpoint = Checkpoint(path)
    assert checkpoint.load() is None
    assert not marker.exists()
    assert checkpoint.notes == [f"{path} cannot be read; going on from the one before it, or from the start"]


def test_remove_deletes_both_generations(path):
    two_generations(path)
    Checkpoint(path).remove()
    Checkpoint(path).remove()
    Checkpoint(None).remove()
    assert list(path.parent.iterdir()) == []


def test_the_trace_tells_states_apart():
    checkpoint = Checkpoint(None, keep_trace=True)
    for epoch, value in enumerate((1.0, 1.0, 2.0)):
        checkpoint.save(epoch, weights=torch.tensor([value]), nested={"list": [1, {"x": torch.ones(1)}]})
    assert list(checkpoint.trace) == ["0", "1", "2"]
    assert checkpoint.trace["0"] == checkpoint.trace["1"] != checkpoint.trace["2"]
    assert Checkpoint(None).trace == {}


FILL = """
import resource, sys
from pathlib import Path
import torch
from seedwise.errors import StorageError
from seedwise.run import Checkpoint, Run, RunSpec, execute

def train(run):
    run.checkpoint.save(0, x=torch.zeros(10))
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))
    run.checkpoint.save(1, x=torch.zeros(100_000))

try:
    execute(Run(RunSpec("my:train", {}, {}), {}, checkpoint=Checkpoint(Path(sys.argv[1]), every_epochs=1)), train)
except StorageError as error:
    print(error)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit of file sizes")
def test_a_full_disk_is_one_line_and_no_outcome_of_the_run(path):
    done = subprocess.run([sys.executable, "-c", FILL, path], capture_output=True, text=True, check=True)
    assert done.stdout.startswith(f"no space left to write {path}: ")
    assert done.stdout.count("\n") == 1
    assert done.stderr == ""
    assert Checkpoint(path).load()["epoch"] == 0


def test_notes_outlive_a_second_resume(tmp_path):
    path = tmp_path / "run"
    first = Checkpoint(path, every_epochs=1)
    first.save(0, done=0)
    first.save(1, done=1)
    path.write_bytes(path.read_bytes()[:-1])
    second = Checkpoint(path, every_epochs=1)
    assert second.load() == {"epoch": 0, "done": 0}
    second.save(1, done=1)
    third = Checkpoint(path)
    third.load()
    assert third.notes == second.notes
    assert len(third.notes) == 1


def test_what_was_kept_before_a_stop_is_there_after_it(path):
    def new_run():
        spec = RunSpec("my.train:train", {}, {"init": 1})
        return Run(spec, {}, checkpoint=Checkpoint(path, every_epochs=1), keep=Keep("logits16", "snapshots"))

    run = new_run()
    run.log(3, loss=1.0)
    run.save_predictions([[0.1, 0.7], [0.9, 0.2]], [1, 0], tag="snapshot-1", ids=[40, 50])
    run.save_predictions([1, 300], [2, 300], split="validation")
    run.save_weights({"w": torch.tensor([1.0, 2.0])}, tag="snapshot-1")
    run.checkpoint.save(3)
    run.save_predictions([0, 0], [1, 0], tag="after the checkpoint")

    resumed = new_run()
    resumed.checkpoint.load()
    first, second = resumed.predictions
    assert (first.split, first.tag, first.epoch) == ("test", "snapshot-1", 3)
    assert (second.split, second.tag, second.epoch) == ("validation", "final", 3)
    assert [first.ids.tolist(), first.labels.tolist(), first.predicted.tolist()] == [[40, 50], [1, 0], [1, 0]]
    assert first.logits.tolist() == np.array([[0.1, 0.7], [0.9, 0.2]], np.float16).tolist()
    assert second.logits is None
    assert (second.labels.tolist(), second.labels.dtype) == ([2, 300], np.uint16)
    assert (second.predicted.tolist(), second.predicted.dtype) == ([1, 300], np.uint16)
    assert torch.load(io.BytesIO(resumed.weights["snapshot-1"]), weights_only=True)["w"].tolist() == [1.0, 2.0]
    assert RunRecord.from_bytes(record_of(resumed).to_bytes()).id == resumed.id
