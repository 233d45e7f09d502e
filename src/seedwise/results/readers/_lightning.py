"""Lightning: ``metrics.csv`` with ``hparams.yaml`` beside it, a folder per run."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from seedwise.results._read import read_table
from seedwise.results.readers._files import Broken, content_start, name_in, walked, yaml_of
from seedwise.results.readers._runs import TrackedRun, flat

_METRICS: Final = "metrics.csv"


def wrote(root: Path, _: list[str], names: list[str]) -> bool:
    """Return whether Lightning wrote what is in a folder."""
    return _METRICS in names and ("hparams.yaml" in names or _has_steps(root / _METRICS))


def _has_steps(file: Path) -> bool:
    header = content_start(file, 1 << 16).partition(b"\n")[0]
    return {b"epoch", b"step"} <= set(header.strip().split(b","))


def runs_in(path: Path, broken: Broken) -> list[TrackedRun]:
    """Return the metrics of every run by step, and its hyperparameters."""
    runs = []
    for folder, folders, names in walked(path):
        if not wrote(folder, folders, names):
            continue
        with broken.skipped(folder / _METRICS):
            run = TrackedRun({"run": name_in(path, folder)})
            data = read_table(folder / _METRICS).data
            for row in data.to_dict("records"):
                step = float(row.get("step") or len(run.curve))
                for column, cell in row.items():
                    if column != "step" and cell != "":
                        run.log(str(column), step, cell)
            runs.append(run)
            if "hparams.yaml" in names:
                with broken.skipped(folder / "hparams.yaml"):
                    run.config = flat(yaml_of(folder / "hparams.yaml") or {})
    return runs
