"""What is known of the datasets of the registry, by name; needs no torch."""

from __future__ import annotations

from typing import Final

from seedwise.data._declared import Published, PublishedSeries, Size, declared_by
from seedwise.registry import DATASETS, SERIES, resolve


def size_of(name: str) -> Size:
    """Return the sizes of a dataset of images; ``name`` is a key of ``DATASETS``."""
    declared = declared_by(resolve(DATASETS[name]))
    assert declared is not None, f"{name} says its sizes with @declares"
    return declared.size


def series_of(name: str) -> PublishedSeries:
    """Return what is declared of a time series; ``name`` is a key of ``SERIES``."""
    found: PublishedSeries = resolve(SERIES[name])
    return found


def _published() -> dict[str, Published]:
    declared = {name: declared_by(resolve(found)) for name, found in DATASETS.items()}
    images = {name: found.files for name, found in declared.items() if found is not None and found.files is not None}
    return images | {name: series_of(name).files for name in SERIES}


PUBLISHED: Final = _published()
"""Those that are downloaded: files and checksums as their authors published them."""
