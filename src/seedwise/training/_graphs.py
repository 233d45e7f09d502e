"""The steps of an epoch as the device takes them by itself: on a GPU, replays of a step that was captured once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final, Protocol

import torch
from torch import Tensor

from seedwise.run import Run
from seedwise.training._config import TrainerConfig, TrainOptions
from seedwise.training._replayable import check_graphs
from seedwise.training._task import Batch, Stateful, Task

WARM_UP: Final = 3
"""Steps of each size of batch before one is captured: libraries choose kernels, and optimizers make their state."""


class Steps(Protocol):
    """What is asked of a ``Trainer``, which says what each of these is."""

    run: Run[TrainerConfig]
    task: Task
    options: TrainOptions
    device: str
    optimizer: torch.optim.Optimizer
    parts: dict[str, Stateful]
    splits: dict[str, Any]
    steps: int
    lr_factor: Callable[[int], float]

    def step(self, batch: Batch) -> Tensor: ...
    def peak_lr(self) -> float: ...
    def order_and_table(self, epoch: int) -> tuple[Tensor, Tensor | None]: ...


class GraphedSteps:
    """``graphs: true``: takes the steps of an epoch; see ``Trainer.take_steps``.

    A captured step cannot be given anything, and does on each replay what it did, on the same memory. So all that
    differs between steps lies on the device before an epoch begins: order, table of the augmentation, learning rates,
    and a counter that each step raises. Learning rates are therefore float32; nothing else differs from steps that are
    taken one by one.

    Args:
        trainer: whose steps they are, before the first.

    Raises:
        SeedwiseError: if a step of it decides something on the host.

    """

    def __init__(self, trainer: Steps) -> None:
        check_graphs(trainer.run.config)
        self._trainer = trainer
        device = trainer.device
        self._stream = torch.cuda.Stream(device) if device.startswith("cuda") else None
        self._step = torch.zeros(1, dtype=torch.int64, device=device)
        self._within = torch.arange(trainer.options.batch_size, device=device)
        self._lr = torch.zeros(len(trainer.optimizer.param_groups), device=device)
        self._loss_sum = torch.zeros((), device=device)
        self._held: dict[str, Tensor] = {}
        self._taken: Counter[int] = Counter()
        self._replays: dict[int, Callable[[], object]] = {}

    def __call__(self, epoch: int) -> tuple[Tensor, float]:
        """Take the steps of an epoch; return the sum of losses over examples, and the last learning rate."""
        lr = self.begin(epoch)
        examples, size = len(self._trainer.splits["train"]), self._trainer.options.batch_size
        with self.on_its_stream():
            for start in range(0, examples, size):
                self.take(min(size, examples - start))
        return self._loss_sum.clone(), lr

    def begin(self, epoch: int) -> float:
        """Lay out an epoch on the device; return its last learning rate."""
        trainer = self._trainer
        order, table = trainer.order_and_table(epoch)
        peak = trainer.peak_lr()
        factors = [trainer.lr_factor(step) for step in range(epoch * trainer.steps, (epoch + 1) * trainer.steps)]
        rates = [[peak * group["lr_scale"] * factor for factor in factors] for group in trainer.optimizer.param_groups]
        laid_out = {"order": order, "rates": torch.tensor(rates, dtype=torch.float32)}
        for name, value in {**laid_out, **({} if table is None else {"table": table})}.items():
            if name in self._held:
                self._held[name].copy_(value)
            else:
                self._held[name] = value.to(trainer.device)
        self._step.zero_()
        self._loss_sum.zero_()
        for optimizer in (trainer.optimizer, *trainer.parts.values()):
            for group in optimizer.param_groups if isinstance(optimizer, torch.optim.Optimizer) else ():
                group.update({"capturable": True} if "capturable" in group else {})
        for group, lr in zip(trainer.optimizer.param_groups, self._lr, strict=True):
            group["lr"] = lr  # a checkpoint that was loaded has put others there
        return peak * factors[-1]

    def take(self, size: int) -> None:
        """Take the next step, of so many examples."""
        self._taken[size] += 1
        if size not in self._replays and self._taken[size] > WARM_UP:
            self._replays[size] = captured(lambda: self._one(size), self._stream)
        self._replays.get(size, lambda: self._one(size))()

    def _one(self, size: int) -> None:
        trainer, held = self._trainer, self._held
        self._lr.copy_(held["rates"].index_select(1, self._step).view(-1))
        slots = held["order"].index_select(0, self._step * len(self._within) + self._within[:size])
        *inputs, targets = trainer.task.batch(trainer.splits["train"], slots, held.get("table"))
        self._loss_sum += trainer.step(Batch(tuple(inputs), targets, slots)) * size
        self._step += 1

    @contextmanager
    def on_its_stream(self) -> Iterator[None]:
        """Let the block's work follow that of the present stream, and what comes after the block follow it."""
        if self._stream is None:
            yield
            return
        before = torch.cuda.current_stream(self._stream.device)
        self._stream.wait_stream(before)
        with torch.cuda.stream(self._stream):
            yield
        before.wait_stream(self._stream)


def captured(step: Callable[[], None], stream: torch.cuda.Stream | None) -> Callable[[], object]:
    """Return what takes a step: on a GPU the replay of its kernels, which are captured and not run; else itself."""
    if stream is None:
        return step
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph, stream=stream):
        step()
    return graph.replay
