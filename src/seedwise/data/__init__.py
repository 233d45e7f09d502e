"""Datasets as tensors, and their augmentation; where the files of the published ones lie."""

from typing import TYPE_CHECKING, Any

from seedwise.data._fetch import fetch
from seedwise.data._folder import MissingDataError, check, data_dir
from seedwise.data._published import PUBLISHED

if TYPE_CHECKING:
    from seedwise.data._augment import Augmentation, Shift
    from seedwise.data._choose import bootstrap, first_of_each_class, hold_out
    from seedwise.data._dataset import Dataset, Examples
    from seedwise.data._registry import DATASETS, load

__all__ = [
    "DATASETS",
    "PUBLISHED",
    "Augmentation",
    "Dataset",
    "Examples",
    "MissingDataError",
    "Shift",
    "bootstrap",
    "check",
    "data_dir",
    "fetch",
    "first_of_each_class",
    "hold_out",
    "load",
]

_HOMES = {
    "Augmentation": "_augment",
    "Shift": "_augment",
    "bootstrap": "_choose",
    "first_of_each_class": "_choose",
    "hold_out": "_choose",
    "Dataset": "_dataset",
    "Examples": "_dataset",
    "DATASETS": "_registry",
    "load": "_registry",
}


def __getattr__(name: str) -> Any:
    # Tensors are imported when asked for: the files are looked for by a driver that needs no torch.
    if name in _HOMES:
        import importlib

        return getattr(importlib.import_module(f"seedwise.data.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'seedwise.data' has no attribute '{name}'")
