"""Datasets and time series as tensors, and augmentation; where the files of the published ones lie."""

from typing import TYPE_CHECKING

from seedwise._lazy import lazily
from seedwise.data._declared import Size, declared_by, declares
from seedwise.data._fetch import fetch
from seedwise.data._folder import MissingDataError, check, data_dir
from seedwise.data._registry import PUBLISHED, series_of, size_of
from seedwise.registry import DATASETS, SERIES

if TYPE_CHECKING:
    from seedwise.data._augment import Augmentation, Shift
    from seedwise.data._choose import bootstrap, first_of_each_class, hold_out, long_tail, with_noise
    from seedwise.data._dataset import Dataset, Examples, checked_dataset, make_dataset
    from seedwise.data._image_files import content_of
    from seedwise.data._load import load
    from seedwise.data._rows import Rows, read_rows, rows_of
    from seedwise.data._series import Series, Windows
    from seedwise.data._series_registry import load_series, read_series, series_from
    from seedwise.data._table import Place, Table, read_table
    from seedwise.data._targets import class_column, label_columns, value_columns

__all__ = [
    "DATASETS",
    "PUBLISHED",
    "SERIES",
    "Augmentation",
    "Dataset",
    "Examples",
    "MissingDataError",
    "Place",
    "Rows",
    "Series",
    "Shift",
    "Size",
    "Table",
    "Windows",
    "bootstrap",
    "check",
    "checked_dataset",
    "class_column",
    "content_of",
    "data_dir",
    "declared_by",
    "declares",
    "fetch",
    "first_of_each_class",
    "hold_out",
    "label_columns",
    "load",
    "load_series",
    "long_tail",
    "make_dataset",
    "read_rows",
    "read_series",
    "read_table",
    "rows_of",
    "series_from",
    "series_of",
    "size_of",
    "value_columns",
    "with_noise",
]

__getattr__ = lazily(
    "seedwise.data",
    {
        "Augmentation": "seedwise.data._augment",
        "Shift": "seedwise.data._augment",
        "bootstrap": "seedwise.data._choose",
        "first_of_each_class": "seedwise.data._choose",
        "hold_out": "seedwise.data._choose",
        "long_tail": "seedwise.data._choose",
        "with_noise": "seedwise.data._choose",
        "Dataset": "seedwise.data._dataset",
        "Examples": "seedwise.data._dataset",
        "checked_dataset": "seedwise.data._dataset",
        "make_dataset": "seedwise.data._dataset",
        "content_of": "seedwise.data._image_files",
        "load": "seedwise.data._load",
        "Rows": "seedwise.data._rows",
        "read_rows": "seedwise.data._rows",
        "rows_of": "seedwise.data._rows",
        "Series": "seedwise.data._series",
        "Windows": "seedwise.data._series",
        "load_series": "seedwise.data._series_registry",
        "read_series": "seedwise.data._series_registry",
        "series_from": "seedwise.data._series_registry",
        "Place": "seedwise.data._table",
        "Table": "seedwise.data._table",
        "read_table": "seedwise.data._table",
        "class_column": "seedwise.data._targets",
        "label_columns": "seedwise.data._targets",
        "value_columns": "seedwise.data._targets",
    },
)
