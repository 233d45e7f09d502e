"""A Lightning module trained with one seed after the other: ``python lightning_loop.py --seeds 5``."""

import argparse
import warnings

import lightning
import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset, TensorDataset

import seedwise
from seedwise.integrations.lightning import RunCallback
from seedwise.losses import VarianceMinimizerLoss

# Lightning's advice on how many processes load data.
warnings.filterwarnings("ignore", message=".*does not have many workers")


class Shifted(Dataset[tuple[Tensor, Tensor]]):
    """Digits, each moved by up to one pixel: ordinary augmentation, which draws from the global generator."""

    def __init__(self, images: Tensor, labels: Tensor) -> None:
        self.images, self.labels = images, labels

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, k: int) -> tuple[Tensor, Tensor]:
        down, right = torch.randint(-1, 2, (2,)).tolist()
        return self.images[k].roll((down, right), (0, 1)), self.labels[k]


class Classifier(lightning.LightningModule):
    """A small network with dropout."""

    def __init__(self, lr: float, loss: nn.Module) -> None:
        super().__init__()
        self.lr = lr
        self.loss = loss
        self.network = nn.Sequential(nn.Flatten(), nn.Linear(64, 64), nn.ReLU(), nn.Dropout(0.2), nn.Linear(64, 10))

    def training_step(self, batch: tuple[Tensor, Tensor], step: int) -> Tensor:
        images, labels = batch
        loss: Tensor = self.loss(self.network(images), labels)
        self.log("train/loss", loss, on_step=False, on_epoch=True)
        return loss

    def test_step(self, batch: tuple[Tensor, Tensor], step: int) -> dict[str, Tensor]:
        images, labels = batch
        logits = self.network(images)
        self.log("accuracy", (logits.argmax(1) == labels).float().mean())
        return {"logits": logits, "labels": labels}

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.SGD(self.parameters(), lr=self.lr, momentum=0.9)


def data() -> tuple[Shifted, TensorDataset]:
    """Return the training set and the test set; the split is always the same."""
    x, y = load_digits(return_X_y=True)
    x, test_x, y, test_y = train_test_split(x.reshape(-1, 8, 8) / 16, y, test_size=360, stratify=y, random_state=0)
    return (
        Shifted(torch.tensor(x).float(), torch.tensor(y)),
        TensorDataset(torch.tensor(test_x).float(), torch.tensor(test_y)),
    )


def main(config: argparse.Namespace) -> None:
    """Train one network per seed."""
    train_set, test_set = data()
    settings = {"epochs": config.epochs, "lr": config.lr, "loss": config.loss}
    for run in seedwise.replicates(config.seeds, method=config.loss, config=settings):
        callback = RunCallback(run)
        with run.randomness.scope("init"):
            model = Classifier(config.lr, VarianceMinimizerLoss() if config.loss == "vml" else nn.CrossEntropyLoss())
        trainer = lightning.Trainer(
            max_epochs=config.epochs, accelerator="cpu", logger=False, enable_progress_bar=False,
            enable_model_summary=False, callbacks=[callback],
        )  # fmt: skip
        batches = run.loader(train_set, batch_size=64, num_workers=config.workers)
        trainer.fit(model, batches, ckpt_path=callback.resume())
        trainer.test(model, DataLoader(test_set, batch_size=360), verbose=False)
        run.finish(accuracy=trainer.callback_metrics["accuracy"])


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--lr", type=float, default=0.1)
    parser.add_argument("--loss", choices=["base", "vml"], default="base")
    parser.add_argument("--workers", type=int, default=0)
    main(parser.parse_args())
