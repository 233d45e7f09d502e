"""Sections of a study file that other packages own: their code is imported only for a file that has them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple


class Section(NamedTuple):
    """Who reads a section: import strings ``module:name``.

    Attributes:
        options: the class of its options.
        check: called with the study as it was read; raises a ``SeedwiseError`` for what does not go together.

    """

    options: str
    check: str


SECTIONS: Final = {"tune": Section("seedwise.tuning:Tune", "seedwise.tuning:check_tuning")}


def sections_in(raw: Mapping[str, Any]) -> dict[str, Section]:
    """Return the sections of other packages that a study file has, by their key."""
    return {key: section for key, section in SECTIONS.items() if raw.get(key) is not None}


def is_search(description: Mapping[str, Any]) -> bool:
    """Return whether a stored study holds the trials of a search, which are reported as such."""
    return "tuning" in description
