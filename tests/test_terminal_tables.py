"""What is printed of a study: no column without numbers, and what is resolved about the mean at every width."""

import io

import numpy as np
import pytest

from seedwise.reporting import results_of
from seedwise.terminal import console, print_results

from .reporting.samples import BASE, STEADY, cell, description


def printed(cells: list, width: int, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("COLUMNS", str(width))
    out = io.StringIO()
    print_results(results_of(description(), cells), out=console(out))
    return out.getvalue()


@pytest.mark.parametrize("width", [80, 200])
def test_a_worse_mean_is_said_once(width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = " ".join(printed([cell("base", BASE), cell("mine", STEADY - 0.08)], width, monkeypatch).split())
    apart = 100 * (np.mean(BASE) - np.mean(STEADY) + 0.08)
    assert shown.count(f"mine is worse than base by {apart:.2f} points [") == 1


@pytest.mark.parametrize("width", [80, 200])
def test_one_method_has_no_columns_of_comparisons(width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = printed([cell("base", BASE)], width, monkeypatch)
    assert "SD [95 %]" in shown
    assert "reduction" not in shown
    assert "verdict" not in shown


def test_a_line_is_not_broken_between_a_number_and_its_unit(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"COLUMNS": "32", "FORCE_COLOR": "1", "NO_COLOR": "1"}.items():
        monkeypatch.setenv(name, value)
    out = io.StringIO()
    console(out).print("two runs disagree on 6 more (95 % interval -9 to 23), p = .44")
    assert out.getvalue() == "two runs disagree on 6 more\n(95 % interval -9 to 23),\np = .44\n"


def test_names_and_numbers_wider_than_the_window_are_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    long = "a-method-with-a-name-that-is-much-longer-than-the-window"
    shown = printed([cell("base", BASE), cell(long, STEADY)], 40, monkeypatch)
    assert "\u2026" not in shown
    letters = "".join(line.split("  ")[0].strip() for line in shown.splitlines())
    assert long in letters
    assert all(line == line.rstrip() and len(line) <= 40 for line in shown.splitlines()[1:6])
