"""The candidates are as random as they are said to be."""

import numpy as np
import pytest
from scipy import stats

from seedwise.selection._hash import keys_of, signed
from seedwise.selection._pool import Pool

SEEDS = [0, 1, 2, 2**31, 2**62 + 1]
N, K = 1 << 15, 8


@pytest.fixture(scope="module")
def pools():
    return [Pool(seed, K, N, 1.0).all().double().numpy() for seed in SEEDS]


def test_candidates_are_uniform(pools):
    p = [stats.kstest(row, "uniform", args=(-1, 2)).pvalue for pool in pools for row in pool]
    assert min(p) > 0.001 / len(p)
    assert stats.kstest(p, "uniform").pvalue > 0.001


def test_candidates_of_a_connection_neighbours_and_seeds_are_uncorrelated(pools):
    rows = np.concatenate(pools)
    between = np.corrcoef(rows)[np.triu_indices(len(rows), 1)] * np.sqrt(N)
    lagged = [np.corrcoef(row[:-lag], row[lag:])[0, 1] * np.sqrt(N) for row in rows for lag in (1, 2, 64, 4096)]
    for z in (between, np.array(lagged)):
        assert np.abs(z).max() < stats.norm.isf(0.0005 / len(z))
        assert 0.85 < z.std() < 1.15


def test_pairs_of_candidates_fill_the_square(pools):
    p = []
    for pool in pools:
        for j in range(K - 1):
            counts, _, _ = np.histogram2d(pool[j], pool[j + 1], bins=16, range=[[-1, 1]] * 2)
            p.append(stats.chisquare(counts.ravel()).pvalue)
    assert min(p) > 0.001 / len(p)
    assert stats.kstest(p, "uniform").pvalue > 0.001


def test_a_candidate_is_a_pure_function_of_seed_connection_and_place():
    """In the integers of Python, from the formulas of the module."""
    word = 0xFFFFFFFF

    def mix(x):
        x = (x ^ x >> 16) * 0x21F0AAAD & word
        x = (x ^ x >> 15) * 0x735A2D97 & word
        return x ^ x >> 15

    pool = Pool(12345, 3, 100, 0.5)
    made = pool.all()
    start = keys_of(12345, 1, purpose=1)[0]
    keys = keys_of(12345, 3, purpose=2)
    for i in (0, 1, 57, 99):
        for j in range(3):
            x = (mix(i ^ start) ^ keys[j]) * 0x21F0AAAD & word
            x = signed(x)
            x = (x ^ x >> 15) * 0x735A2D97 & word
            assert made[j, i].item() == pytest.approx(0.5 * signed(x) / 2**31, rel=1e-6)
