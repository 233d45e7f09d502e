"""A study of ResNet-14 on CIFAR-10 in images per second, against a plain loop with a DataLoader.

    SEEDWISE_DATA=... python benchmarks/cifar10_study.py [--seeds 4] [--images 10000] [--epochs 2]

By hand: `handwritten_cifar10.py`, one process per seed, one after the other. Ours: `seedwise run`, two workers, its
start, the table and the report included. Same network, batches of 128, epochs and schedule; one evaluation of the test
set a run. Both are measured in this one call, in turns: half of the seeds by hand, the study, the other half. Also: the
same study with `compile: true`, the share of a step that assembling and varying its batch takes, the memory of the
study, and bf16 compiled where the processor multiplies bf16 numbers (avx512_bf16 or amx_bf16).
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import threading
import time
from itertools import islice
from pathlib import Path

import numpy as np
import psutil
import torch
import yaml
from digits_study import _processor

from seedwise.run import Run, RunSpec
from seedwise.statistics import mean_difference
from seedwise.training import TrainerConfig
from seedwise.training._loop import Trainer
from seedwise.training._tasks import load_task

HERE = Path(__file__).parent
Result = tuple[float, list[float]]


def study(options: argparse.Namespace, **train: object) -> dict[str, object]:
    return {
        "name": "cifar10-speed",
        "task": {"dataset": "cifar10", "train_examples": options.images},
        "model": "resnet14",
        "train": {
            "epochs": options.epochs,
            "batch_size": 128,
            "optimizer": {"name": "sgd", "lr": 0.1, "momentum": 0.9, "weight_decay": 5e-4},
            "schedule": "cosine",
            **train,
        },
        "evaluate": {"every_epoch": False},
        "replicates": options.seeds,
    }


def by_hand(options: argparse.Namespace, seeds: range) -> Result:
    began = time.perf_counter()
    accuracies = []
    for seed in seeds:
        command = [sys.executable, str(HERE / "handwritten_cifar10.py"), str(seed)]
        command += ["--images", str(options.images), "--epochs", str(options.epochs)]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        accuracies.append(float(done.stdout.split()[0]))
    return time.perf_counter() - began, accuracies


def ours(spec: dict[str, object]) -> tuple[Result, float]:
    """Return seconds and accuracies, and the peak of the resident memory of all processes in GB."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "study.yaml"
        file.write_text(yaml.safe_dump(spec))
        began = time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, "-m", "seedwise", "run", str(file), "--workers", "2"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        peak = [0.0]
        watcher = threading.Thread(target=_watch, args=(process, peak))
        watcher.start()
        assert process.wait() == 0
        seconds = time.perf_counter() - began
        watcher.join()
        shown = subprocess.run(
            [sys.executable, "-m", "seedwise", "show", str(file), "--json"], check=True, capture_output=True, text=True
        )
    return (seconds, [r["metrics"]["test/accuracy"] for r in json.loads(shown.stdout)]), peak[0]


def _watch(process: subprocess.Popen[bytes], peak: list[float]) -> None:
    """Follow the proportional set size, which counts pages that processes share only once."""
    root = psutil.Process(process.pid)
    while process.poll() is None:
        try:
            tree = [root, *root.children(recursive=True)]
            peak[0] = max(peak[0], sum(p.memory_full_info().pss for p in tree) / 1e9)
        except psutil.Error:
            pass
        time.sleep(0.5)


def share_of_batches(options: argparse.Namespace) -> float:
    """Return which share of a step its batch takes, on one thread: the median of five rounds of eight steps."""
    torch.set_num_threads(1)
    spec = study(options)
    config = TrainerConfig.model_validate({key: spec[key] for key in ("task", "model", "train")})
    run: Run[TrainerConfig] = Run(RunSpec("benchmark:none", {}, {"init": 1}), config)
    trainer = Trainer(run, load_task(config.task, "cpu"))
    shares = []
    for epoch in range(5):
        began = time.perf_counter()
        batches = list(islice(trainer.batches(epoch), 16))
        assembled = time.perf_counter()
        for batch in batches:
            trainer.step(batch)
        stepped = time.perf_counter()
        shares.append((assembled - began) / (stepped - began))
    return float(np.median(shares))


def multiplies_bf16() -> bool:
    return any(flag in Path("/proc/cpuinfo").read_text() for flag in ("avx512_bf16", "amx_bf16"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=4)
    parser.add_argument("--images", type=int, default=10_000)
    parser.add_argument("--epochs", type=int, default=2)
    options = parser.parse_args()
    cores = len(os.sched_getaffinity(0))
    print(f"{_processor()}, {cores} cores, Python {platform.python_version()}, torch {torch.__version__}")
    images = options.seeds * options.images * options.epochs
    half = options.seeds // 2
    first = by_hand(options, range(half))
    (seconds, accuracies), memory = ours(study(options))
    (compiled_seconds, compiled_accuracies), _ = ours(study(options, compile=True))
    second = by_hand(options, range(half, options.seeds))
    hand_seconds, hand_accuracies = first[0] + second[0], first[1] + second[1]
    print(f"by hand, one after the other: {images / hand_seconds:5.0f} images a second (n = {options.seeds} runs)")
    print(f"seedwise, two workers:        {images / seconds:5.0f} images a second (n = {options.seeds} runs)")
    print(f"ratio: {hand_seconds / seconds:.2f}")
    report("float32", accuracies, hand_accuracies)
    print(f"seedwise, compiled:           {images / compiled_seconds:5.0f} images a second, compiling included")
    print(f"ratio: {hand_seconds / compiled_seconds:.2f}")
    report("float32, compiled", compiled_accuracies, hand_accuracies)
    print(f"memory of the study, driver and workers together: {memory:.2f} GB")
    print(f"assembling and varying a batch: {100 * share_of_batches(options):.1f} % of a step")
    if multiplies_bf16():
        (seconds, accuracies), _ = ours(study(options, precision="bf16", compile=True))
        print(f"bf16, compiled: {images / seconds:5.0f} images a second, ratio {hand_seconds / seconds:.2f}")
        report("bf16", accuracies, hand_accuracies)
    else:
        print("bf16, compiled: skipped: this processor has no bf16 instructions (avx512_bf16, amx_bf16)")


def report(name: str, accuracies: list[float], by_hand_: list[float]) -> None:
    difference = mean_difference(100 * np.array(accuracies), 100 * np.array(by_hand_), paired=False)
    print(
        f"accuracy: by hand {100 * np.mean(by_hand_):.2f} %, seedwise ({name}) {100 * np.mean(accuracies):.2f} %, "
        f"difference {difference.estimate:.2f} [{difference.low:.2f}, {difference.high:.2f}] points"
    )


if __name__ == "__main__":
    main()
