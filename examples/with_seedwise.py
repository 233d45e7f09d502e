"""The loop of ``plain_loop.py``: every source of randomness under control, every result in ``study.db``."""

import argparse
from collections.abc import Iterable

import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import Tensor, nn
from torch.utils.data import TensorDataset

import seedwise


def load_data() -> tuple[TensorDataset, Tensor, Tensor]:
    """Return the training set, the test images and the test labels; the split is always the same."""
    x, y = load_digits(return_X_y=True)
    x, test_x, y, test_y = train_test_split(x / 16, y, test_size=360, stratify=y, random_state=0)
    return TensorDataset(torch.tensor(x).float(), torch.tensor(y)), torch.tensor(test_x).float(), torch.tensor(test_y)


def make_network() -> nn.Module:
    """Return a small network with dropout."""
    return nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Dropout(0.2), nn.Linear(64, 10))


def train_one_epoch(network: nn.Module, batches: Iterable[list[Tensor]], optimizer: torch.optim.Optimizer) -> float:
    """Take one step per batch and return the mean loss of the batches."""
    criterion = nn.CrossEntropyLoss()
    network.train()
    total, count = 0.0, 0
    for inputs, labels in batches:
        loss = criterion(network(inputs), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total, count = total + loss.item(), count + 1
    return total / count


def main(config: argparse.Namespace) -> None:
    """Train one network per seed."""
    train_set, test_inputs, test_labels = load_data()
    for run in seedwise.replicates(config.seeds, config={"epochs": config.epochs, "lr": config.lr}):
        with run.randomness.scope("init"):
            network = make_network()
        batches = run.loader(train_set, batch_size=64)
        optimizer = torch.optim.SGD(network.parameters(), lr=config.lr, momentum=0.9)
        for epoch in range(config.epochs):
            with run.randomness.scope("dropout", epoch):
                run.log(epoch, loss=train_one_epoch(network, batches.epoch(epoch), optimizer))
        logits = network.eval()(test_inputs)
        run.save_predictions(logits, test_labels)
        run.finish(accuracy=float((logits.argmax(1) == test_labels).double().mean()))


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--lr", type=float, default=0.1)
    main(parser.parse_args())
