"""The short form of ``benchmarks/campaigns/kills.py``."""

import os
import random
import sys

import pytest

pytestmark = [
    pytest.mark.programs,
    pytest.mark.skipif(sys.platform != "linux", reason="what a process writes is read from /proc"),
]


@pytest.mark.timeout(600)
def test_a_study_whose_driver_workers_and_tree_are_killed_is_the_study_that_was_not(campaign, tmp_path):
    seed = int(os.environ.get("SEEDWISE_KILLS_SEED") or random.SystemRandom().randrange(10**6))
    print(f"SEEDWISE_KILLS_SEED={seed} repeats these kills")  # pytest shows it on failure
    module = campaign("kills")
    kills, wrong = module.campaign(tmp_path, 20, seed)
    assert wrong == []
    assert kills.total() == 20
    assert {moment for _, moment in kills} == {*module.MOMENTS, "any moment", "any time"}
