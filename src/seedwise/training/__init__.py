"""The built-in ``train(run)``: tasks, loop, schedules."""

from seedwise.declarations import Options
from seedwise.training._checks import check_data, check_parts
from seedwise.training._config import TrainerConfig, steps_per_epoch
from seedwise.training._metrics import (
    SIZES,
    Size,
    classification_metrics,
    is_forecasting,
    metrics_of,
    task_name,
)
from seedwise.training._networks import build_network
from seedwise.training._train import FUNCTION, measure, train
from seedwise.training._warnings import steps_of, warnings_of

__all__ = [
    "FUNCTION",
    "SIZES",
    "Options",
    "Size",
    "TrainerConfig",
    "build_network",
    "check_data",
    "check_parts",
    "classification_metrics",
    "is_forecasting",
    "measure",
    "metrics_of",
    "steps_of",
    "steps_per_epoch",
    "task_name",
    "train",
    "warnings_of",
]
