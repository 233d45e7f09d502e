"""Settings of the tests of the run."""

import pytest
import torch


@pytest.fixture(autouse=True)
def threads_outside():
    """A run sets torch's threads for its process."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)
