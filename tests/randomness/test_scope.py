"""The scope seeds the global generators and puts them back."""

import random

import numpy as np
import pytest
import torch
from scipy import stats

from seedwise.randomness import Randomness


def states():
    numpy_state = np.random.get_state()  # noqa: NPY002
    return random.getstate(), numpy_state[1].tolist(), numpy_state[2:], torch.get_rng_state().tolist()


def draws():
    return random.random(), np.random.random(), torch.rand(()).item()  # noqa: NPY002


def test_the_draws_are_those_of_the_stream():
    randomness = Randomness({"dropout": 4})
    seed = randomness.integer("dropout", "masks", 2)
    with randomness.scope("dropout", "masks", 2):
        got = draws()
    expected_torch = torch.rand((), generator=torch.Generator().manual_seed(seed)).item()
    expected_numpy = np.random.RandomState(np.random.SeedSequence(seed).generate_state(1)[0]).random_sample()
    assert got == (random.Random(seed).random(), expected_numpy, expected_torch)


def test_the_draws_do_not_depend_on_the_state_outside():
    randomness = Randomness({"init": 1})
    got = []
    for outside in (1, 2):
        random.seed(outside)
        np.random.seed(outside)  # noqa: NPY002
        torch.manual_seed(outside)
        with randomness.scope("init"):
            got.append(draws())
    assert got[0] == got[1]


def test_the_state_outside_is_put_back():
    before = states()
    with Randomness().scope("init"):
        draws()
        assert all(inside != outside for inside, outside in zip(states(), before, strict=True))
    assert states() == before


def test_the_state_outside_is_put_back_after_an_exception():
    before = states()
    with pytest.raises(KeyError), Randomness().scope("init"):
        raise KeyError(draws())
    assert states() == before


def test_scopes_nest():
    randomness = Randomness()
    with randomness.scope("init"):
        first = draws()
        expected = draws()
    with randomness.scope("init"):
        assert draws() == first
        with randomness.scope("dropout"):
            assert draws() != first
        assert draws() == expected


def test_no_generator_draws_what_another_does():
    # numpy's and torch's are Mersenne twisters: from one number they give the same coins.
    bits = []
    for key in range(1000):
        with Randomness({"augment": 1}).scope("augment", key):
            bits.append((random.getrandbits(1), np.random.randint(0, 2), int(torch.randint(0, 2, ()))))  # noqa: NPY002
    coins = np.array(bits).T
    assert all(stats.binomtest(int(coin.sum()), 1000).pvalue > 1e-3 for coin in coins)
    for one, two in ((0, 1), (0, 2), (1, 2)):
        assert stats.binomtest(int((coins[one] == coins[two]).sum()), 1000).pvalue > 1e-3
