"""Colours, each with one meaning in the whole page: the base, what is resolved, and everything else."""

from __future__ import annotations

from typing import Final

BASE: Final = "#8a919c"
"""Marks of the base."""
BASE_TEXT: Final = "#5d6470"
"""Letters of the base, which are to be read."""
RESOLVED: Final = "#0b7a6b"
"""What is steadier than the base, and the runs can tell."""
WORSE: Final = "#16181d"
"""What is worse than the base, and the runs can tell."""
NEUTRAL: Final = "#4a5568"
"""Everything else."""

IN_PAGE: Final = {BASE: "--base", BASE_TEXT: "--soft", RESOLVED: "--yes", WORSE: "--ink", NEUTRAL: "--other"}
"""The page's own colours, which are others on a dark screen; outside the page these are not known."""
