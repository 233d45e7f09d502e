"""What ``seedwise export`` writes, and where."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from seedwise.errors import SeedwiseError
from seedwise.results import CompareOptions

if TYPE_CHECKING:
    from seedwise.reporting import Tables
    from seedwise.results import Runs
    from seedwise.study import Store

RUNS: Final = "runs"
SCORES: Final = "rliable"
IN_A_FOLDER: Final = ("csv", "markdown", "latex")
_SCORES_ENDING: Final = ".npz"


@dataclass(frozen=True)
class Target:
    """Where tables go.

    Attributes:
        path: a folder, or a file.
        forms: in which they are written; one of a file.
        table: the name of the one that is written; None: all.
        is_file: whether the path is that of a file.
        overwrite: whether files that are there are replaced.

    """

    path: Path
    forms: tuple[str, ...]
    table: str | None
    is_file: bool
    overwrite: bool

    @classmethod
    def of(
        cls, source: Path, output: Path | None, form: str | None, table: str | None, *, overwrite: bool = False
    ) -> Target:
        """Return where the tables of a source go.

        Args:
            source: what is exported.
            output: a file or a folder; None: a folder named after the source.
            form: the forms, by commas; None: that of the file, or those of a folder.
            table: the name of the one table; None: all, and of a file the runs.
            overwrite: whether files that are there are replaced.

        Raises:
            SeedwiseError: for a form that is none, and an ending that is that of no form or of another one.

        """
        from seedwise.reporting import ENDINGS
        from seedwise.study import mistake

        known = {**ENDINGS, SCORES: _SCORES_ENDING}
        asked = tuple(part.strip() for part in form.split(",")) if form is not None else ()
        for one in asked:
            if one not in known:
                raise SeedwiseError(mistake("format", one, list(known)))
        path = output or Path(f"{source.resolve().stem}-tables")
        if path.is_dir() or not path.suffix:
            return cls(path, asked or IN_A_FOLDER, table, False, overwrite)
        of_file = next((name for name, ending in known.items() if ending == path.suffix.lower()), None)
        if of_file is None:
            raise SeedwiseError(
                f"{path} is no folder, and ends in none of {', '.join(known.values())}: name such a file, or a folder "
                "without a point"
            )
        if asked and asked != (of_file,):
            raise SeedwiseError(f"--format {form} does not go with {path}: leave it out, or name a folder (-o FOLDER)")
        return cls(path, (of_file,), table or RUNS, True, overwrite)

    def write(self, files: Mapping[Path, bytes], sources: Sequence[Path]) -> list[str]:
        """Write files, and return a line on them.

        Raises:
            SeedwiseError: if a file is there and not to be replaced, or is one of the sources.

        """
        from seedwise.run import storage_errors

        given = {source.resolve() for source in sources}
        for path in files:
            if path.resolve() in given:
                raise SeedwiseError(f"{path} is what is exported: name another file or folder (-o)")
            if path.exists() and not self.overwrite:
                raise SeedwiseError(f"{path} exists: --overwrite replaces it, -o names another place")
        with storage_errors(self.path):
            for path, content in files.items():
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
        return [str(self.path) if self.is_file else f"{len(files)} files in {self.path}"]


def export(what: Sequence[Path], options: CompareOptions, scale: str | None, target: Target) -> Iterator[str]:
    """Write tables, and yield lines on what they hold.

    Args:
        what: a store or its study file alone; or tables, or what trackers wrote.
        options: what is said about columns; with any, a store is read as other tables are.
        scale: one of a study file's ``scales``.
        target: where they go.

    Raises:
        SeedwiseError: one line, see ``compare``; for a table that there is none of; see ``Target.write``.

    """
    from seedwise.cli._open import open_store

    files: dict[Path, bytes] = {}
    table_forms = [form for form in target.forms if form != SCORES]
    store = _store(what[0], scale) if len(what) == 1 else None
    sources = [*what, *([store] if store is not None else [])]
    tables: Tables = {}
    if store is not None and table_forms and options == CompareOptions():
        with open_store(store) as opened:
            tables = store_tables(opened, only=target.table)
        if SCORES in target.forms:
            yield from _add_scores(files, _understood([store], options), store.stem, options, target)
    elif scale is not None and store is None:
        raise SeedwiseError(f"--scale {scale} goes with a study file")
    elif options.summary:
        if SCORES in target.forms or target.table == RUNS:
            raise SeedwiseError("means and SDs are no runs: pass --table results, or a folder and tables alone")
        tables = _summarized(what, options)
    else:
        runs = _understood([store] if store is not None else what, options)
        yield from runs.lines
        name = what[0].resolve().stem
        if SCORES in target.forms:
            yield from _add_scores(files, runs, name, options, target)
        if table_forms:
            tables, notes = _compared(runs, name, options, only=target.table)
            yield from notes
    if table_forms:
        files |= _encoded(_chosen(tables, target.table), table_forms, target)
    yield from target.write(files, sources)


def store_tables(store: Store, only: str | None = None) -> Tables:
    """Return the runs of a store, and the tables of every study, attribution and search in it.

    Args:
        store: the store.
        only: the name of a table, if it alone is wanted.

    """
    from seedwise.reporting import Table, attribution_tables, search_tables, study_tables
    from seedwise.results import read
    from seedwise.study import attribution_results, study_results
    from seedwise.tuning import search_results

    runs = {(store.path.stem, RUNS): Table.of(read(store.path).data)}
    if only == RUNS:
        return runs
    return {
        **runs,
        **study_tables(study_results(store)),
        **attribution_tables(attribution_results(store)),
        **search_tables(search_results(store)),
    }


def in_folder(tables: Tables, forms: Sequence[str], folder: Path) -> dict[Path, bytes]:
    """Return the files that hold tables, in every form.

    Raises:
        SeedwiseError: if two would have the same name.

    """
    from seedwise.reporting import ENDINGS

    stems: dict[str, str] = {}
    for owner, name in tables:
        before = stems.setdefault(_as_file(f"{owner}-{name}"), owner)
        if before != owner:
            raise SeedwiseError(
                f"the tables of '{before}' and '{owner}' would be the same files: export one (--metric)"
            )
    return {
        folder / f"{_as_file(f'{owner}-{name}')}{ENDINGS[form]}": table.encoded(form)
        for (owner, name), table in tables.items()
        for form in forms
    }


def _store(path: Path, scale: str | None) -> Path | None:
    """Return the store that a path names, itself or by its study file; None where it names something else."""
    from seedwise.cli._open import open_store
    from seedwise.results import is_store

    if path.suffix in (".yaml", ".yml"):
        with open_store(path, scale) as opened:
            return opened.path
    return path if is_store(path) else None


def _understood(what: Sequence[Path], options: CompareOptions) -> Runs:
    from seedwise.results import frames_of, understand

    return understand(frames_of(what), options.roles)


def _summarized(what: Sequence[Path], options: CompareOptions) -> Tables:
    from seedwise.reporting import compare_frames, comparison_tables
    from seedwise.results import frames_of

    return comparison_tables(compare_frames(frames_of(what), options).parts, what[0].resolve().stem)


def _compared(runs: Runs, name: str, options: CompareOptions, only: str | None) -> tuple[Tables, list[str]]:
    """Return the runs, the tables of their comparison, and why there are none, if nothing says what the base is."""
    from seedwise.reporting import Table, compare_understood, comparison_tables
    from seedwise.results import base_of

    of_runs = {(name, RUNS): Table.of(runs.to_frame())}
    if only == RUNS:
        return of_runs, []
    if only is None and len(runs.methods) == 1:
        return of_runs, [f"the runs alone, no results: there is one method, '{runs.methods[0]}'"]
    try:
        base_of(runs.methods, options.base)
    except SeedwiseError as error:
        if options.base is not None or only is not None:
            raise
        return of_runs, [f"the runs alone, no results: {error}"]
    return {**of_runs, **comparison_tables(compare_understood(runs, options).parts, name)}, []


def _add_scores(
    files: dict[Path, bytes], runs: Runs, name: str, options: CompareOptions, target: Target
) -> Iterator[str]:
    """Add the file of rliable for each metric, and yield what has to be known of it."""
    from seedwise.results import scores_of

    if target.is_file and len(runs.metrics) > 1:
        raise SeedwiseError(f"{target.path} holds one metric of {len(runs.metrics)}: pass one (--metric), or a folder")
    for metric in runs.metrics:
        scores = scores_of(runs, metric, options.chance)
        of_metric = f"{name}-{metric.name}" if len(runs.metrics) > 1 else name
        path = target.path if target.is_file else target.path / f"{_as_file(f'{of_metric}-{SCORES}')}{_SCORES_ENDING}"
        files[path] = scores.to_npz()
        shapes = ", ".join(f"{method} {len(found)} x {found.shape[1]}" for method, found in scores.by_method.items())
        yield f"{metric.name}: runs x tasks: {shapes}; tasks: {', '.join(scores.tasks)}"
        yield from scores.notes


def _chosen(tables: Tables, only: str | None) -> Tables:
    if only is None:
        return tables
    found = {key: table for key, table in tables.items() if only in (key[1], "-".join(key))}
    if not found:
        names = list(dict.fromkeys(name for _, name in tables))
        from seedwise.study import mistake

        raise SeedwiseError(mistake("table", only, names))
    return found


def _encoded(tables: Tables, forms: Sequence[str], target: Target) -> dict[Path, bytes]:
    if not target.is_file:
        return in_folder(tables, forms, target.path)
    if len(tables) > 1:
        names = ["-".join(key) for key in tables]
        raise SeedwiseError(f"which table: {', '.join(names)}? Pass --table {names[0]}, or a folder (-o FOLDER)")
    (table,) = tables.values()
    return {target.path: table.encoded(forms[0])}


def _as_file(name: str) -> str:
    return re.sub(r"[^\w.+=-]+", "-", name).strip("-")
