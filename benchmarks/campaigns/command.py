"""The command line of a campaign."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path

Campaign = Callable[[Path, int, int], tuple[Counter[tuple[str, str]], list[str]]]
"""From a folder, a number of trials and a seed: how often which change ended how, and what must not be."""


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
