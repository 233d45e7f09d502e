"""The similarity of weights is the mean cosine over pairs, with the jackknife over runs."""

import itertools

import numpy as np
import pytest
from scipy.spatial.distance import cosine

from seedwise.statistics import weight_similarity

WEIGHTS = np.random.default_rng(0).normal(size=(6, 40)) + 0.7


def test_it_is_scipys_cosine_over_all_pairs():
    wanted = np.mean([1 - cosine(a, b) for a, b in itertools.combinations(WEIGHTS, 2)])
    found = weight_similarity(WEIGHTS @ WEIGHTS.T)
    assert found.estimate == pytest.approx(wanted)
    assert found.n == 6
    # The jackknife, written out: pseudo-values from the mean without each run.
    without = [
        np.mean([1 - cosine(a, b) for a, b in itertools.combinations(np.delete(WEIGHTS, k, 0), 2)]) for k in range(6)
    ]
    pseudo = 6 * wanted - 5 * np.array(without)
    half = 2.570582 * pseudo.std(ddof=1) / np.sqrt(6)  # t with 5 degrees of freedom
    assert (found.low, found.high) == pytest.approx((wanted - half, wanted + half), abs=1e-6)


def test_its_scale_does_not_matter_and_its_limits_are_reached():
    scaled = WEIGHTS * np.array([1, 2, 3, 4, 5, 6])[:, None]
    assert weight_similarity(scaled @ scaled.T).estimate == pytest.approx(
        weight_similarity(WEIGHTS @ WEIGHTS.T).estimate
    )
    same = np.tile(WEIGHTS[0], (4, 1))
    assert weight_similarity(same @ same.T).estimate == pytest.approx(1)


def test_only_runs_of_one_group_are_paired():
    groups = [0, 0, 0, 1, 1, 1]
    pairs = [(a, b) for a, b in itertools.combinations(range(6), 2) if groups[a] == groups[b]]
    wanted = np.mean([1 - cosine(WEIGHTS[a], WEIGHTS[b]) for a, b in pairs])
    assert weight_similarity(WEIGHTS @ WEIGHTS.T, groups=groups).estimate == pytest.approx(wanted)


@pytest.mark.parametrize(
    ("products", "line"),
    [
        (np.eye(2), "2 runs with weights: a similarity needs at least 3"),
        (np.ones((3, 4)), r"products has shape \(3, 4\)"),
        (np.zeros((3, 3)), "all weights of a run are 0"),
        (np.full((3, 3), np.nan), "are not finite"),
    ],
)
def test_what_has_no_cosine_is_said(products, line):
    with pytest.raises(ValueError, match=line):
        weight_similarity(products)
