"""What the user says about a table of results."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

from seedwise.errors import SeedwiseError, did_you_mean, listed
from seedwise.results._marks import bare

Decimal = Literal[".", ","]
"""The decimal point of a table, or its decimal comma."""
_COLUMNS: Final = ("by", "methods", "seed", "task", "tasks", "metric", "step", "best", "fold", "item", "bounds")


@dataclass(frozen=True)
class Roles:
    """What each column of a table is, as far as the user says it; the rest is found by name, and said.

    Attributes:
        by: the column that names the method.
        methods: the methods to compare: columns of a wide table, or values of the column that names the method.
        seed: the columns that together name the seed.
        name: how method and seed are written in one name, such as ``{method}-s{seed}``.
        task: the column of the task.
        tasks: the columns that hold one metric, each on a task of its own.
        metric: the columns of the metrics.
        where: column and value of the rows to keep.
        step: the column that counts the steps of a curve, of which the last is taken.
        best: the metric whose best step is taken instead.
        fold: the column of the fold of a cross-validation, before it that of its repeats if there are some.
        test_share: share of the examples that a fold tests on; None: one over the number of folds.
        item: the column of the example, where a row is one example of a run.
        bounds: the columns of the scores that count as 0 and as 1.
        higher_is_better: the direction; None: by the name of the metric.
        unit: of the metric; ``share`` for fractions that are to be shown in percent; None: by name and values.
        decimal: the decimal sign; None: the one that fits.

    """

    by: str | None = None
    methods: tuple[str, ...] = ()
    seed: tuple[str, ...] = ()
    name: str | None = None
    task: str | None = None
    tasks: tuple[str, ...] = ()
    metric: tuple[str, ...] = ()
    where: tuple[tuple[str, str], ...] = ()
    step: str | None = None
    best: str | None = None
    fold: tuple[str, ...] = ()
    test_share: float | None = None
    item: str | None = None
    bounds: tuple[str, ...] = ()
    higher_is_better: bool | None = None
    unit: str | None = None
    decimal: Decimal | None = None

    def __post_init__(self) -> None:
        named = [self.by, *self.named]
        twice = next((name for k, name in enumerate(named) if name is not None and name in named[:k]), None)
        if twice is not None:
            raise SeedwiseError(
                f"the column '{twice}' is named for two roles: it can be one of method, seed, task, metric"
            )

    def in_titles(self, titles: Iterable[str]) -> Roles:
        """Return the same, a column that is named without the marks in its title by this title.

        Example:
            >>> Roles(metric=("acc",), seed=("seed",)).in_titles(["seed", "acc (\u2191)"]).metric
            ('acc (\u2191)',)

        """
        there = list(titles)
        plain = Counter(map(bare, there))
        by_name = {bare(title): title for title in there if plain[bare(title)] == 1}

        def title(name: str) -> str:
            return name if name in there else by_name.get(name, name)

        named: dict[str, Any] = {field: getattr(self, field) for field in _COLUMNS}
        found: dict[str, Any] = {
            field: title(given) if isinstance(given, str) else given and tuple(map(title, given))
            for field, given in named.items()
        }
        return replace(self, **found, where=tuple((title(column), value) for column, value in self.where))

    @property
    def named(self) -> list[str | None]:
        """The columns that are named for something else than the method."""
        return [*self.seed, self.task, self.step, *self.fold, self.item, *self.bounds, *self.metric]


def known(what: str, given: str, allowed: Iterable[object]) -> str:
    """Return the name, which must be one of those allowed.

    Raises:
        SeedwiseError: one line that lists them.

    """
    names = [str(one) for one in allowed]
    if given in names:
        return given
    raise SeedwiseError(f"there is no {what} '{given}': {did_you_mean(given, names)}there are {listed(names, 20)}")
