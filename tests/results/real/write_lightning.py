"""Lightning: metrics.csv, and event files by torch."""

import json
import sys
import warnings
from pathlib import Path

import pytorch_lightning as pl
import torch
from pytorch_lightning.loggers import CSVLogger, TensorBoardLogger
from torch.utils.tensorboard import SummaryWriter

warnings.filterwarnings("ignore")
folder = Path(sys.argv[1])
logged = json.loads((Path(__file__).parent / "logged.json").read_text())


class Module(pl.LightningModule):
    def __init__(self, model: str, seed: int, widths: tuple[int, ...] = (8, 8)) -> None:
        super().__init__()
        self.save_hyperparameters()
        self.curve = logged[model][seed]
        self.layer = torch.nn.Linear(1, 1)

    def training_step(self, batch, index):
        self.log("train_loss", 1.0)
        return self.layer(batch[0]).mean()

    def validation_step(self, batch, index):
        self.log("valid_accuracy", torch.tensor(self.curve[self.current_epoch], dtype=torch.float64))

    def test_step(self, batch, index):
        self.log("test_accuracy", torch.tensor(self.curve[-1] - 0.01, dtype=torch.float64))

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), 0.0)


data = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(torch.zeros(2, 1)))
for method, curves in logged.items():
    for seed, curve in enumerate(curves):
        csv, events = (kind(folder, name) for kind, name in ((CSVLogger, "csv"), (TensorBoardLogger, "events")))
        trainer = pl.Trainer(
            max_epochs=len(curve),
            logger=[csv, events],
            log_every_n_steps=1,
            num_sanity_val_steps=0,
            accelerator="cpu",
            enable_progress_bar=False,
            enable_model_summary=False,
            enable_checkpointing=False,
        )
        module = Module(method, seed)
        trainer.fit(module, data, data)
        if len(curve) == 3:
            trainer.test(module, data, verbose=False)
        # torch keeps hyperparameters in a folder within that of the run.
        with SummaryWriter(folder / "torch" / f"{method}-{seed}") as writer:
            for step, value in enumerate(curve):
                writer.add_scalar("accuracy", value, step, new_style=seed % 2 == 0)
            writer.add_hparams({"model": method, "seed": seed}, {"test_accuracy": curve[-1] - 0.01})
