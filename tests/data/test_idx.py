"""The idx reader against an independent writer, and files that are none."""

import numpy as np
import pytest

from seedwise.data._idx import read_idx

from .published_files import idx


@pytest.mark.parametrize("shape", [(7,), (0,), (3, 4, 5), (2, 300)])
def test_what_was_written_is_read(shape):
    array = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    read = read_idx(idx(array))
    assert read.dtype == np.uint8
    assert read.shape == shape
    assert np.array_equal(read, array)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "begins with nothing"),
        (b"\0\0\x08", "begins with 000008"),
        (b"\x1f\x8b\x08\x00", "begins with 1f8b0800"),  # gzip
        (b"\0\0\x0d\x01\0\0\0\x01\0\0\0\0", "begins with 00000d01"),  # float
        (b"\0\0\x08\x03\0\0\0\x01\0", "it should have 3 lengths"),
        (idx(np.zeros((2, 3), np.uint8))[:-1], r"\(2, 3\) should make it 18"),
        (idx(np.zeros((2, 3), np.uint8)) + b"\0", r"\(2, 3\) should make it 18"),
        (b"\0\0\x08\x03" + b"\xff" * 12, "an idx file of 16 bytes"),
    ],
)
def test_what_is_no_idx_file(content, why):
    with pytest.raises(ValueError, match=why):
        read_idx(content)
