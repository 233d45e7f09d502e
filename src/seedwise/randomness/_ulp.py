"""The smallest change that a weight can have."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

    from seedwise.randomness._streams import Randomness


def nudge_one_weight(module: torch.nn.Module, randomness: Randomness) -> tuple[str, int] | None:
    """Move one weight, drawn from the ``ulp`` stream, by one unit in the last place towards infinity.

    Summers & Dinneen (2021, arXiv 2103.04514, section 4.2) find that this alone causes almost the full spread.

    Args:
        module: changed in place; every weight is equally likely.
        randomness: its ``ulp`` seed decides which weight; seed 0 changes none.

    Returns:
        The parameter's name and the flat index of the weight, or None for seed 0.

    Example:
        >>> import torch
        >>> from seedwise.randomness import Randomness
        >>> layer = torch.nn.Linear(2, 1)
        >>> nudge_one_weight(layer, Randomness()) is None
        True
        >>> name, index = nudge_one_weight(layer, Randomness({"ulp": 1}))

    """
    import torch

    if randomness.seeds["ulp"] == 0:
        return None
    parameters = [(name, p) for name, p in module.named_parameters() if p.is_floating_point() and p.numel()]
    position = int(randomness.numpy("ulp", "weight").integers(sum(p.numel() for _, p in parameters)))
    for name, parameter in parameters:
        if position < parameter.numel():
            # An index in logical order: a flat view does not exist for channels-last weights.
            where = torch.unravel_index(torch.tensor(position), parameter.shape)
            with torch.no_grad():
                weight = parameter[where]
                parameter[where] = torch.nextafter(weight, torch.full_like(weight, torch.inf))
            return name, position
        position -= parameter.numel()
    raise AssertionError("the position lies within the parameters")
