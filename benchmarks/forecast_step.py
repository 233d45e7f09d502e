"""One training step of iTransformer and Autoformer on ETTh1 (96 hours to 96, batch 32, Adam) against a plain loop.

    python benchmarks/forecast_step.py [--models itransformer autoformer] [--threads 2] [--clock wall] [--device cpu]

``ours`` is the built-in trainer: windows by index, a fused Adam, and no word from the device before the epoch is over.
``loop`` is what people write: a Dataset that slices windows out of float64 arrays, a DataLoader that stacks them,
torch's default Adam, ``loss.item()`` at every step, and the network in the layers that its papers' code is made of:
1 x 1 convolutions, one projection each for query, key and value, and, in Autoformer, an inverse Fourier transform for
every channel and a copy of the values for every delay. ``loop, our network`` is the same loop with our layers, which
shows what the loop alone costs. All start from the same weights, and the script stops unless both forms of a network
give the same forecasts and gradients.

Blocks of steps are interleaved in random order; every block is divided by that of ``ours`` in the same round, and the
median ratio comes with a 95 % bootstrap interval over rounds. ``--clock cpu`` counts seconds of the
processor instead of the wall's, for a machine that does other things too; take ``--threads 1`` with it.

Predicted before the first call, for the whole loop and for the loop alone: iTransformer 1.6 and 1.3, Autoformer 1.9 and
1.05. What an epoch saves lies in the layers: a window of either network costs far more to learn from than to slice.
"""

from __future__ import annotations

import argparse
import copy
import math
import platform
import time
from itertools import islice
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from medians import median_interval
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

from seedwise.data import Series, Windows, load_series
from seedwise.models._autoformer import _AutoCorrelation, _Block, _CircularConv
from seedwise.models._dropout import Dropout
from seedwise.models._itransformer import _Layer
from seedwise.run import Run, RunSpec
from seedwise.training import TrainerConfig
from seedwise.training._loop import Trainer
from seedwise.training._tasks import load_task

STEPS = {"itransformer": 40, "autoformer": 2}


class SlicedWindows(Dataset[tuple[Any, ...]]):
    """Windows as people slice them: one at a time, from arrays of float64."""

    def __init__(self, series: Series) -> None:
        rows = series.splits["train"]
        self.values = series.values[rows.start : rows.stop].double().cpu().numpy()
        self.calendar = series.calendar[rows.start : rows.stop].double().cpu().numpy()

    def __len__(self) -> int:
        return len(self.values) - 96 - 96 + 1

    def __getitem__(self, k: int) -> tuple[Any, ...]:
        middle, end = k + 96, k + 192
        return self.values[k:middle], self.values[middle:end], self.calendar[k:middle], self.calendar[middle:end]


class PlainConv(nn.Module):
    """A convolution over (B, L, C)."""

    def __init__(self, weight: Tensor, bias: Tensor | None, kernel: int) -> None:
        super().__init__()
        channels, width = weight.shape
        padding = {"padding": kernel // 2, "padding_mode": "circular"} if kernel > 1 else {}
        self.conv = nn.Conv1d(width // kernel, channels, kernel, bias=bias is not None, **padding)  # type: ignore[arg-type]
        with torch.no_grad():
            self.conv.weight.copy_(weight.view(channels, kernel, -1).transpose(1, 2))
            if bias is not None and self.conv.bias is not None:
                self.conv.bias.copy_(bias)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.conv(x.transpose(1, 2)).transpose(1, 2)
        return out


class PlainAutoCorrelation(nn.Module):
    """Auto-correlation head by head, channel by channel and delay by delay."""

    def __init__(self, ours: _AutoCorrelation, heads: int = 8) -> None:
        super().__init__()
        self.query, self.key, self.value, self.out = ours.query, ours.key, ours.value, ours.out
        self.factor, self.heads = ours.factor, heads

    def split(self, x: Tensor) -> Tensor:
        batch, length, _ = x.shape
        return x.view(batch, length, self.heads, -1).permute(0, 2, 3, 1).contiguous()

    def forward(self, x: Tensor, memory: Tensor) -> Tensor:
        batch, length, width = x.shape
        key, value = self.key(memory), self.value(memory)
        if memory.shape[1] < length:
            zeros = torch.zeros(batch, length - memory.shape[1], width, device=x.device)
            key, value = torch.cat([key, zeros], 1), torch.cat([value, zeros], 1)
        query, key, value = self.split(self.query(x)), self.split(key[:, :length]), self.split(value[:, :length])
        correlation = torch.fft.irfft(torch.fft.rfft(query) * torch.conj(torch.fft.rfft(key)), n=length)
        mean = correlation.mean(1).mean(1)
        count = int(self.factor * math.log(length))
        delays = torch.topk(mean.mean(0), count).indices
        weights = torch.softmax(torch.stack([mean[:, delay] for delay in delays], -1), -1)
        out = torch.zeros_like(value)
        for k in range(count):
            out = out + value.roll(-int(delays[k]), -1) * weights[:, k].view(-1, 1, 1, 1)
        projected: Tensor = self.out(out.permute(0, 3, 1, 2).reshape(batch, length, width))
        return projected


class PlainLayer(nn.Module):
    """A layer of iTransformer with a projection each for query, key and value."""

    def __init__(self, ours: _Layer) -> None:
        super().__init__()
        self.ours = ours
        weights, biases = ours.query_key_value.weight.chunk(3), ours.query_key_value.bias.chunk(3)
        self.projections = nn.ModuleList(nn.Linear(weights[0].shape[1], weights[0].shape[0]) for _ in range(3))
        with torch.no_grad():
            for projection, weight, bias in zip(self.projections, weights, biases, strict=True):
                projection.weight.copy_(weight)  # type: ignore[operator]
                projection.bias.copy_(bias)  # type: ignore[operator]
        del ours.query_key_value

    def forward(self, x: Tensor) -> Tensor:
        batch, tokens, _ = x.shape
        query, key, value = (p(x).view(batch, tokens, self.ours.heads, -1) for p in self.projections)
        scores = torch.einsum("blhe,bshe->bhls", query, key)
        weights = self.ours.dropout(torch.softmax(scores / math.sqrt(query.shape[3]), -1))
        mixed = torch.einsum("bhls,bshd->blhd", weights, value).contiguous()
        x = self.ours.norm1(x + self.ours.dropout(self.ours.out(mixed.view(batch, tokens, -1))))
        out: Tensor = self.ours.norm2(x + self.ours.feed_forward(x))
        return out


def plain(network: nn.Module) -> nn.Module:
    """Return the same network, with the same weights, in the layers that its papers' code is made of."""
    network = copy.deepcopy(network)
    for module in list(network.modules()):
        if isinstance(module, _Layer | _Block):
            for k in (0, 3):
                layer = module.feed_forward[k]
                module.feed_forward[k] = PlainConv(layer.weight, layer.bias, 1)  # type: ignore[arg-type]
        for name, child in list(module.named_children()):
            if isinstance(child, _CircularConv):
                setattr(module, name, PlainConv(child.weight, None, 3))
            elif isinstance(child, Dropout):
                setattr(module, name, nn.Dropout(child.dropped / 65536))
            elif isinstance(child, _AutoCorrelation):
                setattr(module, name, PlainAutoCorrelation(child))
            elif isinstance(child, _Layer):
                setattr(module, name, PlainLayer(child))
    return network


class Ours:
    """The built-in trainer."""

    def __init__(self, name: str, device: str) -> None:
        train = {"epochs": 10, "batch_size": 32, "optimizer": {"name": "adam", "lr": 1e-4}}
        task = {"dataset": {"name": "etth1", "lookback": 96, "horizon": 96}}
        config = TrainerConfig.model_validate({"task": task, "model": {"name": name}, "train": train})
        run: Run[TrainerConfig] = Run(RunSpec("benchmark:none", {}, {"init": 1}), config, device=device)
        self.trainer = Trainer(run, load_task(config.task, device))
        self.trainer.network.train()
        self.epoch = 0

    def block(self, steps: int) -> None:
        self.epoch += 1
        with self.trainer.run.randomness.scope("dropout", "masks", self.epoch):
            for batch in islice(self.trainer.batches(self.epoch), steps):
                self.trainer.step(batch)


class Loop:
    """What people write."""

    def __init__(self, network: nn.Module, series: Series) -> None:
        self.network, self.device = network, series.values.device
        self.optimizer = torch.optim.Adam(network.parameters(), lr=1e-4)
        self.loader = DataLoader(SlicedWindows(series), batch_size=32, shuffle=True, drop_last=True)
        self.losses: list[float] = []

    def block(self, steps: int) -> None:
        for step, batch in enumerate(self.loader):
            if step == steps:
                return
            self.optimizer.zero_grad()
            values, target, before, after = (tensor.float().to(self.device) for tensor in batch)
            calendar = torch.cat([before, after], 1)
            loss = F.mse_loss(self.network(values, calendar), target)
            self.losses.append(loss.item())
            loss.backward()
            self.optimizer.step()


def check_same(ours: nn.Module, theirs: nn.Module, windows: Windows) -> None:
    """Stop unless both give the same forecasts and first gradients, dropout aside."""
    values, calendar, target = windows.gather(torch.arange(8, device=windows.starts.device))
    results = []
    for network in (ours, theirs):
        for module in network.modules():
            if isinstance(module, nn.Dropout | Dropout):
                module.eval()
        forecast = network(values, calendar)
        F.mse_loss(forecast, target).backward()
        norm = nn.utils.get_total_norm([p.grad for p in network.parameters() if p.grad is not None])
        results.append((forecast.detach(), norm))
        network.zero_grad()
        network.train()
    for one, other in zip(*results, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-3, atol=1e-5)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", nargs="+", default=list(STEPS), choices=list(STEPS))
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--clock", choices=["wall", "cpu"], default="wall")
    parser.add_argument("--device", default="cpu")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    clock = time.perf_counter if options.clock == "wall" else time.process_time
    series = load_series("etth1", options.device)
    processor = torch.cuda.get_device_name() if options.device != "cpu" else platform.processor() or platform.machine()
    how = f"{options.threads} threads, {options.rounds} rounds, {options.clock} time"
    print(f"torch {torch.__version__}, {processor}, {how}")
    for name in options.models:
        ours = Ours(name, options.device)
        network = copy.deepcopy(ours.trainer.model).train()
        check_same(network, plain(network), series.windows("train", 96, 96))
        arms: dict[str, Loop | Ours] = {
            "loop": Loop(plain(network), series),
            "loop, our network": Loop(copy.deepcopy(network), series),
            "ours": ours,
        }
        steps = STEPS[name] if options.device == "cpu" else 40
        order = np.random.default_rng(0)
        times: dict[str, list[float]] = {arm: [] for arm in arms}
        for arm in arms.values():
            arm.block(steps)
        for _ in range(options.rounds):
            for arm_name in order.permutation(list(arms)):
                began = clock()
                arms[arm_name].block(steps)
                if options.device != "cpu":
                    torch.cuda.synchronize()
                times[arm_name].append(clock() - began)
        for arm_name, values in times.items():
            ratios = np.array(values) / np.array(times["ours"])
            each = f"{1000 * np.median(values) / steps:8.1f} ms a step"
            print(f"{name:13s} {arm_name:18s} {each}   {median_interval(ratios, 2)}")


if __name__ == "__main__":
    main()
