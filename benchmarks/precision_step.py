"""One training step in bf16, compiled, and both, over one in float32: ResNet-14 on CIFAR-10, 128 images, one thread.

    SEEDWISE_DATA=... python benchmarks/precision_step.py [--rounds 8] [--steps 4]

Rounds of a few steps of each are interleaved in random order, and processor time is counted: other work on the machine
disturbs it least. Ratios are those within a round; compiling is not counted.
"""

from __future__ import annotations

import argparse
import time
from itertools import islice
from typing import Any

import numpy as np
import torch
from digits_study import _processor
from medians import median_interval

from seedwise.run import Numerics, Run, RunSpec
from seedwise.training import FUNCTION, TrainerConfig
from seedwise.training._loop import Trainer
from seedwise.training._tasks import load_task

WAYS: dict[str, dict[str, Any]] = {
    "float32": {},
    "bf16": {"precision": "bf16"},
    "float32, compiled": {"compile": True},
    "bf16, compiled": {"precision": "bf16", "compile": True},
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--steps", type=int, default=4)
    options = parser.parse_args()
    torch.set_num_threads(1)
    content = {
        "task": {"dataset": "cifar10"},
        "model": {"name": "resnet14"},
        "train": {"epochs": 3, "batch_size": 128, "optimizer": {"name": "sgd", "lr": 0.1, "momentum": 0.9}},
    }
    config = TrainerConfig.model_validate(content)
    trainers = {
        name: Trainer(Run(RunSpec(FUNCTION, content, {}, Numerics(**numerics)), config), load_task(config.task, "cpu"))
        for name, numerics in WAYS.items()
    }
    took: dict[str, list[float]] = {name: [] for name in WAYS}
    batches = list(islice(trainers["float32"].batches(0), options.steps))
    for number in range(options.rounds + 1):
        for name in np.random.default_rng(number).permutation(list(WAYS)):
            trainers[name].network.train()
            began = time.process_time()
            for batch in batches:
                trainers[name].step(batch)
            took[name].append((time.process_time() - began) / options.steps)
    print(f"{_processor()}, torch {torch.__version__}, 1 thread, {options.rounds} rounds of {options.steps} steps")
    seconds = {name: np.array(found[1:]) for name, found in took.items()}  # the first round warms up and compiles
    for name, found in seconds.items():
        gain = median_interval(seconds["float32"] / found, 2)
        print(f"{name:18s} {1000 * float(np.median(found)):6.1f} ms a step; float32 takes {gain} times as long")


if __name__ == "__main__":
    main()
