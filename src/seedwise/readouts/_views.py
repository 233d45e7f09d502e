"""Test-time views: the mean of a network's logits over several versions of an image."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Final, Literal

import torch
from torch import Tensor, nn

from seedwise.data import Augmentation, Dataset, Shift
from seedwise.readouts._readout import Readout

_CHUNK: Final = 2048
"""Views in one forward pass: memory does not grow with the number of images or of views."""


def view_rows(readout: Readout, augmentation: Augmentation) -> Tensor:
    """Return the views of a readout as rows of the training augmentation's table.

    Args:
        readout: its ``view``.
        augmentation: how the dataset's training images are varied.

    Returns:
        (views, 2 or 3) int64, for ``augmentation.apply``.

    Raises:
        ValueError: if images are to be mirrored that are not in training, or training does more than shift and mirror.

    Example:
        >>> view_rows(Readout(view="crop25"), Shift(4))[:6].tolist()  # corners; (4, 4) is the image as it is
        [[0, 0], [0, 2], [0, 4], [0, 6], [0, 8], [2, 0]]

    """
    if not isinstance(augmentation, Shift):
        raise ValueError(
            f"the view '{readout.view}' repeats shifts of training, and the augmentation is a "
            f"{type(augmentation).__name__}: give the dataset a seedwise.data.Shift"
        )
    if readout.mirrors and not augmentation.flip:
        raise ValueError(f"the view '{readout.view}' mirrors images, and these are not mirrored in training")
    return torch.tensor(readout.rows(augmentation.pixels, augmentation.flip))


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
