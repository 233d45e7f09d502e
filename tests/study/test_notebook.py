"""Loops in the cells of a notebook, in a real IPython."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from ..nursery import nursery

pytest.importorskip("IPython")

# What a kernel does, without its sockets.
KERNEL = """
import sys
from IPython.core.interactiveshell import InteractiveShell

cells = sys.stdin.read().split("#%%\\n")
sys.argv = ["ipykernel_launcher.py", "-f", f"{sys.argv[1]}.json"]
shell = InteractiveShell.instance()
for cell in cells:
    shell.run_cell(cell, store_history=True)
"""

NOTEBOOK = """import seedwise
LR = 0.1
def helper(x):
    return x * 2
#%%
class Net:
    width = 3
    def value(self):
        return helper(LR)
#%%
for run in seedwise.replicates(2, store="notebook.db"):
    run.finish(accuracy=Net().value())
    print("trained", run.seeds["init"])
"""

NOTHING = "seedwise: nothing to train in notebook.db: of 'base' there are 2 finished"


def executed(folder: Path, text: str, name: str) -> str:
    """Run cells in a fresh kernel, and return what it printed."""
    done = nursery().run(["kernel.py", name], given=text, cwd=folder, timeout=250)
    assert "Traceback" not in done.stdout + done.stderr, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a notebook whose loop has been run."""
    folder = tmp_path_factory.mktemp("trained")
    (folder / "kernel.py").write_text(KERNEL)
    assert "trained 2" in executed(folder, NOTEBOOK, "kernel-1")
    return folder


@pytest.fixture
def notebook(trained: Path, tmp_path: Path):
    """Run cells where the loop has been run before."""
    shutil.copytree(trained, tmp_path, dirs_exist_ok=True)
    return lambda text, name="kernel-1": executed(tmp_path, text, name)


def test_the_same_cells_are_the_same_code_whatever_came_between(notebook) -> None:
    assert NOTHING in notebook(NOTEBOOK, "kernel-2")
    assert NOTHING in notebook("print('another cell before')\n#%%\n" + NOTEBOOK)
    assert NOTHING in notebook(NOTEBOOK.replace("def helper", "# a comment\ndef helper"))


@pytest.mark.parametrize(
    ("old", "new"),
    [("x * 2", "x * 3"), ("LR = 0.1", "LR = 5"), ("width = 3", "width = 4"), ("return helper(LR)", "return LR")],
)
def test_what_the_loop_reaches_in_other_cells_counts(notebook, old, new) -> None:
    assert "(notebook cells)" in notebook(NOTEBOOK.replace(old, new))


def test_the_cell_of_the_loop_counts(notebook) -> None:
    assert "(notebook cells)" in notebook(NOTEBOOK.replace('print("trained"', 'print("done"'))


def test_the_arguments_of_replicates_do_not_count(notebook) -> None:
    assert "1 run trained, 2 from before: 3 finished" in notebook(NOTEBOOK.replace("replicates(2, ", "replicates(3, "))
