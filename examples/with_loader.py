"""A loop with a DataLoader, worker processes, augmentation and mixup, every source of randomness under control."""

import argparse
import random
from collections.abc import Iterable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.data import Dataset, default_collate

import seedwise
from seedwise.data import load


class Shifted(Dataset[tuple[Tensor, int]]):
    """Images, each of which is shifted at random whenever it is fetched."""

    def __init__(self, images: Tensor, labels: Tensor) -> None:
        self.images, self.labels = as_inputs(images), labels

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, k: int) -> tuple[Tensor, int]:
        by = random.randint(-1, 1), random.randint(-1, 1)
        return torch.roll(self.images[k], by, (1, 2)), int(self.labels[k])


def as_inputs(images: Tensor) -> Tensor:
    """Return uint8 images (N, H, W, C) as floats (N, C, H, W) from 0 to 1."""
    inputs = images.permute(0, 3, 1, 2).float()
    return inputs / inputs.max()


def mixup(examples: list[Any]) -> tuple[Tensor, Tensor, Tensor, float]:
    """Return a batch of mixed images, the labels of the two images in each, and the share of the first."""
    inputs, labels = default_collate(examples)
    share, other = random.betavariate(0.2, 0.2), torch.randperm(len(labels))
    return share * inputs + (1 - share) * inputs[other], labels, labels[other], share


def make_network(channels: int, classes: int) -> nn.Module:
    """Return a small network with dropout."""
    return nn.Sequential(
        nn.Conv2d(channels, 16, 3, 2, 1), nn.ReLU(), nn.Conv2d(16, 32, 3, 2, 1), nn.ReLU(),
        nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Dropout(0.2), nn.Linear(128, classes),
    )  # fmt: skip


def train_one_epoch(network: nn.Module, batches: Iterable[Any], optimizer: torch.optim.Optimizer) -> float:
    """Take one step per batch and return the mean loss of the batches."""
    network.train()
    total, count = 0.0, 0
    for inputs, labels, others, share in batches:
        logits = network(inputs)
        loss = share * F.cross_entropy(logits, labels) + (1 - share) * F.cross_entropy(logits, others)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total, count = total + loss.item(), count + 1
    return total / count


def main(config: argparse.Namespace) -> None:
    """Train one network per seed; the number of workers changes no bit, so that it names no run."""
    data = load(config.data)
    train_set, test_inputs = Shifted(data.train.images, data.train.labels), as_inputs(data.test.images)
    hashed = {"data": config.data, "epochs": config.epochs, "lr": config.lr}
    for run in seedwise.replicates(config.seeds, config=hashed, ignore_args=["--workers"]):
        with run.randomness.scope("init"):
            network = make_network(test_inputs.shape[1], data.size.classes)
        loader = run.loader(
            train_set,
            batch_size=64,
            collate_fn=mixup,
            num_workers=config.workers,
            persistent_workers=config.workers > 0,
        )
        optimizer = torch.optim.SGD(network.parameters(), lr=config.lr, momentum=0.9)
        saved = run.checkpoint.load()
        if saved is not None:
            network.load_state_dict(saved["network"])
            optimizer.load_state_dict(saved["optimizer"])
        for epoch in range(saved["epoch"] + 1 if saved else 0, config.epochs):
            with run.randomness.scope("dropout", epoch):
                run.log(epoch, loss=train_one_epoch(network, loader.epoch(epoch), optimizer))
            run.checkpoint.save(epoch, network=network.state_dict(), optimizer=optimizer.state_dict())
        with torch.no_grad():
            logits = network.eval()(test_inputs)
        run.save_predictions(logits, data.test.labels)
        run.save_weights(network.state_dict())
        run.finish(accuracy=float((logits.argmax(1) == data.test.labels).double().mean()))


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", default="digits", help="digits, mnist, fashion_mnist or cifar10")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--lr", type=float, default=0.1)
    parser.add_argument("--workers", type=int, default=2)
    main(parser.parse_args())
