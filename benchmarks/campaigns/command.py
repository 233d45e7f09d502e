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


def run_campaign(campaign: Campaign, trials: str, description: str | None) -> None:
    """Run it as the command line says, print its counts, and exit with 1 if anything ended as it must not."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument(f"--{trials}", dest="count", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        ends, wrong = campaign(Path(folder), options.count, options.seed)
    for (change, end), count in sorted(ends.items()):
        print(f"{change:40} {end:18} {count:6}")
    for line in wrong:
        print(line)
    print(f"{sum(ends.values())} {trials}, seed {options.seed}: {len(wrong)} ended as they must not")
    sys.exit(bool(wrong))
