"""From any network to one that selects its weights."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Collection
from typing import Any

from torch import nn

from seedwise.selection._conv import SelectConv2d, shape_options
from seedwise.selection._hash import keys_of
from seedwise.selection._linear import SelectLinear
from seedwise.selection.options import Init, Mode, SampleInEval, SelectionOptions

_NORMS = (nn.modules.batchnorm._NormBase, nn.LayerNorm, nn.GroupNorm, nn.RMSNorm)


def select_weights(
    model: nn.Module,
    k: int = SelectionOptions.k,
    *,
    seed: int,
    mode: Mode = SelectionOptions.mode,
    init: Init = SelectionOptions.init,
    scores_seed: int | None = None,
    draw_seed: int | None = None,
    store_weights: bool = SelectionOptions.store_weights,
    sample_in_eval: SampleInEval = SelectionOptions.sample_in_eval,
    leave: Collection[str] = (),
) -> nn.Module:
    """Return the network with every linear and convolution layer replaced by a selecting one.

    Only scores are left to train: biases are dropped, and normalisation layers lose their scale and shift, as in the
    program of the method's authors.

    Args:
        model: not changed.
        k, mode, init, store_weights, sample_in_eval: as of :class:`SelectLinear`.
        seed: of all candidates, 0 to 2^63 - 1; every layer gets its own from it.
        scores_seed, draw_seed: of first scores and draws; None: as ``seed``.
        leave: names of modules that stay as they are, and are trained as usual, with everything in them.

    Returns:
        A new module with the same inputs and outputs.

    Raises:
        ValueError: for a layer with weights that cannot be selected, weights that two layers share, an unknown name in
            ``leave``, a network without a layer to select, or an argument that a layer refuses.

    Example:
        >>> model = select_weights(nn.Sequential(nn.Linear(4, 3), nn.ReLU(), nn.Linear(3, 2)), k=2, seed=1)
        >>> [(name, tuple(p.shape)) for name, p in model.named_parameters()]
        [('0.scores', (2, 12)), ('2.scores', (2, 6))]

    Source: Aladago & Torresani 2021 (arXiv 2101.06475).
    """
    model = copy.deepcopy(model)
    modules, layers = _parts(model, leave)
    options: dict[str, Any] = {"k": k, "mode": mode, "init": init, "store_weights": store_weights}
    options["sample_in_eval"] = sample_in_eval
    replaced: dict[int, nn.Module] = {}
    for place, (_, layer) in enumerate(layers.items()):
        seeds = {
            what: _of_layer(seed if s is None else s, place)
            for what, s in (("seed", seed), ("scores_seed", scores_seed), ("draw_seed", draw_seed))
        }
        replaced[id(layer)] = _selecting(layer, {**options, **seeds})
    if k == 1:
        warnings.warn("k = 1 leaves nothing to choose: the weights are fixed at random", stacklevel=2)
    for module in modules.values():
        if isinstance(module, _NORMS):
            _fix(module)
    if id(model) in replaced:
        return replaced[id(model)]
    for module in modules.values():
        for child, inner in list(module._modules.items()):
            if inner is not None and id(inner) in replaced:
                module._modules[child] = replaced[id(inner)]
    return model


def selectable_layers(model: nn.Module, leave: Collection[str] = ()) -> list[str]:
    """Return the names of the layers whose weights `select_weights` would select.

    Args:
        model: not changed.
        leave: as of `select_weights`.

    Raises:
        ValueError: as `select_weights` does for a network.

    Example:
        >>> selectable_layers(nn.Sequential(nn.Linear(4, 3), nn.ReLU(), nn.Linear(3, 2)), leave=["2"])
        ['0']
    """
    return list(_parts(model, leave)[1])


def _parts(model: nn.Module, leave: Collection[str]) -> tuple[dict[str, nn.Module], dict[str, nn.Module]]:
    """Return the modules that are not left as they are, and the layers to select among them."""
    names = dict(model.named_modules())
    for name in leave:
        if name not in names:
            raise ValueError(f"leave names '{name}', and the network has no module of that name: {_some(names)}")
    left = {id(inner) for name in leave for inner in names[name].modules()}
    modules = {name: module for name, module in names.items() if id(module) not in left}
    layers = {name: module for name, module in modules.items() if type(module) in (nn.Linear, nn.Conv2d)}
    _check(modules, layers)
    return modules, layers


def _check(modules: dict[str, nn.Module], layers: dict[str, nn.Module]) -> None:
    for name, module in modules.items():
        if module._parameters and name not in layers and not isinstance(module, _NORMS):
            raise ValueError(
                f"'{name or 'the network'}' is a {type(module).__name__}, whose weights cannot be selected, only "
                f"those of nn.Linear and nn.Conv2d: leave=['{name}'] trains it as usual"
            )
    if not layers:
        raise ValueError("the network has no nn.Linear or nn.Conv2d whose weights could be selected")
    owners: dict[int, str] = {}
    for name, layer in layers.items():
        other = owners.setdefault(id(layer.weight), name)
        if other != name:
            raise ValueError(f"'{name}' and '{other}' share their weight, and selected weights cannot be shared")


def _of_layer(seed: int, place: int) -> int:
    """Return a seed below 2^63 that is a hash of (seed, place)."""
    if not isinstance(seed, int) or not 0 <= seed < 2**63:
        raise ValueError(f"a seed is {seed!r}: it must be an integer from 0 to 2^63 - 1")
    high, low = keys_of(seed, 2, purpose=5 + place)
    return (high << 32 | low) >> 1


def _selecting(layer: nn.Module, options: dict[str, Any]) -> nn.Module:
    made: nn.Module
    if isinstance(layer, nn.Conv2d):
        made = SelectConv2d(**shape_options(layer), **options)
    else:
        assert isinstance(layer, nn.Linear)
        made = SelectLinear(layer.in_features, layer.out_features, **options)
    assert isinstance(layer.weight, nn.Parameter)
    return made.to(device=layer.weight.device, dtype=layer.weight.dtype).train(layer.training)


def _fix(norm: nn.Module) -> None:
    for name in list(norm._parameters):
        norm._parameters[name] = None
    for flag in ("affine", "elementwise_affine"):
        if hasattr(norm, flag):
            setattr(norm, flag, False)


def _some(names: dict[str, nn.Module]) -> str:
    known = [name for name in names if name]
    return ", ".join(known[:8]) + (", ..." if len(known) > 8 else "")
