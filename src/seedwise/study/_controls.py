"""Which methods of a study are controls of others: a placebo, or the learning rate alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

_CONTROLLER: Final = "controller"
"""The option of a loss that is made of another one."""


def controls_in(spec: Mapping[str, Any]) -> dict[str, str]:
    """Return by method the method whose loss it is a control of.

    Of several with that loss it is the one with the same options, else the first; where there is none, the control
    stands for itself and is not listed.

    Args:
        spec: a study file.

    Example:
        >>> vml = {"name": "vml", "warmup_steps": 23}
        >>> controls_in(
        ...     {"methods": {"vml": {"loss": vml}, "sham": {"loss": {"name": "placebo", "controller": vml}}}}
        ... )
        {'sham': 'vml'}

    """
    methods = spec.get("methods")
    if not isinstance(methods, Mapping):
        return {}
    losses = {name: _part((changes or {}).get("loss")) for name, changes in methods.items()}
    found = {}
    for name, loss in losses.items():
        of = _part(loss.get(_CONTROLLER))
        alike = [other for other, its in losses.items() if of and its.get("name") == of.get("name")]
        same = [other for other in alike if losses[other] == of]
        if alike:
            found[name] = (same or alike)[0]
    return found


def _part(given: Any) -> Mapping[str, Any]:
    """Return a part of a study file, which may be a name alone."""
    return given if isinstance(given, Mapping) else {} if given is None else {"name": given}
