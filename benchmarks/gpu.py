"""Everything that only a GPU can show, in one call of at most eight minutes.

    python benchmarks/gpu.py [--device cuda] [--minutes 8] [--stages steps sharing bits loops losses] [--out FOLDER]
    python benchmarks/gpu.py --tiny --device cpu --out FOLDER       # a rehearsal: shows that everything runs

Each stage is a process with a time limit of its own: one that fails or runs out of time says so, and the next begins.
After each row ``gpu.json`` and ``gpu.md`` are written anew, so that a kill loses nothing. Images are random, of
CIFAR-10's shape. Times of 500 epochs are those of the measured epochs, multiplied. On a machine that has nothing but
torch, ``benchmarks/gpu.sh`` brings what is missing and starts this.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
RECIPES = ("vml-table1", "vml-table2")
FLOOR = 1.43
"""An H100 moves bytes so many times more slowly than an H200 (3.35 and 4.8 TB/s), and multiplies as fast."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--minutes", type=float, default=8.0)
    parser.add_argument("--stages", nargs="+")
    parser.add_argument("--out", type=Path, default=HERE / "results")
    parser.add_argument("--tiny", action="store_true")
    parser.add_argument("--stage", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.stage is not None:
        _print_rows(options)
        return
    import torch

    if options.device.startswith("cuda") and not torch.cuda.is_available():
        sys.exit("torch sees no GPU here; python benchmarks/gpu.py --tiny --device cpu --out FOLDER rehearses")
    from gpu_stages import STAGES

    deadline = time.monotonic() + 60 * options.minutes
    results = Results(options)
    for name in options.stages or list(STAGES):
        left = deadline - time.monotonic() - 5
        if left < 10:
            results.add(name, _said(name, "not begun: the time was over"))
            continue
        for row in _rows(name, options, min(left, STAGES[name][1] * (1 if not options.tiny else 10))):
            results.add(name, row)
    for row in costs(results.rows):
        results.add("costs", row)
    print(results.markdown)


def _print_rows(options: argparse.Namespace) -> None:
    from gpu_bench import Bench
    from gpu_stages import rows_of

    for row in rows_of(options.stage, Bench(options.device, options.tiny)):
        print(json.dumps(asdict(row)), flush=True)


def _said(name: str, note: str) -> dict[str, Any]:
    return {"name": name, "value": None, "unit": "", "low": None, "high": None, "n": 0, "target": "", "note": note}


def _rows(stage: str, options: argparse.Namespace, limit: float) -> Iterator[dict[str, Any]]:
    """Yield the rows of a stage's process as they come; it is killed at its limit."""
    command = [sys.executable, __file__, "--stage", stage, "--device", options.device]
    path = os.pathsep.join([str(HERE), *filter(None, [os.environ.get("PYTHONPATH")])])
    process = subprocess.Popen(
        [*command, *(["--tiny"] if options.tiny else [])],
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env={**os.environ, "PYTHONPATH": path, "CUBLAS_WORKSPACE_CONFIG": ":4096:8"},
    )
    lines: queue.Queue[str | None] = queue.Queue()

    def listen() -> None:
        assert process.stdout is not None
        with process.stdout:
            for line in process.stdout:
                lines.put(line)
        lines.put(None)

    listener = threading.Thread(target=listen, daemon=True)
    listener.start()
    began = time.monotonic()
    try:
        while (line := lines.get(timeout=max(limit - (time.monotonic() - began), 0.01))) is not None:
            try:
                yield json.loads(line)
            except json.JSONDecodeError:
                print(line, end="", file=sys.stderr)
        if process.wait(timeout=10):
            yield _said(stage, f"ended with code {process.returncode}")
    except queue.Empty:
        yield _said(stage, f"stopped after {limit:.0f} s: what is not listed was not measured")
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        listener.join()
    print(f"{stage}: {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)


def costs(rows: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield the hours that recipes take at full size, from the times of single runs and the gain of sharing."""
    from seedwise.study import Study, recipe_text

    by_name = {row["name"]: row["value"] for row in rows if row["value"] is not None}
    gains = [float(row["note"].split()[0]) for row in rows if row["note"].endswith("times one")]
    gain = max([1.0, *gains])
    for recipe in RECIPES:
        for precision in ("float32", "tf32", "bf16"):
            seconds, missing = 0.0, set()
            planned = Study.from_text(recipe_text(recipe), scale="full").plan()
            for one in planned:
                model = one.spec.config["model"]
                name = f"resnet14, width {model['width']}" if "width" in model else str(model["name"])
                said = f"{name}, {precision if precision != 'tf32' or 'width' in model else 'float32'}, graphs"
                per_epoch, evaluation = by_name.get(said), by_name.get(f"{said}: evaluation")
                if per_epoch is None or evaluation is None:
                    missing.add(said)
                else:
                    seconds += one.spec.config["train"]["epochs"] * (per_epoch / 500 + evaluation)
            if missing:
                yield _said(recipe, f"not known in {precision}: {', '.join(sorted(missing))} was not measured")
                continue
            hours = seconds / 3600
            note = (
                f"one run after the other, the test set after each epoch; {hours / gain:.3g} where runs share the "
                f"device as well as the best did ({gain:.2f} times); an H100 takes up to {FLOOR} times that of an H200"
            )
            said = f"{recipe}, {len(planned)} runs, {precision}"
            yield {**_said(said, note), "value": hours, "unit": "hours of this device"}


class Results:
    """Rows by stage, written to two files whenever there is a new one."""

    def __init__(self, options: argparse.Namespace) -> None:
        self._out: Path = options.out
        self._about = {**about(options.device), "tiny": options.tiny, "command": " ".join(["python", *sys.argv])}
        self.stages: dict[str, list[dict[str, Any]]] = {}

    @property
    def rows(self) -> list[dict[str, Any]]:
        return [row for rows in self.stages.values() for row in rows]

    def add(self, stage: str, row: dict[str, Any]) -> None:
        self.stages.setdefault(stage, []).append(row)
        self._out.mkdir(parents=True, exist_ok=True)
        found = {"about": self._about, "stages": self.stages}
        for name, text in (("gpu.json", json.dumps(found, indent=1) + "\n"), ("gpu.md", self.markdown)):
            new = self._out / f"{name}.new"
            new.write_text(text, encoding="utf-8")
            new.replace(self._out / name)

    @property
    def markdown(self) -> str:
        lines = [f"# {self._about['device']}", ""]
        lines += [f"{key}: {value}  " for key, value in self._about.items() if key != "device"]
        for stage, rows in self.stages.items():
            lines += ["", f"## {stage}", "", "| | figure | | n | target | |", "|---|---|---|---|---|---|"]
            for row in rows:
                cells = (row["name"], _figure(row), row["unit"], row["n"] or "", row["target"], row["note"])
                lines.append(f"| {' | '.join(str(cell).replace('|', '/') for cell in cells)} |")
        return "\n".join(lines) + "\n"


def _figure(row: dict[str, Any]) -> str:
    if row["value"] is None:
        return "not measured"
    if row["low"] is None:
        return f"{row['value']:.4g}"
    return f"{row['value']:.4g} [{row['low']:.4g}, {row['high']:.4g}]"


def about(device: str) -> dict[str, Any]:
    """Return what figures depend on."""
    import torch

    found: dict[str, Any] = {"device": device, "torch": torch.__version__, "python": platform.python_version()}
    found |= {"cores": len(os.sched_getaffinity(0)), "began": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime())}
    if device.startswith("cuda"):
        found |= {"device": torch.cuda.get_device_name(device), "cuda": torch.version.cuda}
        found["cudnn"] = torch.backends.cudnn.version()
        asked = ["nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader"]
        found["driver"] = subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip()
    return found


if __name__ == "__main__":
    main()
