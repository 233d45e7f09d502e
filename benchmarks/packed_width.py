"""How narrow the networks of a packed ensemble are at the operations, and at the seconds, of one network of full width.

    python benchmarks/packed_width.py [--network small_cnn] [--width 16] [--members 4] [--image 1 28 28] [--batch 64]
        [--classes 10] [--rounds 41] [--threads 1] [--device cpu]

The network is one of ours that has a width; for one of yours call ``seedwise.models.equal_widths``. Everything is
relative to the one network; medians over rounds, in turns with it, with 95 % intervals.
"""

from __future__ import annotations

import argparse
import platform

import torch
from torch import nn

from seedwise.models import MODELS, PackedCost, equal_widths
from seedwise.statistics import Interval


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--network", default="small_cnn")
    parser.add_argument("--width", type=int, default=16)
    parser.add_argument("--members", type=int, default=4)
    parser.add_argument("--image", type=int, nargs=3, default=(1, 28, 28), help="channels, height, width")
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--classes", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=41)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--device", default="cpu")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)

    def make(width: int) -> nn.Module:
        return MODELS[options.network](options.image[0], options.classes, width=width)

    inputs = torch.rand(options.batch, *options.image, device=options.device)
    print(f"{platform.processor() or platform.machine()}, torch {torch.__version__}, {options}")
    found = equal_widths(make, options.width, options.members, inputs, rounds=options.rounds)
    for name, cost in (("equal operations", found.flops), ("equal seconds of training", found.seconds)):
        print(f"{name}: {described(cost)}")


def described(cost: PackedCost) -> str:
    seconds = {"training": cost.training, "batch 1": cost.single, "batch 256": cost.many}
    times = ", ".join(f"{name} {shown(ratio)}" for name, ratio in seconds.items())
    return (
        f"width {cost.width}; operations {cost.flops:.2f}; seconds: {times}; parameters {cost.parameters:.2f}; "
        f"memory of a step {cost.memory:.2f}; 1x: {'yes' if cost.is_equal else 'no'}"
    )


def shown(ratio: Interval) -> str:
    return f"{ratio.estimate:.2f} [{ratio.low:.2f}, {ratio.high:.2f}]"


if __name__ == "__main__":
    main()
