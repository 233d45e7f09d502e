"""What is known of a dataset before it is loaded; needs no torch."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

_Function = TypeVar("_Function", bound=Callable[..., Any])


@dataclass(frozen=True)
class Size:
    """The sizes of a dataset of images.

    Attributes:
        train, test: numbers of examples.
        classes: number of classes.
        image: channels, height and width of an image.
        shift: by how many pixels training images are moved at most.
        flip: whether they are mirrored.

    """

    train: int
    test: int
    classes: int
    image: tuple[int, int, int]
    shift: int = 0
    flip: bool = False


@dataclass(frozen=True)
class Published:
    """A dataset as published.

    Attributes:
        folders: where in the data folder its files are looked for, in this order; downloads go into the first.
        train: checksums (md5 or sha256) of the files of the training set, uncompressed, by name and in order.
        test: the same of the test set; a time series has none of its own.
        address: where it is downloaded from.
        archives: checksums of what is downloaded, by name: a file, a file and ``.gz``, or a ``.tar.gz`` of the whole
            folder.

    """

    folders: tuple[str, ...]
    train: dict[str, str]
    test: dict[str, str]
    address: str
    archives: dict[str, str]

    @property
    def files(self) -> dict[str, str]:
        """All files."""
        return self.train | self.test

    def held_by(self, archive: str) -> list[str]:
        """Return the files in an archive."""
        alone = archive.removesuffix(".gz")
        return [alone] if alone in self.files else list(self.files)


def algorithm(checksum: str) -> str:
    """Return the name of what made a checksum."""
    return "sha256" if len(checksum) == 64 else "md5"


@dataclass(frozen=True)
class Declared:
    """What a function that loads a dataset says of it beforehand.

    Attributes:
        size: of the dataset.
        files: where they come from; None where it needs none, or has its own.

    """

    size: Size
    files: Published | None = None


@dataclass(frozen=True)
class PublishedSeries:
    """A published time series, a CSV.

    Attributes:
        files: where it comes from.
        splits: the rows of ``train``, ``validation`` and ``test``.

    """

    files: Published
    splits: Mapping[str, range]


def declares(size: Size, files: Published | None = None) -> Callable[[_Function], _Function]:
    """Let a function that loads a dataset say its sizes beforehand, so that a study is planned without loading it.

    Example:
        >>> @declares(Size(train=800, test=200, classes=3, image=(1, 28, 28), shift=2))
        ... def letters(): ...
        >>> declared_by(letters).size.classes
        3

    """

    def decorate(function: _Function) -> _Function:
        function.declared = Declared(size, files)  # type: ignore[attr-defined]
        return function

    return decorate


def declared_by(function: object) -> Declared | None:
    """Return what a function says of its dataset, or None."""
    found = getattr(function, "declared", None)
    return found if isinstance(found, Declared) else None
