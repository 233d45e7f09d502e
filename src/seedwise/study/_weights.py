"""How alike the kept weights of the runs of a cell are."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

from seedwise.execution import StudyFolder
from seedwise.run import FINAL
from seedwise.statistics import Cell, Interval, weight_similarity

if TYPE_CHECKING:
    from pathlib import Path

_BUFFERS: Final = ("running_mean", "running_var", "num_batches_tracked")
"""What batch norm keeps of the data: no weights."""


def similarity_of(folder: StudyFolder, cell: Cell, run_ids: Sequence[str]) -> Interval | str | None:
    """Return the cosine similarity of the final weights of two runs of a cell, or why it is not known.

    Args:
        folder: where weights are kept.
        cell: the cell.
        run_ids: its finished runs.

    Returns:
        None where no run has kept any, or torch, which reads them, is not installed.

    """
    files = [folder.weights_file(run_id, FINAL) for run_id in run_ids]
    there = sum(file.exists() for file in files)
    if not there or importlib.util.find_spec("torch") is None:
        return None
    if there < len(files):
        return f"{len(files) - there} of {len(files)} runs kept no weights"
    try:
        return weight_similarity(_products(files), groups=cell.group[cell.kept_mask])
    except (RuntimeError, ValueError) as error:
        return str(error)


def _products(files: Sequence[Path]) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """Return the inner products of the weights of every two runs, layer by layer: files are mapped, not read."""
    import torch

    states = [torch.load(file, map_location="cpu", weights_only=True, mmap=True) for file in files]
    products = np.zeros((len(files), len(files)))
    for name, first in states[0].items():
        if not first.is_floating_point() or name.rpartition(".")[2] in _BUFFERS:
            continue
        if any(name not in state or state[name].shape != first.shape for state in states):
            raise ValueError("the runs have networks of different shapes")
        layer = np.stack([state[name].double().flatten().numpy() for state in states])
        products += layer @ layer.T
    return products
