"""A study: its file, its store, its runs."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from seedwise.errors import SeedwiseError
from seedwise.execution import Executor, Progress, Resources, Settings, Silent, StudyFolder, opened
from seedwise.run import PlannedRun
from seedwise.statistics import Budget, Candidate, Cell, Interim, interim_analysis
from seedwise.store import Store
from seedwise.study._cells import cells_of
from seedwise.study._collect import study_results
from seedwise.study._description import confirmation_of, stored_factors
from seedwise.study._estimate import Estimate, estimate
from seedwise.study._methods import FACTOR
from seedwise.study._old_names import with_new_names
from seedwise.study._plan import plan
from seedwise.study._policy import Policy, part_of
from seedwise.study._recommend import Confirmed, Recommended, confirmed, recommended
from seedwise.study._results import StudyResults
from seedwise.study._running import Outcome, Running
from seedwise.study._sinks import sink_of
from seedwise.study._spec import StudySpec
from seedwise.study._study_file import check_study, parse_study, read_study
from seedwise.study._until import described, looks_at
from seedwise.study._upcoming import upcoming
from seedwise.training import TrainerConfig, memory_of, reading_of, steps_of, warnings_of


class Study:
    """Methods, regimes and replicates on a task, and everything that became of them.

    Args:
        spec: the study.
        store: its file; default ``<name>.db`` in the folder of the study file.
        folder: where the user's own modules are found besides the working directory.
        file: the name of the study file, which the store remembers.
        look: which look at a growing study this is, counted from 0; None if it does not grow.
        warned: likely mistakes that were already reported, shared by studies that train one after the other.

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
        self,
        spec: StudySpec,
        *,
        store: Path | str | None = None,
        folder: Path | str = ".",
        file: str | None = None,
        look: int | None = None,
        warned: set[str] | None = None,
    ) -> None:
        self.spec = spec
        self.file = file
        self.look = look
        self._warned = set() if warned is None else warned
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
        executor: str | Executor = "local",
    ) -> Outcome:
        """Train what is missing, read out what is missing of the readouts, and take it into the store.

        Args:
            workers: worker processes; default one per core, on a GPU ``runs_per_device`` per device.
            device: ``cpu``, ``cuda``, or several separated by commas.
            runs_per_device: workers that share a GPU.
            shard: (i, k) trains the i-th of k parts, counted from 1, into an outbox that ``merge`` joins; not what is
                finished in the store or in the outbox of another shard that can be seen here.
            retrain: train finished runs again, keeping their old results: those whose code has changed or whose weights
                a readout needs and nobody kept, or, where there are none, all.
            accept_changed_code: keep finished runs although the code that trained them has changed.
            retry_failed: train failed runs again, and read out again what failed.
            progress: receives what happens.
            executor: where to train: the name of an executor, or one that outlives this call, which then has its own
                workers and devices.

        Returns:
            The outcome.

        Raises:
            ChangedCodeError: if the code has changed and neither of the two options says what to do.
            SeedwiseError: for a mistake in the study, if another process runs it, or if a readout needs weights that
                nobody kept.
            StorageError: if the disk is full or the folder read-only; what is finished is kept.

        """
        planned = self.plan()
        part = part_of((p.spec.id for p in planned), shard)
        _check_installed(self.spec)
        progress = progress or Silent()
        resources = Resources(device, workers, runs_per_device)
        with (
            opened(executor, resources) as runner,
            sink_of(self.store_path, shard, progress) as sink,
        ):
            sink.write_plan(self.spec.name, self.describe(), planned)
            return Running(
                specs={p.spec.id: p.spec for p in planned if p.spec.id in part},
                upcoming=lambda: upcoming(planned, self.spec),
                readouts=self.spec.readouts,
                policy=Policy(retrain, accept_changed_code, retry_failed),
                settings=self._settings(sink.folder),
                sink=sink,
                executor=runner,
                device=resources.devices[0],
                progress=progress,
                warn=lambda: self._warn(progress),
            ).run()

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
                store.show_plan(self.spec.name, own, planned)
        except BaseException:
            store.close()
            raise
        return store

    def _warn(self, progress: Progress) -> None:
        for text, methods in self._likely_mistakes().items():
            if text not in self._warned:
                self._warned.add(text)
                progress.note(f"{', '.join(methods)}: {text}")

    def _settings(self, folder: StudyFolder) -> Settings:
        return Settings(
            folder=folder,
            keep=self.spec.keep_options,
            evaluate_epochs=self.spec.evaluate.every_epoch,
            import_from=self.import_from,
            every_epochs=self.spec.checkpoint.every_epochs,
            every_seconds=self.spec.checkpoint.every_seconds,
            seconds=self.spec.limits.seconds,
            retries=self.spec.limits.retries,
        )

    @property
    def import_from(self) -> list[str]:
        """Where workers look for the user's own modules: beside the study file, and in the working directory."""
        return [str(self.folder.resolve()), str(Path.cwd())]

    def warnings(self) -> list[str]:
        """Return what is likely to be a mistake in the methods, and what memory they take, one line for each.

        It is known before anything is trained.
        """
        return [f"{', '.join(methods)}: {text}" for text, methods in self._likely_mistakes().items()]

    def _likely_mistakes(self) -> dict[str, list[str]]:
        """Return what is likely to be a mistake, with the methods of which it is true."""
        found: dict[str, list[str]] = {}
        parts = self.spec.by_task()
        for task, part in parts.items():
            if not part.is_builtin:
                continue
            for method, content in part.configs().items():
                config = TrainerConfig.model_validate(content)
                steps = steps_of(config)
                mistakes = [] if steps is None else warnings_of(config, steps)
                for text in [*reading_of(config), *mistakes, *memory_of(config)]:
                    found.setdefault(text, []).append(method if len(parts) == 1 else f"{method} on {task}")
        return found

    def estimate(self) -> Estimate:
        """Return what the study costs, as far as it is known, without training any of its runs."""
        return estimate(self.spec, self.plan(), self.store_path)

    def describe(self) -> dict[str, Any]:
        """Return what a report needs to know of the study, as JSON values."""
        spec = self.spec
        return {
            "spec": spec.model_dump(mode="json", exclude_unset=True),
            "base": spec.base_method,
            "metrics": {
                task: [asdict(metric) for metric in part.learns.metrics] for task, part in spec.by_task().items()
            },
            "question": spec.question.model_dump(),
            "factors": stored_factors((m.name, m.factor, m.level) for m in spec.methods.values()),
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
            yield Study(
                self.spec.model_copy(update={"replicates": replicates}),
                store=self.store_path,
                folder=self.folder,
                file=self.file,
                look=look,
                warned=warned,
            )

    def run_until(
        self,
        *,
        on_look: Callable[[Interim], None] = lambda _interim: None,
        workers: int | None = None,
        device: str = "cpu",
        runs_per_device: int = 1,
        retrain: bool = False,
        accept_changed_code: bool = False,
        retry_failed: bool = False,
        progress: Progress | None = None,
        executor: str | Executor = "local",
    ) -> Grown:
        """Add replicates until the question of ``until:`` is resolved for every method, at its looks.

        Args:
            on_look: told of what is resolved at each look.
            workers, device, runs_per_device, accept_changed_code, progress, executor: see ``run``.
            retrain, retry_failed: see ``run``; done once, at the first look.

        Raises:
            SeedwiseError: if the study cannot be looked at while it grows; see also ``run``.

        """
        found = None
        with opened(executor, Resources(device, workers, runs_per_device)) as runner:
            for grown in self.looks():
                outcome = grown.run(
                    retrain=retrain and grown.look == 0,
                    accept_changed_code=accept_changed_code,
                    retry_failed=retry_failed and grown.look == 0,
                    progress=progress,
                    executor=runner,
                    device=device,
                )
                if outcome.interrupted:
                    break
                found = grown.interim()
                on_look(found)
                if found.resolved:
                    break
        return Grown(grown, outcome, found)

    def interim(self) -> Interim:
        """Return what is resolved at the look that the store holds of the study."""
        with Store(self.store_path) as store:
            (results,) = study_results(store, self.spec.name)
        look = results.description.look
        assert look is not None
        return interim_analysis(look, results.cells, [part.labels for part in results.parts], results.description.base)

    def was_looked_at(self) -> bool:
        """Return whether the store holds looks at the study, so that its size cannot be taken for a fixed one."""
        store = Store.if_there(self.store_path)
        if store is None:
            return False
        with store:
            return "until" in store.studies().get(self.spec.name, {})

    def recommend(self) -> Recommended:
        """Return the cheapest method or readout whose smaller SD is resolved by the runs in the store.

        Raises:
            SeedwiseError: if nothing has been run, or nothing is compared with the base.

        """
        found = recommended(self._results())
        if found is None:
            raise SeedwiseError(
                f"the study '{self.spec.name}' compares nothing with its base: give it methods or readouts"
            )
        return found

    def confirm(
        self,
        chosen: Candidate,
        runs: int,
        *,
        workers: int | None = None,
        device: str = "cpu",
        progress: Progress | None = None,
        executor: str | Executor = "local",
        budget: Budget | None = None,
    ) -> tuple[Outcome, Confirmed | None]:
        """Train the base and a choice with fresh seeds, and return what these runs say of the choice.

        Args:
            chosen: what was recommended.
            runs: number of runs of each.
            workers, device, progress, executor: see ``run``.
            budget: for which the choice was the steadiest; None where it was the cheapest.

        Returns:
            How the execution ended, and what the runs say; None if the user stopped it.

        Raises:
            SeedwiseError: if the study lists its own seeds; see also ``run``.

        """
        fresh = self.confirmation(chosen, runs)
        outcome = fresh.run(workers=workers, device=device, progress=progress, executor=executor)
        return outcome, None if outcome.interrupted else confirmed(chosen, fresh._results(), budget)

    def _results(self) -> StudyResults:
        with self.open() as store:
            found = study_results(store, self.spec.name)
        if not found:
            raise SeedwiseError(f"{self.store_path} holds nothing of '{self.spec.name}': run the study first")
        return found[0]

    def confirmation(self, chosen: Candidate, runs: int) -> Study:
        """Return a study of the base and a choice, in the same store, whose seeds come after those of this study.

        What was chosen by the runs that speak for it looks better than it is; fresh runs were not asked before.

        Args:
            chosen: what is compared with the base again.
            runs: number of runs of each.

        Raises:
            SeedwiseError: if the study lists its own seeds.

        """
        spec = self.spec
        if spec.seeds is not None:
            raise SeedwiseError(
                "--confirm takes fresh seeds, and this study lists its own: write a study of further ones"
            )
        raw = spec.model_dump(mode="json", exclude_unset=True)
        methods = dict.fromkeys((spec.base_method, chosen.method))
        tasks = None if spec.tasks is None else {chosen.task: dict(raw["tasks"][chosen.task])}
        for task in (tasks or {}).values():
            task["methods"] = {name: changed for name, changed in task.get("methods", {}).items() if name in methods}
        changes = {
            "name": confirmation_of(spec.name),
            "methods": {name: raw["methods"][name] for name in methods},
            "base": spec.base_method,
            "regimes": [chosen.regime],
            "readouts": [] if chosen.readout == "plain" else [chosen.readout],
            "first_replicate": spec.first_replicate + spec.replicates,
            "replicates": runs,
            "published": [],
            "tune": None,
        }
        checked = check_study({**raw, **changes, **({} if tasks is None else {"tasks": tasks})}, f"--confirm {runs}")
        return Study(checked, store=self.store_path, folder=self.folder)

    def cells(self) -> list[Cell]:
        """Return what the statistics see: one cell per method and regime, in the order of the study file.

        Raises:
            SeedwiseError: if nothing has been run yet.

        """
        with self.open() as store:
            return cells_of(store, self.spec.name)


@dataclass(frozen=True)
class Grown:
    """A study that has grown.

    Attributes:
        study: the study as it is at its last look.
        outcome: how its last execution ended.
        interim: what is resolved at the last look that was taken; None if the user stopped it before the first.

    """

    study: Study
    outcome: Outcome
    interim: Interim | None


def _fixed(description: Mapping[str, Any]) -> dict[str, Any]:
    """Return what of a study's description decides its runs and does not change while it grows."""
    spec, _ = with_new_names(description.get("spec", {}))
    methods = {
        name: {k: v for k, v in (own or {}).items() if k != FACTOR} for name, own in spec.get("methods", {}).items()
    }
    return {key: value for key, value in spec.items() if key != "replicates"} | {"methods": methods}


def _replicates(description: Mapping[str, Any]) -> Any:
    return description.get("spec", {}).get("replicates")


def _changed(spec: StudySpec, changes: dict[str, Any], source: str = "study") -> StudySpec:
    given = {key: value for key, value in changes.items() if value is not None}
    if not given:
        return spec
    return check_study(spec.model_dump(mode="json", exclude_unset=True) | given, source)


def _check_installed(spec: StudySpec) -> None:
    needed = {"torch": "torch", "sklearn": "scikit-learn"} if spec.is_builtin else {}
    missing = [name for module, name in needed.items() if importlib.util.find_spec(module) is None]
    if missing:
        raise SeedwiseError(f"training needs {' and '.join(missing)}: pip install 'seedwise[train]'")


def _make_importable(folder: Path) -> None:
    # In front, as in the workers: both must mean the same file by the same name.
    for path in (str(Path.cwd()), str(folder)):
        if path not in sys.path:
            sys.path.insert(0, path)
