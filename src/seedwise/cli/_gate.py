"""``seedwise gate``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from seedwise.errors import SeedwiseError

if TYPE_CHECKING:
    from seedwise.results import Runs
    from seedwise.statistics import Gate, Metric

NAME: Final = "gate"
EXAMPLE: Final = "seedwise gate new.csv --base base.csv --metric accuracy"
REGRESSION, NOT_EQUIVALENT = 1, 5


def command(
    new: Annotated[str, typer.Argument(metavar="NEW", help="A number, or a table or store with one method's runs.")],
    base: Annotated[Path, typer.Option(help="A table or store with the runs of the base.")],
    metric: Annotated[
        str | None, typer.Option(help="The column of the metric.", show_default="the only one of numbers")
    ] = None,
    where: Annotated[
        list[str] | None, typer.Option(metavar="COLUMN=VALUE", help="Keep rows with this value; several times.")
    ] = None,
    lower_is_better: Annotated[
        bool, typer.Option("--lower-is-better", help="The metric is a loss or an error.")
    ] = False,
    alpha: Annotated[
        float, typer.Option(min=0.0001, max=0.4999, help="The chance of an alarm where nothing is worse, per use.")
    ] = 0.05,
    margin: Annotated[
        float | None,
        typer.Option(help="The largest difference that you would still call equal: it has to be shown.", min=0.0),
    ] = None,
) -> None:
    """Tell a regression from the noise of the base's seeds, for continuous integration.

    Exit codes: 0 no regression beyond the noise; 1 a regression; 5, with --margin alone, equivalence is not shown.
    """
    from seedwise.statistics import gate
    from seedwise.terminal import console

    of_base = _runs(base, metric, where, lower_is_better)
    declared = of_base.metrics[0]
    try:
        values = [float(new)]
    except ValueError:
        own = _runs(Path(new), metric, where, lower_is_better)
        if own.metrics[0].name != declared.name:
            raise SeedwiseError(
                f"the metric is '{own.metrics[0].name}' in {new} and '{declared.name}' in {base}: pass --metric"
            ) from None
        values = _finished(own, new)
    of_runs = _finished(of_base, str(base))
    _one_unit(values, of_runs, new, base)
    try:
        found = gate(
            values,
            of_runs,
            higher_is_better=declared.higher_is_better,
            alpha=alpha,
            margin=margin,
        )
    except ValueError as error:
        raise SeedwiseError(str(error)) from None
    out = console()
    out.print(f"base: {of_base.lines[0]}")
    out.print(_said(found, declared, margin))
    if found.outcome != "no regression":
        raise typer.Exit(REGRESSION if found.outcome == "regression" else NOT_EQUIVALENT)


def _runs(path: Path, metric: str | None, where: list[str] | None, lower_is_better: bool) -> Runs:
    from seedwise.cli._declared import condition
    from seedwise.results import Roles, folds_are_refused, understand
    from seedwise.results.readers import read

    roles = Roles(
        metric=(metric,) if metric else (),
        where=tuple(map(condition, where or ())),
        higher_is_better=False if lower_is_better else None,
    )
    runs = understand([read(path)], roles, one_may_be_a_method=True)
    folds_are_refused(runs, f"keep one fold of {path} (--where)")
    if len(runs.methods) > 1 or len(set(runs.task)) > 1:
        raise SeedwiseError(
            f"{path} holds {len(runs.methods)} methods on {len(set(runs.task))} tasks, and a gate judges one: keep one "
            "(--where COLUMN=VALUE)"
        )
    return runs


def _finished(runs: Runs, source: str) -> list[float]:
    import numpy as np

    (values,) = runs.values.values()
    failed = int(np.sum(~np.isfinite(values)))
    if failed:
        raise SeedwiseError(f"{failed} of {len(values)} runs in {source} failed: a gate needs all of them")
    return [float(value) for value in values]


def _one_unit(new: list[float], base: list[float], name: str, path: Path) -> None:
    """Refuse a fraction judged by percent, or percent by a fraction."""
    from seedwise.results import are_fraction_and_percent

    low, high = sorted((max(map(abs, new)), max(map(abs, base))))
    if are_fraction_and_percent(low, high):
        raise SeedwiseError(
            f"{name} and {path} seem to be in percent and in fractions ({low:g}, {high:g}): use one unit"
        )


def _said(found: Gate, metric: Metric, margin: float | None) -> str:
    from seedwise.statistics.core.formatting import limits, p_equals, significant

    scale, unit = metric.scale, " points" if metric.is_percent else ""
    m, n = found.difference.n if isinstance(found.difference.n, list) else (1, found.difference.n)

    def number(value: float) -> str:
        return significant(scale * value)

    apart = found.difference
    whose = f"{metric.title} of the new run" if m == 1 else f"{metric.title} of the {m} new runs, on average,"
    side = "lower" if apart.estimate < 0 else "higher"
    by = f"{number(abs(apart.estimate))}{unit} {side} than the mean of the base's {n} runs"
    ends = limits(apart.level, number(apart.low), number(apart.high))
    p = f"{p_equals(found.p_regression)}, {_better(metric)} is better"
    lines = [f"{found.outcome}: {whose} is {by} (difference: {ends}), {p}"]
    if found.equivalence is not None and margin is not None:
        shown = "shown" if found.equivalence.equivalent else "not shown"
        lines.append(f"equivalence within {number(margin)}{unit} is {shown}")
    low, high = found.false_alarms_range
    alarms = f"{significant(found.false_alarms)} raise an alarm, with this base {low:.0f} to {high:.0f}"
    smallest = f"{number(found.smallest_regression)}{unit}"
    lines.append(
        f"with as many runs a regression of {smallest} is found with a chance of .8; of 100 uses where nothing is "
        f"worse {alarms}"
    )
    return "\n".join(lines)


def _better(metric: Metric) -> str:
    return "higher" if metric.higher_is_better else "lower"
