"""Images in a ``.npz`` file, and images in a folder, as datasets."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from seedwise.data._choose import hold_out
from seedwise.data._dataset import Dataset, make_dataset
from seedwise.errors import SeedwiseError, listed
from seedwise.randomness import Randomness

_NPZ: Final = (
    ("x_train", "y_train", "x_test", "y_test"),
    ("train_images", "train_labels", "test_images", "test_labels"),
)
"""What the four arrays may be called: as in Keras's files, and as in those of MedMNIST."""

_IMAGES: Final = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp", ".ppm", ".pgm")

Part = tuple[NDArray[np.uint8], NDArray[np.int64]]


def load_npz(npz: str, sha256: str, *, shift: int = 0, flip: bool = False) -> Dataset:
    """Load the dataset in a ``.npz`` file; nothing in it is run.

    Args:
        npz: a file with ``x_train``, ``y_train``, ``x_test`` and ``y_test``, or ``train_images``, ``train_labels``,
            ``test_images`` and ``test_labels``: images (N, height, width) or (N, height, width, channels) uint8, and
            labels (N,) or (N, 1), whole numbers from 0.
        sha256: of its content.
        shift, flip: see ``make_dataset``.

    Raises:
        SeedwiseError: if it has changed, is no such file, or holds something else.

    """
    check_unchanged(npz, sha256)
    try:
        with np.load(npz, allow_pickle=False) as arrays:
            names = next((names for names in _NPZ if set(names) <= set(arrays.files)), None)
            if names is None:
                raise SeedwiseError(
                    f"{npz} holds {listed(arrays.files) or 'nothing'}: {', '.join(_NPZ[0])} are needed, or "
                    f"{', '.join(_NPZ[1])}"
                )
            x, y, x_test, y_test = (arrays[name] for name in names)
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        raise SeedwiseError(f"{npz} is no .npz file of arrays ({str(error).splitlines()[0]})") from error
    parts = [_checked(npz, *part) for part in ((names[0], x, names[1], y), (names[2], x_test, names[3], y_test))]
    return make_dataset(*parts, shift=shift, flip=flip)


def load_folder(folder: str, sha256: str, *, split: float = 0.2, shift: int = 0, flip: bool = False) -> Dataset:
    """Load the images in a folder, which has a folder for each class, or ``train`` and ``test`` with these.

    Classes are numbered in the order of their names. Images are grey if all are, else they have three colors.

    Args:
        folder: where they lie, at any depth below the folder of their class.
        sha256: of their content.
        split: without ``train`` and ``test``, the share of each class that is tested on, drawn once for all runs.
        shift, flip: see ``make_dataset``.

    Raises:
        SeedwiseError: if something has changed, Pillow is not installed, or the images are no dataset.

    """
    check_unchanged(folder, sha256)
    root = Path(folder)
    halves = {name: root / name for name in ("train", "test")}
    has_parts = all(half.is_dir() for half in halves.values())
    files = {name: _files(half) for name, half in (halves if has_parts else {"all": root}).items()}
    classes = sorted({label for part in files.values() for label, _ in part})
    if len(classes) < 2:
        raise SeedwiseError(
            f"{folder} has images of {len(classes)} classes: put those of each class in a folder of its own"
        )
    for name, part in files.items():
        missing = sorted(set(classes) - {label for label, _ in part})
        if missing:
            raise SeedwiseError(
                f"{folder}/{name} has no image of {listed(missing)}: every class needs some in both parts"
            )
    images = _pixels(folder, [path for part in files.values() for _, path in part])
    labels = np.array([classes.index(label) for part in files.values() for label, _ in part])
    if has_parts:
        tested = np.arange(len(labels)) >= len(files["train"])
    else:
        tested = hold_out(labels, split, Randomness().numpy("split", "test"))
    for name, chosen in (("test", tested), ("train", ~tested)):
        if not chosen.any():
            raise SeedwiseError(f"{folder} leaves no image for {name} with split: {split:g}: choose another share")
    return make_dataset(
        *((images[chosen], labels[chosen]) for chosen in (~tested, tested)),
        shift=shift,
        flip=flip,
        classes=len(classes),
    )


def content_of(path: str) -> str:
    """Return what names the content of a file, or of all images in a folder with their places.

    Raises:
        ValueError: if it cannot be read.

    """
    root = Path(path)
    try:
        if root.is_file():
            return hashlib.sha256(root.read_bytes()).hexdigest()
        digest = hashlib.sha256()
        for file in _images_in(root):
            digest.update(f"{file.relative_to(root).as_posix()}\n".encode())
            digest.update(hashlib.sha256(file.read_bytes()).digest())
        if not root.is_dir():
            raise ValueError(f"cannot read {path}: there is none; a path is taken from the working directory")
        return digest.hexdigest()
    except OSError as error:
        raise ValueError(f"cannot read {path}: {error.strerror}; a path is taken from the working directory") from None


def check_unchanged(path: str, sha256: str) -> None:
    """Raise SeedwiseError unless a file or folder still has this content."""
    try:
        same = content_of(path) == sha256
    except ValueError as error:
        raise SeedwiseError(str(error)) from None
    if not same:
        raise SeedwiseError(f"{path} has changed since the study was planned: type 'seedwise run' again")


def _checked(npz: str, x_name: str, x: NDArray[Any], y_name: str, y: NDArray[Any]) -> Part:
    if x.dtype != np.uint8 or x.ndim not in (3, 4) or not len(x):
        raise SeedwiseError(
            f"{npz}: {x_name} is {x.dtype} of shape {x.shape}: images (N, height, width) or (N, height, width, "
            "channels) uint8 are needed"
        )
    labels = y.reshape(len(y)) if y.shape[1:] in ((), (1,)) else y
    if labels.shape != x.shape[:1] or labels.dtype.kind not in "iu" or labels.min() < 0:
        raise SeedwiseError(
            f"{npz}: {y_name} is {y.dtype} of shape {y.shape}: {len(x)} labels are needed, whole numbers from 0"
        )
    return x if x.ndim == 4 else x[..., None], labels.astype(np.int64)


def _images_in(root: Path) -> Iterable[Path]:
    return sorted(path for path in root.rglob("*") if path.suffix.lower() in _IMAGES and path.is_file())


def _files(root: Path) -> list[tuple[str, Path]]:
    """Return the images below folders of classes, with the name of the class."""
    found = [(path.relative_to(root).parts, path) for path in _images_in(root)]
    return [(parts[0], path) for parts, path in found if len(parts) > 1]


def _pixels(folder: str, paths: list[Path]) -> NDArray[np.uint8]:
    try:
        from PIL import Image, UnidentifiedImageError
    except ImportError as error:
        raise SeedwiseError("the images of a folder are read by Pillow: pip install pillow") from error
    opened = []
    for path in paths:
        try:
            with Image.open(path) as image:
                image.load()
                opened.append(image.copy())
        except (OSError, UnidentifiedImageError) as error:
            raise SeedwiseError(
                f"{path} is no image ({str(error).splitlines()[0]}): remove it or correct it"
            ) from error
    mode = "L" if all(image.mode in ("L", "1") for image in opened) else "RGB"
    usual = opened[0].size
    other = next((k for k, image in enumerate(opened) if image.size != usual), None)
    if other is not None:
        raise SeedwiseError(
            f"{paths[other]} is {opened[other].size[0]} x {opened[other].size[1]} and {paths[0]} {usual[0]} x "
            f"{usual[1]}: images of one size are needed in {folder}"
        )
    pixels = np.stack([np.asarray(image.convert(mode)) for image in opened])
    return pixels[..., None] if mode == "L" else pixels
