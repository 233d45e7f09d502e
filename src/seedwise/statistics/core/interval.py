"""The result of every estimate: a number with its interval."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Interval:
    """An estimate with its confidence interval, the number of runs behind it and how it was made.

    Attributes:
        estimate: the point estimate, in the unit of the quantity.
        low: lower limit of the interval.
        high: upper limit of the interval.
        level: confidence level, between 0 and 1.
        n: number of runs; a list of two, method first, for two samples.
        procedure: name of the procedure that made the interval.
        p_value: two-sided p-value of "no difference", where the procedure is a test too; otherwise None.

    Example:
        >>> Interval(estimate=0.38, low=0.29, high=0.56, level=0.95, n=20, procedure="chi-square").to_dict()
        {'estimate': 0.38, 'low': 0.29, 'high': 0.56, 'level': 0.95, 'n': 20, 'procedure': 'chi-square'}
    """

    estimate: float
    low: float
    high: float
    level: float
    n: int | list[int]
    procedure: str
    p_value: float | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as plain values for JSON; ``p_value`` only where there is a test."""
        fields: dict[str, Any] = {
            "estimate": self.estimate,
            "low": self.low,
            "high": self.high,
            "level": self.level,
            "n": list(self.n) if isinstance(self.n, list) else self.n,
            "procedure": self.procedure,
        }
        if self.p_value is not None:
            fields["p_value"] = self.p_value
        return fields
