"""What one run is, in a table from anywhere: which method, task, seed and value; and what is none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from seedwise.errors import SeedwiseError, listed
from seedwise.results import _names
from seedwise.results._cells import by_value, different, text_of, texts
from seedwise.results._columns import Columns, columns_of, seed_columns
from seedwise.results._curves import Rows, best, ends, everywhere
from seedwise.results._file_names import FILE, by_names_of_files, method_of_files
from seedwise.results._groups import groups_are_refused, phases_are_refused
from seedwise.results._items import averaged
from seedwise.results._layout import by_task, cleaned, long_of, means_are_refused, titled
from seedwise.results._long import ROW, Long, Notes
from seedwise.results._marks import differ_in_marks, is_footnoted
from seedwise.results._metric_rows import one_metric
from seedwise.results._metrics import counted, described, in_another_unit, metric_of, mixed_on_tasks
from seedwise.results._numbers import NotANumberError, Numbers, numbers_of, read_numbers
from seedwise.results._read import Frame, wide_tables_are_refused
from seedwise.results._roles import Roles, known
from seedwise.results._states import Ended, without_going
from seedwise.results._summary_rows import averages_are_refused, without_summaries
from seedwise.statistics import Folds, Metric

if TYPE_CHECKING:
    import pandas as pd

Names = NDArray[np.object_]

ONE_TASK: Final = "results"
"""The task of a table without a column of tasks."""
_MOST_METHODS: Final = 1000


@dataclass(frozen=True, eq=False)
class Runs:
    """Runs from anywhere, as arrays along one axis.

    Attributes:
        task, method: names, shape (runs,).
        seed: seeds in one spelling, shape (runs,), or None where nothing says which runs belong together.
        fold: folds of a cross-validation, shape (runs,), or None.
        values: by metric, shape (runs,); NaN where a run failed.
        metrics: with unit and direction, in the order asked for.
        seed_name: the column of the seeds.
        read_as: what was found by name, a phrase each.
        set_aside: what was left out, a phrase each.
        folds: by task, how its folds were cut; empty where there are none.
        scores: by metric, for each run the scores of its examples, the same ones in all runs of a task; empty where
            there is a row per run.
        bounds: by task, the scores that count as 0 and as 1; empty where no columns say it.
        doubts: what may be a mistake in the table, a phrase each.

    """

    task: Names
    method: Names
    seed: Names | None
    fold: Names | None
    values: dict[str, NDArray[np.float64]]
    metrics: tuple[Metric, ...]
    seed_name: str
    read_as: tuple[str, ...]
    set_aside: tuple[str, ...]
    folds: Mapping[str, Folds] = field(default_factory=dict)
    scores: Mapping[str, Sequence[NDArray[np.float64]]] = field(default_factory=dict)
    bounds: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    doubts: tuple[str, ...] = ()

    @property
    def methods(self) -> list[str]:
        """The methods, in the order of the table."""
        return list(dict.fromkeys(self.method))

    def to_frame(self) -> pd.DataFrame:
        """Return a row per run: its task where there are several, method, seed, fold and metrics."""
        import pandas as pd

        columns: dict[str, object] = {"task": self.task} if len(set(self.task)) > 1 else {}
        columns |= {"method": self.method}
        columns |= {} if self.seed is None else {"seed": self.seed}
        columns |= {} if self.fold is None else {"fold": self.fold}
        return pd.DataFrame({**columns, **self.values})

    @property
    def lines(self) -> list[str]:
        """What was understood, in one to three lines."""
        tasks = len(set(self.task))
        sizes = sorted(set(Counter(zip(self.task, self.method, strict=True)).values()))
        what = "run" if self.seed is None or self.fold is not None else "seed"
        runs = counted(sizes[0], what) if len(sizes) == 1 else f"{sizes[0]} to {sizes[-1]} {what}s"
        cuts = dict.fromkeys(f"{cut.repeats} x {cut.folds}".removeprefix("1 x ") for cut in self.folds.values())
        if cuts:
            runs = f"{' or '.join(cuts)} folds of a cross-validation ({runs} in all)"
        parts = [counted(len(self.methods), "method"), *([counted(tasks, "task")] if tasks > 1 else []), runs]
        items = sorted({len(scores) for of_runs in self.scores.values() for scores in of_runs})
        if items:
            parts.append(f"{items[0]} examples" if len(items) == 1 else f"{items[0]} to {items[-1]} examples")
        rest = [f"read as {listed(self.read_as, 12)}"] if self.read_as else []
        rest += [f"set aside: {listed(self.set_aside)}"] if self.set_aside else []
        doubts = [f"is this meant? {listed(self.doubts, 3, '; ')}"] if self.doubts else []
        return [f"{' x '.join(parts)}, {described(self.metrics)}", *(["; ".join(rest)] if rest else []), *doubts]


def folds_are_refused(runs: Runs, instead: str) -> None:
    """Refuse folds where independent runs are needed.

    Args:
        runs: the runs.
        instead: what to type.

    Raises:
        SeedwiseError: if they are folds.

    """
    if runs.fold is not None:
        raise SeedwiseError(f"the runs are folds of a cross-validation, which are no independent runs: {instead}")


def understand(frames: Sequence[Frame], roles: Roles, *, one_may_be_a_method: bool = False) -> Runs:
    """Decide what one run is.

    Args:
        frames: one table, or several that are read as one; a table without a column of methods is a method then.
        roles: what the user says about the columns.
        one_may_be_a_method: whether that holds for a single table, too.

    Raises:
        SeedwiseError: one line, for what is ambiguous, with the option that decides it, and for what holds no runs.

    """
    import pandas as pd

    notes = Notes(set_aside=[phrase for frame in frames for phrase in frame.set_aside])
    for frame in frames:
        wide_tables_are_refused(len(frame.data.columns), frame.name)
    parts = []
    named = one_may_be_a_method or len(frames) > 1
    roles = replace(roles, by=roles.by or method_of_files([frame.data for frame in frames], notes))
    chosen = [value for column, value in roles.where if column == FILE]
    for frame in [frame for frame in frames if not chosen or frame.name in chosen] or frames:
        data = titled(frame.data)
        roles = roles.in_titles(data.columns)
        if len(frames) > 1 and FILE not in data.columns:
            data[FILE] = frame.name
        data = cleaned(data, roles, notes)
        if data.empty:
            raise SeedwiseError(f"{frame.name} holds no rows: it needs a row per run")
        data, of_frame = by_task(data, roles)
        data, of_frame = one_metric(data, of_frame)
        parts.append(long_of(data, of_frame, notes, frame.name if named else None))
    table = parts[0]
    if len(parts) > 1:
        parts = by_names_of_files(parts, roles.name, notes)
        renamed = [part.data.rename(columns={part.method: "method"}) for part in parts]
        table = replace(parts[0], data=pd.concat(renamed, ignore_index=True), method="method")
    notes.read_as = list(dict.fromkeys(notes.read_as))
    notes.set_aside = list(dict.fromkeys(notes.set_aside))
    return _runs(_with_methods(table, of_frame), of_frame, notes)


def _with_methods(table: Long, roles: Roles) -> Long:
    """Return the rows of the methods that are asked for."""
    names = texts(table.data[table.method])
    empty = np.flatnonzero(names == "")
    if empty.size and not roles.methods:
        raise SeedwiseError(f"the column '{table.method}' is empty in row {empty[0] + 1}: every run needs a method")
    found = dict.fromkeys(names[names != ""])
    for name in roles.methods:
        known("method", name, found)
    if len(roles.methods or found) > _MOST_METHODS:
        raise SeedwiseError(
            f"the column '{table.method}' holds {len(found)} methods, and a comparison has at most {_MOST_METHODS}: is "
            "it the method's (--by)? Or name those to compare (--methods)"
        )
    if not roles.methods:
        return table
    chosen = np.isin(names.astype(str), roles.methods)
    return replace(table, data=table.data[chosen].reset_index(drop=True))


def _runs(table: Long, roles: Roles, notes: Notes) -> Runs:
    seed = seed_columns(table, roles, notes)
    data = without_summaries(table.data, table.method, seed, roles.task, notes, seeds_in_layout=table.seed is not None)
    columns = columns_of(data, table, seed, roles, notes)
    data, ended = without_going(data, columns.state, notes)
    rows = _rows(data, columns, ended, roles)
    if roles.step is not None or _are_steps(data, columns, rows):
        rows = _one_row_each(data, columns, rows, roles, notes)
    if roles.test_share is not None and rows.fold is None:
        raise SeedwiseError("--test-share is about folds, and no column is called fold: pass --fold COLUMN (fold=...)")
    if rows.item is not None and rows.seed is None:
        raise SeedwiseError("an example of which run is each row? Pass --seed COLUMN, too (seed=...)")
    if rows.seed is not None or rows.fold is not None:
        _repeats_are_refused(data, columns, rows)
    doubts = groups_are_refused(data, columns, rows, roles) if rows.item is None else []
    if (rows.seed is None and rows.fold is None) or table.seed == ROW:
        averages_are_refused(rows)
    bounds = _bounds(data, rows, roles)
    rows, scores = averaged(rows) if rows.item is not None else (rows, {})
    metrics = tuple(metric_of(name, found, rows.method, roles) for name, found in rows.numbers.items())
    values = {name: np.where(rows.failed, np.nan, found.values) for name, found in rows.numbers.items()}
    said = (tuple(notes.read_as), tuple(notes.set_aside))
    return Runs(
        rows.task,
        rows.method,
        rows.seed,
        rows.fold,
        values,
        metrics,
        ", ".join(seed) or "seed",
        *said,
        {} if rows.fold is None else _folds(data, columns, rows, roles),
        scores,
        bounds,
        (*doubts, *_doubts(rows, ", ".join(seed).removesuffix(" of column"))),
    )


def _doubts(rows: Rows, seed_name: str) -> list[str]:
    """Return what looks like percent and fractions in one column, a phrase each."""
    several = len(set(rows.task)) > 1
    found = differ_in_marks(rows.method)
    for name, numbers in rows.numbers.items():
        found += mixed_on_tasks(name, numbers.values, rows.task, rows.method)
        for k, usual in in_another_unit(numbers.values, rows.task, rows.method):
            run = [rows.method[k], *([rows.task[k]] if several else [])]
            run += [] if rows.fold is None else [f"fold {rows.fold[k]}"]
            run += [f"row {rows.place[k] + 1}"] if rows.seed is None else [f"{seed_name} {rows.seed[k]}"]
            found.append(
                f"{name} is {numbers.values[k]:g} for {', '.join(run)}, and about {usual:.4g} in its other runs: "
                "percent and fractions?"
            )
    return found


def _folds(data: pd.DataFrame, columns: Columns, rows: Rows, roles: Roles) -> dict[str, Folds]:
    """Return by task how its folds were cut; folds may be numbered anew in every repeat or through all of them."""
    keys = dict.fromkeys(zip(rows.task, *(texts(data[column])[rows.place] for column in columns.fold), strict=True))
    share, found = roles.test_share, {}
    for task in dict.fromkeys(rows.task):
        cuts = Counter(", ".join(repeat) for of, *repeat, _ in keys if of == task)
        (most_of, most), (least_of, least) = cuts.most_common(1)[0], cuts.most_common()[-1]
        if least < most and share is None:
            raise SeedwiseError(
                f"{', '.join(columns.fold[:-1])} {most_of} has {most} folds, and {least_of} has {least}: add the "
                "missing rows (an empty value is a failed run), or say the share of the examples that a fold tests on "
                "(--test-share .2)"
            )
        if most < 2:
            of = "one value in each repeat" if len(cuts) > 1 else "one value"
            raise SeedwiseError(f"the column '{columns.fold[-1]}' has {of}: a cross-validation has two folds or more")
        found[task] = Folds(most, len(cuts), share) if least == most else Folds(cuts.total(), 1, share)
    return found


def _bounds(data: pd.DataFrame, rows: Rows, roles: Roles) -> dict[str, tuple[float, float]]:
    """Return by task the scores that count as 0 and as 1, from columns that say it in every row."""
    found: dict[str, tuple[float, float]] = {}
    named = [known("column", column, data.columns) for column in roles.bounds]
    columns = [numbers_of(data, column, roles.decimal).values[rows.place] for column in named]
    for task in dict.fromkeys(rows.task) if named else ():
        of_task = set(zip(*(column[rows.task == task] for column in columns), strict=True))
        if len(of_task) != 1:
            raise SeedwiseError(f"the columns {listed(named)} vary within the task '{task}': write one pair per task")
        found[task] = of_task.pop()
    return found


def _rows(data: pd.DataFrame, columns: Columns, ended: Ended, roles: Roles) -> Rows:
    def names(column: str) -> Names:
        return texts(data[column])

    seed = None
    for column in columns.seed:
        cells = names(column)
        empty = np.flatnonzero(cells == "")
        if empty.size:
            raise SeedwiseError(f"the column '{column}' is empty in row {empty[0] + 1}: every run needs a seed")
        _other_labels_are_refused(cells, column)
        keys = by_value(cells, _names.seed_key)
        seed = keys if seed is None else seed + ", " + keys
    parts = [names(column) for column in columns.fold]
    fold = np.array([", ".join(of_row) for of_row in zip(*parts, strict=True)], dtype=object) if parts else None
    return Rows(
        names(columns.task) if columns.task else np.full(len(data), ONE_TASK, dtype=object),
        names(columns.method),
        seed,
        fold,
        names(columns.item) if columns.item else None,
        {name: _numbers(data, name, columns.method, roles) for name in columns.metrics},
        *ended,
        np.arange(len(data)),
    )


def _other_labels_are_refused(cells: Names, column: str) -> None:
    """Refuse a word among the numbers of seeds, such as ``ensemble`` or ``best``: it may be no run."""
    labels = dict.fromkeys(cells)
    word = next((label for label in labels if not any(sign.isdigit() for sign in label)), None)
    if word is not None and any(_names.is_seed_like(label) for label in labels):
        raise SeedwiseError(
            f"the column '{column}' says '{word}' among numbers: leave out that row if it is no run with a seed of its "
            "own, else give it a number"
        )


def _numbers(data: pd.DataFrame, column: str, method: str, roles: Roles) -> Numbers:
    try:
        return read_numbers(data[column], roles.decimal)
    except NotANumberError as error:
        means_are_refused(data, [column])
        bad = np.flatnonzero(texts(data[column]) == error.text)
        where = f"method {data[method].iloc[bad[0]]}" if bad.size else "see there"
        what = f"'{error.text}' in the column '{column}' ({where}) is not a number"
        advice = "take the mark behind it off, or " if is_footnoted(error.text) else ""
        raise SeedwiseError(f"{what}: {advice}leave the value of a failed run empty") from None
    except SeedwiseError as error:
        raise SeedwiseError(f"the column '{column}': {error}") from None


def _are_steps(data: pd.DataFrame, columns: Columns, rows: Rows) -> bool:
    """Return whether rows of one run differ in their step alone."""
    run = rows.run
    if columns.step is None or len(np.unique(run)) == len(run):
        return False
    if rows.seed is None:
        name = next((c for c in data.columns if _names.one_of(c, ("run", "name", "run_name"))), None)
        names = "" if name is None else f", or --name '{{method}}-s{{seed}}' if '{name}' says both"
        raise SeedwiseError(
            f"are the rows runs, or steps of a run (column '{columns.step}')? Pass --seed COLUMN{names}"
        )
    step = numbers_of(data, columns.step).values
    order = np.lexsort((step, run))
    return bool(np.all((np.diff(run[order]) != 0) | (np.diff(step[order]) != 0)))


def _one_row_each(data: pd.DataFrame, columns: Columns, rows: Rows, roles: Roles, notes: Notes) -> Rows:
    """Take the last step of each run, or that where the metric ``best`` is best; a metric of one step is no curve."""
    assert columns.step is not None
    phases_are_refused(data, columns, rows)
    step = numbers_of(data, columns.step).values
    rows, once = everywhere(rows)
    last, short = ends(rows, step)
    chosen = last
    if once:
        short[:] = False
    elif roles.best is None:
        notes.read_as.append(f"the last '{columns.step}' of each run")
    else:
        known("column", roles.best, data.columns)
        score = rows.numbers.get(roles.best) or _numbers(data, roles.best, columns.method, roles)
        chosen = best(rows, step, score, higher=not _names.is_lower_better(roles.best))
        chose_itself = roles.best in rows.numbers or not _names.is_validation(roles.best)
        flattered = ", which flatters every method: a result chose its own step" if chose_itself else ""
        notes.read_as.append(f"the step of each run where '{roles.best}' is best{flattered}")
    _early_ends_are_refused(rows.take(last), step[last], short, columns.step)
    if short.any():
        example = rows.take(last[short][:1])
        notes.set_aside.append(
            f"{counted(int(short.sum()), 'curve')} shorter than the others, counted as failed (such as "
            f"{example.method[0]}, which ends at {text_of(data[columns.step].iloc[example.place[0]])})"
        )
    found = rows.take(chosen)
    ordered = np.argsort(found.place, kind="stable")
    return replace(found, failed=found.failed | short).take(ordered)


def _early_ends_are_refused(ends: Rows, step: NDArray[np.float64], short: NDArray[np.bool_], column: str) -> None:
    """Refuse to count curves as broken off that seem to end on purpose: most of them, or all of a method."""
    for task, method in dict.fromkeys(zip(ends.task[short], ends.method[short], strict=True)):
        own = (ends.task == task) & (ends.method == method)
        if short[own].all() and (own.sum() > 1 or 2 * short.sum() > short.size):
            raise SeedwiseError(
                f"all runs of {method} end before the longest, at {column} {step[own].max():g} of "
                f"{step[ends.task == task].max():g}: compare all at one step (--where '{column}={step.min():g}'), or "
                "add a column 'state' that says finished or failed"
            )
    if 2 * short.sum() > short.size:
        raise SeedwiseError(
            f"{short.sum()} of {short.size} runs end before the longest: were they stopped on purpose? Compare all at "
            f"one step (--where '{column}={step.min():g}'), or add a column 'state' that says finished or failed"
        )


def _repeats_are_refused(data: pd.DataFrame, columns: Columns, rows: Rows) -> None:
    unique, first, counts = np.unique(rows.run, return_index=True, return_counts=True)
    if len(unique) == len(rows.place):
        return
    which = int(np.argmax(counts > 1))
    k = first[which]
    same = data.iloc[rows.place[rows.run == unique[which]]]
    times = "twice" if counts[which] == 2 else f"{counts[which]} times"
    named = ((columns.seed, rows.seed), (columns.fold, rows.fold), ((columns.item,), rows.item))
    place = ", ".join(f"{', '.join(map(str, key))} {names[k]}" for key, names in named if names is not None)
    who = f"method {rows.method[k]} has {place} {times}: a run counts once"
    seed = ", ".join(columns.seed)
    if rows.seed is None:
        raise SeedwiseError(
            f"{who}. Pass --seed COLUMN if the rows of a fold are seeds, or --fold REPEAT,{columns.fold[-1]} if the "
            "folds were cut anew"
        )
    taken = columns.all - {columns.step}
    differing = [c for c in data.columns if c and c not in taken and len(different(same[c])) > 1]
    if not differing:
        raise SeedwiseError(f"{who}. Leave out the copies")
    column, value = differing[0], text_of(same[differing[0]].iloc[-1])
    raise SeedwiseError(
        f"{who}. The rows differ in {listed(map(repr, differing), 3)}: keep one value (--where '{column}={value}'), or "
        f"say what the column is (--task, --step, --item, --by), or add it to the seed (--seed '{seed},{column}')"
    )
