"""A dataset: uint8 images, their labels, and how to normalise them; torch is imported when one is made."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from seedwise.data._augment import Augmentation, Shift
from seedwise.data._declared import Size
from seedwise.errors import SeedwiseError

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Examples:
    """Some examples of a dataset.

    Attributes:
        images: (N, H, W, C) uint8; channels last, so that one index-select gives channels-last batches.
        labels: (N,) int64.
        ids: (N,) int64, the examples' numbers in the published dataset.

    """

    images: torch.Tensor
    labels: torch.Tensor
    ids: torch.Tensor

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, index: torch.Tensor) -> Examples:
        """Return the examples at ``index`` (M,), in that order."""
        return Examples(self.images[index], self.labels[index], self.ids[index.to(self.ids.device)])

    def to(self, device: str) -> Examples:
        """Return the examples on ``device``."""
        return Examples(self.images.to(device), self.labels.to(device), self.ids)


@dataclass(frozen=True)
class Dataset:
    """A classification dataset with its published split.

    Attributes:
        name: as in a study file.
        train: training examples.
        test: test examples.
        num_classes: number of classes.
        mean: per channel, in units of the images.
        std: per channel, in units of the images.
        augmentation: how training images are varied.

    """

    name: str
    train: Examples
    test: Examples
    num_classes: int
    mean: tuple[float, ...]
    std: tuple[float, ...]
    augmentation: Augmentation

    @property
    def size(self) -> Size:
        """Its sizes, with those of its augmentation where that is a shift."""
        height, width, channels = self.train.images.shape[1:]
        shift = self.augmentation if isinstance(self.augmentation, Shift) else Shift(0)
        examples = len(self.train), len(self.test)
        return Size(*examples, self.num_classes, (channels, height, width), shift.pixels, shift.flip)

    @property
    def in_channels(self) -> int:
        """Number of channels."""
        return int(self.train.images.shape[3])

    def to(self, device: str) -> Dataset:
        """Return the dataset on ``device``."""
        return replace(self, train=self.train.to(device), test=self.test.to(device))

    def normalise(self, images: torch.Tensor) -> torch.Tensor:
        """Turn (N, H, W, C) uint8 into (N, C, H, W) float32, channels last in memory, mean 0 and SD 1 per channel."""
        return self.normaliser(images.device)(images)

    def normaliser(self, device: torch.device) -> Callable[[torch.Tensor], torch.Tensor]:
        """Return ``normalise`` with its constants on ``device``: a GPU would wait for them in every batch."""
        import torch

        mean = torch.tensor(self.mean, device=device)
        scale = 1 / torch.tensor(self.std, device=device)
        return lambda images: ((images.float() - mean) * scale).permute(0, 3, 1, 2)


def make_dataset(
    train: tuple[Any, Any],
    test: tuple[Any, Any],
    *,
    shift: int = 0,
    flip: bool = False,
    classes: int | None = None,
    mean: Sequence[float] | None = None,
    std: Sequence[float] | None = None,
) -> Dataset:
    """Return a dataset of one's own; what is wrong with it is said where it is loaded.

    Args:
        train, test: images (N, H, W, C) uint8 and labels (N,), whole numbers from 0; tensors or NumPy arrays.
        shift: by how many pixels training images are moved at most.
        flip: whether half of the training images are mirrored.
        classes: how many there are; default: one more than the largest label.
        mean, std: of each channel, in units of the images; default: those of the training images, the SD 1 where it
            is 0.

    Example:
        >>> import torch
        >>> images, labels = torch.zeros(4, 8, 8, 3, dtype=torch.uint8), torch.tensor([0, 1, 2, 0])
        >>> dataset = make_dataset((images, labels), (images[:2], labels[:2]), shift=1)
        >>> dataset.num_classes, dataset.mean
        (3, (0.0, 0.0, 0.0))

    """
    import torch

    parts = [Examples(torch.as_tensor(x), _whole(torch.as_tensor(y)), torch.arange(len(y))) for x, y in (train, test)]
    of_train = parts[0].images.double().flatten(0, -2)
    scale = of_train.std(0, correction=0)
    labels = torch.cat([part.labels.flatten() for part in parts])
    return Dataset(
        name="",
        train=parts[0],
        test=parts[1],
        num_classes=int(labels.max()) + 1 if classes is None else classes,
        mean=tuple(of_train.mean(0).tolist() if mean is None else mean),
        std=tuple(torch.where(scale > 0, scale, 1.0).tolist() if std is None else std),
        augmentation=Shift(shift, flip),
    )


def _whole(labels: torch.Tensor) -> torch.Tensor:
    return labels if labels.is_floating_point() else labels.long()


def checked_dataset(value: Any, name: str, declared: Size | None = None) -> Dataset:
    """Return what a function of the user's returned, by its name.

    Args:
        value: what it returned.
        name: of the function, as ``module:name``.
        declared: the sizes that it said beforehand.

    Raises:
        SeedwiseError: one line that says what is wanted.

    """
    if not isinstance(value, Dataset):
        raise SeedwiseError(
            f"'{name}' returned {type(value).__name__}: a seedwise.data.Dataset is needed, such as make_dataset gives"
        )
    for wrong in _what_is_wrong(value):
        raise SeedwiseError(f"'{name}' returned {wrong}")
    if declared is not None and declared != value.size:
        raise SeedwiseError(f"'{name}' declares {declared}, and returned a dataset of {value.size}")
    return replace(value, name=name.rpartition(":")[2])


def _what_is_wrong(dataset: Dataset) -> Iterator[str]:
    import torch

    for split in ("train", "test"):
        examples: Examples = getattr(dataset, split)
        images, labels = examples.images, examples.labels
        if images.dim() != 4 or images.dtype != torch.uint8 or not len(images):
            yield f"images {_tensor(images)} for {split}: (N, height, width, channels) uint8 is needed"
        elif images.shape[1:] != dataset.train.images.shape[1:]:
            shape = tuple(dataset.train.images.shape[1:])
            yield f"images {_tensor(images)} for {split}: images of the shape of those for train, {shape}, are needed"
        for what, values in (("labels", labels), ("ids", examples.ids)):
            if values.shape != (len(images),) or values.dtype != torch.int64:
                yield f"{what} {_tensor(values)} for {split}: ({len(images)},) int64 is needed, one for each image"
        if labels.min() < 0 or labels.max() >= dataset.num_classes:
            found = f"{int(labels.min())} to {int(labels.max())}"
            yield f"labels from {found} for {split}: whole numbers from 0 to {dataset.num_classes - 1} are needed"
    if len(dataset.mean) != dataset.in_channels or len(dataset.std) != dataset.in_channels or min(dataset.std) <= 0:
        yield f"mean {dataset.mean} and std {dataset.std}: one for each channel is needed, an std above 0"
    if not all(callable(getattr(dataset.augmentation, method, None)) for method in ("table", "apply")):
        yield f"the augmentation {dataset.augmentation!r}: a Shift is needed, or what has its methods table and apply"


def _tensor(tensor: torch.Tensor) -> str:
    return f"{tuple(tensor.shape)} {str(tensor.dtype).removeprefix('torch.')}"
