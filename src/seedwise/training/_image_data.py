"""Datasets of images, ours or the user's: their sizes, as far as they are known, and themselves."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from seedwise.data import MissingDataError, Size, declared_by, size_of
from seedwise.declarations import load_if_torch
from seedwise.errors import SeedwiseError
from seedwise.run import note_imports
from seedwise.training._own_data import loaded_by
from seedwise.training._parts import ImageFile, OwnDataset

if TYPE_CHECKING:
    from seedwise.data import Dataset


ImageSet = str | OwnDataset | ImageFile


def declared_size(dataset: ImageSet) -> Size | None:
    """Return the sizes that are said of a dataset, or None: those of the user's are known when it is loaded."""
    if isinstance(dataset, str):
        return size_of(dataset)
    if isinstance(dataset, ImageFile):
        return None
    declared = declared_by(load_if_torch(dataset.name))
    return None if declared is None else declared.size


def known_size(dataset: ImageSet) -> Size | None:
    """Return the sizes of a dataset, which is loaded if nobody says them; None where data or torch are not there."""
    declared = declared_size(dataset)
    if declared is not None or isinstance(dataset, str):
        return declared
    try:
        return load_images(dataset).size
    except (MissingDataError, ModuleNotFoundError):
        return None


def load_images(dataset: ImageSet, device: str = "cpu") -> Dataset:
    """Return a dataset on a device; a worker that trains many runs loads it once.

    Raises:
        MissingDataError: if its files are not there.
        SeedwiseError: one line, if a function of the user's fails or returns something else.

    """
    from seedwise.data import load

    if isinstance(dataset, str):
        return load(dataset, device)
    part = dataset.part if isinstance(dataset, ImageFile) else dataset
    loaded, imported = _load(part.name, json.dumps(part.given, sort_keys=True), device)
    note_imports(imported)
    return replace(loaded, name=dataset.name) if isinstance(dataset, ImageFile) else loaded


@lru_cache(maxsize=4)
def _load(name: str, options: str, device: str) -> tuple[Dataset, frozenset[str]]:
    import pandas as pd

    from seedwise.data import checked_dataset

    part = OwnDataset.model_validate({"name": name, **json.loads(options)})

    def images(made: Any) -> Dataset:
        if isinstance(made, pd.DataFrame):
            raise SeedwiseError(
                f"'{name}' returned a DataFrame, which is a time series: say how far it is forecast, as in "
                f'dataset: {{name: "{name}", horizon: 24}}'
            )
        return checked_dataset(made, name, declared_size(part))

    loaded, imported = loaded_by(part, images)
    return loaded.to(device), imported
