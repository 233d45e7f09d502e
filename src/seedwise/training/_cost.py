"""What one forward pass of a trained network costs, measured after its run."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

import torch
from torch import Tensor, nn

from seedwise.models._flops import flops
from seedwise.run import NetworkCost

if TYPE_CHECKING:
    from seedwise.training._loop import Trainer

_LONGEST: Final = 0.2
_SHARE: Final = 0.01
"""Timing takes no longer than this, in seconds and as a share of the run."""
_PASSES: Final = {1: 6, 16: 1, 256: 5}
_BATCHES: Final = tuple(_PASSES)
"""Sizes of batches and how often each is timed at most; each says how long the next may take."""


def measure_cost(trainer: Trainer) -> NetworkCost:
    """Return what a forward pass of the evaluated network costs; it is left in evaluation mode.

    Args:
        trainer: at the end of its run; no result of the run is touched.

    """
    network = trainer.evaluated().eval()
    splits = trainer.splits
    examples = splits.get("test", splits["train"])
    autocast = trainer.run.numerics.precision != "float32"

    def inputs(size: int) -> list[Tensor]:
        *found, targets = trainer.task.batch(examples, slice(0, size))
        again = torch.arange(size, device=trainer.device) % len(targets)  # of fewer examples, some more than once
        return [part[again] for part in found]

    seeded = [trainer.device] if trainer.device.startswith("cuda") else []
    with (
        torch.no_grad(),
        torch.random.fork_rng(seeded),
        torch.autocast(torch.device(trainer.device).type, dtype=torch.bfloat16, enabled=autocast),
    ):
        seconds = seconds_per_example(
            network, inputs, min(_LONGEST, _SHARE * trainer.run.checkpoint.seconds), trainer.device
        )
        return NetworkCost(
            parameters=sum(parameter.numel() for parameter in network.parameters()),
            flops=flops(network, inputs(1)),
            seconds_1=seconds.get(1),
            seconds_256=seconds.get(256),
            peak_memory=peak_memory(),
        )


def seconds_per_example(
    network: nn.Module, inputs: Callable[[int], list[Tensor]], longest: float, device: str = "cpu"
) -> dict[int, float]:
    """Return the median seconds per example of passes, by size of the batch, as far as there is time for them.

    Args:
        network: in evaluation mode.
        inputs: of a batch of so many examples.
        longest: seconds that all of it may take; a larger batch is begun where a multiple of the smaller one fits.
        device: where the inputs are.

    """

    def took(given: list[Tensor]) -> float:
        began = time.perf_counter()
        network(*given)
        if device.startswith("cuda"):
            torch.cuda.synchronize(device)
        return time.perf_counter() - began

    found: dict[int, float] = {}
    left, expected, before = longest, 0.0, 1
    for size in _BATCHES:
        expected *= size / before
        times: list[float] = []
        try:
            given = inputs(size) if expected < left else []
            while given and len(times) < _PASSES[size] and max([*times[-1:], expected]) < left:
                times.append(took(given))
                left -= times[-1]
        except Exception:  # as above
            break
        if size == 1:  # the first pass warms up
            times = times[1:]
        if not times:
            break
        expected, before = sorted(times)[len(times) // 2], size
        found[size] = expected / size
    return found


def peak_memory() -> int | None:
    """Return the largest number of bytes that this process has held so far; None where the system does not say."""
    try:
        import resource
    except ImportError:  # Windows
        return None
    largest: Any = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return int(largest) * (1 if sys.platform == "darwin" else 1024)
