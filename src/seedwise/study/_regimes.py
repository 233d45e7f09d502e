"""Regimes: which sources of randomness vary."""

from __future__ import annotations

from collections.abc import Sequence

from seedwise.randomness import ALL, PARTS, SOURCES
from seedwise.study._error_messages import mistake

PRESETS = {"all": ALL, "none": ()}
"""Regimes with a name of their own."""

REGIME_SETS = {"two-by-two": ("all", "hardware", "all+hardware", "none")}
"""Several regimes under one name: algorithmic sources only, implementation only, both, neither."""


def regime_sources(regime: str) -> tuple[str, ...]:
    """Return the sources that a regime varies: ``all``, ``none``, or sources (or ``all``) joined by ``+``."""
    if regime == "none":
        return ()
    sources: list[str] = []
    for part in regime.split("+"):
        if part != "all" and part not in SOURCES:
            raise ValueError(
                mistake("regime", part, [*REGIME_SETS, *PRESETS, *SOURCES]) + "; join several sources with '+'"
            )
        sources += ALL if part == "all" else (part,)
    if len(set(sources)) < len(sources):
        raise ValueError(f"the regime '{regime}' names a source twice")
    for part in PARTS:
        if part in sources and "init" in sources:
            raise ValueError(f"the regime '{regime}' varies 'init', and with it '{part}': leave out '+{part}'")
    return tuple(s for s in SOURCES if s in sources)


def regime_name(sources: Sequence[str]) -> str:
    """Return the one name of the regime that varies these sources.

    Example:
        >>> regime_name(["dropout", "init"]), regime_name(["hardware", *ALL]), regime_name([])
        ('init+dropout', 'all+hardware', 'none')

    """
    everything = set(ALL) <= set(sources)
    rest = [s for s in SOURCES if s in sources and not (everything and s in ALL)]
    return "+".join((["all"] if everything else []) + rest) or "none"
