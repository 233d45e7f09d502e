"""Tables with a row per run and metric, the name of which stands in a column."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from seedwise.errors import SeedwiseError, listed
from seedwise.results import _names
from seedwise.results._cells import different, texts
from seedwise.results._layout import is_numeric
from seedwise.results._roles import Roles

if TYPE_CHECKING:
    import pandas as pd


def one_metric(data: pd.DataFrame, roles: Roles) -> tuple[pd.DataFrame, Roles]:
    """Return the rows of the metric that is asked for, or of the only one, its numbers in a column of its name.

    Args:
        data: the table.
        roles: what the user says.

    Raises:
        SeedwiseError: if there are several metrics and none is asked for.

    """
    names = [column for column in data.columns if _names.one_of(column, _names.METRIC_NAMES)]
    numbers = [column for column in data.columns if _names.one_of(column, _names.VALUES)]
    if len(names) != 1 or len(numbers) != 1 or names[0] in (roles.by, *roles.named):
        return data, roles
    (name,), (value,) = names, numbers
    kinds = [kind for kind in different(data[name]) if kind]
    if not kinds or is_numeric(data[name]) or not is_numeric(data[value]) or set(kinds) & {*data.columns}:
        return data, roles
    asked = [metric for metric in roles.metric if metric in kinds]
    if not asked and (len(kinds) > 1 or roles.metric not in ((), (value,))):
        raise SeedwiseError(
            f"which metric of the column '{name}': {listed(kinds)}? Pass --metric '{kinds[0]}' (metric=...), or --by "
            f"'{name}' if it names the method"
        )
    if len(asked) > 1:
        raise SeedwiseError(f"the column '{name}' holds a metric per row: pass one, --metric '{asked[0]}' (metric=...)")
    metric = asked[0] if asked else kinds[0]
    data = data[np.array([text == metric for text in texts(data[name])], dtype=bool)].reset_index(drop=True)
    return data.drop(columns=name).rename(columns={value: metric}), replace(roles, metric=(metric,))
