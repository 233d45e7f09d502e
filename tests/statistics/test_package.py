"""The package as a whole: what it imports, and what its docstrings promise."""

import inspect
import subprocess
import sys

import pytest

from seedwise import statistics

FUNCTIONS = [name for name in statistics.__all__ if inspect.isfunction(getattr(statistics, name))]


def test_importing_the_package_loads_neither_numpy_nor_torch() -> None:
    code = "import sys, seedwise.statistics; print(sorted({'numpy', 'scipy', 'torch', 'pandas'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_using_the_package_never_loads_scipy_stats() -> None:
    code = (
        "import sys, seedwise.statistics as s; x, y = [1., 2., 4.], [1., 3., 2.]\n"
        "s.spread(x, procedure='bonett'); s.spread(x); s.spread_ratio(x, y, paired=True)\n"
        "s.spread_ratio(x, y, paired=False); s.mean_difference(x, y, paired=False)\n"
        "s.seeds_needed(paired=True, correlation=.5)\n"
        "print('scipy.stats' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"


@pytest.mark.parametrize("name", FUNCTIONS)
def test_docstrings_say_what_a_user_needs(name: str) -> None:
    text = inspect.getdoc(getattr(statistics, name)) or ""
    for section in ("Args:", "Returns:", "Raises:", "Example:", "Source:"):
        assert f"\n{section}" in text, section
    assert ">>> " in text
    if name != "holm":  # its axis is comparisons
        assert "runs axis" in text or name in ("compare_cells", "compare_study", "runs_to_resolve", "steadiest")
