"""What the user says about results from elsewhere, declared once for the command line and for Python."""

from __future__ import annotations

import functools
import inspect
import operator
import textwrap
import typing
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from numbers import Real
from typing import Annotated, Any, Concatenate, Final, ParamSpec, TypeVar

from seedwise.errors import SeedwiseError
from seedwise.results._roles import Decimal, Roles
from seedwise.statistics.cells.question import Question

P = ParamSpec("P")
Given = TypeVar("Given")
Options = TypeVar("Options")
Result = TypeVar("Result")

Names = str | Sequence[str] | None
"""One column or several; on the command line separated by commas."""
Normalize = str | Sequence[str] | Mapping[str, tuple[float, float]] | None
"""A file of bounds, ``base``, the columns of what is 0 and what is 1, or in Python both by task."""
Conditions = Mapping[str, object] | None
"""By column the value of the rows to keep; on the command line COLUMN=VALUE, several times."""


@dataclass(frozen=True)
class Help:
    """What an option is, in ``--help`` and in the docstring.

    Attributes:
        text: a sentence.
        default: what holds where the option is not given, if its default does not say so.

    """

    text: str
    default: str | None = None


@dataclass(frozen=True, kw_only=True)
class ReadOptions:
    """Which column of a table is what; the rest is found by name, and said."""

    by: Annotated[str | None, Help("The column that names the method.", "by its name")] = None
    methods: Annotated[Names, Help("The methods to compare: columns of a wide table, or values of the method.")] = None
    metric: Annotated[Names, Help("Columns of the metrics; in a wide table its name.", "by its name")] = None
    seed: Annotated[Names, Help("Columns that together name the seed.", "by its name")] = None
    name: Annotated[str | None, Help("How runs are named, such as '{method}-s{seed}'.")] = None
    task: Annotated[str | None, Help("The column of the task.", "by its name")] = None
    tasks: Annotated[Names, Help("The columns that hold one metric, each on a task of its own.")] = None
    where: Annotated[Conditions, Help("Keep the rows with this value, of several columns with all of these.")] = None
    step: Annotated[str | None, Help("The column of the step of curves: the last one counts.", "by its name")] = None
    best: Annotated[str | None, Help("Take the step where this metric is best instead.")] = None
    fold: Annotated[
        Names, Help("The column of the fold of a cross-validation; of a repeated one REPEAT,FOLD.", "by its name")
    ] = None
    test_share: Annotated[
        float | None,
        Help("The share of the examples that a fold tests on.", "1 over the number of folds"),
        ("gt", 0),
        ("lt", 1),
    ] = None
    item: Annotated[str | None, Help("The column of the example, where a row is one example of a run.")] = None
    higher_is_better: Annotated[
        bool | None, Help("Whether more is better, whatever the metric is called.", "by its name")
    ] = None
    lower_is_better: Annotated[bool, Help("The metric is a loss or an error.")] = False
    unit: Annotated[str | None, Help("The unit; 'share' for fractions to be shown in percent.")] = None
    decimal: Annotated[Decimal | None, Help("The decimal sign of numbers in texts: . or ,", "the one that fits")] = None

    def __post_init__(self) -> None:
        if self.lower_is_better and self.higher_is_better:
            raise SeedwiseError(
                "--lower-is-better and --higher-is-better exclude each other: pass one (lower_is_better=True)"
            )
        for field in fields(self):
            _, limits = help_and_limits(type(self), field.name)
            value = getattr(self, field.name)
            if not limits or value is None:
                continue
            is_number = isinstance(value, Real)
            if not is_number or not all(_LIMITS[kind].holds(value, limit) for kind, limit in limits.items()):
                shown = f"{value:g}" if is_number else repr(value)
                option = f"--{field.name.replace('_', '-')}"
                raise SeedwiseError(f"{option} is {shown}: pass a number {said(limits)} ({field.name}=...)")
        if self.tasks and self.task is not None:
            raise SeedwiseError(
                "--task names the column of the task and --tasks a column for each: pass one (tasks=[...])"
            )
        if self.decimal not in (None, ".", ","):
            raise SeedwiseError(f"--decimal is '{self.decimal}': it is . or , (decimal='.')")

    @property
    def roles(self) -> Roles:
        """What each column is."""
        return Roles(
            by=self.by,
            methods=_names(self.methods),
            seed=_names(self.seed),
            name=self.name,
            task=self.task,
            tasks=_names(self.tasks),
            metric=_names(self.metric),
            where=tuple((column, str(value)) for column, value in (self.where or {}).items()),
            step=self.step,
            best=self.best,
            fold=_names(self.fold),
            test_share=self.test_share,
            item=self.item,
            higher_is_better=False if self.lower_is_better else self.higher_is_better,
            unit=self.unit,
            decimal=self.decimal,
        )


@dataclass(frozen=True, kw_only=True)
class ScoreOptions(ReadOptions):
    """The same, and how failed runs count."""

    chance: Annotated[float | None, Help("The metric at chance level, to count failed runs with.")] = None


@dataclass(frozen=True, kw_only=True)
class CompareOptions(Question, ScoreOptions):
    """What is compared in a table, and what is asked."""

    summary: Annotated[bool, Help("The table holds means and SDs: columns, or '87.1 ± 0.2'.")] = False
    n: Annotated[
        int | str | None, Help("The number of runs behind each mean, or the column that says it.", "by its name")
    ] = None
    normalize: Annotated[
        Normalize,
        Help(
            "Scores of 0 and 1 for the interquartile mean: a table with a row per task, two columns (ZERO,ONE), or "
            "'base' for the worst and the best of the base's runs."
        ),
    ] = None
    base: Annotated[str | None, Help("The method that the others are compared with.", "the one called base")] = None
    unpaired: Annotated[bool, Help("The runs of different methods share nothing.")] = False

    def __post_init__(self) -> None:
        super().__post_init__()
        if isinstance(self.n, str) and self.n.isdecimal():
            object.__setattr__(self, "n", int(self.n))
        if isinstance(self.normalize, Sequence) and not isinstance(self.normalize, str) and len(self.normalize) != 2:
            raise SeedwiseError("--normalize takes a file, two columns (ZERO,ONE), or base")
        default = {field.name: field.default for field in fields(self)}
        given = next((name for name in _OF_RUNS if getattr(self, name) != default[name]), None)
        if self.summary and given is not None:
            option = f"--{given.replace('_', '-')}"
            raise SeedwiseError(f"--summary compares means and SDs, and {option} is about runs: leave one out")
        if self.n is not None and not self.summary:
            raise SeedwiseError("--n says how many runs are behind a mean: pass --summary, too (summary=True)")

    @property
    def roles(self) -> Roles:
        """What each column is."""
        columns = isinstance(self.normalize, Sequence) and not isinstance(self.normalize, str)
        return replace(super().roles, bounds=tuple(map(str, self.normalize or ())) if columns else ())

    @property
    def question(self) -> Question:
        """What is asked."""
        return Question(**{field.name: getattr(self, field.name) for field in fields(Question)})


def takes(
    declared: Callable[P, Options],
) -> Callable[[Callable[[Given, Options], Result]], Callable[Concatenate[Given, P], Result]]:
    """Let a function of something and of options take these by their names.

    Their names, types and defaults are those of the declaration; the docstring ends with ``Args``, and they are added.

    Example:
        >>> @takes(CompareOptions)
        ... def margin_of(data: object, options: CompareOptions) -> float | None:
        ...     '''Return the margin.
        ...
        ...     Args:
        ...         data: anything.
        ...     '''
        ...     return options.margin
        >>> margin_of(None, margin=0.5)
        0.5

    """

    def taking(function: Callable[[Given, Options], Result]) -> Callable[Concatenate[Given, P], Result]:
        first, *_ = inspect.signature(function).parameters.values()
        hints = typing.get_type_hints(declared)
        own = [one.replace(annotation=hints[name]) for name, one in inspect.signature(declared).parameters.items()]
        signature = inspect.Signature([first, *own], return_annotation=inspect.signature(function).return_annotation)

        @functools.wraps(function)
        def called(given: Given, /, *args: P.args, **kwargs: P.kwargs) -> Result:
            signature.bind(given, *args, **kwargs)  # its mistakes are named after the function
            return function(given, declared(*args, **kwargs))

        called.__signature__ = signature  # type: ignore[attr-defined]
        called.__doc__ = _documented(function.__doc__ or "", declared)
        return called

    return taking


@dataclass(frozen=True)
class _Limit:
    """What a limit asks of a value, and how it is said."""

    holds: Callable[[float, float], bool]
    words: str


_LIMITS: Final = {"gt": _Limit(operator.gt, "above"), "lt": _Limit(operator.lt, "below")}
_OF_RUNS: Final = ("seed", "name", "step", "best", "fold", "test_share", "item", "unpaired", "chance", "normalize")


def said(limits: Mapping[str, float]) -> str:
    """Return limits in words, such as ``above 0 and below 1``; empty if there are none."""
    return " and ".join(f"{_LIMITS[kind].words} {limit:g}" for kind, limit in limits.items())


_hints = functools.cache(functools.partial(typing.get_type_hints, include_extras=True))


def help_and_limits(declared: Any, name: str) -> tuple[Help, dict[str, float]]:
    """Return what an option of a declaration is, with its limits in words, and these by ``gt`` and ``lt``."""
    marks = typing.get_args(_hints(declared)[name])[1:]
    (help_,) = [Help(mark) if isinstance(mark, str) else mark for mark in marks if isinstance(mark, Help | str)]
    limits: dict[str, float] = dict(mark for mark in marks if isinstance(mark, tuple))
    return (replace(help_, text=f"{help_.text[:-1]}, {said(limits)}.") if limits else help_), limits


def _documented(text: str, declared: Any) -> str:
    """Return a docstring, which ends with its arguments, with the options behind these."""
    lines = []
    for field in fields(declared):
        help_, _ = help_and_limits(declared, field.name)
        default = f" Default: {help_.default}." if help_.default else ""
        lines += textwrap.wrap(f"{field.name}: {help_.text}{default}", 108, subsequent_indent="    ")
    return f"{inspect.cleandoc(text)}\n{textwrap.indent(chr(10).join(lines), ' ' * 4)}\n"


def _names(given: Names) -> tuple[str, ...]:
    return () if given is None else (given,) if isinstance(given, str) else tuple(given)
