"""Augmentation from one parameter table an epoch.

The table has a row for every slot of the run's training set and is drawn at once from the epoch's own stream. What
happens to an example therefore depends on its slot and the epoch alone, not on order, batch size, workers or device.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
import torch.nn.functional as F


class Augmentation(Protocol):
    """How training images are varied."""

    def table(self, slots: int, generator: np.random.Generator) -> torch.Tensor:
        """Draw the parameters of one epoch: (slots, k) int64."""

    def apply(self, images: torch.Tensor, rows: torch.Tensor) -> torch.Tensor:
        """Vary (B, H, W, C) uint8 images by their rows (B, k) of the table."""


@dataclass(frozen=True)
class Shift:
    """Shift by up to ``pixels`` in both directions, zeros coming in: pad on all sides, then crop at random.

    Example:
        >>> image = torch.arange(1, 5, dtype=torch.uint8).reshape(1, 2, 2, 1)
        >>> Shift(1).apply(image, torch.tensor([[0, 1]]))[0, :, :, 0].tolist()
        [[0, 0], [1, 2]]

    """

    pixels: int

    def table(self, slots: int, generator: np.random.Generator) -> torch.Tensor:
        """Draw the corner of the crop, 0..2 pixels in each direction: (slots, 2)."""
        return torch.from_numpy(generator.integers(0, 2 * self.pixels + 1, size=(slots, 2)))

    def apply(self, images: torch.Tensor, rows: torch.Tensor) -> torch.Tensor:
        """Crop (B, H, W, C) images, padded by ``pixels``, at the corners (B, 2)."""
        count, height, width, _ = images.shape
        p = self.pixels
        padded = F.pad(images, (0, 0, p, p, p, p))
        y = rows[:, 0, None] + torch.arange(height, device=images.device)
        x = rows[:, 1, None] + torch.arange(width, device=images.device)
        batch = torch.arange(count, device=images.device)
        return padded[batch[:, None, None], y[:, :, None], x[:, None, :]]
