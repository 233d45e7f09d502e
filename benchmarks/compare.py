"""`seedwise compare` on a file of 10 000 runs, against reading the same file into pandas and a group-by.

    python benchmarks/compare.py [--runs 10000] [--methods 4]

Ours is a whole process, interpreter and imports included, as a user starts it; the group-by runs here, in a process
that has imported pandas already. They alternate, and every time is a median over repetitions on this machine. Only the
ratio is quoted elsewhere. A processor time far below the time that passed says that the machine was busy.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--methods", type=int, default=4)
    parser.add_argument("--repeats", type=int, default=7)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "results.csv"
        _write(path, options.runs, options.methods)
        columns = ["--by", "method", "--metric", "accuracy", "--seed", "seed", "--base", "m0"]
        compare = [sys.executable, "-m", "seedwise.cli", "compare", str(path), *columns]

        def ours_once() -> None:
            subprocess.run(compare, check=True, stdout=subprocess.DEVNULL)

        def theirs_once() -> None:
            pd.read_csv(path).groupby("method").accuracy.agg(["count", "mean", "std"])

        before = os.times()
        theirs_once()  # what pandas does only the first time
        times = [(_seconds(ours_once), _seconds(theirs_once)) for _ in range(options.repeats)]
        after = os.times()
    busy = (after.children_user + after.children_system - before.children_user - before.children_system) / len(times)
    ours, theirs = ([pair[k] for pair in times] for k in (0, 1))
    a, b = statistics.median(ours), statistics.median(theirs)
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in ("pandas", "numpy", "scipy"))
    processor = platform.processor() or platform.machine()
    print(f"{processor}, Python {platform.python_version()}, {versions}")
    print(f"{options.runs} runs, {options.methods} methods, median of {options.repeats}, alternating")
    print(f"seedwise compare, from start to end: {a:.3f} s [{min(ours):.3f}, {max(ours):.3f}], processor {busy:.2f} s")
    print(f"pandas, read and group by:           {b:.4f} s [{min(theirs):.4f}, {max(theirs):.4f}]")
    limit = 10 * b + 5
    print(f"ratio {a / b:.0f}; limit 10 x group-by + 5 s = {limit:.2f} s: {'kept' if a <= limit else 'MISSED'}")
    if a > limit:
        sys.exit(1)


def _write(path: Path, runs: int, methods: int) -> None:
    rng = np.random.default_rng(0)
    each = runs // methods
    frame = pd.DataFrame(
        {
            "method": np.repeat([f"m{k}" for k in range(methods)], each),
            "seed": np.tile(np.arange(each), methods),
            "accuracy": 0.95 + 0.004 * rng.normal(size=methods * each),
        }
    )
    frame.sample(frac=1, random_state=0).to_csv(path, index=False)


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
