"""The one layout that all others become: a row per run, or per step of a run."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from seedwise.errors import SeedwiseError
from seedwise.results._roles import Roles

if TYPE_CHECKING:
    import pandas as pd

ROW: Final = "row"
"""The column that numbers the rows of a wide table without seeds."""

OF_COLUMN: Final = "task of column"
"""The column of the task where tasks were columns."""


@dataclass
class Notes:
    """What was found by name, and what was left out: a phrase each."""

    read_as: list[str] = field(default_factory=list)
    set_aside: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Long:
    """A table with a row per run or step of a run.

    Attributes:
        data: its cells, as written.
        method: the column of the method.
        seed: the column of the seed where the layout says it.
        metric: the column of the metric where the layout says it.
        step: the column of the steps where the layout says it.
        of_file: whether the method is named after the file.

    """

    data: pd.DataFrame
    method: str
    seed: str | None = None
    metric: str | None = None
    step: str | None = None
    of_file: bool = False


def name_of_values(roles: Roles, columns: Iterable[str]) -> str:
    """Return what the values are called of a table with a column per method or seed: the metric that the user names.

    Raises:
        SeedwiseError: if that is one of these columns.

    """
    name = roles.metric[0] if roles.metric else "value"
    if name in columns:
        raise SeedwiseError(
            f"'{name}' is a column: where each method or seed has one, --metric is a name for what they hold"
        )
    return name
