"""Runs that agree more: one network learns from its run's own ensemble, or several small ones are trained as one.

python agreeing.py --seeds 5

"""

import argparse
from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import Tensor, nn
from torch.utils.data import TensorDataset

import seedwise
from seedwise.losses import distillation
from seedwise.models import PackedEnsemble
from seedwise.randomness import Randomness
from seedwise.run import Run

Objective = Callable[[Tensor, Tensor, Tensor], Tensor]
"""From logits, labels and the examples' numbers to what is minimized."""


def load_data() -> tuple[TensorDataset, Tensor, Tensor]:
    """Return the training set, each image with its label and number, the test images and their labels."""
    x, y = load_digits(return_X_y=True)
    x, test_x, y, test_y = train_test_split(x / 16, y, test_size=360, stratify=y, random_state=0)
    examples = TensorDataset(torch.tensor(x).float(), torch.tensor(y), torch.arange(len(y)))
    return examples, torch.tensor(test_x).float(), torch.tensor(test_y)


def make_network(width: int = 64) -> nn.Module:
    """Return a small network with dropout."""
    return nn.Sequential(nn.Linear(64, width), nn.ReLU(), nn.Dropout(0.2), nn.Linear(width, 10))


def train(network: nn.Module, examples: TensorDataset, streams: Randomness, epochs: int, objective: Objective) -> None:
    """Train a network; order and masks come from the streams."""
    optimizer = torch.optim.SGD(network.parameters(), lr=0.1, momentum=0.9)
    for epoch in range(epochs):
        order = torch.from_numpy(streams.numpy("shuffle", "order", epoch).permutation(len(examples)))
        with streams.scope("dropout", "masks", epoch):
            for slots in order.split(64):
                inputs, labels, numbers = examples[slots]
                loss = objective(network.train()(inputs), labels, numbers)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()


def base(run: Run[dict[str, Any]], examples: TensorDataset, epochs: int) -> nn.Module:
    """One network, as ever."""
    with run.randomness.scope("init"):
        network = make_network()
    train(network, examples, run.randomness, epochs, lambda logits, labels, _: F.cross_entropy(logits, labels))
    return network


def distilled(run: Run[dict[str, Any]], examples: TensorDataset, epochs: int, members: int = 5) -> nn.Module:
    """Five networks with seeds of their own, which come from those of the run, and one that learns from their mean."""
    temperature = 2.0
    teacher = torch.zeros(len(examples), 10)
    for k in range(members):
        streams = run.randomness.within("member", k)
        with streams.scope("init"):
            member = make_network()
        train(member, examples, streams, epochs, lambda logits, labels, _: F.cross_entropy(logits, labels))
        with torch.no_grad():
            teacher += (member.eval()(examples.tensors[0]) / temperature).softmax(1) / members
    with run.randomness.scope("init"):
        student = make_network()

    def objective(logits: Tensor, labels: Tensor, numbers: Tensor) -> Tensor:
        return 0.1 * F.cross_entropy(logits, labels) + 0.9 * distillation(logits, teacher[numbers], temperature)

    train(student, examples, run.randomness, epochs, objective)
    return student


def packed(run: Run[dict[str, Any]], examples: TensorDataset, epochs: int, members: int = 4) -> nn.Module:
    """Four networks of a quarter of the width, trained as one."""
    with run.randomness.scope("init"):
        network = PackedEnsemble(make_network(16) for _ in range(members))

    def objective(logits: Tensor, labels: Tensor, _: Tensor) -> Tensor:
        return members * F.cross_entropy(logits, labels.repeat(members))

    train(network, examples, run.randomness, epochs, objective)
    return network


def main(config: argparse.Namespace) -> None:
    """Train with every method, with the same seeds."""
    examples, test_inputs, test_labels = load_data()
    for method in (base, distilled, packed):
        settings = {"method": method.__name__, "epochs": config.epochs}
        for run in seedwise.replicates(config.seeds, study="agreeing", method=method.__name__, config=settings):
            network = method(run, examples, config.epochs)
            with torch.no_grad():
                logits = network.eval()(test_inputs)
            run.save_predictions(logits, test_labels)
            run.finish(accuracy=(logits.argmax(1) == test_labels).double().mean())


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=10)
    main(parser.parse_args())
