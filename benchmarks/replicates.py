"""What a run inside ``seedwise.replicates`` costs over the bare loop: the same training, with and without.

    python benchmarks/replicates.py [--rounds 20] [--epochs 60]

Each round trains once bare and once inside, in random order, on one thread; the processor time of the one is taken from
that of the other. A run of no epochs gives what a run costs whatever it trains, a long one the share. Processor time,
so that other programs of the machine do not count; medians over rounds with 95 % bootstrap intervals. Determinism is
switched on in the bare loop, too: it is not ours to charge.
"""

from __future__ import annotations

import argparse
import platform
import tempfile
import time
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import torch
from medians import median_interval
from torch import nn

import seedwise

EXAMPLES, BATCH = 1437, 64


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--epochs", type=int, default=60, help="of the long runs")
    args = parser.parse_args()
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
    generator = torch.Generator().manual_seed(0)
    images = torch.rand(EXAMPLES, 1, 8, 8, generator=generator)
    labels = torch.randint(10, (EXAMPLES,), generator=generator)
    random = np.random.default_rng(0)
    print(f"{platform.processor() or platform.machine()}, torch {torch.__version__}, 1 thread, {args.rounds} rounds")
    for epochs in (0, args.epochs):
        pairs = measured(epochs, args.rounds, images, labels, random)
        bare, inside = np.array(pairs).T
        print(f"{epochs} epochs: bare {np.median(bare):.3f} s, inside {np.median(inside):.3f} s")
        print(f"  difference {median_interval((inside - bare) * 1000)} ms")
        if epochs:
            print(f"  ratio {median_interval(inside / bare)}")


def measured(
    epochs: int, rounds: int, images: torch.Tensor, labels: torch.Tensor, random: np.random.Generator
) -> list[tuple[float, float]]:
    """Return the processor seconds of a bare training and of one inside, for each round."""

    def bare() -> None:
        train(None, epochs, images, labels)

    found = []
    with tempfile.TemporaryDirectory() as folder:
        runs = seedwise.replicates(
            rounds + 1, config={"epochs": epochs}, store=Path(folder) / "s.db", quiet=True, changed_code="accept"
        )

        def inside() -> None:
            # From here to here: what the loop does before its body and after the body of the run before.
            train(next(runs), epochs, images, labels)

        inside()  # what is paid once: imports, the fingerprint of the code
        bare()
        for _ in range(rounds):
            took = {}
            for part in random.permutation([0, 1]):
                took[int(part)] = seconds((bare, inside)[part])
            found.append((took[0], took[1]))
        assert next(runs, None) is None
    return found


def train(run: Any, epochs: int, images: torch.Tensor, labels: torch.Tensor) -> None:
    """Train a small network, as a user's loop does."""
    with run.randomness.scope("init") if run else nullcontext():
        network = nn.Sequential(
            nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Dropout(0.1),
            nn.Linear(256, 10),
        )  # fmt: skip
    optimizer = torch.optim.SGD(network.parameters(), lr=0.1, momentum=0.9)
    for epoch in range(epochs):
        order = torch.Generator().manual_seed(run.randomness.integer("shuffle", epoch) if run else epoch)
        total = 0.0
        with run.randomness.scope("dropout", epoch) if run else nullcontext():
            for batch in torch.randperm(EXAMPLES, generator=order).split(BATCH):
                loss = nn.functional.cross_entropy(network(images[batch]), labels[batch])
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                total += loss.item()
        if run:
            run.log(epoch, loss=total)
            run.checkpoint.save(epoch, network=network.state_dict(), optimizer=optimizer.state_dict())
    logits = network.eval()(images[:360])
    if run:
        run.save_predictions(logits, labels[:360])
        run.finish(accuracy=(logits.argmax(1) == labels[:360]).double().mean())


def seconds(call: Callable[[], None]) -> float:
    began = time.process_time()
    call()
    return time.process_time() - began


if __name__ == "__main__":
    main()
