"""What is said when a loop has ended: what was trained, the table, and where the report is."""

from __future__ import annotations

import shlex
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from seedwise.errors import SeedwiseError
from seedwise.run import FAILURES, Link
from seedwise.store import Store
from seedwise.study import LoopPlan


def statuses_of(plan: LoopPlan) -> Counter[str]:
    """Return how many runs of a loop ended how."""
    with Store(plan.path) as store:
        found = {run_id: status for run_id, (status, _) in store.statuses().items()}
    return Counter(found.get(run_id, "pending") for run_id in plan.specs)


@dataclass(frozen=True)
class Contents:
    """What a store holds of plans and of how their runs ended."""

    studies: str = ""
    runs: tuple[tuple[Link, str, str], ...] = ()

    def beyond(self, plan: LoopPlan) -> int:
        """Return how many more runs of its method there were than a plan has, if it is a part of them."""
        had = self._had(plan)
        return len(had - set(plan.specs)) if plan.specs.keys() <= had else 0

    def replaced_by(self, plan: LoopPlan) -> bool:
        """Return whether the method of a plan had other runs: of another config, other sources or other seeds."""
        had = self._had(plan)
        return not (had <= plan.specs.keys() or plan.specs.keys() <= had)

    def finished_of(self, plan: LoopPlan) -> int:
        """Return how many runs of a plan had finished."""
        return len({run_id for _, run_id, status in self.runs if status == "finished" and run_id in plan.specs})

    def _had(self, plan: LoopPlan) -> set[str]:
        place = (plan.study, plan.method)
        return {i for link, i, status in self.runs if (link.study, link.method) == place and status != "pending"}

    def others_than(self, plan: LoopPlan) -> list[str]:
        """Return the other methods of its study."""
        return [
            m for m in dict.fromkeys(x.method for x, _, _ in self.runs if x.study == plan.study) if m != plan.method
        ]

    def of_other_size(self, plan: LoopPlan) -> dict[str, int]:
        """Return how many runs those other methods of the study have that have not as many as a plan."""
        counts = Counter(link.method for link, _, _ in self.runs if link.study == plan.study)
        return {method: count for method, count in counts.items() if count != len(plan.planned)}


def contents(path: Path) -> Contents:
    """Return the contents of a store, none where there is none."""
    store = Store.if_there(path)
    if store is None:
        return Contents()
    with store:
        return Contents(repr(store.studies()), tuple((run.link, run.run_id, run.status) for run in store.runs()))


_ended: dict[tuple[Path, str], dict[str, bool]] = {}
"""Of each study, by its store and name, the methods whose loops have ended here, and whether their runs are others."""

_shown: dict[tuple[Path, str], tuple[Contents, str]] = {}
"""Of each study, by its store and name, what its table was printed of last, and by the loop of which method."""


def close(plan: LoopPlan, trained: int, before: Contents, console: Console) -> None:
    """Say what was trained and what was there, print the table and write the report next to the store.

    The report is written where it is missing or something has changed. A table that the loop of another
    method has printed just so is not printed again. While methods have different numbers of runs it is not printed,
    unless nothing has changed, nor while one has other runs than before and the others' are old: as a rule, their loops
    follow.

    Args:
        plan: the loop.
        trained: how many of its runs were trained by it.
        before: the contents of the store when it began.
        console: where it is said.

    """
    counts = statuses_of(plan)
    found = ", ".join(f"{count} {status.replace('_', ' ')}" for status, count in counts.items())
    store = shlex.quote(str(plan.path))
    if trained:
        old = len(plan.planned) - trained
        kept = f", {old} from before" if old else ""
        again = trained + before.finished_of(plan) - len(plan.planned)
        kept = f" ({again} of them again)" * (again > 0) + kept
        text = f"'{plan.method}' in {plan.path}: {trained} run{'s'[: trained > 1]} trained{kept}: {found}"
    else:
        text = f"nothing to train in {plan.path}: of '{plan.method}' there are {found}"
    failed = any(counts[status] for status in FAILURES)
    why = f"; why: seedwise status {store}; retry_failed=True trains the failed again" if failed else ""
    console.print(f"seedwise: {text}{why}", soft_wrap=True)
    more = before.beyond(plan)
    if more:
        console.print(
            f"seedwise: {more} more run{'s'[: more > 1]} of '{plan.method}' {'are' if more > 1 else 'is'} kept and not "
            "shown: a call for as many as before shows all again",
            soft_wrap=True,
        )
    now, place = contents(plan.path), (plan.path.resolve(), plan.study)
    ended, replaced = _ended.setdefault(place, {}), before.replaced_by(plan)
    if replaced and plan.method in ended:  # the program, or a cell, has begun again with other settings
        ended.clear()
    ended[plan.method] = ended.get(plan.method, False) or replaced
    shown, by = _shown.get(place, (None, plan.method))
    if shown == now and by != plan.method:
        console.print("seedwise: table and report are those above", soft_wrap=True)
        return
    is_new = bool(trained) or now != before
    older = [method for method in now.others_than(plan) if method not in ended] if any(ended.values()) else []
    if older:
        named = " and ".join(f"'{method}'" for method in older)
        console.print(
            f"seedwise: '{plan.method}' has other runs than before (another config, sources or seeds), and those of "
            f"{named} are from before: the table follows with their loops; as it is: seedwise show {store}",
            soft_wrap=True,
        )
    others = now.of_other_size(plan) if is_new else {}
    if others and not older:
        numbers = " and ".join(f"'{method}' {count}" for method, count in others.items())
        console.print(
            f"seedwise: '{plan.method}' now has {len(plan.planned)} runs, {numbers}: the table follows when all have "
            f"as many; as it is: seedwise show {store}",
            soft_wrap=True,
        )
    elif not older:
        _shown[place] = now, plan.method
    try:
        _show(plan, console, table=not (others or older), is_new=is_new)
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


def _show(plan: LoopPlan, console: Console, *, table: bool, is_new: bool) -> None:
    from seedwise.terminal import print_study, write_report

    report = plan.path.with_suffix(".html")
    with Store(plan.path) as store:
        if table:
            print_study(store, plan.study, console)
        if is_new or not report.exists():
            write_report(store, report)
    again = f"; the table again: seedwise show {shlex.quote(str(plan.path))}" if table else ""
    console.print(f"report: {report}{again}", soft_wrap=True)
