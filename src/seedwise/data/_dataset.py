"""A dataset: uint8 images, their labels, and how to normalise them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch

from seedwise.data._augment import Augmentation


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
    def in_channels(self) -> int:
        """Number of channels."""
        return int(self.train.images.shape[3])

    def to(self, device: str) -> Dataset:
        """Return the dataset on ``device``."""
        return replace(self, train=self.train.to(device), test=self.test.to(device))

    def normalise(self, images: torch.Tensor) -> torch.Tensor:
        """Turn (N, H, W, C) uint8 into (N, C, H, W) float32, channels last in memory, mean 0 and SD 1 per channel."""
        mean = torch.tensor(self.mean, device=images.device)
        scale = 1 / torch.tensor(self.std, device=images.device)
        return ((images.float() - mean) * scale).permute(0, 3, 1, 2)
