"""Datasets as tensors, and their augmentation."""

from seedwise.data._augment import Augmentation, Shift
from seedwise.data._choose import bootstrap, first_of_each_class, hold_out
from seedwise.data._dataset import Dataset, Examples
from seedwise.data._registry import DATASETS, load

__all__ = [
    "DATASETS",
    "Augmentation",
    "Dataset",
    "Examples",
    "Shift",
    "bootstrap",
    "first_of_each_class",
    "hold_out",
    "load",
]
