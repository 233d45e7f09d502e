"""Memory and step time of weight selection: candidates kept, or made again from their seed, and a plain layer.

    python benchmarks/selection.py [--k 2 4 8 16 32 64] [--features 1024] [--rounds 9]

A step is the forward and backward pass of one square linear layer without activations to speak of (batch 8) and SGD
with momentum. Times are those of one thread's processor time, blocks of the three forms interleaved in random order;
ratios are medians over rounds with a 95 % bootstrap interval. Memory is the peak of the resident set of a process that
does three steps and nothing else, less what it had before the layer was made, over what no form can do without: scores,
their gradients and the optimizer's state, 12 bytes a score.
"""

from __future__ import annotations

import argparse
import platform
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import torch
from torch import nn

from seedwise.selection import SelectLinear

BATCH = 8
FORMS = ("plain", "kept", "made again")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--k", type=int, nargs="+", default=[2, 4, 8, 16, 32, 64])
    parser.add_argument("--features", type=int, default=1024)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--memory-of", choices=FORMS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    torch.set_num_threads(1)
    if options.memory_of:
        print(_peak(options.memory_of, options.k[0], options.features))
        return
    processor = platform.processor() or platform.machine()
    print(
        f"torch {torch.__version__}, {processor}, 1 thread, {options.features} x {options.features} weights, "
        f"batch {BATCH}, {options.rounds} rounds"
    )
    print("k   memory / needed: kept, made again   step: kept / plain, made again / plain, made again / kept [95 %]")
    for k in options.k:
        needed = 12 * k * options.features**2
        memory = [_memory(form, k, options.features) / needed for form in FORMS[1:]]
        ratios = _step_ratios(k, options.features, options.rounds)
        print(f"{k:<3} {memory[0]:>8.2f} {memory[1]:>8.2f}      {'   '.join(ratios)}", flush=True)


def _layer(form: str, k: int, features: int) -> nn.Module:
    if form == "plain":
        return nn.Linear(features, features, bias=False)
    return SelectLinear(features, features, k=k, seed=1, store_weights=form == "kept")


class _Stepper:
    def __init__(self, form: str, k: int, features: int) -> None:
        self.layer = _layer(form, k, features)
        self.optimizer = torch.optim.SGD(self.layer.parameters(), lr=0.01, momentum=0.9)
        self.x = torch.randn(BATCH, features, generator=torch.Generator().manual_seed(0))

    def block(self, steps: int) -> float:
        """Take some steps and return the processor time of one."""
        began = time.process_time()
        for _ in range(steps):
            self.optimizer.zero_grad()
            self.layer(self.x).square().mean().backward()
            self.optimizer.step()
        return (time.process_time() - began) / steps


def _step_ratios(k: int, features: int, rounds: int) -> list[str]:
    rng = np.random.default_rng(0)
    steppers = {form: _Stepper(form, k, features) for form in FORMS}
    times: dict[str, list[float]] = {form: [] for form in FORMS}
    for stepper in steppers.values():
        stepper.block(2)
    for _ in range(rounds):
        for form in rng.permutation(FORMS):
            times[form].append(steppers[form].block(2))
    shown = []
    for form, base in (("kept", "plain"), ("made again", "plain"), ("made again", "kept")):
        ratios = np.array(times[form]) / np.array(times[base])
        low, high = np.quantile(np.median(rng.choice(ratios, (2000, rounds)), axis=1), (0.025, 0.975))
        shown.append(f"{np.median(ratios):.2f} [{low:.2f}, {high:.2f}]")
    return shown


def _memory(form: str, k: int, features: int) -> int:
    """Return the bytes that a process of its own needs for a layer in training."""
    command = [sys.executable, __file__, "--memory-of", form, "--k", str(k), "--features", str(features)]
    return int(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def _peak(form: str, k: int, features: int) -> int:
    _Stepper(form, k, 64).block(1)  # what torch itself needs for a first step is not the layer's
    before = _resident("VmRSS")
    _Stepper(form, k, features).block(3)
    return _resident("VmHWM") - before


def _resident(which: str) -> int:
    """Return a size of the resident set in bytes; getrusage's own peak starts at that of the process before."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return 1024 * int(next(line.split()[1] for line in lines if line.startswith(which)))


if __name__ == "__main__":
    main()
