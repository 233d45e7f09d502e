"""One rank of test_loader_workers.py: `python loader_rank.py RANK FOLDER` goes through its part of two epochs."""

import random
import sys
from pathlib import Path

import numpy as np
import torch
import torch.distributed as dist
from torch.utils.data import default_collate

from seedwise.run import Run, RunSpec

EPOCHS = (1, 0)


class Noisy:
    """Examples that are nothing but draws."""

    def __init__(self, size: int = 26) -> None:
        self.size = size
        self.rng = np.random.default_rng(0)

    def __len__(self) -> int:
        return self.size

    def __getitem__(self, k: int) -> tuple[float, ...]:
        torchs = torch.rand((), dtype=torch.float64).item()
        return k, random.random(), np.random.random(), torchs, self.rng.random(), np.random.default_rng().random()  # noqa: NPY002


def mixup(items):
    batch = default_collate(items)
    return [*batch, torch.full((len(items),), torch.rand((), dtype=torch.float64).item(), dtype=torch.float64)]


def epochs_of(batch_size, dataset=None, epochs=EPOCHS, seeds=(), **options):
    """Return the examples of each epoch in their order, and the run."""
    run = Run(RunSpec("my.train:train", {}, {"shuffle": 3, "augment": 4, **dict(seeds)}), {})
    loader = run.loader(dataset or Noisy(), batch_size, collate_fn=mixup, **options)
    found = []
    for epoch in epochs:
        batches = [zip(*[column.tolist() for column in batch], strict=True) for batch in loader.epoch(epoch)]
        found.append([list(batch) for batch in batches])
    return found, run


def main(rank: int, folder: str) -> None:
    dist.init_process_group("gloo", init_method=f"file://{folder}/store", rank=rank, world_size=2)
    found, run = epochs_of(4, num_workers=1, persistent_workers=True, multiprocessing_context="spawn")
    torch.save({"found": found, "drawn": sorted(run.randomness.drawn)}, Path(folder) / f"{rank}.pt")
    dist.destroy_process_group()


if __name__ == "__main__":
    torch.set_num_threads(1)
    main(int(sys.argv[1]), sys.argv[2])
