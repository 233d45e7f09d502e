"""The training loop."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from torch import Tensor, nn

from seedwise.losses import ControlledLoss, LearningRateControl
from seedwise.models import PackedEnsemble, recompute_batch_norm
from seedwise.randomness import ALL, Randomness, nudge_one_weight
from seedwise.run import FINAL, Diverged, Run
from seedwise.selection import selection_stats
from seedwise.training._averaging import Average
from seedwise.training._config import TrainerConfig, steps_per_epoch
from seedwise.training._graphs import GraphedSteps
from seedwise.training._losses import build_loss, checked_loss
from seedwise.training._optim import build_optimizer, clip_gradient
from seedwise.training._prior import PRIOR, Prior, train_priors
from seedwise.training._schedules import lr_schedule
from seedwise.training._selection import select, selection_of
from seedwise.training._task import Backward, Batch, Objective, Stateful, Task
from seedwise.training._warnings import warnings_of


class Trainer:
    """One training of one network.

    Methods enter in these places: ``priors`` are trained before the network, ``begin`` says after them which epoch is
    the first, ``objective`` makes what is minimized of
    the loss, ``backward`` leaves the gradients of a batch, the optimizer's hooks run before and after every step,
    ``after_epoch`` after every epoch, ``evaluated`` is the network that counts, and ``lr_factor`` multiplies the
    learning rate. What has a state of its own is one of the ``parts``.
    ``chunk`` examples are predicted in one forward pass.

    Args:
        run: the run; its ``init`` stream decides the initial weights, ``shuffle`` the orders, ``augment`` the tables,
            ``dropout`` the masks, ``split`` the validation split, ``ulp`` the last place of one weight.
        task: what is learned.

    """

    def __init__(self, run: Run[TrainerConfig], task: Task) -> None:
        self.run = run
        self.task = task
        self.options = run.config.train
        self.device = run.device
        self.model = self.new_network(run.randomness)
        selection = selection_of(run.config.model)
        self.selects = selection is not None
        self.members = self.model.members if isinstance(self.model, PackedEnsemble) else 1
        redraws = selection is not None and selection.options.sample_in_eval == "every_pass"
        self.chunk = self.options.batch_size if redraws else task.chunk
        nudge_one_weight(self.model, run.randomness)
        self.model.to(device=self.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.network: nn.Module = torch.compile(self.model) if run.numerics.compile else self.model  # type: ignore[assignment]
        self.loss = build_loss(self.options.loss, task, run.randomness)
        self.loss_module = self.loss if isinstance(self.loss, nn.Module) else None
        if self.loss_module is not None:
            self.loss_module.to(self.device)
        self.optimizer = build_optimizer(self.options.optimizer, self.model)
        self.backward: Backward = self._backward
        self.objective: Objective = lambda loss, _outputs, _batch: loss
        self.priors: list[Prior] = []
        self.begin: Callable[[], int] = lambda: 0
        self.parts: dict[str, Stateful] = {}
        if self.options.clip_gradient is not None:
            clip_gradient(self.optimizer, self.options.clip_gradient)
        averaging = self.options.averaging
        self.average: Average | None = None
        if averaging is not None:
            self.average = average = averaging.make(self.model, offered={"epochs": lambda: self.options.epochs})
            self.optimizer.register_step_post_hook(lambda *_: average.after_step())
        self.splits = task.split(self.options.validation, run.randomness)
        self.steps = steps_per_epoch(len(self.splits["train"]), self.options.batch_size)
        self.lr_factor = lr_schedule(self.options.schedule, self.options.epochs, self.steps)
        self.best: dict[str, Any] | None = None
        self.after_epoch: list[Callable[[int], None]] = []
        for way in self.options.ways:
            way.make(self)
        self.graphed = GraphedSteps(self) if run.numerics.graphs else None

    def new_network(self, randomness: Randomness) -> nn.Module:
        """Return a network as it starts, on the CPU: with ``randomness`` of the run it is the one that is trained."""
        with randomness.scope("init", "weights"):
            network = self.task.build_model(self.run.config.model)
        selection = selection_of(self.run.config.model)
        return network if selection is None else select(network, selection, randomness)

    def step(self, batch: Batch) -> Tensor:
        """Take one optimizer step on a batch and return its (base) loss, detached."""
        loss = self.backward(batch)
        self.optimizer.step()
        return loss

    def _backward(self, batch: Batch) -> Tensor:
        with self.precision():
            outputs = self.network(*batch.inputs).float()
        batch = batch if self.members == 1 else batch.repeated(self.members)
        loss = checked_loss(self.loss(outputs, batch.targets), self.options.loss.name)
        total = self.objective(loss, outputs, batch)
        # Each of several networks in one learns from the mean over its own outputs.
        total = total if self.members == 1 else self.members * total
        self.optimizer.zero_grad()
        total.backward()
        if isinstance(self.loss, ControlledLoss):
            base = self.loss.last_base
        elif total is loss:
            return loss.detach()
        else:
            base = loss.detach()
        # After a loss that is not finite, `last_base` still holds the one before it.
        total = total.detach()
        return torch.where(total.isfinite(), base, total)

    def evaluated(self) -> nn.Module:
        """Return the network that is evaluated, and whose state is the result."""
        if self.average is None or not self.average.ready:
            return self.model
        if self.average.stale:
            with self.precision():
                recompute_batch_norm(self.average.network, self.training_inputs())
            self.average.stale = False
        return self.average.network

    def fit(self) -> None:
        """Train from the start or the last checkpoint, and finish the run."""
        self._warn()
        self.train()
        self._finish()

    def train(self, until: int | None = None) -> None:
        """Train from the start or the last checkpoint; ``until`` is the number of epochs after which it stops."""
        first = self._resume()
        for epoch in range(first, self.options.epochs if until is None else until):
            if self._stops_before(epoch):
                break
            self._epoch(epoch)
            if epoch >= self.options.epochs - self.run.keep.last_epochs:
                self.run.save_weights(self.evaluated().state_dict(), tag=f"epoch-{epoch}")
            self.run.checkpoint.save(epoch, **self.state())
        if self.best is not None:
            self.evaluated().load_state_dict(self.best["weights"])

    def _epoch(self, epoch: int) -> None:
        self.network.train()
        with self.run.randomness.scope("dropout", "masks", epoch):
            loss_sum, lr = self.take_steps(epoch)
        train_loss = float(loss_sum) / len(self.splits["train"])
        row = {"train/loss": train_loss, "lr": lr}
        if isinstance(self.loss, ControlledLoss):
            row |= {f"train/{name}": value for name, value in self.loss.epoch_summary().items()}
            self.loss.on_epoch_end()
        if self.selects:
            stats = selection_stats(self.model)
            row |= {"train/choices_changed": stats.changed, "train/score_entropy": stats.entropy}
        if self.average is not None:
            self.average.after_epoch(epoch)
        for split in self._splits_to_watch():
            scores = self.task.evaluate(*self._predict(self.splits[split]))
            row |= {f"{split}/{name}": value for name, value in scores.items()}
        self.run.log(epoch, **row)
        if not torch.isfinite(torch.tensor(train_loss)):
            raise Diverged(f"the training loss of epoch {epoch} (counted from 0) is {train_loss}")
        self._keep_best(epoch, row)
        for do in self.after_epoch:
            do(epoch)

    def take_steps(self, epoch: int) -> tuple[Tensor, float]:
        """Take the steps of an epoch; return the sum of losses over examples, and the last learning rate."""
        if self.graphed is not None:
            return self.graphed(epoch)
        loss_sum = torch.zeros((), device=self.device)
        peak = self.peak_lr()
        for step, batch in enumerate(self.batches(epoch), start=epoch * self.steps):
            factor = self.lr_factor(step)
            for group in self.optimizer.param_groups:
                group["lr"] = peak * group["lr_scale"] * factor
            loss_sum += self.step(batch) * len(batch)
        return loss_sum, peak * factor

    def peak_lr(self) -> float:
        """Return what the schedule multiplies in this epoch; a control of it is asked, which waits for the device."""
        control = float(self.loss.lr_factor) if isinstance(self.loss, LearningRateControl) else 1.0
        return self.options.optimizer.lr * control

    def _splits_to_watch(self) -> list[str]:
        watched = ["validation", "test"] if self.run.evaluate_epochs else ["validation"]
        return [split for split in watched if split in self.splits]

    def batches(self, epoch: int) -> Iterator[Batch]:
        """Yield the batches of an epoch."""
        examples = self.splits["train"]
        order, table = self.order_and_table(epoch)
        size = self.options.batch_size
        for chunk in torch.split(order, max(self.task.chunk // size, 1) * size):
            gathered = (*self.task.batch(examples, chunk, table), chunk)
            for *inputs, targets, slots in zip(*(torch.split(part, size) for part in gathered), strict=True):
                yield Batch(tuple(inputs), targets, slots)

    def order_and_table(self, epoch: int) -> tuple[Tensor, Tensor | None]:
        """Draw the order of an epoch's examples (N,), and how each is varied (N, k) or None."""
        slots = len(self.splits["train"])
        order = self.run.randomness.numpy("shuffle", "order", epoch).permutation(slots)
        table = self.task.table(slots, self.run.randomness, epoch, self.device)
        return torch.from_numpy(order).to(self.device), table

    def _keep_best(self, epoch: int, row: dict[str, float]) -> None:
        rule = self.options.validation
        if rule is None or rule.rule == "last" or (self.average is not None and not self.average.ready):
            return
        metric = next(m for m in self.task.metrics if m.name == rule.metric)
        score = row[f"validation/{rule.metric}"] * (1 if metric.higher_is_better else -1)
        # Ties go to the earlier epoch: the rule must not depend on how many equal epochs follow.
        if score > (-math.inf if self.best is None else self.best["score"]):
            weights = {name: value.clone() for name, value in self.evaluated().state_dict().items()}
            self.best = {"score": score, "epoch": epoch, "weights": weights}

    def _stops_before(self, epoch: int) -> bool:
        """Return whether the best epoch lies so far back that no other is waited for; a resumed run finds the same."""
        patience = None if self.options.validation is None else self.options.validation.patience
        return patience is not None and self.best is not None and epoch - self.best["epoch"] > patience

    def _predict(self, examples: Any) -> tuple[Tensor, Tensor]:
        """Return the outputs for some examples, and their targets."""
        evaluated = self.evaluated()
        return self.predict(self.network if evaluated is self.model else evaluated, examples)

    def predict(self, network: nn.Module, examples: Any, first: int | None = None) -> tuple[Tensor, Tensor]:
        """Return the outputs of a network for the ``first`` examples, default all of them, and their targets."""
        network.eval()
        count = len(examples) if first is None else min(first, len(examples))
        outputs, targets = [], []
        with torch.no_grad(), self.precision():
            for k in range(0, count, self.chunk):
                *inputs, target = self.task.batch(examples, slice(k, k + self.chunk))
                outputs.append(network(*inputs).float())
                targets.append(target)
        return torch.cat(outputs), torch.cat(targets)

    def training_inputs(self) -> Iterator[Tensor]:
        """Yield the inputs of the training set in its own order, not varied, in parts of equal size."""
        examples = self.splits["train"]
        slots = torch.arange(len(examples), device=self.device)
        for part in slots.tensor_split(math.ceil(len(examples) / self.task.chunk)):
            yield self.task.batch(examples, part)[0]

    def precision(self) -> AbstractContextManager[Any]:
        """Return the context of forward passes."""
        if self.run.numerics.precision == "float32":
            return nullcontext()
        return torch.autocast(torch.device(self.device).type, dtype=torch.bfloat16)

    def state(self) -> dict[str, Any]:
        """Return what training goes on from."""
        loss = {} if self.loss_module is None else self.loss_module.state_dict()
        average = {} if self.average is None else {"average": self.average.state()}
        parts = {name: part.state_dict() for name, part in self.parts.items()}
        return {
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "loss": loss,
            "best": self.best,
            **average,
            **({"parts": parts} if parts else {}),
        }

    def _resume(self) -> int:
        saved = self.run.checkpoint.load()
        if saved is None or PRIOR in saved:
            train_priors(self, self.priors, None if saved is None else saved[PRIOR])
            return self.begin()
        self.load(saved)
        return int(saved["epoch"]) + 1

    def load(self, saved: dict[str, Any]) -> None:
        """Go on from a state."""
        self.model.load_state_dict(saved["model"])
        self.optimizer.load_state_dict(saved["optimizer"])
        if self.loss_module is not None:
            self.loss_module.load_state_dict(saved["loss"])
        if self.average is not None:
            self.average.load(saved["average"])
        for name, part in self.parts.items():
            part.load_state_dict(saved["parts"][name])
        self.best = saved["best"]

    def _finish(self) -> None:
        finite = torch.stack([torch.isfinite(p).all() for p in self.evaluated().parameters()]).all()
        if not finite:
            raise Diverged("the final weights are not finite")
        metrics = self.keep(FINAL, self.options.epochs - 1 if self.best is None else self.best["epoch"])
        self.run.finish(**metrics, **(self.task.baselines(self.splits["test"]) if "test" in self.splits else {}))

    def keep(self, tag: str, epoch: int) -> dict[str, float]:
        """Hand over the predictions and the state of the evaluated network; return its metrics."""
        metrics: dict[str, float] = {}
        for split, examples in self.splits.items():
            if split == "train":
                continue
            outputs, targets = self._predict(examples)
            scores = self.task.evaluate(outputs, targets)
            metrics |= {f"{split}/{name}": value for name, value in scores.items()}
            self.task.keep(self.run, examples, outputs, targets, split, tag=tag, epoch=epoch)
        self.run.save_weights(self.evaluated().state_dict(), tag)
        return metrics

    def _warn(self) -> None:
        if [source for source in ALL if self.run.seeds[source]] == ["augment"] and not self.task.augment:
            self.run.notes.append("the source 'augment' changes nothing: this task does not vary its inputs")
        if self.run.seeds["ulp"] and self.run.numerics.precision == "bf16":
            self.run.notes.append(
                "the source 'ulp' changes next to nothing with precision: bf16, which computes with rounded weights: "
                "set precision: float32"
            )
        self.run.notes += warnings_of(self.run.config, self.steps * self.options.epochs)
