"""What is known of a task before torch is imported: sizes and metrics."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Metric:
    """A number that says how good predictions are.

    Attributes:
        name: as in ``test/name``.
        higher_is_better: its direction.
        chance: what guessing gives, or None if that is unknown.

    """

    name: str
    higher_is_better: bool = True
    chance: float | None = None


@dataclass(frozen=True)
class Size:
    """What is known of a dataset beforehand.

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
    shift: int
    flip: bool = False


SIZES: Final = {
    "digits": Size(train=1437, test=360, classes=10, image=(1, 8, 8), shift=1),
    "mnist": Size(train=60000, test=10000, classes=10, image=(1, 28, 28), shift=2),
    "fashion_mnist": Size(train=60000, test=10000, classes=10, image=(1, 28, 28), shift=2, flip=True),
    "cifar10": Size(train=50000, test=10000, classes=10, image=(3, 32, 32), shift=4, flip=True),
    "cifar100": Size(train=50000, test=10000, classes=100, image=(3, 32, 32), shift=4, flip=True),
}


def classification_metrics(classes: int) -> tuple[Metric, ...]:
    """Return accuracy (primary) and cross-entropy."""
    return Metric("accuracy", True, 1 / classes), Metric("loss", False, math.log(classes))
