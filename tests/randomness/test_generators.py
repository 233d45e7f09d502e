"""What becomes of the global generators in a block."""

import random
import time
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from seedwise.randomness import Randomness, _generators, seeded
from seedwise.randomness._generators import moved_seeds


@pytest.fixture(autouse=True)
def _time_of_the_processor(monkeypatch):
    """How much can have been drawn is judged by the time that passed: here without that of other processes."""
    monkeypatch.setattr(_generators, "time", SimpleNamespace(perf_counter=time.process_time))


def states():
    return random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state().tolist()  # noqa: NPY002


def test_a_block_without_draws_leaves_nothing_to_say():
    before = states()
    with seeded(7) as fate:
        pass
    assert (fate.drawn, fate.reseeded) == ([], [])
    assert states() == before


@pytest.mark.parametrize(
    ("draw", "name"),
    [(random.random, "python"), (np.random.rand, "numpy"), (lambda: torch.rand(1), "torch")],
    ids=["python", "numpy", "torch"],
)
@pytest.mark.parametrize("times", [1, 2, 311, 312, 313, 2000])
def test_a_draw_is_seen_and_is_no_seeding(draw, name, times):
    before = states()
    with seeded(7) as fate:
        for _ in range(times):
            draw()
    assert (fate.drawn, fate.reseeded) == ([name], [])
    assert states() == before


@pytest.mark.parametrize("draws", [0, 1, 700, 100_000])
@pytest.mark.parametrize("value", [0, 42, 2**32 - 1])
def test_a_value_that_nobody_gave_is_seen_after_any_number_of_draws(value, draws):
    with seeded(7) as fate:
        random.seed(value)
        np.random.seed(value)  # noqa: NPY002
        torch.manual_seed(value)
        random.getrandbits(32 * max(draws, 1))
        np.random.bytes(4 * draws)  # noqa: NPY002
        torch.rand(draws)
    assert fate.drawn == ["python", "numpy", "torch"]
    assert fate.reseeded == ["python", "numpy", f"torch ({value})"]


@pytest.mark.parametrize("draws", [0, 1, 700, 100_000])
def test_a_value_that_was_given_is_none(draws):
    given = {11, 12345, 2**62 + 1}
    with seeded(7, given) as fate:
        random.seed(12345)
        np.random.seed((2**62 + 1) % 2**32)  # noqa: NPY002
        torch.manual_seed(11)
        random.getrandbits(32 * max(draws, 1))
        np.random.bytes(4 * draws)  # noqa: NPY002
        torch.rand(draws)
    assert fate.reseeded == []


def test_many_draws_are_never_taken_for_a_seeding():
    lengths = np.random.default_rng(0).integers(1, 3_000_000, 12)
    for length in lengths:
        with seeded(int(length)) as fate:
            np.random.bytes(4 * length)  # noqa: NPY002
            random.getrandbits(int(length))
        assert fate.reseeded == []


def test_a_library_that_seeds_everything_in_its_constructor_is_seen():
    def set_seed(seed):  # as training libraries do
        random.seed(seed)
        np.random.seed(seed)  # noqa: NPY002
        torch.manual_seed(seed)

    randomness = Randomness({"init": 3})
    with randomness.scope("init"):
        set_seed(42)
        torch.nn.Linear(2, 2)
    assert randomness.reseeded == {"init": {"python", "numpy", "torch (42)"}}
    good = Randomness({"init": 3})
    with good.scope("init"):
        set_seed(good.seed_for("init"))
        torch.nn.Linear(2, 2)
    assert good.reseeded == {}


def test_a_source_is_drawn_from_where_something_was_drawn():
    randomness = Randomness({"init": 1})
    with randomness.scope("dropout", 0):
        pass
    assert randomness.drawn == set(), "a scope in which nobody draws asks for nothing"
    with randomness.scope("init", "weights"):
        torch.rand(1)
    assert randomness.drawn == {"init", "weights"}
    randomness.numpy("shuffle", "order", 0)
    randomness.integer("augment")
    assert randomness.drawn == {"init", "weights", "shuffle", "augment"}


def test_seeds_for_other_libraries_fit_them():
    seeds = [Randomness({"init": k}).seed_for("init", "trainer", e) for k in range(40) for e in range(5)]
    assert all(0 <= seed < 2**32 for seed in seeds)
    assert max(seeds) > 2**31, "all 32 bits are used"
    assert len(set(seeds)) == len(seeds)
    np.random.RandomState(max(seeds))
    sequence = Randomness({"init": 3}).sequence("init", "trainer")
    assert Randomness({"init": 3}).seed_for("init", "trainer") == int(sequence.generate_state(1, np.uint32)[0])


@pytest.mark.parametrize(
    ("seed", "state"),
    [
        (lambda: torch.manual_seed(seed=3), torch.initial_seed),
        (lambda: torch.manual_seed(3), torch.initial_seed),
        (lambda: torch.random.manual_seed(3), torch.initial_seed),
        (lambda: random.seed(a=3), random.random),
        (lambda: random.seed(3, version=2), random.random),
        (lambda: np.random.seed(seed=3), np.random.random),  # noqa: NPY002
        (lambda: np.random.seed(2**32 - 1), np.random.random),  # noqa: NPY002
    ],
)
def test_a_seed_is_moved_however_it_is_passed(seed, state):
    seed()
    plain = state()
    with moved_seeds(1, given=()):
        seed()
        moved = state()
    assert moved != plain
    with moved_seeds(1, given=(3, 2**32 - 1)):
        seed()
        assert state() == plain
    seed()
    assert state() == plain
