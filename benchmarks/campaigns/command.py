"""The command line of a campaign, and what it asks of every message."""

from __future__ import annotations

import argparse
import sys
import tempfile
import unicodedata
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Final

Campaign = Callable[[Path, int, int], tuple[Counter[tuple[str, str]], list[str]]]
"""From a folder, a number of trials and a seed: how often which change ended how, and what must not be."""

CHARACTERS: Final = 420
"""At most so many has a message besides the path that was typed, which may be of any length."""

_NO_LINE: Final = {"Cc", "Cs", "Zl", "Zp"}
_TURNS: Final = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
"""What a terminal obeys, cannot print or reads backwards: categories and classes of Unicode."""


def problem_of_line(message: str, path: Path) -> str | None:
    """Return why a message is not the one line that it should be, in capitals; None if it is.

    Args:
        message: without the end of the line.
        path: what was typed; its characters do not count.

    """
    if any(unicodedata.category(sign) in _NO_LINE or unicodedata.bidirectional(sign) in _TURNS for sign in message):
        return "NOT ONE LINE"
    return "TOO LONG" if len(message.replace(str(path), "")) > CHARACTERS else None


def run_campaign(campaign: Campaign, trials: str, description: str | None, n: int = 2000) -> None:
    """Run it as the command line says, print its counts, and exit with 1 if anything ended as it must not.

    A long campaign can be run in pieces, each with a seed of its own.

    Args:
        campaign: what is run.
        trials: what there are ``n`` of.
        description: shown by ``--help``.
        n: their number by default.

    """
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--n", type=int, default=n, help=f"number of {trials}")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--folder", type=Path, help="where to work; what ended as it must not stays there")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        ends, wrong = campaign(folder, options.n, options.seed)
    for (change, end), count in sorted(ends.items()):
        print(f"{change:40} {end:18} {count:6}")
    for line in wrong:
        print(line)
    total: Counter[str] = Counter()
    for (_, end), count in ends.items():
        total[end] += count
    print(", ".join(f"{count} {end}" for end, count in total.most_common()))
    print(f"{total.total()} {trials}, seed {options.seed}: {len(wrong)} ended as they must not")
    sys.exit(bool(wrong))
