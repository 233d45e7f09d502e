"""One training step with VML, CLF or the placebo over plain cross-entropy: ResNet-14 at batch 128, SGD with momentum.

    python benchmarks/loss_step.py [--blocks 40] [--steps 5] [--device cpu]

Blocks of a few steps of each loss are interleaved in random order. Each block of a loss is divided by the block of
plain cross-entropy of the same round; the median ratio comes with a 95 % bootstrap interval over rounds. A second plain
cross-entropy beside the first shows what the machine's noise alone looks like.
"""

from __future__ import annotations

import argparse
import platform
import time
from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F
from medians import median_interval
from torch import Tensor

from seedwise.losses import CLFLoss, PlaceboLoss, VarianceMinimizerLoss
from seedwise.models import resnet14

Loss = Callable[[Tensor, Tensor], Tensor]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--blocks", type=int, default=40)
    parser.add_argument("--steps", type=int, default=5)
    parser.add_argument("--device", default="cpu")
    options = parser.parse_args()
    torch.manual_seed(0)
    torch.set_num_threads(1)
    losses: dict[str, Loss] = {
        "cross-entropy": F.cross_entropy,
        "cross-entropy again": F.cross_entropy,
        "VML": VarianceMinimizerLoss(warmup_steps=2).to(options.device),
        "CLF": CLFLoss().to(options.device),
        "placebo": PlaceboLoss(VarianceMinimizerLoss(warmup_steps=2), seed=1).to(options.device),
    }
    rounds = {name: [] for name in losses}  # type: dict[str, list[float]]
    steppers = {name: _Stepper(loss, options.device) for name, loss in losses.items()}
    order = np.random.default_rng(0)
    for stepper in steppers.values():
        stepper.block(3)
    for _ in range(options.blocks):
        for name in order.permutation(list(losses)):
            rounds[name].append(steppers[name].block(options.steps))
    times = {name: np.array(values) for name, values in rounds.items()}
    base = times["cross-entropy"]
    processor = torch.cuda.get_device_name() if options.device != "cpu" else platform.processor() or platform.machine()
    print(f"torch {torch.__version__}, {processor}, 1 thread, {options.blocks} rounds of {options.steps} steps")
    print(f"plain cross-entropy: {1000 * np.median(base) / options.steps:.1f} ms a step")
    for name, values in times.items():
        if name == "cross-entropy":
            continue
        ratios = values / base
        print(f"{name:20s} {median_interval(ratios, 4)}")


class _Stepper:
    """A network, its optimizer and a batch."""

    def __init__(self, loss: Loss, device: str) -> None:
        self.model = resnet14(3, 10).to(device=device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.optimizer = torch.optim.SGD(self.model.parameters(), lr=0.01, momentum=0.9, fused=True)
        self.inputs = torch.randn(128, 3, 32, 32, device=device).contiguous(memory_format=torch.channels_last)
        self.labels = torch.randint(0, 10, (128,), device=device)
        self.loss = loss

    def block(self, steps: int) -> float:
        """Return the seconds of some steps."""
        if self.inputs.is_cuda:
            torch.cuda.synchronize()
        began = time.perf_counter()
        for _ in range(steps):
            total = self.loss(self.model(self.inputs), self.labels)
            self.optimizer.zero_grad()
            total.backward()
            self.optimizer.step()
        if self.inputs.is_cuda:
            torch.cuda.synchronize()
        return time.perf_counter() - began


if __name__ == "__main__":
    main()
