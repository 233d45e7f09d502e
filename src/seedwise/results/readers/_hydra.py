"""Hydra: a multirun, whose jobs keep their configuration in ``.hydra`` and their results beside it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final

from seedwise.errors import SeedwiseError
from seedwise.results._read import read_table
from seedwise.results.readers import _lightning, _tensorboard
from seedwise.results.readers._files import Broken, json_of, name_in, walked, yaml_of
from seedwise.results.readers._runs import Cell, TrackedRun, flat, numbers_of

_TABLES: Final = (".csv", ".tsv", ".jsonl", ".ndjson")
_REFERENCE: Final = re.compile(r"\$\{([\w.]+)\}")


def wrote(_: Path, folders: list[str], __: list[str]) -> bool:
    """Return whether a folder is that of a job."""
    return ".hydra" in folders


def runs_in(path: Path, broken: Broken) -> list[TrackedRun]:
    """Return every job: configuration, the choices of its command line, and the results that it wrote.

    Results are the numbers in its JSON files; where there are none, its table with a row per step; where there is none,
    what Lightning or TensorBoard wrote there, if it is of one run.

    Raises:
        SeedwiseError: if no job wrote any.

    """
    runs = []
    for folder, folders, names in walked(path):
        if not wrote(folder, folders, names):
            continue
        run = TrackedRun({"run": name_in(path, folder)})
        with broken.skipped(folder / ".hydra" / "config.yaml"):
            run.config = _resolved(flat(yaml_of(folder / ".hydra" / "config.yaml") or {}))
        with broken.skipped(folder / ".hydra" / "overrides.yaml"):
            run.config |= _choices(yaml_of(folder / ".hydra" / "overrides.yaml") or [], run.config)
        for file in (folder / one for one in names if one.endswith(".json")):
            with broken.skipped(file):
                run.final |= _results(json_of(file), run.final, file.stem)
        tables = [folder / one for one in names if one.endswith(_TABLES)]
        if len(tables) == 1 and not run.final:
            with broken.skipped(tables[0]):
                _curve(tables[0], run)
        inside: list[TrackedRun] = []
        for reader in (_lightning, _tensorboard):
            inside = inside or ([] if run.metrics else reader.runs_in(folder, broken))
        if len(inside) == 1:
            run.curve, run.final = inside[0].curve, inside[0].final
        runs.append(run)
    if not any(run.metrics for run in runs):
        raise SeedwiseError(
            f"the {len(runs)} jobs of Hydra in {path} wrote no results that seedwise knows: let each write a "
            "results.json, an object of its metrics, into its folder"
        )
    return runs


def _resolved(config: dict[str, Cell]) -> dict[str, Cell]:
    """Put in what a value refers to: Hydra keeps ``${seed}`` as it was written."""

    def resolve(value: Cell) -> Cell:
        found = _REFERENCE.fullmatch(value) if isinstance(value, str) else None
        return config.get(found[1], value) if found else value

    return {key: resolve(value) for key, value in config.items()}


def _choices(overrides: list[Any], config: dict[str, Cell]) -> dict[str, Cell]:
    """Return what the command line chose of groups, such as ``model=resnet``, where the configuration names none."""
    pairs = (str(one).lstrip("+").partition("=") for one in overrides if not str(one).startswith("~"))
    return {key.partition("@")[0]: value for key, sign, value in pairs if sign and key not in config}


def _results(found: object, before: dict[str, Cell], name: str) -> dict[str, Cell]:
    """Return the numbers of a JSON file, named after it where another one has the same names."""
    if not isinstance(found, dict):
        raise ValueError("it is no object of numbers")
    return {f"{name}.{key}" if key in before else key: value for key, value in numbers_of(found).items()}


def _curve(file: Path, run: TrackedRun) -> None:
    rows = read_table(file).data.to_dict("records")
    step = next((name for name in ("step", "global_step", "epoch", "iteration") if rows and name in rows[0]), None)
    for k, row in enumerate(rows):
        at = float(row[step]) if step is not None else float(k)
        for column, cell in row.items():
            if column != "step" and cell is not None and cell != "":
                run.log(str(column), at, cell)
