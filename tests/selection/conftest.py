"""Settings of the tests of selecting layers."""

import pytest
import torch


@pytest.fixture(autouse=True)
def one_thread():
    """Threads gain nothing on tensors of this size, and beside another busy process they cost a factor of fifty."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)
