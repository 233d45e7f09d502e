import dataclasses
import json

import pytest

from seedwise.statistics import Interval


def test_to_dict_is_json_with_the_names_scripts_rely_on() -> None:
    interval = Interval(0.5, 0.3, 0.8, 0.95, [20, 18], "F", p_value=0.01)
    assert json.loads(json.dumps(interval.to_dict())) == {
        "estimate": 0.5, "low": 0.3, "high": 0.8, "level": 0.95, "n": [20, 18], "procedure": "F", "p_value": 0.01,
    }  # fmt: skip


def test_to_dict_has_a_p_value_only_where_there_is_a_test() -> None:
    fields = Interval(0.5, 0.3, 0.8, 0.95, 20, "chi-square").to_dict()
    assert list(fields) == ["estimate", "low", "high", "level", "n", "procedure"]


def test_an_interval_cannot_be_changed() -> None:
    interval = Interval(0.5, 0.3, 0.8, 0.95, 20, "chi-square")
    with pytest.raises(dataclasses.FrozenInstanceError):
        interval.low = 0.0  # type: ignore[misc]


def test_to_dict_gives_a_copy_of_n() -> None:
    interval = Interval(0.5, 0.3, 0.8, 0.95, [20, 18], "F")
    interval.to_dict()["n"].append(3)
    assert interval.n == [20, 18]
