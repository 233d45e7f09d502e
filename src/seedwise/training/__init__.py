"""The built-in ``train(run)``: tasks, loop, schedules."""

from seedwise.declarations import Options
from seedwise.training._checks import check_data, check_parts
from seedwise.training._config import TrainerConfig, steps_per_epoch
from seedwise.training._facts import measures_of, metrics_of, size_of_task, task_name
from seedwise.training._kinds import Kind, kind_named
from seedwise.training._measures import OF_CLASSES, Measure, evaluate, measures
from seedwise.training._metrics import metric
from seedwise.training._networks import build_network
from seedwise.training._task_kind import data_of_task
from seedwise.training._train import FUNCTION, measure, train
from seedwise.training._warnings import memory_of, reading_of, steps_of, warnings_of

__all__ = [
    "FUNCTION",
    "OF_CLASSES",
    "Kind",
    "Measure",
    "Options",
    "TrainerConfig",
    "build_network",
    "check_data",
    "check_parts",
    "data_of_task",
    "evaluate",
    "kind_named",
    "measure",
    "measures",
    "measures_of",
    "memory_of",
    "metric",
    "metrics_of",
    "reading_of",
    "size_of_task",
    "steps_of",
    "steps_per_epoch",
    "task_name",
    "train",
    "warnings_of",
]
