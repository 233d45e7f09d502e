"""What a store says of a study, on the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seedwise.reporting import attribution_findings, results_of
from seedwise.study import attribution_results, cells_of, description_of, is_attribution
from seedwise.terminal._metric import unreported_metric
from seedwise.terminal._tables import print_attribution, print_results

if TYPE_CHECKING:
    from rich.console import Console

    from seedwise.store import Store


def print_study(store: Store, study: str, out: Console | None = None) -> bool:
    """Print the table of a study, or what the runs of an attribution say of the sources; searches have neither.

    Args:
        store: where it is.
        study: its name.
        out: where it is printed; None: the standard output.

    Returns:
        Whether what was asked for is known: some run reported the metric, or the sources can be told apart.

    """
    described = store.studies()[study]
    if is_attribution(described):
        sections = attribution_results(store, study)
        for section in sections:
            print_attribution(attribution_findings(section), out)
        return all(section.known for section in sections)
    description, cells = description_of(study, described), cells_of(store, study)
    missing = unreported_metric(store.runs(study), cells[0].metric.name, is_loop=description.is_loop)
    print_results(results_of(description, cells), missing, out)
    return missing is None
