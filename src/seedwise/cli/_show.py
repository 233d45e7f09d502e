"""``seedwise show``."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from seedwise.cli._options import Scale, StoreArgument

if TYPE_CHECKING:
    from collections.abc import Mapping

    from seedwise.run import Observed
    from seedwise.study import StoredReadout, StoredRun

NAME: Final = "show"
EXAMPLE: Final = "seedwise show study.db"


def command(
    store: StoreArgument,
    scale: Scale = None,
    as_json: Annotated[bool, typer.Option("--json", help="Every run as JSON, in the order of the plan.")] = False,
) -> None:
    """Show the results in a store: the table, or with --json a list with one object per planned run.

    Keys: id, study, task, method, regime, group, replicate, seeds, status, metrics, weights_sha256, seconds,
    resumed_from (the first epoch after each resume), notes, randomness (the sources that were drawn from; the global
    generators that were seeded anew in a scope, or drawn from outside every scope; null for runs from before that was
    recorded), and where a run was read out, readouts: by name status, metrics, forward passes per example, and measured
    seconds.
    """
    from seedwise.cli._json import print_json
    from seedwise.cli._open import open_store
    from seedwise.cli._tune import print_tunings
    from seedwise.study import is_attribution, is_search
    from seedwise.terminal import print_study

    with open_store(store, scale) as opened:
        if as_json:
            read, runs = opened.readouts(), opened.runs()
            observed = opened.observed(run.run_id for run in runs)
            print_json([as_object(run, read, observed.get(run.run_id)) for run in runs])
            return
        studies = opened.studies()
        for study in sorted(studies, key=lambda name: is_attribution(studies[name])):
            if is_attribution(studies[study]) or not is_search(studies[study]):
                print_study(opened, study)
        print_tunings(opened)


def as_object(
    run: StoredRun, read: Mapping[tuple[str, str], StoredReadout], observed: Observed | None = None
) -> dict[str, Any]:
    """Return what ``--json`` says of a run."""
    from seedwise.randomness import ALL

    readouts = {name: asdict(found) for (run_id, name), found in read.items() if run_id == run.run_id}
    return {
        "id": run.run_id,
        "study": run.link.study,
        "task": run.link.task,
        "method": run.link.method,
        "regime": run.link.regime,
        "group": run.link.group,
        "replicate": run.link.replicate,
        "seeds": {**dict.fromkeys(ALL, 0), **run.content["seeds"]},
        "status": run.status,
        "metrics": run.metrics,
        "weights_sha256": run.weights_sha256,
        "seconds": run.seconds,
        "resumed_from": run.resumed_from,
        "notes": run.notes,
        "randomness": None
        if observed is None
        else {name: getattr(observed, name) for name in ("drawn", "reseeded", "outside")},
    } | ({"readouts": readouts} if readouts else {})
