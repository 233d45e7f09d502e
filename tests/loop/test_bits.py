"""A plain PyTorch loop: replayed, with one source moved, killed and resumed, it has the bits that it is to have."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

import seedwise
from seedwise.study import Store

from ..nursery import nursery
from ..toy_project import left

PROGRAM = '''
import os, signal, sys
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset
import seedwise

EPOCHS = 4

def digest(tensor):
    """A whole number that depends on every bit and on their order, exact in float64."""
    bits = tensor.detach().contiguous().view(torch.uint8).reshape(-1).to(torch.int64)
    return float((bits * (torch.arange(bits.numel()) % 8191 + 1)).sum())

def train(run, die=None):
    points = torch.linspace(-1, 1, 64)[:, None]
    with run.randomness.scope("init"):
        network = nn.Sequential(nn.Linear(1, 8), nn.ReLU(), nn.Dropout(0.5), nn.Linear(8, 2))
    first = digest(torch.cat([p.reshape(-1) for p in network.parameters()]))
    optimizer = torch.optim.SGD(network.parameters(), lr=0.1, momentum=0.9)
    order = torch.Generator()
    batches = DataLoader(TensorDataset(points, torch.arange(64)), batch_size=16, shuffle=True, generator=order)
    saved = run.checkpoint.load()
    start = 0
    if saved is not None:
        network.load_state_dict(saved["network"])
        optimizer.load_state_dict(saved["optimizer"])
        first, start = saved["first"], saved["epoch"] + 1
    for epoch in range(start, EPOCHS):
        order.manual_seed(run.randomness.integer("shuffle", epoch))
        noise = torch.randn(64, 1, generator=run.randomness.generator("augment", epoch)) / 10
        seen = []
        with run.randomness.scope("dropout", epoch):
            for x, index in batches:
                seen.append(index)
                loss = nn.functional.cross_entropy(network(x + noise[index]), (x[:, 0] > 0).long())
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
            kept = digest(nn.functional.dropout(torch.ones(64)))
        run.log(epoch, loss=loss, first=first, order=digest(torch.cat(seen)), noise=digest(noise), masks=kept)
        run.checkpoint.save(epoch, network=network.state_dict(), optimizer=optimizer.state_dict(), first=first)
        if die == (run.seeds["init"], epoch):
            os.kill(os.getpid(), signal.SIGKILL)
    run.save_weights(network.state_dict())
    run.finish(accuracy=float((network.eval()(points).argmax(1) == (points[:, 0] > 0)).double().mean()))

if __name__ == "__main__":
    die = (2, int(sys.argv[2])) if sys.argv[2:] else None
    for run in seedwise.replicates(3, store=sys.argv[1], checkpoint_seconds=0, quiet=True, ignore_args=["argument 2"]):
        train(run, die)
'''


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("plain") / "plain.py"
    path.write_text(PROGRAM)
    return path


@pytest.fixture(scope="module")
def train(program: Path):
    names: dict = {"__name__": "plain"}
    exec(compile(PROGRAM, program, "exec"), names)
    return names["train"]


@pytest.fixture(scope="module")
def undisturbed(train, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("undisturbed") / "s.db"
    for run in seedwise.replicates(3, store=path, quiet=True):
        train(run)
    return path


def test_the_replicates_differ(undisturbed):
    runs = left(undisturbed)
    assert [run.status for run in runs] == ["finished"] * 3
    assert len({run.weights for run in runs}) == 3
    assert all(len(run.series) == 4 for run in runs)


def test_a_replay_has_the_same_bits(train, undisturbed, tmp_path):
    for run in seedwise.replicates(3, store=tmp_path / "again.db", quiet=True):
        train(run)
    assert left(tmp_path / "again.db") == left(undisturbed)


@pytest.mark.parametrize(
    ("source", "moves"), [("init", "first"), ("shuffle", "order"), ("augment", "noise"), ("dropout", "masks")]
)
def test_one_source_moves_its_digests_and_no_other(train, tmp_path, source, moves):
    for run in seedwise.replicates(2, vary=[source], store=tmp_path / "s.db", quiet=True):
        train(run)
    one, two = left(tmp_path / "s.db")
    differing = [
        {name for name in ("first", "order", "noise", "masks") if a[name] != b[name]}
        for a, b in zip(one.series, two.series, strict=True)
    ]
    assert differing == [{moves}] * 4
    assert one.weights != two.weights


def test_killed_in_the_middle_and_resumed_it_has_the_same_bits(program, undisturbed, tmp_path):
    path = tmp_path / "s.db"
    for epoch in (0, 2):
        killed = nursery().run([str(program), str(path), str(epoch)], cwd=tmp_path, timeout=250)
        assert killed.returncode == -signal.SIGKILL, killed.stderr
    done = nursery().run([str(program), str(path)], cwd=tmp_path, timeout=250)
    assert done.returncode == 0, done.stderr
    assert left(path) == left(undisturbed)
    with Store(path) as store:
        assert [run.resumed_from for run in store.runs()] == [[], [1, 3], []]
