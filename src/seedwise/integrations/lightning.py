"""Lightning: each source its own, exact resume from our checkpoint, metrics and predictions into the store.

Example::

    for run in seedwise.replicates(20, store="lightning.db"):
        callback = RunCallback(run)
        with run.randomness.scope("init"):
            model = Classifier()
        trainer = lightning.Trainer(max_epochs=5, callbacks=[callback])
        trainer.fit(model, run.loader(train_set, batch_size=64), ckpt_path=callback.resume())
        trainer.test(model, test_loader)
        run.finish(accuracy=trainer.callback_metrics["accuracy"])

Needs ``lightning`` or ``pytorch-lightning``; whichever the program has imported is used.
"""

from __future__ import annotations

import importlib
import signal
import sys
import tempfile
import threading
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from seedwise.errors import SeedwiseError
from seedwise.losses import ControlledLoss
from seedwise.run import Run

if TYPE_CHECKING:
    from lightning.pytorch import LightningModule, Trainer
    from lightning.pytorch.callbacks import Checkpoint
else:

    def _checkpoint_class() -> type:
        names = ("lightning.pytorch", "pytorch_lightning")
        for name in sorted(names, key=lambda name: name not in sys.modules):
            try:
                return importlib.import_module(f"{name}.callbacks").Checkpoint
            except ModuleNotFoundError:
                continue
        raise SeedwiseError("seedwise.integrations.lightning needs Lightning: pip install 'seedwise[lightning]'")

    Checkpoint = _checkpoint_class()

PREDICTIONS = ("logits", "labels")
"""What ``test_step`` returns for its predictions to be kept; ``ids`` may name the examples."""


class RunCallback(Checkpoint):  # a checkpoint is called after all that it is to save
    """A run as a callback of Lightning's ``Trainer``; one for each run.

    - What ``configure_model`` draws comes from the source ``init``; build a model before the trainer inside
      ``with run.randomness.scope("init"):``. What training draws (dropout) comes from ``dropout``, anew in every epoch.
      Order and augmentation are the loader's: take ``run.loader(...)``.
    - After every epoch ``trainer.callback_metrics`` are logged, with what the losses of ``seedwise.losses`` in the
      module did; their epochs are ended here, so do not call their ``on_epoch_end()`` yourself.
    - After every epoch that is due the whole state is kept in the run's checkpoint. ``resume()`` gives it back:
      a run that was stopped goes on with the same bits.
    - If ``test_step`` returns a dictionary with ``logits`` (N, C), or ``predictions`` (N,), and ``labels`` (N,), with
      ``ids`` (N,) if the examples have names, they are kept when testing ends.

    Ctrl-C stops the loop, as without Lightning. End the body with ``run.finish(...)``. Do not call ``seed_everything``:
    it would undo the sources.

    Args:
        run: the run.

    Raises:
        SeedwiseError: for a trainer on more than one device, whose processes would each be the run.

    Source: hooks in the order of Lightning 2.6.

    """

    def __init__(self, run: Run[Any]) -> None:
        self.run = run
        self._scopes = ExitStack()
        self._epoch = ExitStack()
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._tested: list[dict[str, torch.Tensor]] = []
        self._on_interrupt = signal.getsignal(signal.SIGINT)
        run.ending.callback(self._close)

    def resume(self) -> str | None:
        """Return what ``trainer.fit(ckpt_path=...)`` goes on from; None at the start of the run."""
        found = self.run.checkpoint.load()
        if found is None:
            return None
        self._folder = tempfile.TemporaryDirectory(prefix="seedwise-")
        file = Path(self._folder.name) / "resumed.ckpt"
        file.write_bytes(found["lightning"].numpy().tobytes())
        return str(file)

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        if trainer.world_size > 1:
            raise SeedwiseError(
                f"a trainer on {trainer.world_size} devices: each of its processes would be the run; pass devices=1 "
                "and run several replicates at once"
            )
        # Lightning takes the first one for the checkpoint of ``ckpt_path="best"``; the list is being walked over.
        trainer.callbacks = [*(one for one in trainer.callbacks if one is not self), self]  # type: ignore[attr-defined]
        self._enter("init" if stage == "fit" else "dropout", f"lightning {stage}")

    @property
    def best_model_path(self) -> str:
        """Refused: the run keeps its last state, and no best one.

        Raises:
            SeedwiseError: always.

        """
        raise SeedwiseError(
            "ckpt_path='best' needs a ModelCheckpoint(FOLDER, monitor=...) among the trainer's callbacks: RunCallback "
            "keeps the last state alone"
        )

    def on_fit_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self._enter("dropout", "lightning between epochs")

    def on_train_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self._start(trainer.current_epoch, "loader")

    def on_train_batch_start(self, trainer: Trainer, pl_module: LightningModule, batch: Any, batch_idx: int) -> None:
        if batch_idx == 0:  # anew: an epoch that is gone on with has asked its loader in another order
            self._start(trainer.current_epoch)

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self._epoch.close()
        epoch = trainer.current_epoch
        done: dict[str, float] = {}
        for name, module in pl_module.named_modules():
            if isinstance(module, ControlledLoss):
                done |= {f"{name}/{key}": value for key, value in module.epoch_summary().items()}
                module.on_epoch_end()
        self.run.log(epoch, **{**{k: float(v) for k, v in trainer.callback_metrics.items()}, **done})
        if self.run.checkpoint.wants(epoch):
            with tempfile.TemporaryDirectory(prefix="seedwise-") as folder:
                file = Path(folder) / "epoch.ckpt"
                trainer.save_checkpoint(file)
                state = torch.frombuffer(bytearray(file.read_bytes()), dtype=torch.uint8)
            self.run.checkpoint.save(epoch, lightning=state)

    def on_test_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, *where: Any, **named: Any
    ) -> None:
        if isinstance(outputs, Mapping) and "labels" in outputs and ("logits" in outputs or "predictions" in outputs):
            wanted = ("logits" if "logits" in outputs else "predictions", "labels", "ids")
            self._tested.append({name: outputs[name].detach().cpu() for name in wanted if name in outputs})

    def on_test_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        if self._tested:
            kept = {name: torch.cat([batch[name] for batch in self._tested]) for name in self._tested[0]}
            labels, ids = kept.pop("labels"), kept.pop("ids", None)
            self.run.save_predictions(next(iter(kept.values())), labels, ids=ids)
            self._tested = []
        self.run.save_weights(pl_module.state_dict())

    def on_exception(self, trainer: Trainer, pl_module: LightningModule, exception: BaseException) -> None:
        self._close()
        if isinstance(exception, KeyboardInterrupt):
            # Lightning would take it for the end of training, or of the program: it is the loop that is stopped.
            for logger in trainer.loggers:
                logger.finalize("failed")
            if threading.current_thread() is threading.main_thread():
                signal.signal(signal.SIGINT, self._on_interrupt)  # which Lightning has switched off
            raise exception

    def teardown(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        self._close()

    def _start(self, epoch: int, *key: str) -> None:
        self._epoch.close()
        self._epoch.enter_context(self.run.randomness.scope("dropout", epoch, *key))

    def _enter(self, source: str, key: str) -> None:
        self._scopes.close()
        self._scopes.enter_context(self.run.randomness.scope(source, key))

    def _close(self) -> None:
        self._epoch.close()
        self._scopes.close()
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None
