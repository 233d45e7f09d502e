"""What a metric is: its name, unit, direction and value at chance level."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

SHARE: Final = "share"
"""The unit of a fraction between 0 and 1, which is shown in percent."""


@dataclass(frozen=True)
class Metric:
    """A number that says how good predictions are.

    Attributes:
        name: as in ``test/accuracy``; without a split in the metrics that a task declares.
        unit: ``share`` for a fraction between 0 and 1, which is shown in percent; else what is written behind a number,
            such as ``%``, or nothing.
        higher_is_better: its direction.
        chance: what guessing gives, in the same unit, or None if that is unknown.

    Example:
        >>> accuracy = Metric("test/accuracy", unit="share", chance=0.1)
        >>> accuracy.scale, accuracy.shown.unit, accuracy.shown.chance, accuracy.title
        (100.0, '%', 10.0, 'accuracy')

    """

    name: str
    unit: str = ""
    higher_is_better: bool = True
    chance: float | None = None

    def on(self, split: str) -> Metric:
        """Return the metric of the predictions on ``split``, unless its name says which."""
        return self if "/" in self.name else replace(self, name=f"{split}/{self.name}")

    @property
    def scale(self) -> float:
        """What its values are multiplied by where they are shown."""
        return 100.0 if self.unit == SHARE else 1.0

    @property
    def is_percent(self) -> bool:
        """Whether it is shown in percent."""
        return self.shown.unit == "%"

    @property
    def shown(self) -> Metric:
        """The same metric in the unit in which it is shown."""
        if self.unit != SHARE:
            return self
        return replace(self, unit="%", chance=None if self.chance is None else self.scale * self.chance)

    @property
    def unit_of_differences(self) -> str:
        """What is written behind differences of its values, and behind SDs: those of percentages are in points."""
        return "points" if self.is_percent else self.shown.unit

    @property
    def title(self) -> str:
        """Its name in a heading, where ``test/`` goes without saying."""
        return self.name.removeprefix("test/")

    @property
    def axis(self) -> str:
        """Its name at the axis of a figure, with the unit in which it is shown."""
        unit = self.shown.unit
        return f"{self.title} [{unit}]" if unit else self.title


def unit_of(name: str, declared: str | None) -> str:
    """Return the unit that was declared; without one, accuracy is a share and everything else has none."""
    if declared is not None:
        return declared
    return SHARE if name.rpartition("/")[2] == "accuracy" else ""


def as_recorded(metric: Metric, values: Iterable[float | None]) -> Metric:
    """Return the metric in the unit that its values have: a share of which one is above 1 was recorded in percent.

    Args:
        metric: as it was declared.
        values: of all runs.

    """
    if metric.unit != SHARE or not any(value is not None and 1 < abs(value) < math.inf for value in values):
        return metric
    return metric.shown


def inferred(name: str, largest: float, *, higher_is_better: bool = True, chance: float | None = None) -> Metric:
    """Return a metric of which nobody said the unit: a share if its name says so and no value is above 1.

    Args:
        name: the name; its last words decide, so that ``mean_absolute_error`` is none.
        largest: the largest absolute value.
        higher_is_better: its direction.
        chance: what guessing gives.

    Example:
        >>> inferred("test/accuracy", 0.98).unit, inferred("accuracy", 98.0).unit, inferred("absolute_error", 0.4).unit
        ('share', '', '')

    """
    words = [w for w in re.split(r"[^a-z0-9]+|(?<=top)(?=[0-9])", name.rpartition("/")[2].lower()) if w]
    said = [word for word in words if word not in _QUALIFIERS and not word.isdecimal()]
    share = said[-1:] in (["accuracy"], ["acc"], ["churn"]) or said in _RATES
    return Metric(name, SHARE if share and largest <= 1 else "", higher_is_better, chance)


_QUALIFIERS: Final = ("test", "train", "training", "validation", "val", "valid", "top", "mean", "rate", "score")
"""Words in a name that do not say what is measured."""
_RATES: Final = (["error"], ["err"], ["classification", "error"])
