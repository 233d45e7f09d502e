"""Test-time views: the mean of a network's logits over several versions of an image."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Final, Literal

import torch
from torch import Tensor, nn

from seedwise.data import Dataset, Shift
from seedwise.readouts._readout import Readout

_CHUNK: Final = 2048
"""Views in one forward pass: memory does not grow with the number of images or of views."""


def view_rows(readout: Readout, augmentation: Shift) -> Tensor:
    """Return the views of a readout as rows of the training augmentation's table.

    ``crop25`` is a grid of 5 x 5 crops, ``crop81`` of 9 x 9, of the image padded as in training, spread evenly over the
    shifts that training draws from: with 4 pixels these are every second shift and every shift. Where training moves
    images by fewer pixels a grid has all there are: 25 with 2 pixels and 9 with 1, for both names. ``flip-`` has each
    crop mirrored too. Every view counts once, the image as it is among them.

    Args:
        readout: its ``view``.
        augmentation: how the dataset's training images are varied.

    Returns:
        (views, 2 or 3) int64, for ``augmentation.apply``.

    Raises:
        ValueError: if images are to be mirrored that are not in training.

    Example:
        >>> view_rows(Readout(view="crop25"), Shift(4))[:6].tolist()  # corners; (4, 4) is the image as it is
        [[0, 0], [0, 2], [0, 4], [0, 6], [0, 8], [2, 0]]

    Source:
        Summers & Dinneen 2021 (arXiv 2103.04514), section 5 and the evaluation code that they published, whose crops
        have the stride 2 and 1. That code can count the image as it is a second time, which is not done here.

    """
    if readout.flips and not augmentation.flip:
        raise ValueError(f"the view '{readout.view}' mirrors images, and these are not mirrored in training")
    reach = 2 * augmentation.pixels
    count = min(readout.side, reach + 1)
    corners = torch.tensor([augmentation.pixels]) if count == 1 else torch.linspace(0, reach, count).round().long()
    grid = torch.cartesian_prod(corners, corners)
    if not augmentation.flip:
        return grid
    mirrored = [0, 1] if readout.flips else [0]
    return torch.cat([torch.cat([grid, torch.full((len(grid), 1), m)], dim=1) for m in mirrored])


def mean_logits(
    network: nn.Module,
    dataset: Dataset,
    images: Tensor,
    rows: Tensor,
    *,
    precision: Literal["float32", "bf16"] = "float32",
    chunk: int = _CHUNK,
    between: Callable[[], None] = lambda: None,
) -> Tensor:
    """Return the mean of a network's logits over views.

        mean_v f(view_v(x))

    Args:
        network: in the state in which it is to be evaluated; it is put into evaluation mode.
        dataset: whose augmentation makes the views, and which normalises them.
        images: (N, H, W, C) uint8.
        rows: (views, k), one row of the augmentation's table per view.
        precision: ``bf16`` computes under autocast.
        chunk: views in one forward pass, or those of one image if these are more.
        between: called before each forward pass.

    Returns:
        (N, classes) float32.

    """
    network.eval()
    views = len(rows)
    rows = rows.to(images.device)
    found = []
    with torch.no_grad(), _precision(precision, images):
        for part in torch.split(images, max(chunk // views, 1)):
            between()
            varied = dataset.augmentation.apply(part.repeat_interleave(views, 0), rows.repeat(len(part), 1))
            logits = network(dataset.normalise(varied)).float()
            found.append(logits.reshape(len(part), views, -1).mean(1))
    return torch.cat(found)


def _precision(precision: str, images: Tensor) -> AbstractContextManager[Any]:
    return nullcontext() if precision == "float32" else torch.autocast(images.device.type, dtype=torch.bfloat16)
