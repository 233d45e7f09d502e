"""`seedwise compare` on a file of 10 000 runs or of long curves, against reading it into pandas and a group-by.

    python benchmarks/compare.py [--runs 10000] [--methods 4]
    python benchmarks/compare.py --curves 1000000 --repeats 3

Ours is a whole process, interpreter and imports included, as a user starts it; the group-by runs here, in a process
that has imported pandas already. They alternate, and every time is a median over repetitions on this machine. A
processor time far below the time that passed says that the machine was busy: the limit is one of processor time.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import os
import platform
import resource
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
    parser.add_argument("--curves", type=int, default=0, help="rows of curves of 25 runs per method, in place of runs")
    parser.add_argument("--repeats", type=int, default=7)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "results.csv"
        if options.curves:
            _write_curves(path, options.curves, options.methods)
        else:
            _write(path, options.runs, options.methods)
        columns = ["--by", "method", "--metric", "accuracy", "--seed", "seed", "--base", "m0"]
        compare = [sys.executable, "-m", "seedwise.cli", "compare", str(path), *columns]

        def ours_once() -> None:
            subprocess.run(compare, check=True, stdout=subprocess.DEVNULL)

        def theirs_once() -> None:
            table = pd.read_csv(path)
            if options.curves:
                table = table.sort_values("step").groupby(["method", "seed"], as_index=False).last()
            table.groupby("method").accuracy.agg(["count", "mean", "std"])

        before = os.times()
        theirs_once()  # what pandas does only the first time
        times = [(_seconds(ours_once), _seconds(theirs_once)) for _ in range(options.repeats)]
        after = os.times()
    busy = (after.children_user + after.children_system - before.children_user - before.children_system) / len(times)
    own = (after.user + after.system - before.user - before.system) / (len(times) + 1)
    unit = 1 if sys.platform == "darwin" else 1 << 10  # of ru_maxrss, in bytes
    peak = unit * resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / (1 << 30)
    ours, theirs = ([pair[k] for pair in times] for k in (0, 1))
    a, b = statistics.median(ours), statistics.median(theirs)
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in ("pandas", "numpy", "scipy"))
    processor = platform.processor() or platform.machine()
    print(f"{processor}, Python {platform.python_version()}, {versions}")
    what = f"{options.curves} rows of curves" if options.curves else f"{options.runs} runs"
    print(f"{what}, {options.methods} methods, median of {options.repeats}, alternating, {os.cpu_count()} cores")
    print(
        f"seedwise compare, from start to end: {a:.3f} s [{min(ours):.3f}, {max(ours):.3f}], processor {busy:.2f} s, "
        f"memory {peak:.2f} GB"
    )
    print(
        f"pandas, read and group by:           {b:.4f} s [{min(theirs):.4f}, {max(theirs):.4f}], processor {own:.2f} s"
    )
    limit = 10 * own + 5
    print(f"ratio {busy / own:.0f} of processor times; limit 10 x group-by + 5 s = {limit:.2f} s: ", end="")
    print("kept" if busy <= limit else "MISSED")
    if busy > limit:
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


def _write_curves(path: Path, rows: int, methods: int, seeds: int = 25) -> None:
    rng = np.random.default_rng(0)
    steps = rows // (methods * seeds)
    frame = pd.DataFrame(
        {
            "method": np.repeat([f"m{k}" for k in range(methods)], seeds * steps),
            "seed": np.tile(np.repeat(np.arange(seeds), steps), methods),
            "step": np.tile(np.arange(steps), methods * seeds),
            "accuracy": 0.95 + 0.004 * rng.normal(size=methods * seeds * steps),
            "loss": rng.exponential(size=methods * seeds * steps),
        }
    )
    frame.to_csv(path, index=False)


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
