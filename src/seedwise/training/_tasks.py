"""What is learned: the dataset, its default loss, its metrics and the predictions that are kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from seedwise.data import Dataset, Examples, load
from seedwise.errors import SeedwiseError
from seedwise.randomness import Randomness
from seedwise.training._config import ClassificationTask, Validation
from seedwise.training._metrics import classification_metrics


class Classification:
    """Images and classes; cross-entropy, accuracy (primary) and logits.

    Args:
        dataset: where the examples come from.
        augment: whether training images are varied.

    """

    default_loss = staticmethod(F.cross_entropy)

    def __init__(self, dataset: Dataset, augment: bool) -> None:
        self.dataset = dataset
        self.augment = augment
        self.metrics = classification_metrics(dataset.num_classes)

    def split(self, validation: Validation | None, randomness: Randomness) -> dict[str, Examples]:
        """Return the examples to train on and, if asked for, those held out of each class for validation."""
        train = self.dataset.train
        if validation is None:
            return {"train": train, "test": self.dataset.test}
        labels = train.labels.cpu().numpy()
        generator = randomness.numpy("split", "validation")
        held_out = np.zeros(len(labels), dtype=bool)
        for label in np.unique(labels):
            members = generator.permutation(np.flatnonzero(labels == label))
            held_out[members[: round(validation.fraction * len(members))]] = True
        if held_out.all() or not held_out.any():
            raise SeedwiseError(
                f"a validation fraction of {validation.fraction:g} leaves no example to "
                f"{'train' if held_out.all() else 'validate'} on: choose one nearer to 0.1"
            )
        pick = torch.from_numpy(held_out).to(train.labels.device)
        return {
            "train": train.take((~pick).nonzero()[:, 0]),
            "validation": train.take(pick.nonzero()[:, 0]),
            "test": self.dataset.test,
        }

    def inputs(self, examples: Examples, at: Tensor | slice, table: Tensor | None = None) -> Tensor:
        """Return inputs (B, C, H, W) for the examples at the slots ``at``, varied by their rows of the table."""
        images = examples.images[at]
        if table is not None:
            images = self.dataset.augmentation.apply(images, table[at])
        return self.dataset.normalise(images)

    def table(self, slots: int, randomness: Randomness, epoch: int, device: str) -> Tensor | None:
        """Draw the augmentation of one epoch: (slots, k), or None where images are not varied."""
        if not self.augment:
            return None
        return self.dataset.augmentation.table(slots, randomness.numpy("augment", "table", epoch)).to(device)

    def build_model(self, build: Any, options: Mapping[str, Any]) -> nn.Module:
        """Return a network that fits the images and classes."""
        model: nn.Module = build(self.dataset.in_channels, self.dataset.num_classes, **options)
        return model

    @staticmethod
    def evaluate(outputs: Tensor, labels: Tensor) -> dict[str, float]:
        """Return every metric of outputs (N, C), with one host synchronisation."""
        loss = F.cross_entropy(outputs.double(), labels)
        accuracy = (outputs.argmax(1) == labels).double().mean()
        values = torch.stack((accuracy, loss)).tolist()
        return {"accuracy": values[0], "loss": values[1]}


def load_task(config: ClassificationTask, device: str) -> Classification:
    """Return the task of a study file with its data on ``device``."""
    return Classification(load(config.dataset, device), config.augment)
