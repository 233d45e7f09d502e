"""Runs that agree more, with Lightning's trainer: the two ways of ``agreeing.py``.

python agreeing_lightning.py --seeds 5

"""

import argparse
import warnings
from typing import Any

import lightning
import torch
import torch.nn.functional as F
from agreeing import Objective, load_data, make_network
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

import seedwise
from seedwise.integrations.lightning import RunCallback
from seedwise.losses import distillation
from seedwise.models import PackedEnsemble
from seedwise.run import Run

# Lightning's advice on how many processes load data.
warnings.filterwarnings("ignore", message=".*does not have many workers")


def cross_entropy(logits: Tensor, labels: Tensor, numbers: Tensor) -> Tensor:
    """Return the loss of one network as ever."""
    return F.cross_entropy(logits, labels)


class Classifier(lightning.LightningModule):
    """A network and what is minimized: a function of logits, labels and the examples' numbers."""

    def __init__(self, network: nn.Module, objective: Objective = cross_entropy) -> None:
        super().__init__()
        self.network = network
        self.objective = objective

    def training_step(self, batch: list[Tensor], step: int) -> Tensor:
        inputs, labels, numbers = batch
        loss = self.objective(self.network(inputs), labels, numbers)
        self.log("train/loss", loss, on_step=False, on_epoch=True)
        return loss

    def test_step(self, batch: list[Tensor], step: int) -> dict[str, Tensor]:
        inputs, labels = batch
        logits = self.network(inputs)
        self.log("accuracy", (logits.argmax(1) == labels).float().mean())
        return {"logits": logits, "labels": labels}

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.SGD(self.parameters(), lr=0.1, momentum=0.9)


def make_trainer(epochs: int, *callbacks: RunCallback) -> lightning.Trainer:
    """Return a trainer; without a run's callback one that writes nothing."""
    return lightning.Trainer(
        max_epochs=epochs, accelerator="cpu", logger=False, enable_progress_bar=False, enable_model_summary=False,
        enable_checkpointing=bool(callbacks), callbacks=list(callbacks),
    )  # fmt: skip


def base(run: Run[dict[str, Any]], examples: TensorDataset, epochs: int) -> Classifier:
    """One network, as ever."""
    with run.randomness.scope("init"):
        return Classifier(make_network())


def distilled(run: Run[dict[str, Any]], examples: TensorDataset, epochs: int, members: int = 5) -> Classifier:
    """Five networks with seeds of their own, which come from those of the run, and one that learns from their mean."""
    temperature = 2.0
    teacher = torch.zeros(len(examples), 10)
    for k in range(members):
        streams = run.randomness.within("member", k)
        with streams.scope("init"):
            member = Classifier(make_network())
        with streams.scope("dropout"):
            batches = DataLoader(examples, batch_size=64, shuffle=True, generator=streams.generator("shuffle"))
            make_trainer(epochs).fit(member, batches)
        with torch.no_grad():
            teacher += (member.eval().network(examples.tensors[0]) / temperature).softmax(1) / members

    def objective(logits: Tensor, labels: Tensor, numbers: Tensor) -> Tensor:
        return 0.1 * F.cross_entropy(logits, labels) + 0.9 * distillation(logits, teacher[numbers], temperature)

    with run.randomness.scope("init"):
        return Classifier(make_network(), objective)


def packed(run: Run[dict[str, Any]], examples: TensorDataset, epochs: int, members: int = 4) -> Classifier:
    """Four networks of a quarter of the width, trained as one."""

    def objective(logits: Tensor, labels: Tensor, numbers: Tensor) -> Tensor:
        return members * F.cross_entropy(logits, labels.repeat(members))

    with run.randomness.scope("init"):
        return Classifier(PackedEnsemble(make_network(16) for _ in range(members)), objective)


def main(config: argparse.Namespace) -> None:
    """Train with every method, with the same seeds."""
    examples, test_inputs, test_labels = load_data()
    test_set = DataLoader(TensorDataset(test_inputs, test_labels), batch_size=360)
    for method in (base, distilled, packed):
        settings = {"method": method.__name__, "epochs": config.epochs}
        for run in seedwise.replicates(config.seeds, study="agreeing", method=method.__name__, config=settings):
            callback = RunCallback(run)
            model = method(run, examples, config.epochs)
            trainer = make_trainer(config.epochs, callback)
            trainer.fit(model, run.loader(examples, batch_size=64), ckpt_path=callback.resume())
            trainer.test(model, test_set, verbose=False)
            run.finish(accuracy=trainer.callback_metrics["accuracy"])


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=10)
    main(parser.parse_args())
