"""How many runs it takes, said once for a whole table."""

from __future__ import annotations

from seedwise.statistics import RunsToResolve
from seedwise.statistics.core.formatting import decimals_for, number


def plan_sentences(plan: RunsToResolve | None, *, listed: bool = False) -> list[str]:
    """Return what the plan of a table says, a sentence on the spread and one on the mean.

    Args:
        plan: the plan, if anything is not resolved.
        listed: whether they are items of a list: these begin with a small letter and end without a full stop.

    """
    if plan is None:
        return []
    finding, end = ("finding", "") if listed else ("Finding", ".")
    m = plan.comparisons
    where = f" in one of {m} comparisons" if m > 1 else ""
    arms = "paired, uncorrelated" if plan.paired else "not paired"
    found = []
    if plan.spread is not None:
        sentence = (
            f"{finding} an SD ratio of {plan.sd_ratio:g}{where} takes {plan.spread} runs per method "
            f"(power {plan.power:g}, {arms})"
        )
        if plan.reached is not None:
            sentence += f"; the {plan.n} here would find it with probability {number(plan.reached, 2)}"
        found.append(f"{sentence}{end}")
    if plan.mean is not None:
        size = "one SD of the base"
        if plan.margin is not None:
            size = f"{number(plan.margin, decimals_for(plan.margin))}, {number(plan.difference, 2)} SDs of the base,"
        found.append(f"{finding} a difference of means of {size}{where} takes {plan.mean}{end}")
    return found
