"""The names of readouts."""

from __future__ import annotations

import subprocess
import sys

import pytest

from seedwise.readouts import Readout, parse_readout


@pytest.mark.parametrize(
    ("text", "name", "readout"),
    [
        ("plain", "plain", Readout()),
        ("flip", "flip", Readout(view="flip")),
        (" snapshots ", "snapshots", Readout(snapshots=True)),
        ("flip-crop81+snapshots", "snapshots + flip-crop81", Readout(snapshots=True, view="flip-crop81")),
        ("ensemble-5 + average-3 +crop25", "average-3 + crop25 + ensemble-5", Readout(False, 3, "crop25", 5)),
        ("ensemble-12", "ensemble-12", Readout(ensemble=12)),
    ],
)
def test_a_name_has_one_form(text, name, readout):
    assert parse_readout(text) == readout
    assert readout.name == name
    assert parse_readout(name) == readout


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("crop18", "did you mean 'crop81'?"),
        ("snapshot", "did you mean 'snapshots'?"),
        ("average-", "did you mean 'average-K'?"),
        ("", "unknown readout ''"),
        ("flip +", "unknown readout ''"),
        ("flip + crop25", "two parts of one kind"),
        ("snapshots + average-3", "two parts of one kind"),
        ("ensemble-2 + ensemble-2", "two parts of one kind"),
        ("plain + flip", "leave 'plain' out"),
        ("ensemble-1", "takes 2 or more"),
        ("average-0", "unknown readout 'average-0'"),
    ],
)
def test_a_mistake_is_one_line(text, said):
    with pytest.raises(ValueError, match="readout") as caught:
        parse_readout(text)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_what_an_ensemble_does_to_every_run_by_itself():
    assert parse_readout("snapshots + flip + ensemble-5").per_run == parse_readout("snapshots + flip")
    assert parse_readout("ensemble-5").per_run == Readout()


def test_names_are_read_without_torch():
    code = "import sys, seedwise.readouts as r; r.parse_readout('flip'); print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
