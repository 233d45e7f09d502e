"""The built-in ``train(run)``: tasks, loop, schedules."""

from seedwise.training._config import Options, TrainerConfig, steps_per_epoch
from seedwise.training._metrics import SIZES, Metric, Size, classification_metrics
from seedwise.training._networks import build_network
from seedwise.training._train import FUNCTION, measure, train

__all__ = [
    "FUNCTION",
    "SIZES",
    "Metric",
    "Options",
    "Size",
    "TrainerConfig",
    "build_network",
    "classification_metrics",
    "measure",
    "steps_per_epoch",
    "train",
]
