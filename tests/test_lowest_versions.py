"""The lowest versions that a stage of CI installs are those of the bounds."""

import re
import runpy
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

HOME = Path(__file__).parents[1]
SCRIPT = HOME / ".ci" / "lowest_versions.py"
PROJECT = tomllib.loads((HOME / "pyproject.toml").read_text())["project"]
lowest = runpy.run_path(str(SCRIPT))["lowest"]


@pytest.mark.parametrize(
    ("given", "found"),
    [
        (["a>=1.2"], ["a==1.2"]),
        (["a<3,>=1.2,!=1.4"], ["a==1.2"]),
        (["a~=1.2"], ["a==1.2"]),
        (["a[y,x]>=1"], ["a[x,y]==1"]),
        (["a>=1.9", "A>=1.10"], ["a==1.10"]),  # numbers, not texts
        (["a_b>=2", "A.b>=1"], ["a-b==2"]),
        (["a", "a<3"], []),  # without a lower bound any version is promised, and none can be tried
    ],
)
def test_of_each_bound_the_lowest(given: list[str], found: list[str]) -> None:
    assert lowest(given) == found


@pytest.mark.parametrize("bound", ["a>1", "a===1", "a==1.*"])
def test_a_bound_without_a_known_lowest_version_is_refused(bound: str) -> None:
    with pytest.raises(ValueError, match="write its bound as >="):
        lowest([bound])


def test_it_prints_every_bound_of_the_project_once() -> None:
    done = subprocess.run([sys.executable, SCRIPT, "torch==2.13.0"], capture_output=True, text=True, check=True)
    printed = dict(line.split("==") for line in done.stdout.split())
    assert printed.pop("torch") == "2.13.0"
    extras = {name: extra for name, extra in PROJECT["optional-dependencies"].items() if name != "docs"}
    texts = [*PROJECT["dependencies"], *(text for extra in extras.values() for text in extra)]
    bounds = dict(text.lower().split(">=") for text in texts if ">=" in text and not text.startswith("torch>="))
    assert printed == bounds


def test_every_dependency_of_the_library_has_a_bound() -> None:
    extras = PROJECT["optional-dependencies"]
    for text in [*PROJECT["dependencies"], *extras["train"], *extras["tune"]]:
        assert re.fullmatch(r"[\w-]+>=[\d.]+", text), f"{text}: what is not bounded is not tested"
