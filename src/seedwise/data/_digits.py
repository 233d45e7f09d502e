"""The 1797 handwritten digits of 8 x 8 pixels that scikit-learn ships."""

from __future__ import annotations

import importlib.util
from dataclasses import replace
from importlib import resources
from pathlib import Path
from typing import Final

import numpy as np

from seedwise.data._augment import Shift
from seedwise.data._dataset import Dataset, Examples
from seedwise.data._declared import Size, declares

_SIZE: Final = Size(train=1437, test=360, classes=10, image=(1, 8, 8), shift=1)


@declares(_SIZE)
def load_digits() -> Dataset:
    """Load the digits with a fixed, stratified test split of 360 and a shift by one pixel.

    The split is a list in ``digits_test.txt``, so that it cannot change with a library's version.

    Returns:
        1437 training and 360 test images (8, 8, 1) with values 0..16.

    Raises:
        ModuleNotFoundError: if scikit-learn is missing.

    Source: Alpaydin & Kaynak, Optical Recognition of Handwritten Digits, UCI, 1998.

    """
    import torch

    rows = torch.from_numpy(_bundled())
    everything = Examples(rows[:, :-1].reshape(-1, 8, 8, 1), rows[:, -1].long(), torch.arange(len(rows)))
    test = torch.from_numpy(digits_test_indices())
    train = torch.ones(len(everything), dtype=torch.bool)
    train[test] = False
    return Dataset(
        name="digits",
        train=everything.take(train.nonzero()[:, 0]),
        test=everything.take(test),
        num_classes=_SIZE.classes,
        mean=(4.886,),
        std=(6.018,),
        augmentation=Shift(_SIZE.shift, _SIZE.flip),
    )


@declares(replace(_SIZE, classes=2))
def load_digits_odd() -> Dataset:
    """Load the 1797 digits with two classes: even (0) and odd (1)."""
    digits = load_digits()
    train, test = (replace(part, labels=part.labels % 2) for part in (digits.train, digits.test))
    return replace(digits, name="digits_odd", train=train, test=test, num_classes=2)


def _bundled() -> np.ndarray[tuple[int, int], np.dtype[np.uint8]]:
    """Return 64 pixels and the class of every digit, from scikit-learn's file.

    The package is not imported, which takes every worker as long as torch.
    """
    package = importlib.util.find_spec("sklearn")
    if package is None or not package.submodule_search_locations:
        raise ModuleNotFoundError("No module named 'sklearn'", name="sklearn")
    path = Path(package.submodule_search_locations[0], "datasets", "data", "digits.csv.gz")
    return np.loadtxt(path, delimiter=",", dtype=np.uint8)


def digits_test_indices() -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Return the 360 indices of the test split, ascending."""
    text = resources.files("seedwise.data").joinpath("digits_test.txt").read_text()
    return np.array(text.split(), dtype=np.int64)
