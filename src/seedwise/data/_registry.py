"""Datasets by name."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Final

from seedwise.data._dataset import Dataset
from seedwise.data._digits import load_digits
from seedwise.data._folder import data_dir
from seedwise.data._images import IMAGE_SETS

DATASETS: Final[dict[str, Callable[[Path], Dataset]]] = {"digits": lambda _: load_digits(), **IMAGE_SETS}


def load(name: str, device: str = "cpu") -> Dataset:
    """Return a dataset on a device; a worker that trains many runs loads it once.

    Args:
        name: a key of ``DATASETS``.
        device: where the images are to lie.

    Raises:
        MissingDataError: if its files are not in ``data_dir()``.
        StorageError: if one of them is damaged.

    """
    return _load(name, device, data_dir())


@lru_cache(maxsize=4)
def _load(name: str, device: str, folder: Path) -> Dataset:
    return DATASETS[name](folder).to(device)
