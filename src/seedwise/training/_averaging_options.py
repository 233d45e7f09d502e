"""The options of averages of weights."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final

_WINDOWS: Final = 5
"""A run should be so many windows of its average long: exp(-5), less than 1 %, of the average lies further back."""


@dataclass(frozen=True)
class EMA:
    """The exponential moving average of the weights after each step 1..t,

        sum over i of (1 - decay) decay^(t - i) weights_i / (1 - decay^t);

    with ``debias: false`` instead ``average = decay average + (1 - decay) weights`` after every step, from the initial
    weights on, of which a share of ``decay^t`` is left. In a study file ``debias`` is true unless it says otherwise; a
    run's name without it means false, as before there was a choice. Running statistics of batch norms are averaged in
    the same way; counters are those of the last step.
    """

    decay: Annotated[float, ("gt", 0), ("lt", 1)]
    debias: Annotated[bool, ("in_study_files", True)] = False

    on_host = "ema counts its steps"

    def notes(self, steps: int) -> list[str]:
        """Return what is to be said of a training of so many steps."""
        # Rounded, so that a fifth is not more than a fifth.
        if round(steps * (1 - self.decay), 6) >= _WINDOWS:
            return []
        window = f"the average looks back over {1 / (1 - self.decay):.0f} steps, and there are {steps}"
        start = "" if self.debias else f"; {self.decay**steps:.0%} of it are the initial weights"
        gap = _WINDOWS / steps
        if gap >= 1:
            return [f"{window}{start}: train longer, or leave out averaging"]
        digit = 10.0 ** math.floor(math.log10(gap))
        # The next rounder number that fits, but never 0.
        rounded = min(math.ceil(round(gap / digit, 6)) * digit, (1 + gap) / 2)
        return [f"{window}{start}: set decay to {1 - rounded:.6g} or less"]


@dataclass(frozen=True)
class SWA:
    """The mean of the weights after each epoch, from the share ``start`` of the epochs on.

    Statistics of batch norms are recomputed on the training set, in its own order and not varied. Epochs before have
    no average: they are evaluated with the weights as they are, and are not chosen by ``validation: {rule: best}``.
    """

    start: Annotated[float, ("ge", 0), ("lt", 1)]

    def first_epoch(self, epochs: int) -> int:
        """Return the first epoch whose weights are averaged, counted from 0."""
        return math.ceil(round(self.start * epochs, 9))

    def fits(self, train: Mapping[str, Any]) -> None:
        """Raise ValueError unless there is an epoch to average."""
        epochs = train["epochs"]
        if self.first_epoch(epochs) >= epochs:
            latest = math.floor(1000 * (epochs - 1) / epochs) / 1000
            raise ValueError(
                f"start {self.start:g} leaves none of {epochs} epochs to average: set start to {latest:g} or less"
            )
