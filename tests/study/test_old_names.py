"""Names that keys and options had once are read with a note, in study files, stores and on the command line."""

from __future__ import annotations

import logging

import pytest

from seedwise.errors import SeedwiseError
from seedwise.statistics import Question
from seedwise.study import Study, check_study, description_of

FILE = {
    "name": "s",
    "task": {"dataset": "digits"},
    "model": "small_cnn",
    "train": {"epochs": 1, "batch_size": 64, "optimizer": {"name": "sgd", "lr": 0.1}},
    "methods": {"base": {}, "vml": {"loss": "vml"}},
}


def test_old_keys_of_a_study_file_mean_what_the_new_ones_do(caplog):
    new = check_study({**FILE, "base": "vml", "question": {"sd_ratio": 0.5}})
    assert not caplog.records
    with caplog.at_level(logging.WARNING):
        old = check_study({**FILE, "baseline": "vml", "question": {"spread_ratio": 0.5}}, "s.yaml")
    assert old == new
    assert (old.base_method, old.question.sd_ratio) == ("vml", 0.5)
    assert [record.getMessage() for record in caplog.records] == [
        "s.yaml: 'baseline' is now called 'base'; it still works",
        "s.yaml: 'question.spread_ratio' is now called 'question.sd_ratio'; it still works",
    ]


def test_a_key_under_both_names_is_a_mistake():
    with pytest.raises(SeedwiseError, match="unknown key 'baseline' in the study file: did you mean 'base'"):
        check_study({**FILE, "base": "vml", "baseline": "base"})


def test_a_store_with_old_names_is_read():
    study = Study(check_study({**FILE, "question": {"sd_ratio": 0.5}}))
    stored = study.describe()
    old = {**stored, "question": {"spread_ratio" if k == "sd_ratio" else k: v for k, v in stored["question"].items()}}
    assert description_of("s", old).question == description_of("s", stored).question == Question(sd_ratio=0.5)


def test_a_loop_is_told_from_a_function_that_is_called_like_it():
    stored = {"spec": {"name": "s", "train": {"function": "mine:replicates"}}, "metrics": {}}
    loop, study = {**stored, "base": None}, {**stored, "base": "base"}
    assert description_of("s", {**loop, "loop": True}).is_loop
    assert description_of("s", loop).is_loop, "of a store from before that was recorded"
    assert not description_of("s", study).is_loop
