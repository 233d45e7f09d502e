"""Datasets and time series as tensors, and augmentation; where the files of the published ones lie."""

from typing import TYPE_CHECKING, Any

from seedwise.data._declared import Size, declared_by, declares
from seedwise.data._fetch import fetch
from seedwise.data._folder import MissingDataError, check, data_dir
from seedwise.data._registry import PUBLISHED, series_of, size_of
from seedwise.registry import DATASETS, SERIES

if TYPE_CHECKING:
    from seedwise.data._augment import Augmentation, Shift
    from seedwise.data._choose import bootstrap, first_of_each_class, hold_out
    from seedwise.data._dataset import Dataset, Examples, checked_dataset, make_dataset
    from seedwise.data._load import load
    from seedwise.data._series import Series, Windows
    from seedwise.data._series_registry import load_series, read_series, series_from
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
    "Size",
    "Table",
    "Windows",
    "bootstrap",
    "check",
    "checked_dataset",
    "data_dir",
    "declared_by",
    "declares",
    "fetch",
    "first_of_each_class",
    "hold_out",
    "load",
    "load_series",
    "make_dataset",
    "read_series",
    "read_table",
    "series_from",
    "series_of",
    "size_of",
]

_HOMES = {
    "Augmentation": "_augment",
    "Shift": "_augment",
    "bootstrap": "_choose",
    "first_of_each_class": "_choose",
    "hold_out": "_choose",
    "Dataset": "_dataset",
    "Examples": "_dataset",
    "checked_dataset": "_dataset",
    "make_dataset": "_dataset",
    "load": "_load",
    "Series": "_series",
    "Windows": "_series",
    "load_series": "_series_registry",
    "read_series": "_series_registry",
    "series_from": "_series_registry",
    "Table": "_table",
    "read_table": "_table",
}


def __getattr__(name: str) -> Any:
    # Tensors are imported when asked for: the files are looked for by a driver that needs no torch.
    if name in _HOMES:
        import importlib

        return getattr(importlib.import_module(f"seedwise.data.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'seedwise.data' has no attribute '{name}'")
