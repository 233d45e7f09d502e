"""ETTh1 and ETTh2: 17 420 hours of 7 variables of a transformer.

Source: Zhou et al. 2021 (arXiv 2012.07436).
"""

from __future__ import annotations

from typing import Final

from seedwise.data._declared import Published, PublishedSeries

MONTH: Final = 30 * 24
"""Rows of a month as the papers count it."""

_SPLITS: Final = {
    "train": range(12 * MONTH),
    "validation": range(12 * MONTH, 16 * MONTH),
    "test": range(16 * MONTH, 20 * MONTH),
}
"""The published ones: 12, 4 and 4 months; what follows is not used."""


def _hourly(file: str, sha256: str) -> PublishedSeries:
    """Return the declaration of a file; its sha256 is that of the file in its authors' repository."""
    files = Published(
        folders=("ETT-small", "."),
        train={file: sha256},
        test={},
        address="https://raw.githubusercontent.com/zhouhaoyi/ETDataset/main/ETT-small/",
        archives={file: sha256},
    )
    return PublishedSeries(files, _SPLITS)


ETTH1: Final = _hourly("ETTh1.csv", "f18de3ad269cef59bb07b5438d79bb3042d3be49bdeecf01c1cd6d29695ee066")
ETTH2: Final = _hourly("ETTh2.csv", "a3dc2c597b9218c7ce1cd55eb77b283fd459a1d09d753063f944967dd6b9218b")
