"""From a study file's ``selection:`` to a network that selects its weights."""

from __future__ import annotations

import warnings

from torch import nn

from seedwise.errors import SeedwiseError
from seedwise.randomness import Randomness
from seedwise.training._parts import Network, Selection


def selection_of(model: object) -> Selection | None:
    """Return what a study file says of selection; networks of time series select nothing."""
    return model.selection if isinstance(model, Network) else None


def select(network: nn.Module, config: Selection, randomness: Randomness) -> nn.Module:
    """Return the network with selected weights.

    Candidates and first scores come from the ``weights`` and the ``scores`` of ``init``, draws from ``dropout``.

    Args:
        network: as built; not changed.
        config: how to select.
        randomness: of the run.

    Raises:
        SeedwiseError: if the network has weights that cannot be selected.

    """
    try:
        with warnings.catch_warnings(action="ignore"):  # k = 1 is a note of the run
            selected: nn.Module = config.make(
                network,
                seed=randomness.integer("init", "weights", "candidates"),
                scores_seed=randomness.integer("init", "scores", "first"),
                draw_seed=randomness.integer("dropout", "selection"),
            )
            return selected
    except ValueError as error:
        raise SeedwiseError(f"selection: {error}") from None


def selected_bytes(network: nn.Module, config: Selection) -> int:
    """Return about how many bytes the state of the network with selected weights has.

    Args:
        network: as built; on any device, ``meta`` too.
        config: how to select.

    """
    chosen = [module.weight.numel() for module in network.modules() if type(module) in (nn.Linear, nn.Conv2d)]  # type: ignore[operator]
    # Scores in float32, and the last choice.
    k: int = config.options.k
    return (4 * k + 1) * sum(chosen)
