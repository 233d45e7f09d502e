"""Worker processes, kept or not, forked or spawned, and ranks: an epoch is the same to the last bit."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.utils.data import get_worker_info

from tests.nursery import nursery

from .loader_rank import EPOCHS, Noisy, epochs_of

pytestmark = [
    pytest.mark.filterwarnings("ignore:This DataLoader will create:UserWarning"),  # as many workers as here are cores
    pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning"),
]
SCRIPT = Path(__file__).with_name("loader_rank.py")


@pytest.fixture(scope="module")
def plain():
    """Two epochs without worker processes."""
    return epochs_of(4)[0]


@pytest.mark.parametrize(
    "options", [{"num_workers": 1}, {"num_workers": 2, "persistent_workers": True}, {"num_workers": 4}]
)
def test_epochs_are_the_same_with_worker_processes(plain, options):
    before = torch.get_rng_state()
    found, run = epochs_of(4, **options)
    assert found == plain
    assert run.randomness.drawn == {"shuffle", "augment"}
    assert run.randomness.reseeded == {}
    assert torch.equal(torch.get_rng_state(), before)


def test_a_loop_that_starts_at_a_later_epoch_has_the_same_batches(plain):
    assert epochs_of(4, epochs=EPOCHS[1:], num_workers=1)[0] == plain[1:]


def test_workers_and_batch_size_at_once_leave_the_examples_as_they_are(plain):
    (found, _), _ = epochs_of(7, num_workers=2, persistent_workers=True, seeds={"shuffle": 8})
    examples, others = (sorted(row[:6] for batch in epoch for row in batch) for epoch in (found, plain[0]))
    assert examples == others


class MakesOneWhenNeeded(Noisy):
    def __init__(self, size):
        super().__init__(size)
        self.rng = None

    def __getitem__(self, k):
        if self.rng is None:
            self.rng = np.random.default_rng()
        return k, self.rng.random()


def test_generators_that_each_worker_makes_for_itself_start_from_the_example():
    plain, others = (
        sorted(row[:2] for batch in found for row in batch)
        for found in (
            epochs_of(4, MakesOneWhenNeeded(12), epochs=(0,))[0][0],
            epochs_of(5, MakesOneWhenNeeded(12), epochs=(0,), num_workers=2)[0][0],
        )
    )
    assert plain == others


class Quiet(Noisy):
    def __getitem__(self, k):
        assert get_worker_info() is not None
        return (k,)


class Seeding(Quiet):
    def __getitem__(self, k):
        torch.manual_seed(42)
        return k, torch.rand(()).item()


def test_what_workers_draw_or_do_not_draw_is_known_to_the_run():
    run = epochs_of(4, Seeding(6), epochs=(0,), num_workers=1)[1]
    assert run.randomness.reseeded == {"augment": {"torch"}}
    _, run = epochs_of(6, Quiet(6), epochs=(0,), num_workers=1, sampler=range(6))
    assert run.randomness.drawn == {"augment"}, "mixup draws"


@pytest.fixture(scope="module")
def ranks(tmp_path_factory):
    """What two ranks with spawned workers found."""
    folder = tmp_path_factory.mktemp("ranks")
    environment = {**os.environ, "GLOO_SOCKET_IFNAME": "lo0" if sys.platform == "darwin" else "lo"}
    processes = [
        nursery().popen()(
            [sys.executable, "-W", "error", str(SCRIPT), str(rank), str(folder)],
            env=environment,
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank in range(2)
    ]
    try:
        errors = [process.communicate(timeout=240)[1] for process in processes]
    finally:
        for process in processes:
            process.kill()
    assert [process.returncode for process in processes] == [0, 0], errors
    return [torch.load(folder / f"{rank}.pt") for rank in range(2)]


def test_two_ranks_with_spawned_workers_share_one_order(ranks):
    assert [rank["drawn"] for rank in ranks] == [["augment", "shuffle"]] * 2
    for k, whole in enumerate(epochs_of(8)[0]):
        steps = zip(*(rank["found"][k] for rank in ranks), strict=True)
        for (first, second), batch in zip(steps, whole, strict=True):
            together = [row[:6] for pair in zip(first, second, strict=True) for row in pair]
            assert together == [row[:6] for row in batch]
