"""How the folds of a cross-validation were compared."""

from __future__ import annotations

from collections.abc import Sequence

from seedwise.results import ComparedRuns
from seedwise.statistics import Interval
from seedwise.statistics.means.folds import COMBINED_F, CORRECTED_T, FIVE_BY_TWO_ERRORS


def about_folds(found: ComparedRuns) -> list[str]:
    """Return a sentence on the tests that were made, of folds; none of runs that are no folds."""
    shares = {cell.task: cell.folds.share for cell in found.cells if cell.folds is not None}
    if not shares:
        return []
    tasks: dict[str, list[str]] = {}
    for row in found.answer.rows:
        if isinstance(row.mean_difference, Interval):
            tasks.setdefault(row.mean_difference.procedure, []).append(row.task)
    tests = []
    if CORRECTED_T in tasks:
        tests.append(_corrected_t([shares[task] for task in tasks[CORRECTED_T]]))
    if COMBINED_F in tasks:
        tests.append(
            f"Alpaydin's combined F over 5 x 2 folds, which at .05 calls {_errors(COMBINED_F)} of equally good methods "
            f"different in simulations (--test-share .5: the corrected t, {_errors(CORRECTED_T)})"
        )
        tests += ["equivalence by the corrected t"] if found.question.margin is not None else []
    return [f"means: {'; '.join(tests) or 'not compared'}; spread: that of seeds within a fold, pooled over folds"]


def _corrected_t(shares: Sequence[float]) -> str:
    ratios = dict.fromkeys(f"{share / (1 - share):.3g}" for share in shares)
    return f"Nadeau and Bengio's corrected t over folds, with n_test/n_train = {' or '.join(ratios)}"


def _errors(procedure: str) -> str:
    low, high = FIVE_BY_TWO_ERRORS[procedure]
    return f"{100 * low:.0f} to {100 * high:.0f} %"
