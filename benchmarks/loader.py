"""``run.loader`` against a plain ``DataLoader``: JPEG decoding (Pillow), random crop and flip, two worker processes.

    python benchmarks/loader.py [--images 512] [--pixels 256] [--rounds 20]

The images are cuts of the two photographs that scikit-learn brings. Each epoch starts its workers. Epochs of the
loaders are interleaved in random order, and each is divided by the plain one of the same round, in images per second
and in images per second of processor time, which depends less on what else the machine does. A second plain loader
next to the first shows what noise alone looks like. Then, without workers, the processor time of an image, and the one
that is added to an example of datasets whose examples take next to no time.
"""

from __future__ import annotations

import argparse
import io
import os
import platform
import random
import resource
import time
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import torch
from medians import median_interval
from numpy.typing import NDArray
from PIL import Image
from sklearn.datasets import load_sample_images
from torch import Tensor
from torch.utils.data import DataLoader

from seedwise.run import Run, RunSpec

Epoch = Callable[[], Iterable[Any]]


class Photographs:
    """JPEG files in memory; an example is decoded, cropped at random to 7/8 of its sides and flipped at random."""

    def __init__(self, count: int, pixels: int) -> None:
        draw = np.random.default_rng(0)
        photographs = load_sample_images().images
        self.crop = pixels * 7 // 8
        self.files = []
        for k in range(count):
            whole = photographs[k % 2]
            top, left = (int(draw.integers(size - pixels + 1)) for size in whole.shape[:2])
            file = io.BytesIO()
            Image.fromarray(whole[top : top + pixels, left : left + pixels]).save(file, "JPEG", quality=90)
            self.files.append(file.getvalue())

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, k: int) -> Tensor:
        image = Image.open(io.BytesIO(self.files[k])).convert("RGB")
        left, top = (random.randint(0, size - self.crop) for size in image.size)
        pixels = np.asarray(image.crop((left, top, left + self.crop, top + self.crop)))
        if torch.rand(()) < 0.5:
            pixels = pixels[:, ::-1]
        return torch.from_numpy(pixels.transpose(2, 0, 1).copy())


class Draws:
    """A number and a draw."""

    def __len__(self) -> int:
        return 4096

    def __getitem__(self, k: int) -> float:
        return random.random()


class Numbers(Draws):
    """A number."""

    def __getitem__(self, k: int) -> float:
        return float(k)


def ours(dataset: Any, **options: Any) -> Epoch:
    loader = Run(RunSpec("my.train:train", {}, {}), {}).loader(dataset, 64, **options)
    epochs = iter(range(10**6))
    return lambda: loader.epoch(next(epochs))


def plain(dataset: Any, **options: Any) -> Epoch:
    loader: DataLoader[Any] = DataLoader(dataset, 64, shuffle=True, **options)
    return lambda: loader


KINDS = {"plain": plain, "plain again": plain, "ours": ours}


def seconds(epoch: Epoch) -> NDArray[np.float64]:
    """Return how long an epoch takes, and its processor time with that of its workers."""
    before = clocks()
    for _ in epoch():
        pass
    return clocks() - before


def clocks() -> NDArray[np.float64]:
    used = [resource.getrusage(whose) for whose in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return np.array([time.perf_counter(), sum(one.ru_utime + one.ru_stime for one in used)])


def per_example(rounds: list[float], examples: int) -> str:
    return f"{median_interval(np.array(rounds) * 1e6 / examples, 1)} microseconds of processor time"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=512)
    parser.add_argument("--pixels", type=int, default=256)
    parser.add_argument("--rounds", type=int, default=20)
    options = parser.parse_args()
    torch.set_num_threads(1)
    order = np.random.default_rng(0)
    print(f"torch {torch.__version__}, {os.cpu_count()} cores of {platform.processor() or platform.machine()}")

    photographs = Photographs(options.images, options.pixels)
    loaders = {name: make(photographs, num_workers=2) for name, make in KINDS.items()}
    rates = {name: np.zeros((options.rounds, 2)) for name in loaders}
    for k in range(options.rounds):
        for name in order.permutation(list(loaders)):
            rates[name][k] = options.images / seconds(loaders[name])
    print(f"{options.images} JPEGs of {options.pixels} x {options.pixels}, 2 workers, {options.rounds} rounds")
    print("plain: {:.0f} images per second, {:.0f} per second of processor time".format(*np.median(rates["plain"], 0)))
    for name in ("plain again", "ours"):
        by_clock, by_processor = map(median_interval, (rates[name] / rates["plain"]).T)
        print(f"{name:12s} {by_clock} of that, {by_processor} by processor time")

    each = [seconds(lambda: map(photographs.__getitem__, range(options.images)))[1] for _ in range(options.rounds)]
    print(f"an image, decoded, cropped and flipped: {per_example(each, options.images)}")
    for dataset in (Draws(), Numbers()):
        bare, seeded = plain(dataset), ours(dataset)
        added = [(seconds(seeded) - seconds(bare))[1] for _ in range(options.rounds)]
        print(f"added to an example of {type(dataset).__name__}: {per_example(added, len(dataset))}")


if __name__ == "__main__":
    main()
