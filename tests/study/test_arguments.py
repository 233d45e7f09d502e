"""Which arguments of a program whose loop trains may have changed its runs."""

import pytest

import seedwise
from seedwise.errors import ChangedCodeError
from seedwise.loop import _replicates
from seedwise.study._arguments import differing

BEFORE = {"given": {"--seeds": "3"}, "own": {"n": "3", "metric": "accuracy", "chance": "0.5"}}


@pytest.mark.parametrize(
    ("now", "own", "found"),
    [
        ({"--seeds": "4"}, {"n": "4"}, []),
        ({}, {"n": "5"}, []),
        ({"--seeds": "3", "--score": "f1"}, {"metric": "f1"}, []),
        ({"--seeds": "3", "--chance": "0.5"}, {}, []),
        ({"--seeds": "3", "--lr": "0.5"}, {}, ["--lr"]),  # chance was .5 before, and is: no learning rate is passed on
        ({"--seeds": "3", "--lr": "0.1"}, {"chance": "0.2"}, ["--lr"]),
    ],
)
def test_what_is_passed_on_to_replicates_is_no_change(now, own, found):
    assert differing(BEFORE, now, {**BEFORE["own"], **own}, {}) == found


@pytest.mark.parametrize(("option", "before", "after"), [("metric", "accuracy", "f1"), ("chance", 0.1, 0.2)])
def test_every_option_of_the_call_counts_as_passed_on(tmp_path, monkeypatch, option, before, after):
    def trained(value, **more):
        monkeypatch.setattr(_replicates, "command_line", lambda: {"--value": str(value), **more})
        count = 0
        for run in seedwise.replicates(1, store=tmp_path / "s.db", quiet=True, **{option: value}):
            run.finish(accuracy=0.5, f1=0.5)
            count += 1
        return count

    assert (trained(before), trained(after)) == (1, 0)
    with pytest.raises(ChangedCodeError, match="--lr 3"):
        trained(after, **{"--lr": "3"})
