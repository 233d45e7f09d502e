"""Datasets of images by name, as tensors."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from seedwise.data._dataset import Dataset
from seedwise.data._folder import data_dir
from seedwise.registry import DATASETS, resolve


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
def _load(name: str, device: str, folder: Path) -> Dataset:  # noqa: ARG001 - another folder, another dataset
    loaded: Dataset = resolve(DATASETS[name])()
    return loaded.to(device)
