"""What a forward pass of a trained network costs, as runs record it."""

import dataclasses
import time

import pytest
import torch
from torch import nn

from seedwise.errors import RefusedError
from seedwise.models import small_cnn
from seedwise.run import NetworkCost, Observed, RunRecord, checked
from seedwise.store import Store
from seedwise.training._cost import flops, peak_memory, seconds_per_example


@pytest.fixture(scope="module")
def record(trained):
    return trained({"init": 1}, epochs=1, model={"width": 4})


def test_operations_and_parameters_are_those_of_the_layers(record):
    # 3 x 3 convolutions on 8 x 8 pixels, 1 to 4 and 4 to 8 channels; 8 channels of 4 x 4 to 10 classes.
    cost = record.observed.cost
    assert cost.flops == 2 * (9 * 1 * 4 * 64 + 9 * 4 * 8 * 64 + 8 * 16 * 10)
    assert cost.parameters == (9 * 1 + 1) * 4 + (9 * 4 + 1) * 8 + (8 * 16 + 1) * 10
    assert 20e6 < cost.peak_memory < 1e12


def test_what_cannot_take_a_single_example_has_no_count():
    assert flops(small_cnn(1, 10, width=2), [torch.zeros(1, 1, 8, 8)]) == 2 * (9 * 2 * 64 + 9 * 8 * 64 + 640)
    assert flops(nn.Linear(3, 2), [torch.zeros(1, 4)]) is None


class Slow(nn.Module):
    """Takes a time that grows with the batch, and remembers how large that was."""

    def __init__(self, per_example):
        super().__init__()
        self.per_example, self.sizes = per_example, []

    def forward(self, x):
        self.sizes.append(len(x))
        time.sleep(self.per_example * len(x))
        return x


def inputs(size):
    return [torch.zeros(size, 1)]


def test_seconds_are_those_of_a_pass():
    network = Slow(1e-4)
    found = seconds_per_example(network, inputs, 60.0)
    assert set(found) == {1, 16, 256}
    # A loaded machine sleeps longer, never shorter.
    assert all(seconds >= 1e-4 for seconds in found.values())
    assert [network.sizes.count(size) for size in (1, 16, 256)] == [6, 1, 5], "the first warms up"


def test_what_would_take_too_long_is_not_begun():
    network = Slow(0.004)
    found = seconds_per_example(network, inputs, 1.0)
    assert 1 in found
    assert 256 not in found
    assert 256 not in network.sizes, "256 examples would take a second"
    assert seconds_per_example(Slow(0.01), inputs, 0.005) == {}


def test_the_cost_is_in_the_record_and_in_the_store_and_in_no_digest(record, tmp_path):
    cost = NetworkCost(10, 20, 0.5, 0.25, peak_memory())
    measured = dataclasses.replace(record, observed=dataclasses.replace(record.observed, cost=cost))
    again = RunRecord.from_bytes(measured.to_bytes())
    assert again.observed == measured.observed
    assert (again.id, again.weights_sha256) == (record.id, record.weights_sha256)
    with Store(tmp_path / "s.db", write=True) as store:
        store.ingest(checked(again))
        assert store.observed([record.id])[record.id].cost == cost
        (read,) = store.records([record.id])
    assert read.observed.cost == cost


def test_what_was_seen_before_there_were_costs_is_read():
    kept = {"drawn": ["init"], "reseeded": {}, "outside": [], "left": [], "arguments": {}}
    assert Observed.from_dict(kept) == Observed(drawn=["init"])


@pytest.mark.parametrize("value", [-1.0, float("nan"), "much"])
def test_a_cost_that_is_no_number_is_refused(record, value):
    seen = dataclasses.replace(record.observed, cost=NetworkCost(seconds_1=value))
    with pytest.raises(RefusedError, match="what its network costs is no number"):
        checked(dataclasses.replace(record, observed=seen))
