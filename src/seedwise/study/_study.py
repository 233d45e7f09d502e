"""A study: its file, its store, its runs."""

from __future__ import annotations

import importlib.util
import os
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from seedwise.errors import SeedwiseError, StorageError
from seedwise.readouts import per_run
from seedwise.run import FAILURES, RunRecord, changed_files
from seedwise.statistics import Cell
from seedwise.study._cells import cells_of
from seedwise.study._code import changed_code, runs_of_changed_code
from seedwise.study._estimate import Estimate, estimate
from seedwise.study._executor import Executor, Progress, Settings, Silent, Workers
from seedwise.study._folder import StudyFolder, again
from seedwise.study._jobs import Reading, ReadoutRecord, Record, Training, file_of
from seedwise.study._plan import PlannedRun, plan
from seedwise.study._readings import mean_of_snapshots, missing_readings, unkept, without_weights
from seedwise.study._spec import StudySpec, check_study, parse_study, read_study
from seedwise.study._store import Store
from seedwise.study._until import described, looks_at
from seedwise.training import FUNCTION, TrainerConfig, steps_of, warnings_of


@dataclass(frozen=True)
class Outcome:
    """How an execution ended.

    Attributes:
        counts: number of runs of the study by status.
        trained: number of runs that were trained.
        interrupted: whether the user stopped it.
        read: number of readouts that were computed.
        unread: number of readouts that failed, now or before.

    """

    counts: dict[str, int]
    trained: int
    interrupted: bool
    read: int = 0
    unread: int = 0

    @property
    def failed(self) -> int:
        """Number of runs that failed."""
        return sum(self.counts.get(status, 0) for status in FAILURES)


class Study:
    """Methods, regimes and replicates on a task, and everything that became of them.

    Args:
        spec: the study.
        store: its file; default ``<name>.db`` in the folder of the study file.
        folder: where the user's own modules are found besides the working directory.
        file: the name of the study file, which the store remembers.

    Example:
        >>> study = Study.from_text('''
        ... name: tiny
        ... task: {dataset: digits}
        ... model: small_cnn
        ... train: {epochs: 1, batch_size: 64, optimizer: {name: sgd, lr: 0.1}}
        ... replicates: 3
        ... ''')
        >>> [planned.spec.seeds["init"] for planned in study.plan()]
        [1, 2, 3]

    """

    def __init__(
        self, spec: StudySpec, *, store: Path | str | None = None, folder: Path | str = ".", file: str | None = None
    ) -> None:
        self.spec = spec
        self.file = file
        self.look: int | None = None
        self.warned: set[str] | None = None  # what studies that train one after the other have warned of
        self.folder = Path(folder)
        self.store_path = Path(store) if store is not None else self.folder / f"{spec.name}.db"
        if self.store_path.is_dir() or self.store_path.suffix in (".html", ".yaml", ".yml", ".d"):
            raise SeedwiseError(f"{self.store_path} cannot be the store: name a file that ends in .db")

    @classmethod
    def from_yaml(
        cls, path: Path | str, *, store: Path | str | None = None, scale: str | None = None, **changes: Any
    ) -> Study:
        """Read a study file.

        Args:
            path: the file.
            store: see the class.
            scale: one of the file's ``scales``, or ``full``; None where it has none.
            changes: values that take the place of the file's, such as ``replicates=5``.

        Raises:
            SeedwiseError: one line that says where the mistake is, what is allowed and the closest match.

        """
        path = Path(path)
        _make_importable(path.resolve().parent)
        return cls(
            _changed(read_study(path, scale), changes, str(path)), store=store, folder=path.parent, file=path.name
        )

    @classmethod
    def from_text(
        cls,
        text: str,
        *,
        store: Path | str | None = None,
        scale: str | None = None,
        source: str = "study",
        **changes: Any,
    ) -> Study:
        """Read the text of a study file; modules and the store are looked for in the working directory."""
        return cls(_changed(parse_study(text, source, scale), changes), store=store, file=source)

    def plan(self) -> list[PlannedRun]:
        """Return the runs that the study consists of."""
        return plan(self.spec)

    def run(
        self,
        *,
        workers: int | None = None,
        device: str = "cpu",
        runs_per_device: int = 1,
        shard: tuple[int, int] | None = None,
        retrain: bool = False,
        accept_changed_code: bool = False,
        retry_failed: bool = False,
        progress: Progress | None = None,
        pool: Workers | None = None,
    ) -> Outcome:
        """Train what is missing, read out what is missing of the readouts, and take it into the store.

        Args:
            workers: worker processes; default one per core, on a GPU ``runs_per_device`` per device.
            device: ``cpu``, ``cuda``, or several separated by commas.
            runs_per_device: workers that share a GPU.
            shard: (i, k) trains the i-th of k parts, counted from 1, into an outbox that ``merge`` joins.
            retrain: train finished runs again, keeping their old results: those whose code has changed or whose weights
                a readout needs and nobody kept, or, where there are none, all.
            accept_changed_code: keep finished runs although the code that trained them has changed.
            retry_failed: train failed runs again, and read out again what failed.
            progress: told what happens.
            pool: worker processes that outlive this call; None: they start and end with it.

        Returns:
            The outcome.

        Raises:
            ChangedCodeError: if the code has changed and neither of the two options says what to do.
            SeedwiseError: for a mistake in the study, if another process runs it, or if a readout needs weights that
                nobody kept.
            StorageError: if the disk is full or the folder read-only; what is finished is kept.

        """
        planned = self.plan()
        _check_installed(self.spec)
        progress = progress or Silent()
        devices = _devices(device, workers, runs_per_device)
        if shard is not None:
            return self._run_shard(
                planned,
                shard,
                devices,
                progress,
                retrain=retrain,
                accept_changed_code=accept_changed_code,
                retry_failed=retry_failed,
            )
        folder = StudyFolder.of_store(self.store_path)
        with folder.lock(), Store(self.store_path, write=True) as store:
            take_outbox(store, folder, progress)
            self._note_other_file(store, progress)
            store.write_plan(self.spec.name, self.describe(), [(p.link, p.spec.id, p.spec.content) for p in planned])
            specs = {p.spec.id: p.spec for p in planned}
            statuses = {i: status for i, status in store.statuses().items() if i in specs}
            changed = runs_of_changed_code(store, statuses, retrain=retrain, accept=accept_changed_code)
            known = {i: status for i, (status, _) in statuses.items()}
            kept = {i: spec for i, spec in specs.items() if not (retrain and i in changed)}
            unread = without_weights(missing_readings(store, self.spec.readouts, kept), folder)
            for readout, readings in unread.items():
                if not retrain:
                    raise unkept(readout, readings)
                changed |= {reading.spec.id for reading in readings}
            todo = [specs[i] for i in specs if _wanted(i, known, changed, retrain, retry_failed)]
            if retrain or retry_failed:
                for spec in todo:
                    folder.remove_checkpoint(spec.id)

            def take_in(record: Record) -> None:
                take_record(store, folder, record)

            executor = Executor(self._settings(folder, devices), take_in, progress, pool)
            if todo:
                self._warn(progress)
                progress.planned(len(todo))
                executor.run([Training(spec) for spec in todo])
            statuses = store.statuses()
            counts = Counter(statuses.get(run_id, ("pending", None))[0] for run_id in specs)
            if executor.interrupted:
                return Outcome(dict(counts), len(todo), interrupted=True)
            readings = missing_readings(store, self.spec.readouts, specs, retry_failed=retry_failed)
            executor = Executor(self._settings(folder, devices), take_in, progress, pool)
            self._read(store, readings, executor, take_in, progress)
            found = store.readouts()
            read = len(readings) - len(missing_readings(store, self.spec.readouts, specs))
        names = [readout.name for readout in per_run(self.spec.readouts)]
        failed = [key for key, one in found.items() if key[0] in specs and key[1] in names and one.status in FAILURES]
        return Outcome(dict(counts), len(todo), executor.interrupted, read, len(failed))

    def _note_other_file(self, store: Store, progress: Progress) -> None:
        before = store.studies().get(self.spec.name, {}).get("file")
        if before is not None and self.file is not None and before != self.file:
            progress.note(
                f"{self.store_path} last held the study '{self.spec.name}' of {before}, and now holds that of "
                f"{self.file}; no run is lost. Give one of them another name, or another --store, to keep them apart"
            )

    def open(self) -> Store:
        """Return the study's store for reading, with the plan of this study whatever other the store holds.

        A plan that grew by ``until:`` is taken from the store: the study stopped growing there. One that was searched
        by ``tune:`` and not run is not shown.
        """
        store = Store(self.store_path)
        try:
            stored, own = store.studies().get(self.spec.name, {}), self.describe()
            searched = not stored and self.spec.tune is not None and store.studies()
            same = _fixed(stored) == _fixed(own) and ("until" in stored or _replicates(stored) == _replicates(own))
            if not searched and not same:
                planned = self.plan()
                store.show_plan(self.spec.name, own, [(p.link, p.spec.id, p.spec.content) for p in planned])
        except BaseException:
            store.close()
            raise
        return store

    def _read(
        self,
        store: Store,
        readings: Sequence[Reading],
        executor: Executor,
        take_in: Callable[[Record], None],
        progress: Progress,
    ) -> None:
        """Read out finished runs: what follows from kept logits here, the rest in workers."""
        by_logits = [reading for reading in readings if not reading.states]
        for reading in by_logits:
            take_in(mean_of_snapshots(store, reading, self.spec.keep_options))
        by_weights = [reading for reading in readings if reading.states]
        if by_weights:
            progress.reading(len(by_weights))
            executor.run(by_weights)

    def _run_shard(
        self,
        planned: Sequence[PlannedRun],
        shard: tuple[int, int],
        devices: list[str],
        progress: Progress,
        *,
        retrain: bool,
        accept_changed_code: bool,
        retry_failed: bool,
    ) -> Outcome:
        index, count = shard
        if not 1 <= index <= count:
            raise SeedwiseError(f"--shard {index}/{count}: shards are counted from 1 to {count}")
        folder = StudyFolder(StudyFolder.of_store(self.store_path).root / f"shard-{index}-of-{count}")
        mine = {p.spec.id: p.spec for p in planned if int(p.spec.id, 16) % count == index - 1}
        statuses: dict[str, str] = {}
        files: dict[str, list[str]] = {}
        with folder.lock():
            folder.write_plan(self.spec.name, self.describe(), planned)
            for path, record in folder.records():
                if isinstance(record, StorageError):
                    progress.note(f"{record}; the run is trained again")
                    path.unlink()
                elif isinstance(record, RunRecord):
                    statuses[record.id] = record.status
                    files |= {record.id: changed_files(record.code)}
            changed = {i for i, names in files.items() if names and statuses[i] == "finished" and i in mine}
            if changed and not (retrain or accept_changed_code):
                raise changed_code(len(changed), {name for i in changed for name in files[i]})

            def keep(record: Record) -> None:
                statuses[record.id] = record.status
                if record.status != "interrupted":
                    folder.hand_over(record)
                    folder.remove_checkpoint(record.id)

            todo = [mine[i] for i in mine if _wanted(i, statuses, changed, retrain, retry_failed)]
            executor = Executor(self._settings(folder, devices), keep, progress)
            if todo:
                self._warn(progress)
                progress.planned(len(todo))
                executor.run([Training(spec) for spec in todo])
        counts = Counter(statuses.get(run_id, "pending") for run_id in mine)
        return Outcome(dict(counts), len(todo), executor.interrupted)

    def _warn(self, progress: Progress) -> None:
        known = set() if self.warned is None else self.warned
        for text, methods in self._likely_mistakes().items():
            if text not in known:
                known.add(text)
                progress.note(f"{', '.join(methods)}: {text}")

    def _settings(self, folder: StudyFolder, devices: list[str]) -> Settings:
        return Settings(
            folder=folder,
            devices=devices,
            keep=self.spec.keep_options,
            evaluate_epochs=self.spec.evaluate.every_epoch,
            checkpoint=self.spec.checkpoint,
            limits=self.spec.limits,
            import_from=self.import_from,
        )

    @property
    def import_from(self) -> list[str]:
        """Where workers look for the user's own modules: beside the study file, and in the working directory."""
        return [str(self.folder.resolve()), str(Path.cwd())]

    def warnings(self) -> list[str]:
        """Return what is likely to be a mistake in the methods, one line for each, before anything is trained."""
        return [f"{', '.join(methods)}: {text}" for text, methods in self._likely_mistakes().items()]

    def _likely_mistakes(self) -> dict[str, list[str]]:
        """Return what is likely to be a mistake, with the methods of which it is true."""
        found: dict[str, list[str]] = {}
        parts = self.spec.by_task()
        for task, part in parts.items():
            if part.function != FUNCTION:
                continue
            for method, content in part.configs().items():
                config = TrainerConfig.model_validate(content)
                steps = steps_of(config)
                for text in [] if steps is None else warnings_of(config, steps):
                    found.setdefault(text, []).append(method if len(parts) == 1 else f"{method} on {task}")
        return found

    def estimate(self) -> Estimate:
        """Return what the study costs, as far as it is known, without training any of its runs."""
        return estimate(self)

    def describe(self) -> dict[str, Any]:
        """Return what a report needs to know of the study, as JSON values."""
        spec = self.spec
        return {
            "spec": spec.model_dump(mode="json", exclude_unset=True),
            "base": spec.base_method,
            "metrics": {task: [asdict(metric) for metric in part.metrics] for task, part in spec.by_task().items()},
            "question": spec.question.model_dump(),
            **({} if self.file is None else {"file": self.file}),
            **({} if self.look is None else {"until": described(spec, self.look)}),
        }

    def looks(self) -> Iterator[Study]:
        """Return the study as it is at each look of its ``until:``, one after the other; each is to be run.

        Raises:
            SeedwiseError: if it cannot be looked at while it grows.

        """
        warned: set[str] = set()
        for look, replicates in enumerate(looks_at(self.spec)):
            grown = Study(
                self.spec.model_copy(update={"replicates": replicates}),
                store=self.store_path,
                folder=self.folder,
                file=self.file,
            )
            grown.look, grown.warned = look, warned
            yield grown

    def cells(self) -> list[Cell]:
        """Return what the statistics see: one cell per method and regime, in the order of the study file.

        Raises:
            SeedwiseError: if nothing has been run yet.

        """
        with self.open() as store:
            return cells_of(store, self.spec.name)


def _fixed(description: Mapping[str, Any]) -> dict[str, Any]:
    """Return what of a study's description does not change while it grows."""
    return {key: value for key, value in description.get("spec", {}).items() if key != "replicates"}


def _replicates(description: Mapping[str, Any]) -> Any:
    return description.get("spec", {}).get("replicates")


def _wanted(run_id: str, statuses: Mapping[str, str], changed: set[str], retrain: bool, retry_failed: bool) -> bool:
    """Return whether a run is to be trained: it is missing, or somebody asked for it to be trained again."""
    status = statuses.get(run_id, "pending")
    again = retrain and (run_id in changed or not changed)
    if status in FAILURES:
        return retry_failed or again
    return status != "finished" or again


def take_record(store: Store, folder: StudyFolder, record: Record) -> bool:
    """Take a record into the store, then delete what it makes superfluous; return whether it was new."""
    if isinstance(record, ReadoutRecord):
        new = record.status != "interrupted" and store.take_in_readout(record)
    else:
        if record.status == "finished":
            folder.set_aside_weights(record.id, besides=record.weights)
        for tag, blob in record.weights.items():
            folder.keep_weights(record.id, tag, blob)
        new = store.take_in(record)
        if record.status != "interrupted":
            folder.remove_checkpoint(record.id)
    if record.status != "interrupted":
        # The outbox file last: a driver that is killed before finds it again and deletes the rest.
        (folder.outbox / file_of(record)).unlink(missing_ok=True)
    return new


def take_outbox(store: Store, folder: StudyFolder, progress: Progress) -> int:
    """Take in what a killed driver left in its outbox; a damaged file is set aside and its run trained again."""
    taken = 0
    for path, record in list(folder.records()):
        if isinstance(record, StorageError):
            progress.note(f"{record}; {again(path)}")
            path.rename(path.with_suffix(".damaged"))
        else:
            taken += take_record(store, folder, record)
    return taken


def _changed(spec: StudySpec, changes: dict[str, Any], source: str = "study") -> StudySpec:
    given = {key: value for key, value in changes.items() if value is not None}
    if not given:
        return spec
    return check_study(spec.model_dump(mode="json", exclude_unset=True) | given, source)


def _devices(device: str, workers: int | None, runs_per_device: int) -> list[str]:
    names = [name.strip() for name in device.split(",") if name.strip()]
    for name in names or [device]:
        if not re.fullmatch(r"cpu|mps|cuda(:\d+)?", name):
            raise SeedwiseError(f"unknown device '{name}': use cpu, cuda, cuda:0 or several separated by commas")
    if workers is not None and workers < 1:
        raise SeedwiseError(f"--workers {workers}: at least one is needed")
    if runs_per_device < 1:
        raise SeedwiseError(f"--runs-per-device {runs_per_device}: at least one is needed")
    if any(name.startswith("cuda") for name in names):
        import torch

        if not torch.cuda.is_available():
            raise SeedwiseError(f"--device {device}: torch sees no CUDA device here")
    count = workers or (_cores() if names == ["cpu"] else len(names) * runs_per_device)
    return [names[k % len(names)] for k in range(count)]


def _check_installed(spec: StudySpec) -> None:
    needed = {"torch": "torch"} | ({"sklearn": "scikit-learn"} if spec.function == FUNCTION else {})
    missing = [name for module, name in needed.items() if importlib.util.find_spec(module) is None]
    if missing:
        raise SeedwiseError(f"training needs {' and '.join(missing)}: pip install 'seedwise[train]'")


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _make_importable(folder: Path) -> None:
    # In front, as in the workers: both must mean the same file by the same name.
    for path in (str(Path.cwd()), str(folder)):
        if path not in sys.path:
            sys.path.insert(0, path)
