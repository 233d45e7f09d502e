"""Which runs tell sources apart, and what a store keeps of that; for study files and for loops."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from seedwise.errors import SeedwiseError
from seedwise.statistics import AttributionDesign, attribution_design
from seedwise.statistics.attribution.design import MINIMUM_BLOCKS
from seedwise.study._regimes import regime_name


@dataclass(frozen=True)
class AttributionPlan:
    """An attribution of one method.

    Attributes:
        name: of the study of its runs.
        method: whose runs they are.
        design: their seeds.

    """

    name: str
    method: str
    design: AttributionDesign

    @property
    def description(self) -> dict[str, Any]:
        """What the store keeps of it."""
        return {"method": self.method, "sources": list(self.design.sources), "blocks": self.design.blocks}


def attribution_plan(
    study: str,
    method: str,
    sources: Sequence[str],
    blocks: int,
    *,
    is_base: bool,
    first_replicate: int,
    vary: str,
    more: str,
    where: str = "",
) -> AttributionPlan:
    """Return the attribution of a method.

    Args:
        study: the study that it belongs to.
        method: the method.
        sources: those that are told apart.
        blocks: number of blocks of the design.
        is_base: whether the method is the study's base, which then needs no mention in the name.
        first_replicate: its seeds are those of the study's own replicates from this one on, whose runs then serve
            twice.
        vary: how the option of the sources is written, with ``{}`` for its value.
        more: how the number of blocks is written, with ``{}`` for its value.
        where: what a message begins with.

    Raises:
        SeedwiseError: for fewer than two sources or three blocks, or ``hardware``.

    """
    if "hardware" in sources:
        others = regime_name([source for source in sources if source != "hardware"])
        raise SeedwiseError(
            f"{where}no seed holds 'hardware' fixed, so that no two runs differ in another source only: leave it out, "
            f"such as {vary.format(others)}"
        )
    try:
        design = attribution_design(sources, blocks, first_seed=1 + first_replicate)
    except ValueError as error:
        hint = f" with {more.format(MINIMUM_BLOCKS)}" if len(sources) > 1 and blocks < MINIMUM_BLOCKS else ""
        raise SeedwiseError(f"{where}{error}{hint}") from None
    return AttributionPlan(f"{study}-attribution{'' if is_base else f'-{method}'}", method, design)
