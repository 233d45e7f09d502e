"""What a study file can name: one table per kind, of import strings, so that reading it imports nothing.

A line is a name, the dataclass that declares its options (``module:Options``, standard library only) and what makes it
of them (``module:make``). To add one, write the two and add the line: the schema of study files, the error messages,
the reference and the help are made from the dataclass.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any, Final, NamedTuple


class Entry(NamedTuple):
    """Where the options are declared, and what is called with them."""

    options: str
    make: str


Table = Mapping[str, Entry]


def resolve(name: str) -> Any:
    """Import ``module:name``, one of ours."""
    module, _, attribute = name.partition(":")
    return getattr(importlib.import_module(module), attribute)


def _callable(name: str) -> Entry:
    """Return the entry of a dataclass that is called itself."""
    return Entry(name, name)


SCHEDULES: Final[Table] = {
    "constant": _callable("seedwise.training._schedules:Constant"),
    "step": _callable("seedwise.training._schedules:Step"),
    "cosine": _callable("seedwise.training._schedules:Cosine"),
    "linear": _callable("seedwise.training._schedules:Linear"),
    "halving": _callable("seedwise.training._schedules:Halving"),
}

CONTROLLERS: Final[Table] = {
    "vml": Entry("seedwise.losses.vml_options:VMLOptions", "seedwise.losses.vml:VarianceMinimizerLoss"),
    "clf": Entry("seedwise.losses.clf_options:CLFOptions", "seedwise.losses.clf:CLFLoss"),
}
"""Losses that a placebo or a control of the learning rate can be made of."""

LOSSES: Final[Table] = {
    "cross_entropy": Entry("seedwise.training._loss_options:CrossEntropy", "seedwise.training._losses:cross_entropy"),
    **CONTROLLERS,
    "placebo": Entry("seedwise.losses.control_options:PlaceboOptions", "seedwise.losses.placebo:PlaceboLoss"),
    "lr_control": Entry(
        "seedwise.losses.control_options:LRControlOptions", "seedwise.losses.lr_control:LearningRateControl"
    ),
}
"""A loss is told ``base`` (the loss of the task), ``variance`` and ``seed`` where it has such parameters."""

OPTIMIZERS: Final[Table] = {
    "sgd": Entry("seedwise.training._optimizers:SGD", "seedwise.training._optim:sgd"),
    "adamw": Entry("seedwise.training._optimizers:AdamW", "seedwise.training._optim:adamw"),
    "adam": Entry("seedwise.training._optimizers:Adam", "seedwise.training._optim:adam"),
}
"""An optimizer is called with its groups of parameters and ``lr``, and is a ``torch.optim.Optimizer``."""
