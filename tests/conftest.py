"""The published datasets, where they are at hand, and a study that is quick to train."""

from collections.abc import Callable

import pytest

from seedwise.data import Dataset, MissingDataError, load

from .toy_project import contents_of, new_project, own_imports, project, undisturbed

__all__ = ["contents_of", "new_project", "own_imports", "project", "published", "undisturbed"]


@pytest.fixture(scope="session")
def published() -> Callable[[str], Dataset]:
    """Return how to load a dataset; without its files in SEEDWISE_DATA the test that asks for it is skipped."""

    def load_or_skip(name: str) -> Dataset:
        try:
            return load(name)
        except MissingDataError as error:
            pytest.skip(str(error))

    return load_or_skip
