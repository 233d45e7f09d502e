"""Tasks: images and classes, and how any is loaded."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, ClassVar, Literal

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from seedwise.data import Dataset, Examples, Shift, bootstrap, first_of_each_class, hold_out
from seedwise.declarations import Part
from seedwise.errors import SeedwiseError
from seedwise.losses import variance_penalty
from seedwise.randomness import Randomness
from seedwise.run import Run
from seedwise.training._config import ClassificationTask, ForecastingTask, TableTask, Validation
from seedwise.training._forecasting import load_forecasting
from seedwise.training._image_data import load_images
from seedwise.training._measures import OF_CLASSES, evaluate, measures
from seedwise.training._networks import build_network
from seedwise.training._tables import Tabular
from seedwise.training._task import Task


class Classification:
    """Images and classes; cross-entropy, accuracy (primary) and logits.

    Args:
        dataset: where the examples come from.
        augment: whether training images are varied.
        train_examples: how many are trained on, the first of each class; None: all.
        test_examples: how many of the published test set are tested on, the first of each class; None: all.
        test: the published test set, the training examples that the bootstrap left out, or none.
        metrics: what is recorded besides accuracy, loss, brier and ece.

    """

    default_loss: ClassVar[Callable[..., Tensor]] = staticmethod(F.cross_entropy)
    variance: ClassVar[Callable[..., Tensor]] = staticmethod(variance_penalty)
    chunk: ClassVar[int] = 2048

    def __init__(
        self,
        dataset: Dataset,
        augment: bool,
        train_examples: int | None = None,
        test_examples: int | None = None,
        test: Literal["published", "out_of_bootstrap", "none"] = "published",
        *,
        metrics: Sequence[str | Part] = (),
    ) -> None:
        self.dataset = dataset
        self.augment = augment
        self.train_examples = train_examples
        self.test_examples = test_examples
        self.test = test
        self.measures = measures(OF_CLASSES, metrics, dataset.num_classes)
        self.metrics = tuple(one.metric for one in self.measures)

    def split(self, validation: Validation | None, randomness: Randomness) -> dict[str, Examples]:
        """Return the examples to train on, and those held out for validation and to test on if asked for.

        The ``split`` seed decides which are held out; where it is not 0, the rest is a stratified bootstrap.
        """
        train = _first(self.dataset.train, self.train_examples)
        splits = {}
        if validation is not None and validation.fraction is not None:
            held_out = hold_out(_labels(train), validation.fraction, randomness.numpy("split", "validation"))
            if held_out.all() or not held_out.any():
                raise SeedwiseError(
                    f"a validation fraction of {validation.fraction:g} leaves no example to "
                    f"{'train' if held_out.all() else 'validate'} on: choose one nearer to 0.1"
                )
            splits["validation"] = train.take(_index(np.flatnonzero(held_out), train))
            train = train.take(_index(np.flatnonzero(~held_out), train))
        test = _first(self.dataset.test, self.test_examples)
        if randomness.seeds["split"]:
            chosen = bootstrap(_labels(train), randomness.numpy("split", "bootstrap"))
            if self.test == "out_of_bootstrap":
                rest = np.setdiff1d(np.arange(len(train)), chosen)
                test = train.take(_index(rest, train))
            train = train.take(_index(chosen, train))
        return {"train": train, **splits, **({} if self.test == "none" else {"test": test})}

    def batch(self, examples: Examples, at: Tensor | slice, table: Tensor | None = None) -> tuple[Tensor, ...]:
        """Return inputs (B, C, H, W) and labels (B,) of the examples at the slots ``at``."""
        return self.inputs(examples, at, table), examples.labels[at]

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

    def build_model(self, model: Part) -> nn.Module:
        """Return a network that fits the images and classes."""
        return build_network(model, self.dataset.size)

    def output_shape(self, targets: Tensor) -> tuple[int, ...]:
        """Return (N, classes)."""
        return len(targets), self.dataset.num_classes

    def evaluate(self, outputs: Tensor, targets: Tensor) -> dict[str, float]:
        """Return every metric of outputs (N, C) for labels (N,)."""
        return evaluate(self.measures, outputs, targets)

    @staticmethod
    def baselines(examples: Examples) -> dict[str, float]:  # noqa: ARG004 - forecasts have some
        """Return nothing: guessing has no accuracy but chance."""
        return {}

    @staticmethod
    def keep(run: Run[Any], examples: Examples, outputs: Tensor, targets: Tensor, split: str, **place: Any) -> None:
        """Keep the predictions."""
        run.save_predictions(outputs, targets, split, ids=examples.ids, **place)


def load_task(config: ClassificationTask | ForecastingTask | TableTask, device: str) -> Task:
    """Return the task of a study file with its data on ``device``."""
    if isinstance(config, TableTask):
        return Tabular(config, device)
    if isinstance(config, ForecastingTask):
        return load_forecasting(config, device)
    dataset = load_images(config.dataset, device)
    try:
        config.check(dataset.size)
    except ValueError as error:
        raise SeedwiseError(f"task: {error}") from None
    if config.augment == "flip":
        dataset = replace(dataset, augmentation=Shift(0, flip=True))
    if config.normalise is not None:
        dataset = replace(dataset, mean=tuple(config.normalise.mean), std=tuple(config.normalise.std))
    return Classification(
        dataset, bool(config.augment), config.train_examples, config.test_examples, config.test, metrics=config.metrics
    )


def _first(examples: Examples, count: int | None) -> Examples:
    if count is None:
        return examples
    return examples.take(_index(first_of_each_class(_labels(examples), count), examples))


def _labels(examples: Examples) -> NDArray[np.int64]:
    labels: NDArray[np.int64] = examples.labels.cpu().numpy()
    return labels


def _index(index: NDArray[np.int64], examples: Examples) -> Tensor:
    return torch.from_numpy(index).to(examples.labels.device)
