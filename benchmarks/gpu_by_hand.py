"""Two loops written by hand for a GPU: with a DataLoader, and with all images on the device. Nothing of our trainer."""

from __future__ import annotations

import math
import random
import time
from collections.abc import Iterator

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

MEAN = torch.tensor((125.3, 123.0, 113.9))
STD = torch.tensor((63.0, 62.1, 66.7))


class Varied(Dataset[tuple[Tensor, int]]):
    """Images (N, 32, 32, 3) uint8, each padded, cropped, mirrored and normalised when it is asked for."""

    def __init__(self, images: Tensor, labels: Tensor) -> None:
        self.images = images.permute(0, 3, 1, 2).contiguous()
        self.labels = labels.tolist()
        self.mean, self.std = MEAN[:, None, None], STD[:, None, None]

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, k: int) -> tuple[Tensor, int]:
        y, x = random.randint(0, 8), random.randint(0, 8)
        image = F.pad(self.images[k], (4, 4, 4, 4))[:, y : y + 32, x : x + 32]
        if random.random() < 0.5:
            image = image.flip(2)
        return (image.float() - self.mean) / self.std, self.labels[k]


def with_a_loader(
    model: nn.Module, images: Tensor, labels: Tensor, device: str, *, batch: int, workers: int, steps: int
) -> float:
    """Return the images per second of some steps after two, as most people write them."""
    loader = DataLoader(
        Varied(images, labels), batch_size=batch, shuffle=True, num_workers=workers, pin_memory=device != "cpu"
    )
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9, weight_decay=5e-4)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 500 * len(loader))
    model.to(device).train()
    seen, total, began = 0, 0.0, time.perf_counter()
    for step, (inputs, targets) in enumerate(loader):
        loss = F.cross_entropy(model(inputs.to(device)), targets.to(device))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        total += loss.item()
        if step == 1:
            seen, began = 0, time.perf_counter()
        else:
            seen += len(inputs)
        if step == steps + 1:
            break
    return seen / (time.perf_counter() - began)


class Resident:
    """All images on the device, as one normalised and padded tensor; an epoch is cropped and mirrored at once.

    In the manner of the fastest scripts for CIFAR-10: channels last, a cheap epoch of augmentation, nothing that waits.
    """

    def __init__(self, model: nn.Module, images: Tensor, labels: Tensor, device: str, batch: int) -> None:
        normalised = (images.to(device).float() - MEAN.to(device)) / STD.to(device)
        self.images = F.pad(normalised.permute(0, 3, 1, 2), (4, 4, 4, 4)).contiguous(memory_format=torch.channels_last)
        self.labels = labels.to(device)
        self.model = model.to(device=device, memory_format=torch.channels_last).train()  # type: ignore[call-overload]
        self.optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9, weight_decay=5e-4, fused=True)
        self.device, self.batch, self.step = device, batch, 0

    def varied(self) -> Tensor:
        """Crop each image at one of 81 corners, and mirror half of them."""
        n = len(self.images)
        corners = torch.randint(0, 9, (n, 2), device=self.device)
        out = torch.empty((n, 3, 32, 32), device=self.device).contiguous(memory_format=torch.channels_last)
        rows = corners[:, :1] + torch.arange(32, device=self.device)
        columns = corners[:, 1:] + torch.arange(32, device=self.device)
        mirrored = torch.rand(n, 1, device=self.device) < 0.5
        columns = torch.where(mirrored, columns.flip(1), columns)
        for part in torch.arange(n, device=self.device).split(5000):
            at = part[:, None, None], slice(None), rows[part][:, :, None], columns[part][:, None, :]
            out[part] = self.images[at].permute(0, 3, 1, 2)
        return out

    def batches(self) -> Iterator[tuple[Tensor, Tensor]]:
        images, order = self.varied(), torch.randperm(len(self.images), device=self.device)
        for at in order.split(self.batch):
            yield images[at], self.labels[at]

    def epoch(self) -> Tensor:
        """Take the steps of an epoch and return the sum of their losses."""
        total = torch.zeros((), device=self.device)
        for inputs, targets in self.batches():
            self.step += 1
            for group in self.optimizer.param_groups:
                group["lr"] = 0.1 * (1 + math.cos(math.pi * self.step / 50_000)) / 2
            self.optimizer.zero_grad()
            loss = F.cross_entropy(self.model(inputs), targets)
            loss.backward()
            self.optimizer.step()
            total += loss.detach()
        return total
