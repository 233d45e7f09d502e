"""The options of weight selection, which need no torch."""

from dataclasses import dataclass, field
from typing import Annotated, Literal

Mode = Literal["greedy", "probabilistic"]
Init = Literal["glorot", "sigma"]
SampleInEval = Literal[False, True, "every_pass"]


@dataclass(frozen=True)
class SelectionOptions:
    """Each weight is chosen among ``k`` random ones, by trained scores: ``selection.select_weights``.

    ``leave`` names modules that are trained as usual. ``sample_in_eval: every_pass`` draws anew in every batch of an
    evaluation, and evaluates in batches of the training's size.
    """

    k: Annotated[int, ("ge", 1)] = 8
    mode: Mode = "greedy"
    init: Init = "glorot"
    store_weights: bool = True
    sample_in_eval: SampleInEval = False
    leave: list[str] = field(default_factory=list)

    def notes(self, steps: int) -> list[str]:  # noqa: ARG002 - others say something of the length of a training
        """Return what is to be said of a training of so many steps."""
        return ["k = 1 leaves nothing to choose: the weights are fixed at random"] if self.k == 1 else []
