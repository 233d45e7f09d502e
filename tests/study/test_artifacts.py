"""Which methods share an artifact among their runs."""

from typing import Any

import pytest

from seedwise.study._artifacts import artifacts_in

WARM, SET = {"warm_start": {"epochs": 1}}, {"distill": {"members": 2, "artifact": 1}}


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ({"base": {}, "warm": WARM, "own": {"distill": {"members": 2}}}, {"warm": "0"}),
        ({"base": None, "set": SET, "both": {**WARM, **SET}}, {"set": "1", "both": "1, 0"}),
        ({"warm": {"warm_start": {"epochs": 1, "artifact": 3}}, "plain": {"warm_start": None}}, {"warm": "3"}),
    ],
)
def test_a_method_with_an_artifact_is_known_by_its_number(spec: Any, expected: dict[str, str]) -> None:
    assert {name: one.number for name, one in artifacts_in({"methods": spec}).items()} == expected


def test_what_all_methods_share_is_said_in_train() -> None:
    methods = {"base": {}, "none": {"warm_start": None}, "other": {"warm_start": {"artifact": 1}}}
    found = artifacts_in({"train": {"epochs": 3, **WARM}, "methods": methods})
    assert {name: one.number for name, one in found.items()} == {"base": "0", "other": "1"}
    assert found["base"].rest == found["other"].rest, "these differ in the artifact alone"


def test_methods_that_differ_in_more_are_no_artifacts_of_one_kind() -> None:
    methods = {"one": WARM, "two": {"warm_start": {"epochs": 2, "artifact": 1}}, "ema": {**WARM, "loss": "vml"}}
    found = artifacts_in({"methods": methods})
    assert len({one.rest for one in found.values()}) == 3


def test_a_store_without_methods_has_none() -> None:
    assert artifacts_in({}) == {}
