"""One browser for all tests that open a page."""

from collections.abc import Iterator

import pytest

from .chromium import EXECUTABLE, Chromium


@pytest.fixture(scope="session")
def browser() -> Iterator[Chromium]:
    if EXECUTABLE is None:
        pytest.skip("no chromium on PATH: install it to open the report")
    with Chromium() as opened:
        yield opened
