"""What the stages of ``gpu.py`` share: a figure, and where and how large it is measured."""

from __future__ import annotations

import gc
import itertools
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from medians import median_with_interval

from seedwise.run import Numerics, Run, RunSpec
from seedwise.training import FUNCTION, TrainerConfig
from seedwise.training._loop import Trainer
from seedwise.training._tasks import load_task

EPOCHS = 500
"""For which times are extrapolated."""
OTHERS = ("vgg16", "shufflenet_v2", "mobilenet_v2")


@dataclass(frozen=True)
class Row:
    """One figure; ``low`` and ``high`` are the ends of a 95 % bootstrap interval of the median of ``n`` values."""

    name: str
    value: float | None
    unit: str
    low: float | None = None
    high: float | None = None
    n: int = 1
    target: str = ""
    note: str = ""


def median(name: str, values: Iterable[float], unit: str, target: str = "", note: str = "") -> Row:
    found = list(values)
    value, low, high = median_with_interval(found)
    return Row(name, value, unit, low, high, len(found), target, note)


Case = tuple[str, Callable[[], Iterable[Row]]]


@dataclass(frozen=True)
class Bench:
    """Where and how large; ``tiny`` shows that everything runs."""

    device: str
    tiny: bool

    @property
    def gpu(self) -> bool:
        return self.device.startswith("cuda")

    @property
    def batch(self) -> int:
        return 32 if self.tiny else 512

    @property
    def rounds(self) -> int:
        return 2 if self.tiny else 8

    @property
    def warm_up(self) -> int:
        """Epochs before any is timed: steps are captured in them, those of the smaller last batch in the fourth."""
        return 1 if self.tiny else 5

    def width(self, width: int) -> int:
        return width // 16 if self.tiny else width

    def content(self, model: dict[str, Any], **train: object) -> dict[str, Any]:
        """Return what a run is configured with; the settings are those of the recipes of VML's tables."""
        images = {"train": 80, "test": 40} if self.tiny else {}
        if self.tiny and model["name"] in OTHERS:
            model = {"name": "small_cnn", "width": 2}
        optimizer = {"name": "sgd", "lr": 0.4, "momentum": 0.9, "weight_decay": 5e-4}
        return {
            "task": {"dataset": {"name": "random_images:cifar10", **images}},
            "model": model,
            "train": {
                "epochs": 3 if self.tiny else 5,
                "batch_size": self.batch,
                "optimizer": optimizer,
                "schedule": {"name": "cosine"},
                **train,
            },
        }

    def resnet(self, width: int, **train: object) -> dict[str, Any]:
        return self.content({"name": "resnet14", "width": self.width(width)}, **train)

    def run(self, content: dict[str, Any], numerics: Numerics, **options: Any) -> Run[TrainerConfig]:
        if self.tiny and numerics.compile:
            content = {**content, "model": {"name": "lenet300"}}  # compiling a deeper one takes minutes
        spec = RunSpec(FUNCTION, content, {"init": 1, "shuffle": 2, "augment": 3}, numerics)
        config = TrainerConfig.model_validate(content)
        return Run(spec, config, device=self.device, evaluate_epochs=False, **options)

    def trainer(self, content: dict[str, Any], **numerics: Any) -> Trainer:
        run = self.run(content, Numerics(**numerics))
        trainer = Trainer(run, load_task(run.config.task, self.device))
        trainer.network.train()
        return trainer

    def seconds(self, do: Callable[[], object]) -> float:
        self.synchronize()
        began = time.perf_counter()
        do()
        self.synchronize()
        return time.perf_counter() - began

    def synchronize(self) -> None:
        if self.gpu:
            torch.cuda.synchronize()

    def epochs(self, trainer: Trainer, rounds: int | None = None) -> tuple[list[float], float]:
        """Return the seconds of some epochs' steps, and those of the epochs before, which compile and capture."""
        numbers = itertools.count()
        before = self.seconds(lambda: [trainer.take_steps(next(numbers)) for _ in range(self.warm_up)])
        rounds = self.rounds if rounds is None else rounds
        return [self.seconds(lambda: trainer.take_steps(next(numbers))) for _ in range(rounds)], before

    def forget(self) -> None:
        """Let go of the memory of the case before."""
        gc.collect()
        if self.gpu:
            torch.cuda.empty_cache()
            torch.cuda.reset_peak_memory_stats()


@contextmanager
def products(precision: str) -> Iterator[str]:
    """Let torch round what is multiplied to tf32, or not; return the precision of autocast."""
    matmul, cudnn = torch.backends.cuda.matmul, torch.backends.cudnn
    before = matmul.allow_tf32, cudnn.allow_tf32
    matmul.allow_tf32 = cudnn.allow_tf32 = precision != "float32"
    try:
        yield "bf16" if precision == "bf16" else "float32"
    finally:
        matmul.allow_tf32, cudnn.allow_tf32 = before


def said(numerics: Numerics) -> str:
    words = [numerics.precision, *(["compiled"] if numerics.compile else []), *(["graphs"] if numerics.graphs else [])]
    return ", ".join(words if words[1:] else [*words, "one by one"])
