"""Hugging Face's ``Trainer``: each source its own, exact resume from our checkpoint, losses, predictions, metrics.

Example::

    for run in seedwise.replicates(20, store="text.db"):
        callback = RunCallback(run, VarianceMinimizerLoss())
        with run.randomness.scope("init"):
            model = AutoModelForSequenceClassification.from_config(config)
        with tempfile.TemporaryDirectory() as folder:
            trainer = Trainer(
                model, TrainingArguments(folder, num_train_epochs=3, **callback.seeds),
                train_dataset=train_set, compute_metrics=accuracy,
                callbacks=[callback], compute_loss_func=callback.compute_loss,
            )
            trainer.train(resume_from_checkpoint=callback.resume())
            callback.finish(trainer.predict(test_set), chance=0.5)
"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import torch
from torch import Tensor

from seedwise.errors import SeedwiseError
from seedwise.losses import ControlledLoss
from seedwise.run import Run

if TYPE_CHECKING:
    from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments
    from transformers.trainer_utils import PredictionOutput
else:
    try:
        from transformers import TrainerCallback
    except ModuleNotFoundError:
        raise SeedwiseError(
            "seedwise.integrations.transformers needs transformers: pip install 'seedwise[transformers]'"
        ) from None

_NOT_OURS: Final = ("rng_state.pth", "training_args.bin")
"""Files of a checkpoint that are not kept: the streams need no state, and arguments are the program's."""

_SPEED: Final = ("runtime", "samples_per_second", "steps_per_second", "model_preparation_time", "jit_compilation_time")


class RunCallback(TrainerCallback):
    """A run as a callback of ``transformers.Trainer``; one for each run.

    - Each run needs a folder of its own: what the trainer saves in it is read here.
    - ``seeds`` are the arguments ``seed`` and ``data_seed`` of ``TrainingArguments``, from the run: the trainer seeds
      the global generators with the first when it is made, and orders the data by the second.
    - Build the model before the trainer inside ``with run.randomness.scope("init"):`` and pass it as ``model=``;
      ``model_init=`` would be called after the trainer's own seeding. What training draws comes from ``dropout``, anew
      in every epoch.
    - ``compute_loss`` is what ``compute_loss_func=`` takes; the epochs of a loss of ``seedwise.losses`` are ended here,
      and what it did to the gradient is logged.
    - After every epoch what the trainer logged is logged (``loss`` as ``train/loss``, ``eval_loss`` as ``eval/loss``).
      After every epoch that is due the trainer saves, and the state is kept in the run's checkpoint. ``resume()`` gives
      it back: a run that was stopped goes on with the same bits.
    - ``finish`` ends the run with the predictions and metrics of ``trainer.predict``.

    Args:
        run: the run.
        loss: a function of (logits, labels) that returns their mean, such as a loss of ``seedwise.losses``; None leaves
            the model's own.
        shift: whether position t of the logits predicts label t + 1, as in causal language models.

    Raises:
        SeedwiseError: in a program of several processes, each of which would be the run.

    Source: the trainer of transformers 5.

    """

    def __init__(self, run: Run[Any], loss: Callable[[Any, Any], Tensor] | None = None, *, shift: bool = False) -> None:
        self.run = run
        self.loss = loss
        self._shift = shift
        self._scopes = ExitStack()
        run.ending.callback(self._scopes.close)  # the trainer calls nothing when it is stopped
        self._first = False
        self._logged: dict[str, float] = {}
        self._ended: int | None = None  # an epoch that is not logged yet: evaluation may follow
        self._wanted = False
        self._folder: tempfile.TemporaryDirectory[str] | None = None

    @property
    def seeds(self) -> dict[str, Any]:
        """``seed`` and ``data_seed`` for ``TrainingArguments``."""
        return {
            "seed": self.run.seed_for("dropout", "transformers"),
            "data_seed": self.run.seed_for("shuffle", "transformers"),
        }

    def resume(self) -> str | None:
        """Return what ``trainer.train(resume_from_checkpoint=...)`` goes on from; None at the start of the run."""
        found = self.run.checkpoint.load()
        if found is None:
            return None
        if isinstance(self.loss, ControlledLoss):
            self.loss.load_state_dict(found["loss"])
        self._folder = tempfile.TemporaryDirectory(prefix="seedwise-")
        for name, content in found["files"].items():
            (Path(self._folder.name) / name).write_bytes(content.numpy().tobytes())
        return self._folder.name

    def compute_loss(self, outputs: Any, labels: Tensor, num_items_in_batch: Tensor | int | None = None) -> Tensor:
        """Return the loss of a batch, weighted by its share of what an optimizer's step accumulates.

        Args:
            outputs: of the model; its ``logits`` are (N, C) or, for tokens, (N, L, C).
            labels: (N,) or (N, L); -100 does not count.
            num_items_in_batch: labels that count in all batches of the step.

        """
        if self.loss is None:
            raise SeedwiseError("RunCallback(run, loss): pass a loss to use its compute_loss")
        if isinstance(self.loss, ControlledLoss):
            self.loss.to(labels.device)
        logits = outputs["logits"] if isinstance(outputs, Mapping) else outputs[0]
        if self._shift:
            logits, labels = logits[:, :-1], labels[:, 1:]
        if logits.dim() == labels.dim() + 1:
            logits = logits.movedim(-1, 1)
        value = self.loss(logits, labels)
        if num_items_in_batch is None:
            return value
        counted = (labels != -100).sum() if not labels.is_floating_point() else labels.shape[0]
        return value * (counted / num_items_in_batch)

    def finish(self, output: PredictionOutput, *, chance: float | None = None, metric: str = "accuracy") -> None:
        """End the run with what ``trainer.predict`` returned.

        Args:
            output: predictions, labels, and the metrics that ``compute_metrics`` gave.
            chance: what guessing the most frequent label gives. A run that is not above it has learned nothing, as
                happens in fine-tuning on few examples: it counts as failed (``diverged``), with a note.
            metric: the one that is compared with it.

        Raises:
            SeedwiseError: if there is no such metric.

        """
        found = {name.removeprefix("test_"): value for name, value in (output.metrics or {}).items()}
        metrics = {name: value for name, value in found.items() if name not in _SPEED}
        if chance is not None:
            if metric not in metrics:
                raise SeedwiseError(
                    f"the trainer computed {', '.join(metrics) or 'no metric'} and no '{metric}', which "
                    f"chance={chance} is to be compared with: pass compute_metrics= to the trainer, or metric= here"
                )
            if metrics[metric] <= chance:
                self.run.notes.append(
                    f"{metric} {metrics[metric]:.4g} is not above chance, {chance:.4g}: nothing was learned, and the "
                    "run counts as failed"
                )
                metrics[metric] = math.nan
        predictions = output.predictions[0] if isinstance(output.predictions, tuple) else output.predictions
        labels = output.label_ids
        if isinstance(labels, np.ndarray) and predictions.ndim == 2 and labels.ndim == 1:
            self.run.save_predictions(predictions, labels)
        self.run.finish(**metrics)

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **named: Any
    ) -> None:
        if args.world_size > 1:
            raise SeedwiseError(
                f"a trainer in {args.world_size} processes: each would be the run; start one process per run, several "
                "replicates at once"
            )
        self._logged = {}

    def on_epoch_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **named: Any
    ) -> None:
        self._log_epoch()
        self._scope(_epoch(state), "loader")
        self._first = True

    def on_step_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **named: Any
    ) -> None:
        if self._first:  # anew: an epoch that is gone on with has asked its loader in another order
            self._scope(_epoch(state))
            self._first = False

    def on_epoch_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **named: Any) -> None:
        self._scopes.close()
        if isinstance(self.loss, ControlledLoss):
            self._logged |= {f"loss/{name}": value for name, value in self.loss.epoch_summary().items()}
            self.loss.on_epoch_end()
        control.should_log = True
        if state.epoch is not None and state.epoch == round(state.epoch):
            self._ended = round(state.epoch) - 1
            self._wanted = self.run.checkpoint.wants(self._ended)
            control.should_save = control.should_save or self._wanted

    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        logs: dict[str, Any] | None = None,
        **named: Any,
    ) -> None:
        numbers = {name: value for name, value in (logs or {}).items() if isinstance(value, (int, float))}
        for name, value in numbers.items():
            if name.startswith("eval_"):
                self._logged["eval/" + name.removeprefix("eval_")] = float(value)
            elif not name.startswith("train_") and name not in ("epoch", "total_flos"):
                self._logged["train/" + name] = float(value)

    def on_save(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **named: Any) -> None:
        if not self._wanted:  # it is the program's, in an epoch or at its end
            return
        self._wanted = False
        self._log_epoch()
        folder = Path(args.output_dir or ".") / f"checkpoint-{state.global_step}"
        files = {
            file.name: torch.frombuffer(bytearray(file.read_bytes()), dtype=torch.uint8)
            for file in sorted(folder.iterdir())
            if file.is_file() and file.name not in _NOT_OURS
        }
        loss = self.loss.state_dict() if isinstance(self.loss, ControlledLoss) else {}
        self.run.checkpoint.save(_epoch(state) - 1, files=files, loss=dict(loss))

    def on_train_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, model: Any = None, **named: Any
    ) -> None:
        self._log_epoch()
        self._scopes.close()
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None
        if model is not None:
            self.run.save_weights(model.state_dict())

    def _log_epoch(self) -> None:
        if self._ended is not None:
            self.run.log(self._ended, **self._logged)
            self._ended, self._logged = None, {}

    def _scope(self, epoch: int, *key: str) -> None:
        self._scopes.close()
        self._scopes.enter_context(self.run.randomness.scope("dropout", epoch, *key))


def _epoch(state: TrainerState) -> int:
    return int(state.epoch or 0)
