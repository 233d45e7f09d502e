"""What people write by hand: one seed, one process, a DataLoader, float32 and torch's defaults.

    python benchmarks/handwritten_digits.py SEED [--epochs 12]

The network, batches, epochs, schedule, shift and evaluations are those of the base method of the digits recipe.
Prints the final test accuracy and the seconds of training.
"""

import argparse
import math
import random
import time

import numpy as np
import torch
import torch.nn.functional as F
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset


class Digits(Dataset[tuple[Tensor, int]]):
    """Digits as float images, shifted by up to a pixel while training."""

    def __init__(self, index: np.ndarray, train: bool) -> None:
        digits = load_digits()
        self.images = torch.tensor(digits.images[index], dtype=torch.float32)[:, None]
        self.labels = [int(label) for label in digits.target[index]]
        self.train = train

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, k: int) -> tuple[Tensor, int]:
        image = self.images[k]
        if self.train:
            y, x = random.randint(0, 2), random.randint(0, 2)
            image = F.pad(image, (1, 1, 1, 1))[:, y : y + 8, x : x + 8]
        return (image - 4.886) / 6.018, self.labels[k]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("seed", type=int)
    parser.add_argument("--epochs", type=int, default=12)
    options = parser.parse_args()
    random.seed(options.seed)
    np.random.seed(options.seed)  # noqa: NPY002 - as written by hand
    torch.manual_seed(options.seed)
    everything = np.arange(1797)
    train, test = train_test_split(everything, test_size=360, stratify=load_digits().target, random_state=0)
    train_loader = DataLoader(Digits(train, True), batch_size=64, shuffle=True)
    test_loader = DataLoader(Digits(test, False), batch_size=64)
    model = nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1),
        nn.ReLU(),
        nn.Conv2d(16, 32, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Dropout(0.25),
        nn.Linear(512, 10),
    )
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    steps = len(train_loader)
    total = options.epochs * steps

    def factor(step: int) -> float:
        if step < steps:
            return (step + 1) / steps
        return (1 + math.cos(math.pi * (step - steps) / max(total - steps, 1))) / 2

    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, factor)
    began = time.perf_counter()
    accuracy = 0.0
    for _ in range(options.epochs):
        model.train()
        running = 0.0
        for inputs, labels in train_loader:
            optimizer.zero_grad()
            loss = F.cross_entropy(model(inputs), labels)
            loss.backward()
            optimizer.step()
            schedule.step()
            running += loss.item()
        model.eval()
        correct = 0
        with torch.no_grad():
            for inputs, labels in test_loader:
                correct += int((model(inputs).argmax(1) == labels).sum())
        accuracy = correct / 360
    print(accuracy, time.perf_counter() - began)


if __name__ == "__main__":
    main()
