"""What people write by hand: one seed, a DataLoader of two workers that varies image after image, torch's defaults.

    python benchmarks/handwritten_cifar10.py SEED [--images 10000] [--epochs 2]

The network, batches, epochs, schedule and the final evaluation are those of the study of `cifar10_study.py`.
Prints the final test accuracy and the seconds of training.
"""

import argparse
import math
import random
import time

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from seedwise.data import load
from seedwise.models import resnet14

MEAN = torch.tensor((0.4914, 0.4822, 0.4465))[:, None, None]
STD = torch.tensor((0.2023, 0.1994, 0.2010))[:, None, None]


class Cifar(Dataset[tuple[Tensor, int]]):
    """Images as uint8; each is turned into floats, and varied while training, when it is asked for."""

    def __init__(self, images: Tensor, labels: Tensor, train: bool) -> None:
        self.images = images.permute(0, 3, 1, 2).contiguous()
        self.labels = labels.tolist()
        self.train = train

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, k: int) -> tuple[Tensor, int]:
        image = self.images[k]
        if self.train:
            y, x = random.randint(0, 8), random.randint(0, 8)
            image = F.pad(image, (4, 4, 4, 4))[:, y : y + 32, x : x + 32]
            if random.random() < 0.5:
                image = image.flip(2)
        return (image.float() / 255 - MEAN) / STD, self.labels[k]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("seed", type=int)
    parser.add_argument("--images", type=int, default=10_000)
    parser.add_argument("--epochs", type=int, default=2)
    options = parser.parse_args()
    random.seed(options.seed)
    np.random.seed(options.seed)  # noqa: NPY002 - as written by hand
    torch.manual_seed(options.seed)
    cifar = load("cifar10")
    subset = torch.cat([(cifar.train.labels == c).nonzero()[: options.images // 10, 0] for c in range(10)])
    train = Cifar(cifar.train.images[subset], cifar.train.labels[subset], True)
    test = Cifar(cifar.test.images, cifar.test.labels, False)
    train_loader = DataLoader(train, batch_size=128, shuffle=True, num_workers=2)
    test_loader = DataLoader(test, batch_size=512, num_workers=2)
    model = resnet14(3, 10)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9, weight_decay=5e-4)
    steps = options.epochs * len(train_loader)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda t: (1 + math.cos(math.pi * t / steps)) / 2)
    began = time.perf_counter()
    for _ in range(options.epochs):
        model.train()
        for images, labels in train_loader:
            optimizer.zero_grad()
            loss = F.cross_entropy(model(images), labels)
            loss.backward()
            optimizer.step()
            schedule.step()
    seconds = time.perf_counter() - began
    model.eval()
    with torch.no_grad():
        right = sum(int((model(images).argmax(1) == labels).sum()) for images, labels in test_loader)
    print(right / len(test), seconds)


if __name__ == "__main__":
    main()
