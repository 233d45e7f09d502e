"""The campaigns that run at length outside the tests."""

import importlib
import sys
from pathlib import Path

import pytest

_FOLDER = Path(__file__).parents[2] / "benchmarks" / "campaigns"


@pytest.fixture(scope="session")
def campaign():
    """Import a campaign by its name."""
    sys.path.insert(0, str(_FOLDER))
    yield importlib.import_module
    sys.path.remove(str(_FOLDER))
