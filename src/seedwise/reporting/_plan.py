"""How many runs it takes, said once for a whole table."""

from __future__ import annotations

from seedwise.statistics import RunsToResolve
from seedwise.statistics.core.formatting import decimals_for, number


def plan_sentences(plan: RunsToResolve | None, *, listed: bool = False) -> list[str]:
    """Return the sentence on the plan of a table, on the spread and on the mean; none where there is no plan.

    Args:
        plan: the plan, if anything is not resolved.
        listed: whether it is an item of a list, which begins with a small letter and ends without a full stop.

    """
    if plan is None:
        return []
    m = plan.comparisons
    where = f" in one of {m} comparisons" if m > 1 else ""
    parts = []
    if plan.spread is not None:
        arms = "paired, uncorrelated" if plan.paired else "not paired"
        more = f", {plan.spread - plan.n} more" if plan.spread > plan.n else ""
        parts.append(
            f"an SD ratio of {plan.sd_ratio:g}{where} takes {plan.spread} runs per method{more} "
            f"(power {plan.power:g}, {arms})"
        )
        if plan.reached is not None:
            parts.append(f"the {plan.n} here would find it with probability {number(plan.reached, 2)}")
    if plan.mean is not None:
        size = "one SD of the base"
        if plan.margin is not None:
            size = f"{number(plan.margin, decimals_for(plan.margin))}, {number(plan.difference, 2)} SDs of the base,"
        unit = "" if parts else " runs per method"
        parts.append(f"a difference of means of {size}{'' if parts else where} takes {plan.mean}{unit}")
    if not parts:
        return []
    sentence = f"{'finding' if listed else 'Finding'} {'; '.join(parts)}"
    return [sentence if listed else f"{sentence}."]
