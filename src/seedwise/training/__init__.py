"""The built-in ``train(run)``: tasks, loop, schedules."""

from seedwise.training._config import Options, TrainerConfig, steps_per_epoch
from seedwise.training._metrics import SIZES, Metric, classification_metrics
from seedwise.training._train import FUNCTION, measure, train

__all__ = [
    "FUNCTION",
    "SIZES",
    "Metric",
    "Options",
    "TrainerConfig",
    "classification_metrics",
    "measure",
    "steps_per_epoch",
    "train",
]
