"""Augmentation from one parameter table an epoch.

The table has a row for every slot of the run's training set and is drawn at once from the epoch's own stream. What
happens to an example therefore depends on its slot and the epoch alone, not on order, batch size, workers or device.
Nothing here imports torch before it is used.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

if TYPE_CHECKING:
    import torch


class Augmentation(Protocol):
    """How training images are varied."""

    def table(self, slots: int, generator: np.random.Generator) -> torch.Tensor:
        """Draw the parameters of one epoch: (slots, k) int64."""

    def apply(self, images: torch.Tensor, rows: torch.Tensor) -> torch.Tensor:
        """Vary (B, H, W, C) uint8 images by their rows (B, k) of the table."""


@dataclass(frozen=True)
class Shift:
    """Pad with zeros on all sides, crop at random, and, if asked, mirror half of the images left to right.

    Example:
        >>> import torch
        >>> image = torch.arange(1, 5, dtype=torch.uint8).reshape(1, 2, 2, 1)
        >>> Shift(1).apply(image, torch.tensor([[0, 1]]))[0, :, :, 0].tolist()
        [[0, 0], [1, 2]]
        >>> Shift(1, flip=True).apply(image, torch.tensor([[0, 1, 1]]))[0, :, :, 0].tolist()
        [[0, 0], [2, 1]]

    """

    pixels: int
    flip: bool = False

    def table(self, slots: int, generator: np.random.Generator) -> torch.Tensor:
        """Draw the corner of the crop, 0..2 pixels in each direction, and 1 to mirror: (slots, 2 or 3)."""
        import torch

        corners = generator.integers(0, 2 * self.pixels + 1, size=(slots, 2))
        if not self.flip:
            return torch.from_numpy(corners)
        return torch.from_numpy(np.hstack([corners, generator.integers(0, 2, size=(slots, 1))]))

    def apply(self, images: torch.Tensor, rows: torch.Tensor) -> torch.Tensor:
        """Crop (B, H, W, C) images, padded by ``pixels``, at the corners of ``rows`` and mirror the crops."""
        import torch
        import torch.nn.functional as F

        count, height, width, channels = images.shape
        p = self.pixels
        padded = F.pad(images, (0, 0, p, p, p, p))
        down, across, image = (torch.arange(size, device=images.device) for size in (height, width, count))
        if self.flip:
            across = torch.where(rows[:, 2, None] == 1, width - 1 - across, across)
        y, x = rows[:, 0, None] + down, rows[:, 1, None] + across
        # One flat index: selecting pixels by three indices takes several times as long.
        pixels = (image[:, None, None] * (height + 2 * p) + y[:, :, None]) * (width + 2 * p) + x[:, None, :]
        return padded.reshape(-1, channels).index_select(0, pixels.reshape(-1)).reshape(images.shape)
