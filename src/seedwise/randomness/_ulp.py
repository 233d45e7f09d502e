"""The smallest change that a weight can have."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

    from seedwise.randomness._streams import Randomness


def nudge_one_weight(module: torch.nn.Module, randomness: Randomness) -> tuple[str, int] | None:
    """Move one number of the first convolution by one unit in the last place, up or down.

    Number and direction are drawn from the ``ulp`` stream; every number that is finite and not 0 is equally likely (the
    neighbour of 0 is lost in the first sum). It is one of

    - the weight of the first convolution, in the order in which modules are registered;
    - where there is none, the first weight of two or more dimensions. Lookup tables (``nn.Embedding``) come after all
      others, since a row that is not looked up changes nothing; then any parameter;
    - in a layer of ``seedwise.selection``, the candidates with the highest scores: those it computes with.

    A convolution of n numbers has 2n outcomes, so that two seeds may have the same. A network that computes with
    rounded weights, in bfloat16 under autocast, hardly feels any.

    Args:
        module: changed in place.
        randomness: its ``ulp`` seed decides; seed 0 changes nothing.

    Returns:
        The tensor's name and the flat index of the number in it, or None for seed 0.

    Raises:
        ValueError: if the module has no finite number other than 0.

    Example:
        >>> import torch
        >>> from seedwise.randomness import Randomness
        >>> network = torch.nn.Sequential(torch.nn.Linear(4, 4), torch.nn.Conv1d(1, 1, 3))
        >>> nudge_one_weight(network, Randomness()) is None
        True
        >>> nudge_one_weight(network, Randomness({"ulp": 1}))[0]
        '1.weight'

    Source: Summers & Dinneen 2021 (arXiv 2103.04514), section 4.2, and their program: this alone causes almost the
        full spread. Drawn from all parameters instead, the change often stays without an effect.

    """
    import torch

    if randomness.seeds["ulp"] == 0:
        return None
    draws = randomness.numpy("ulp", "weight")
    for name, numbers, used in _by_preference(module):
        values = numbers.detach().reshape(-1)[used]
        positions = used[values.isfinite() & (values != 0)].tolist()
        if positions:
            position = positions[int(draws.integers(len(positions)))]
            limit = torch.inf if draws.integers(2) else -torch.inf
            # An index in logical order: a flat view does not exist for channels-last weights.
            where = torch.unravel_index(torch.tensor(position), numbers.shape)
            with torch.no_grad():
                numbers[where] = torch.nextafter(numbers[where], torch.full_like(numbers[where], limit))
            return name, position
    raise ValueError("the 'ulp' seed moves a finite number other than 0, and the module has none")


def _by_preference(module: torch.nn.Module) -> Iterator[tuple[str, torch.Tensor, torch.Tensor]]:
    """Yield the name of each tensor of weights, the tensor, and the flat places of what is computed with."""
    import torch
    from torch import nn

    found: list[tuple[int, str, nn.Module | nn.Parameter]] = []
    for path, layer in module.named_modules():
        convolution = isinstance(layer, nn.modules.conv._ConvNd)
        rank = 0 if convolution else 2 if isinstance(layer, (nn.Embedding, nn.EmbeddingBag)) else 1
        if hasattr(layer, "numbers_in_use"):
            found.append((rank, f"{path}.candidates".lstrip("."), layer))
            continue
        # What a parametrised convolution is made from lies in modules below it.
        for name, parameter in layer.named_parameters(path, recurse=convolution):
            if parameter.is_floating_point():
                found.append((rank if parameter.dim() > 1 else 2, name, parameter))
    for _, name, held in sorted(found, key=lambda entry: entry[0]):
        if isinstance(held, nn.Parameter):
            yield name, held, torch.arange(held.numel(), device=held.device)
        else:
            yield name, *held.numbers_in_use()  # type: ignore[operator]
