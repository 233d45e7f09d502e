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
