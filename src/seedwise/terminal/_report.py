"""The file of the report of a store."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from seedwise.errors import SeedwiseError

if TYPE_CHECKING:
    from seedwise.study import Store


def write_report(store: Store, target: Path) -> None:
    """Write the report of every study in a store.

    Raises:
        SeedwiseError: if the target is the store.

    """
    from seedwise.reporting import render
    from seedwise.run import write_text
    from seedwise.study import attribution_results, study_results
    from seedwise.tuning import search_results

    refuse_store_as_target(store.path, target)
    html = render(
        study_results(store),
        command=shlex.join(["seedwise", "report", str(store.path), "-o", str(target)]),
        attributions=attribution_results(store),
        searches=search_results(store),
    )
    write_text(target, html)


def refuse_store_as_target(store: Path, target: Path) -> None:
    """Raise a ``SeedwiseError`` where the report would overwrite the store."""
    if target.resolve() == store.resolve():
        raise SeedwiseError(
            f"the report would overwrite the store {store}: name the store *.db, or use 'report -o FILE.html'"
        )
