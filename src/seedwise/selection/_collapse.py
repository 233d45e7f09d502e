"""From a selecting network to an ordinary one."""

from __future__ import annotations

import copy

import torch
from torch import nn

from seedwise.selection._choose import greedy, sampled
from seedwise.selection._conv import SelectConv2d, shape_options
from seedwise.selection._hash import keys_of, signed
from seedwise.selection._linear import SelectLinear
from seedwise.selection._pool import chosen
from seedwise.selection._selecting import Selecting


def collapse(model: nn.Module, *, seed: int | None = None) -> nn.Module:
    """Return the ordinary network that a selecting one is in ``eval()``: bit-identical outputs, no scores.

    A probabilistic layer gives the weights with the highest scores, as it does in ``eval()``, or what it draws there
    first with ``sample_in_eval``; with a ``seed``, one draw from the softmax of its scores.

    Args:
        model: not changed.
        seed: for one draw from probabilistic layers, 0 to 2^63 - 1; None: as in ``eval()``.

    Returns:
        A new module with ``nn.Linear`` and ``nn.Conv2d`` layers without biases, whose weights are parameters.

    Raises:
        ValueError: if there is no selecting layer, or a ``seed`` and no probabilistic layer to draw from.

    Example:
        >>> from seedwise.selection import select_weights
        >>> model = select_weights(nn.Linear(4, 2), k=8, seed=1)
        >>> x = torch.ones(1, 4)
        >>> bool((collapse(model)(x) == model(x)).all())
        True

    Source: Aladago & Torresani 2021 (arXiv 2101.06475), section 3: the chosen weights make up the network.
    """
    layers = {name: module for name, module in model.named_modules() if isinstance(module, Selecting)}
    if not layers:
        raise ValueError("the network has no selecting layer to collapse")
    if seed is not None and all(layer.mode == "greedy" for layer in layers.values()):
        raise ValueError("all layers are greedy, and there is nothing to draw: leave out the seed")
    plain: dict[int, nn.Module] = {}
    for place, layer in enumerate(layers.values()):
        key = None if seed is None or layer.mode == "greedy" else signed(keys_of(seed, place + 1, purpose=3)[place])
        plain[id(layer)] = _plain(layer, key)
    # What is already in the memo is not copied: the scores never are.
    return copy.deepcopy(model, plain)


@torch.no_grad()
def _plain(layer: Selecting, key: int | None) -> nn.Module:
    training = layer.training
    if key is not None:
        index = sampled(layer.scores, key)
    elif layer.mode == "probabilistic" and layer.sample_in_eval:
        index = layer.index(False, torch.zeros_like(layer.passes))
    else:
        index = greedy(layer.scores)
    weight = chosen(layer.scores, index, layer.pool, layer.candidates)
    made: nn.Module
    if isinstance(layer, SelectConv2d):
        made = nn.Conv2d(**shape_options(layer), bias=False, device="meta")
    else:
        assert isinstance(layer, SelectLinear)
        made = nn.Linear(layer.in_features, layer.out_features, bias=False, device="meta")
    made.weight = nn.Parameter(weight.view(layer.weight_shape).clone())
    return made.train(training)
