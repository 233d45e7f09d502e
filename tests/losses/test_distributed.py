"""Two processes with half of each batch against one process with all of it."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from tests.nursery import nursery

SCRIPT = Path(__file__).with_name("two_ranks.py")
spec = importlib.util.spec_from_file_location("two_ranks", SCRIPT)
two_ranks = importlib.util.module_from_spec(spec)
spec.loader.exec_module(two_ranks)

EVERYTHING = slice(None)


@pytest.fixture(scope="module")
def ranks(tmp_path_factory):
    """What the two ranks found, [rank][loss]."""
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
        errors = [process.communicate(timeout=120)[1] for process in processes]
    finally:
        for process in processes:
            process.kill()
    assert [process.returncode for process in processes] == [0, 0], errors
    return [torch.load(folder / f"{rank}.pt") for rank in range(2)]


def assert_same_state(a, b, leaving_out=()):
    assert a.keys() == b.keys()
    for name in a.keys() - set(leaving_out):
        torch.testing.assert_close(a[name], b[name], rtol=0, atol=0, equal_nan=True, msg=lambda m, n=name: f"{n}: {m}")


@pytest.mark.parametrize("name", ["vml", "clf", "placebo"])
def test_equal_shards_give_the_gradient_of_a_single_process(ranks, name):
    loss = two_ranks.LOSSES[name]()
    single = two_ranks.train(loss, EVERYTHING)
    for rank in ranks:
        torch.testing.assert_close(rank[name]["gradients"], single["gradients"], rtol=1e-4, atol=1e-6)
        torch.testing.assert_close(rank[name]["factors"], single["factors"], rtol=1e-4, atol=1e-6)
    assert (single["factors"] - 1).abs().max() > 0.05
    for key, value in single["state"].items():
        torch.testing.assert_close(ranks[0][name]["state"][key], value, rtol=1e-4, atol=1e-6, equal_nan=True)


@pytest.mark.parametrize("name", ["vml", "clf", "placebo"])
def test_ranks_hold_the_same_state_and_return_their_own_loss(ranks, name):
    assert_same_state(ranks[0][name]["state"], ranks[1][name]["state"])
    assert not torch.equal(ranks[0][name]["totals"], ranks[1][name]["totals"])


@pytest.mark.parametrize(("name", "numbers"), [("vml", 1), ("clf", 2), ("placebo", 1)])
def test_what_is_reduced_per_training_step_in_the_given_group(monkeypatch, name, numbers):
    calls = []

    class TwoEqualRanks:
        is_available = is_initialized = staticmethod(lambda: True)
        get_world_size = staticmethod(lambda group: 2)

        @staticmethod
        def all_reduce(tensor, group):
            calls.append((tensor.numel(), group))
            tensor.mul_(2)

    for module in ("_controller", "clf"):
        monkeypatch.setattr(f"seedwise.losses.{module}.dist", TwoEqualRanks)
    loss = two_ranks.LOSSES[name](process_group="ours")
    two_ranks.train(loss, EVERYTHING)
    assert calls == [(1, "ours")] * two_ranks.STEPS * numbers
    with torch.no_grad():
        loss(torch.zeros(2, 3), torch.tensor([0, 1]))
    loss.eval()(torch.zeros(2, 3, requires_grad=True), torch.tensor([0, 1]))
    assert len(calls) == two_ranks.STEPS * numbers


def test_the_variance_term_stays_that_of_each_rank(ranks):
    a, b = (rank["clf-variance"]["state"] for rank in ranks)
    assert_same_state(a, b, leaving_out=["last_penalty"])
    assert a["last_penalty"] != b["last_penalty"]


def test_ranks_that_ignore_different_numbers_of_entries_hold_the_same_state(ranks):
    a, b = (rank["clf-ignoring"]["state"] for rank in ranks)
    assert_same_state(a, b)
    kept = [int((two_ranks.ignoring(two_ranks.data(step)[1]) >= 0).sum()) for step in range(12, two_ranks.STEPS)]
    assert a["running_examples"] == sum(kept)


def test_a_non_finite_loss_on_one_rank_is_skipped_on_both(ranks):
    a, b = (rank["one rank spoilt"] for rank in ranks)
    assert_same_state(a["state"], b["state"])
    assert a["state"]["steps"] == two_ranks.STEPS - 1
    assert a["totals"].isnan().nonzero().tolist() == [[6]]
    assert b["totals"].isfinite().all()
    assert b["gradients"].isfinite().all()


def test_a_group_of_one_follows_its_own_losses(ranks):
    for rank, rows in enumerate((slice(0, 4), slice(4, 8))):
        single = two_ranks.train(two_ranks.LOSSES["vml"](), rows)
        torch.testing.assert_close(ranks[rank]["alone"]["factors"], single["factors"], rtol=1e-4, atol=1e-6)
    assert ranks[0]["alone"]["state"]["baseline"] != ranks[1]["alone"]["state"]["baseline"]
