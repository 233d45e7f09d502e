"""The short form of ``benchmarks/campaigns/tables.py``."""

import dataclasses
from pathlib import Path

import pytest


def test_tables_spelled_otherwise_give_the_same_runs_and_broken_ones_runs_or_a_line(campaign, tmp_path):
    ends, wrong = campaign("tables").campaign(tmp_path, 80, seed=1)
    assert wrong == []
    assert ends["spelled otherwise", "read"] > 25
    assert ends["broken", "read"] > 5
    assert ends["broken", "refused"] > 0
    assert ends.total() == 80


def test_the_campaign_sees_what_must_not_be(campaign, tmp_path, monkeypatch):
    module = campaign("tables")
    known = module.Known({"base": {0: "0.91", 1: "0.92"}, "ours": {0: "0.93", 1: "0.94"}}, "acc")
    table = b"method,seed,acc\nbase,0,0.91\nbase,1,0.92\nours,0,0.93\nours,1,0.94\n"
    understand = module.understand

    def ends_with(change, known=known):
        monkeypatch.setattr(module, "understand", lambda *given: change(understand(*given)))
        return module._read(table, tmp_path, known)[0]

    def fails(error):
        def change(_):
            raise error

        return change

    assert ends_with(lambda runs: runs) == "read"
    swapped = lambda runs: dataclasses.replace(runs, seed=runs.seed[::-1])  # noqa: E731
    assert ends_with(swapped) == "OTHER NUMBERS"
    refusal = fails(module.SeedwiseError("no table"))
    assert (ends_with(refusal), ends_with(refusal, None)) == ("REFUSED", "refused")
    assert ends_with(fails(module.SeedwiseError("x y " * 200)), None) == "TOO LONG"
    assert ends_with(fails(KeyError("a")), None) == "TRACEBACK"


@pytest.mark.parametrize("sign", ["\n", "\r", "\x1b", "\u2028", "\u202e"])
def test_what_a_terminal_obeys_is_not_one_line(campaign, sign):
    problem = campaign("command").problem_of_line
    assert problem(f"/a/b.csv: {sign} is wrong", Path("/a/b.csv")) == "NOT ONE LINE"
    assert problem("/a/b.csv: 数据 is wrong", Path("/a/b.csv")) is None


def test_of_a_long_line_the_path_does_not_count(campaign):
    problem, path = campaign("command").problem_of_line, Path("/a") / ("x" * 400)
    assert problem(f"{path}: {'x' * 418}", path) is None
    assert problem(f"{path}: {'x' * 419}", path) == "TOO LONG"
