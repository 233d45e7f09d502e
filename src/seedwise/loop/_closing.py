"""What is said when a loop has ended: what was trained, the table, and where the report is."""

from __future__ import annotations

import shlex
import sys
from collections import Counter

from rich.console import Console

from seedwise.errors import SeedwiseError
from seedwise.run import FAILURES
from seedwise.store import Store
from seedwise.study import LoopPlan, attribution_results, cells_of, description_of, is_attribution


def statuses_of(plan: LoopPlan) -> Counter[str]:
    """Return how many runs of a loop ended how."""
    with Store(plan.path) as store:
        found = {run_id: status for run_id, (status, _) in store.statuses().items()}
    return Counter(found.get(run_id, "pending") for run_id in plan.specs)


def close(plan: LoopPlan, trained: int, console: Console) -> None:
    """Say what was trained and what was there, print the table and write the report next to the store.

    Args:
        plan: the loop.
        trained: how many of its runs were trained by it.
        console: where it is said.

    """
    counts = statuses_of(plan)
    found = ", ".join(f"{count} {status.replace('_', ' ')}" for status, count in counts.items())
    store = shlex.quote(str(plan.path))
    if trained:
        before = len(plan.planned) - trained
        kept = f", {before} from before" if before else ""
        text = f"'{plan.method}' in {plan.path}: {trained} run{'s'[: trained > 1]} trained{kept}: {found}"
    else:
        text = f"nothing to train in {plan.path}: of '{plan.method}' there are {found}"
    failed = any(counts[status] for status in FAILURES)
    why = f"; why: seedwise status {store}; retry_failed=True trains the failed again" if failed else ""
    console.print(f"seedwise: {text}{why}", soft_wrap=True)
    try:
        _show(plan, console)
    except SeedwiseError as error:  # the runs are kept, and the program may have more to do
        console.print(f"seedwise: {error}", soft_wrap=True)


def say_stopped(plan: LoopPlan, console: Console) -> None:
    """Say what is kept of a loop that was stopped, and how to go on."""
    done = statuses_of(plan)["finished"]
    interactive = not hasattr(sys.modules["__main__"], "__file__")
    again = "the same cell" if interactive else shlex.join(sys.orig_argv)
    console.print(
        f"seedwise: stopped: {done} of {len(plan.planned)} runs of '{plan.method}' are finished and kept in "
        f"{plan.path}. Go on with: {again}",
        soft_wrap=True,
    )


def _show(plan: LoopPlan, console: Console) -> None:
    from seedwise.cli._attribute import print_attribution
    from seedwise.cli._metric import unreported_metric
    from seedwise.cli._report import write_report
    from seedwise.reporting import attribution_findings, results_of
    from seedwise.terminal import print_results

    report = plan.path.with_suffix(".html")
    with Store(plan.path) as store:
        described = store.studies()[plan.study]
        if is_attribution(described):
            for section in attribution_results(store, plan.study):
                print_attribution(attribution_findings(section), console)
        else:
            description, cells = description_of(plan.study, described), cells_of(store, plan.study)
            missing = unreported_metric(store.runs(plan.study), cells[0].metric.name, is_loop=True)
            print_results(results_of(description, cells), missing, console)
        write_report(store, report)
    console.print(f"report: {report}; the table again: seedwise show {shlex.quote(str(plan.path))}", soft_wrap=True)
