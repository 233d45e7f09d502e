"""The published datasets, where they are at hand, processes that start quickly, and a study that is quick to train."""

import os
import signal
import subprocess
from collections.abc import Callable, Iterator

import numpy as np
import pytest
import torch

from seedwise.data import Dataset, MissingDataError, load
from seedwise.execution import _processes
from seedwise.study import _doctor

from .nursery import SHARED, new_folder, nursery
from .toy_project import contents_of, new_project, own_imports, project, undisturbed

__all__ = ["contents_of", "new_project", "own_imports", "project", "published", "undisturbed"]


# Where the tests are started from decides how wide tables are; a test that asks for a width sets it.
os.environ.pop("COLUMNS", None)
# Compiled is in the process of the test: each of those that torch would start for it imports torch.
os.environ["TORCHINDUCTOR_COMPILE_THREADS"] = "1"
# A shell that starts the tests in the background lets them ignore Ctrl-C, and so would every program that they start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_configure(config: pytest.Config) -> None:
    if getattr(config.option, "numprocesses", None) and not hasattr(config, "workerinput"):
        os.environ[SHARED] = str(new_folder())


@pytest.fixture(scope="session", autouse=True)
def _quick_processes() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for starts in (_processes, _doctor):
            patch.setattr(starts, "subprocess", nursery().subprocess())
        yield


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    """Threads gain nothing on tensors of the tests' size, and next to another busy process they cost a factor of fifty.

    A run sets them for its process, and so they are set again for each test.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(autouse=True)
def _numpy_is_left_as_it_was() -> Iterator[None]:
    """A test that leaves numpy stricter or laxer changes what those after it see in the same process."""
    before = np.geterr()
    yield
    after = np.seterr(**before)
    assert after == before


@pytest.fixture
def real_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Start workers and programs as a user's studies do."""
    for starts in (_processes, _doctor):
        monkeypatch.setattr(starts, "subprocess", subprocess)


@pytest.fixture(scope="session")
def published() -> Callable[[str], Dataset]:
    """Return how to load a dataset; without its files in SEEDWISE_DATA the test that asks for it is skipped."""

    def load_or_skip(name: str) -> Dataset:
        try:
            return load(name)
        except MissingDataError as error:
            pytest.skip(str(error))

    return load_or_skip
