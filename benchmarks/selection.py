"""Memory and step time of weight selection: candidates kept, or made again from their seed, and a plain layer.

    python benchmarks/selection.py [--k 2 4 8 16 32 64] [--features 1024] [--rounds 9]
    python benchmarks/selection.py --network conv4 --k 2 8 16

A step is the forward and backward pass of one square linear layer without activations to speak of (batch 8) and SGD
with momentum. Times are those of one thread's processor time, blocks of the three forms interleaved in random order;
ratios are medians over rounds with a 95 % bootstrap interval. Memory is the peak of the resident set of a process that
does three steps and nothing else, less what it had before the layer was made, over what no form can do without: scores,
their gradients and the optimizer's state, 12 bytes a score. A layer alone is the worst case; with ``--network`` a step
is that of a network on 32 images of 32 x 32.

At k of 2 and 4 a layer alone takes about twice as long with candidates made again: hashing the chosen weights in the
forward pass is then not small beside the rest.
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
from medians import median_interval
from torch import nn

from seedwise.models import MODELS
from seedwise.selection import SelectLinear, select_weights

BATCH, IMAGES = 8, 32
FORMS = ("plain", "kept", "made again")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--k", type=int, nargs="+", default=[2, 4, 8, 16, 32, 64])
    parser.add_argument("--features", type=int, default=1024)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--network", choices=[name for name in MODELS if name.startswith("conv")])
    parser.add_argument("--memory-of", choices=FORMS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    torch.set_num_threads(1)
    if options.memory_of:
        print(_peak(options.memory_of, options.k[0], options.features))
        return
    processor = platform.processor() or platform.machine()
    what = options.network or f"{options.features} x {options.features} weights, batch {BATCH}"
    print(f"torch {torch.__version__}, {processor}, 1 thread, {what}, {options.rounds} rounds")
    memory_columns = "" if options.network else "memory / needed: kept, made again   "
    print(f"k   {memory_columns}step: kept / plain, made again / plain, made again / kept [95 %]")
    for k in options.k:
        ratios = _step_ratios(k, options.network or options.features, options.rounds)
        if not options.network:
            needed = 12 * k * options.features**2
            memory = [_memory(form, k, options.features) / needed for form in FORMS[1:]]
            ratios.insert(0, f"{memory[0]:>8.2f} {memory[1]:>8.2f}   ")
        print(f"{k:<3} {'   '.join(ratios)}", flush=True)


def _model(form: str, k: int, what: str | int) -> tuple[nn.Module, torch.Tensor]:
    """Return a network by its name, or one layer by its size, and a batch for it."""
    generator = torch.Generator().manual_seed(0)
    if isinstance(what, str):
        network: nn.Module = MODELS[what](3, 10, bias=False)
        if form != "plain":
            network = select_weights(network, k, seed=1, store_weights=form == "kept")
        return network, torch.randn(IMAGES, 3, 32, 32, generator=generator)
    x = torch.randn(BATCH, what, generator=generator)
    if form == "plain":
        return nn.Linear(what, what, bias=False), x
    return SelectLinear(what, what, k=k, seed=1, store_weights=form == "kept"), x


class _Stepper:
    def __init__(self, form: str, k: int, what: str | int) -> None:
        self.model, self.x = _model(form, k, what)
        self.optimizer = torch.optim.SGD(self.model.parameters(), lr=0.01, momentum=0.9)

    def block(self, steps: int) -> float:
        """Take some steps and return the processor time of one."""
        began = time.process_time()
        for _ in range(steps):
            self.optimizer.zero_grad()
            self.model(self.x).square().mean().backward()
            self.optimizer.step()
        return (time.process_time() - began) / steps


def _step_ratios(k: int, what: str | int, rounds: int) -> list[str]:
    rng = np.random.default_rng(0)
    steppers = {form: _Stepper(form, k, what) for form in FORMS}
    times: dict[str, list[float]] = {form: [] for form in FORMS}
    for stepper in steppers.values():
        stepper.block(2)
    for _ in range(rounds):
        for form in rng.permutation(FORMS):
            times[form].append(steppers[form].block(2))
    shown = []
    for form, base in (("kept", "plain"), ("made again", "plain"), ("made again", "kept")):
        ratios = np.array(times[form]) / np.array(times[base])
        shown.append(median_interval(ratios, 2))
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
