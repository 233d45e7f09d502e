"""Tasks: images and classes, and how any is loaded."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from seedwise.data import (
    Dataset,
    Examples,
    Shift,
    bootstrap,
    first_of_each_class,
    hold_out,
    long_tail,
    with_noise,
)
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
        label_noise: the share of training examples with a wrong label.
        imbalance: how many times as frequent as the last class the first is in training; None: as published.

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
        label_noise: float = 0.0,
        imbalance: float | None = None,
    ) -> None:
        self.dataset = dataset
        self._normalise = dataset.normaliser(dataset.train.images.device)
        self.augment = augment
        self.train_examples = train_examples
        self.test_examples = test_examples
        self.test = test
        self.label_noise = label_noise
        self.imbalance = imbalance
        self.measures = measures(OF_CLASSES, metrics, dataset.num_classes)
        self.metrics = tuple(one.metric for one in self.measures)

    def split(self, validation: Validation | None, randomness: Randomness) -> dict[str, Examples]:
        """Return the examples to train on, and those held out for validation and to test on if asked for.

        The ``split`` seed decides which are held out; where it is not 0, the rest is a stratified bootstrap. The
        ``labels`` seed decides which training examples have a wrong label, whatever the others are.
        """
        train = _Labelled(self.dataset.train, self._noisy(randomness)).first(self.train_examples)
        splits = {}
        if validation is not None and validation.fraction is not None:
            held_out = hold_out(train.classes, validation.fraction, randomness.numpy("split", "validation"))
            if held_out.all() or not held_out.any():
                raise SeedwiseError(
                    f"a validation fraction of {validation.fraction:g} leaves no example to "
                    f"{'train' if held_out.all() else 'validate'} on: choose one nearer to 0.1"
                )
            splits["validation"] = train.take(np.flatnonzero(held_out)).right
            train = train.take(np.flatnonzero(~held_out))
        if self.imbalance is not None:
            train = train.take(long_tail(train.classes, self.imbalance))
        test = _Labelled(self.dataset.test, self.dataset.test).first(self.test_examples).right
        if randomness.seeds["split"]:
            chosen = bootstrap(train.classes, randomness.numpy("split", "bootstrap"))
            if self.test == "out_of_bootstrap":
                test = train.take(np.setdiff1d(np.arange(len(train.right)), chosen)).right
            train = train.take(chosen)
        return {"train": train.given, **splits, **({} if self.test == "none" else {"test": test})}

    def _noisy(self, randomness: Randomness) -> Examples:
        train = self.dataset.train
        if not self.label_noise:
            return train
        right = train.labels.cpu().numpy()
        noisy = with_noise(right, self.label_noise, self.dataset.num_classes, randomness.numpy("labels"))
        return replace(train, labels=torch.from_numpy(noisy).to(train.labels.device))

    def batch(self, examples: Examples, at: Tensor | slice, table: Tensor | None = None) -> tuple[Tensor, ...]:
        """Return inputs (B, C, H, W) and labels (B,) of the examples at the slots ``at``."""
        return self.inputs(examples, at, table), examples.labels[at]

    def inputs(self, examples: Examples, at: Tensor | slice, table: Tensor | None = None) -> Tensor:
        """Return inputs (B, C, H, W) for the examples at the slots ``at``, varied by their rows of the table."""
        images = examples.images[at]
        if table is not None:
            images = self.dataset.augmentation.apply(images, table[at])
        return self._normalise(images)

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
        dataset,
        bool(config.augment),
        config.train_examples,
        config.test_examples,
        config.test,
        metrics=config.metrics,
        label_noise=config.label_noise,
        imbalance=config.imbalance,
    )


@dataclass(frozen=True)
class _Labelled:
    """Some examples with their right labels, and with those that are given in training."""

    right: Examples
    given: Examples

    @property
    def classes(self) -> NDArray[np.int64]:
        """The right labels."""
        labels: NDArray[np.int64] = self.right.labels.cpu().numpy()
        return labels

    def first(self, count: int | None) -> _Labelled:
        """Return the first of each class, ``count`` in all."""
        return self if count is None else self.take(first_of_each_class(self.classes, count))

    def take(self, index: NDArray[np.int64]) -> _Labelled:
        """Return the examples at ``index``."""
        at = torch.from_numpy(index).to(self.right.labels.device)
        right = self.right.take(at)
        # Images are large: without noise both are the same.
        return _Labelled(right, right if self.given is self.right else self.given.take(at))
