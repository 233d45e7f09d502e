"""Datasets by name."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Final

from seedwise.data._dataset import Dataset
from seedwise.data._digits import load_digits

DATASETS: Final[dict[str, Callable[[], Dataset]]] = {"digits": load_digits}


@lru_cache(maxsize=4)
def load(name: str, device: str = "cpu") -> Dataset:
    """Return a dataset on a device; a worker that trains many runs loads it once.

    Args:
        name: a key of ``DATASETS``.
        device: where the images are to lie.

    """
    return DATASETS[name]().to(device)
