"""Datasets and time series as tensors, and augmentation; where the files of the published ones lie."""

from typing import TYPE_CHECKING, Any

from seedwise.data._fetch import fetch
from seedwise.data._folder import MissingDataError, check, data_dir
from seedwise.data._published import PUBLISHED

if TYPE_CHECKING:
    from seedwise.data._augment import Augmentation, Shift
    from seedwise.data._choose import bootstrap, first_of_each_class, hold_out
    from seedwise.data._dataset import Dataset, Examples
    from seedwise.data._registry import DATASETS, load
    from seedwise.data._series import Series, Windows
    from seedwise.data._series_registry import SERIES, load_series, read_series
    from seedwise.data._table import Table, read_table

__all__ = [
    "DATASETS",
    "PUBLISHED",
    "SERIES",
    "Augmentation",
    "Dataset",
    "Examples",
    "MissingDataError",
    "Series",
    "Shift",
    "Table",
    "Windows",
    "bootstrap",
    "check",
    "data_dir",
    "fetch",
    "first_of_each_class",
    "hold_out",
    "load",
    "load_series",
    "read_series",
    "read_table",
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
    "Series": "_series",
    "Windows": "_series",
    "SERIES": "_series_registry",
    "load_series": "_series_registry",
    "read_series": "_series_registry",
    "Table": "_table",
    "read_table": "_table",
}


def __getattr__(name: str) -> Any:
    # Tensors are imported when asked for: the files are looked for by a driver that needs no torch.
    if name in _HOMES:
        import importlib

        return getattr(importlib.import_module(f"seedwise.data.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'seedwise.data' has no attribute '{name}'")
