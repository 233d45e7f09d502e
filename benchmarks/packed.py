"""Several small networks in one module: called one after another, or as grouped operations over all of them at once.

    python benchmarks/packed.py [--members 4] [--width 8] [--batch 64] [--rounds 40] [--device cpu]

Steps of training (forward and backward) of M copies of `small_cnn` on images of Fashion-MNIST's shape: a loop over the
networks, as `PackedEnsemble` does, and `torch.func.vmap` over their stacked weights, which makes of every convolution a
grouped one. Rounds are interleaved in random order; the median of the second over the first comes with a 95 % bootstrap
interval. Both give the same gradients, which is checked. One network of twice the width, whose second convolution has
the FLOPs of four, is there for comparison.
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
from torch.func import functional_call, stack_module_state, vmap

from seedwise.models import PackedEnsemble, small_cnn


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--members", type=int, default=4)
    parser.add_argument("--width", type=int, default=8)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--device", default="cpu")
    options = parser.parse_args()
    torch.manual_seed(0)
    torch.set_num_threads(1)
    inputs = torch.randn(options.batch, 1, 28, 28, device=options.device)
    labels = torch.randint(0, 10, (options.batch,), device=options.device)
    networks = [small_cnn(1, 10, width=options.width, dropout=0.0).to(options.device) for _ in range(options.members)]
    packed = PackedEnsemble(networks).train()
    weights, buffers = stack_module_state(networks)
    wide = small_cnn(1, 10, width=2 * options.width, dropout=0.0).to(options.device)

    def one(weights: dict[str, Tensor], buffers: dict[str, Tensor]) -> Tensor:
        found: Tensor = functional_call(networks[0], (weights, buffers), (inputs,))
        return found

    def loop() -> Tensor:
        found: Tensor = packed(inputs)
        return found

    def grouped() -> Tensor:
        return vmap(one)(weights, buffers).flatten(0, 1)

    def gradients(outputs: Callable[[], Tensor], repeats: int, *parameters: Tensor) -> list[Tensor]:
        loss = repeats * F.cross_entropy(outputs(), labels.repeat(repeats))
        return list(torch.autograd.grad(loss, parameters))

    stacked = list(weights.values())
    own = [list(network.parameters()) for network in networks]
    by_network = gradients(loop, options.members, *[p for each in own for p in each])
    for k, name in enumerate(weights):
        expected = torch.stack(by_network[k :: len(weights)])
        torch.testing.assert_close(
            gradients(grouped, options.members, weights[name])[0], expected, rtol=1e-3, atol=1e-5
        )

    ways = {
        "loop": lambda: gradients(loop, options.members, *packed.parameters()),
        "grouped": lambda: gradients(grouped, options.members, *stacked),
        "one of twice the width": lambda: gradients(lambda: wide(inputs), 1, *wide.parameters()),
    }
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    order = np.random.default_rng(0)
    for number in range(options.rounds + 2):
        for name in order.permutation(list(ways)):
            began = time.perf_counter()
            for _ in range(5):
                ways[name]()
            if options.device != "cpu":
                torch.cuda.synchronize()
            if number >= 2:
                seconds[name].append((time.perf_counter() - began) / 5)
    print(f"{platform.processor() or platform.machine()}, torch {torch.__version__}, {options}")
    base = np.array(seconds["loop"])
    for name, found in seconds.items():
        ratio = median_interval(np.array(found) / base)
        print(f"{name}: {1000 * float(np.median(found)):.2f} ms a step; over the loop {ratio}")


if __name__ == "__main__":
    main()
