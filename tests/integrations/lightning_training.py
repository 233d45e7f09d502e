"""A small training with Lightning that notes what it drew from each source; as a program, one that kills itself."""

import os
import signal

import lightning.pytorch as lightning
import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from seedwise.integrations.lightning import RunCallback
from seedwise.losses import CLFLoss
from seedwise.run import weights_sha256

from .trainings import main

EPOCHS, SIZE = 4, 48


class Noisy(torch.utils.data.Dataset):
    """Numbered examples with noise from the global generators of torch and numpy."""

    def __len__(self):
        return SIZE

    def __getitem__(self, k):
        x = torch.sin(torch.arange(8.0) * (k + 1))
        noise = torch.rand(8) + np.random.uniform()  # noqa: NPY002
        return x + 0.1 * noise, int(x.sum() > 0), k, noise


class Module(lightning.LightningModule):
    """A network with batch norm and dropout, built at once or ``late``, in ``configure_model``."""

    def __init__(self, late):
        super().__init__()
        self.late = late
        self.loss = CLFLoss(lambda_v=0.01)
        self.order, self.noise, self.masks = [], {}, []
        if not late:
            self.build()

    def build(self):
        self.network = nn.Sequential(nn.Linear(8, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(0.3), nn.Linear(8, 2))
        self.start = weights_sha256(self.network.state_dict())

    def configure_model(self):
        if self.late and not hasattr(self, "network"):
            self.build()

    def training_step(self, batch, step):
        x, y, ids, noise = batch
        self.order.append((self.current_epoch, ids.tolist()))
        self.noise |= {(self.current_epoch, k): v.tolist() for k, v in zip(ids.tolist(), noise, strict=True)}
        self.masks.append((self.current_epoch, F.dropout(torch.ones(8)).tolist()))
        loss = self.loss(self.network(x), y)
        self.log("train/loss", loss, on_step=False, on_epoch=True)
        return loss

    def test_step(self, batch, step):
        x, y, ids = batch[:3]
        return {"logits": self.network(x), "labels": y, "ids": ids + 100}

    def configure_optimizers(self):
        optimizer = torch.optim.Adam(self.parameters(), 0.01)
        return [optimizer], [torch.optim.lr_scheduler.StepLR(optimizer, 2, 0.5)]


class Kill(lightning.Callback):
    """In the second batch of an epoch, an end without warning, or a Ctrl-C."""

    def __init__(self, epoch, how):
        self.epoch = epoch
        self.how = how

    def on_train_batch_start(self, trainer, pl_module, batch, batch_idx):
        if trainer.current_epoch == self.epoch and batch_idx == 1:
            os.kill(os.getpid(), self.how)


def train(run, *, late=False, kill=None, how=signal.SIGKILL, workers=0, test=False):
    """Train a run and return what it drew from each source, and the digest of the weights at its end."""
    callback = RunCallback(run)
    with run.randomness.scope("init"):
        module = Module(late)
    trainer = lightning.Trainer(
        max_epochs=EPOCHS,
        accelerator="cpu",
        logger=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        callbacks=[callback, *([] if kill is None else [Kill(kill, how)])],
    )
    trainer.fit(module, run.loader(Noisy(), batch_size=12, num_workers=workers), ckpt_path=callback.resume())
    if test:
        trainer.test(module, torch.utils.data.DataLoader(Noisy(), batch_size=20), verbose=False)
    return {
        "init": module.start,
        "shuffle": module.order,
        "augment": module.noise,
        "dropout": module.masks,
        "end": weights_sha256(module.state_dict()),
    }


if __name__ == "__main__":
    main(train)
