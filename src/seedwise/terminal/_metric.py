"""A study whose metric no run reported."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from seedwise.training import FUNCTION

if TYPE_CHECKING:
    from seedwise.study import StoredRun


def unreported_metric(runs: Sequence[StoredRun], metric: str, *, is_loop: bool = False) -> str | None:
    """Return what to change where no finished run reported the study's metric, or older ones did not; else None.

    Args:
        runs: the runs of a study.
        metric: its metric, such as ``test/accuracy``.
        is_loop: whether a loop over ``seedwise.replicates`` trained them, and no study file says what to train.

    """
    finished = [run for run in runs if run.status == "finished"]
    older = [run for run in finished if run.content["function"] == FUNCTION and metric not in run.metrics]
    if older:
        return (
            f"{len(older)} of {len(finished)} finished runs were trained before {metric} was recorded, and are left "
            "out: --retrain trains them again"
        )
    if not finished or any(metric in run.metrics for run in finished):
        return None
    reported = list(dict.fromkeys(name for run in finished for name in run.metrics))
    name = reported[0].removeprefix("test/")
    remedy = f'pass metric="{name}" to seedwise.replicates' if is_loop else f"set task: {{metric: {name}}}"
    return f"no run reported {metric}; runs reported {', '.join(reported)}: {remedy}"
