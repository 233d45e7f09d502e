"""A study tuned: the search on validation data, then the choice against the base on fresh seeds."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field, fields
from typing import Any

from filelock import FileLock, Timeout

from seedwise.errors import ChangedCodeError, SeedwiseError
from seedwise.execution import Resources, opened
from seedwise.run import digest_of
from seedwise.statistics import Cell
from seedwise.study import (
    Space,
    Store,
    Study,
    StudyFolder,
    Tune,
    base_space,
    cells_of,
    overrides_at,
    settings_of,
    tuned_method,
)
from seedwise.tuning._objectives import Measured, best, default_floor, measured
from seedwise.tuning._search import Search, State, Trial, load_optuna, open_storage
from seedwise.tuning._trials import TrialsStudy, fresh_study, on_validation

TUNED, BASE = "tuned", "base"


class Interrupted(Exception):  # noqa: N818
    """The user stopped it; what is finished is kept."""


@dataclass
class Setting:
    """One setting that was tried: a method of the study of trials."""

    arm: str
    params: dict[str, Any]
    overrides: dict[str, Any]
    state: State
    runs: int


@dataclass(frozen=True)
class _Arm:
    """What is searched: the method's values, or the base's."""

    arm: str
    method: str
    prefix: str
    search: Search


@dataclass(frozen=True)
class Tuned:
    """How a search ended.

    Attributes:
        chosen: the best trial, or None if none reached the floor.
        base: the base's setting: itself, or its best trial.
        floor: which the mean had to reach, None without one.
        fresh: the name of the study of fresh runs; None if there was nothing to compare.
        failed: number of failed runs.

    """

    chosen: str | None
    base: str
    floor: float | None
    fresh: str | None
    failed: int


@dataclass
class Tuner:
    """Tunes a study.

    Args:
        study: a study with ``tune:``.
        trials: takes the place of the file's.
        options: passed to ``Study.run``: workers, device, progress, ...
        told: called with the name, the trial and what the search makes of it.

    """

    study: Study
    trials: int | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    told: Callable[[str, Trial], None] = lambda _name, _trial: None

    def __post_init__(self) -> None:
        spec = self.study.spec
        if spec.tune is None:
            raise SeedwiseError(
                "seedwise tune takes a 'tune:' in the study file, such as "
                "tune: {space: {loss.lambda_s: {low: 0.01, high: 1, log: true}}}"
            )
        self.tune: Tune = spec.tune
        self.higher = spec.metrics[0].higher_is_better
        self.settings: dict[str, Setting] = {}
        self.importances: dict[str, float] | str = ""
        self.floor: float | None = None
        self.failed = 0
        self.earlier: list[str] = []

    def run(self) -> Tuned:
        """Search, choose, and compare the choice with the base on fresh seeds.

        Raises:
            Interrupted: if the user stopped it; the same call goes on.
            SeedwiseError: for a mistake in the study, without Optuna, or if every run of the base fails.

        """
        searched = bool(self.tune.space or self.tune.tune_base)
        if searched:
            load_optuna()
        with self._lock():
            self.earlier = self._looked_at()
            storage = open_storage(self.tune.storage, self.study.store_path) if searched else nullcontext()
            with storage as self._optuna_storage, opened("local", self._resources()) as self._executor:
                try:
                    return self._run()
                except KeyboardInterrupt:  # between two executions, which heed it themselves
                    raise Interrupted from None

    def _run(self) -> Tuned:
        spec, tune = self.study.spec, self.tune
        base, objective = spec.base_method, tune.objective
        # The base with the seeds of all trials: what they are compared with.
        self._keep(base, BASE, {}, overrides_at(spec, base, {}))
        searches = self._searches()
        # What has ended in a search is told and stays as it is; but the first runs of all may have a mistake in them.
        retry = self.options.get("retry_failed", False) and not any(one.search.trials() for one in searches)
        found = self._measure({base: tune.replicates}, retry_failed=retry)[base]
        if found is None:
            raise SeedwiseError(f"every run of the base '{base}' failed; why: seedwise status {self.study.store_path}")
        self._check(found)
        if objective.has_floor:
            own = default_floor(found, higher_is_better=self.higher)
            self.floor = own if objective.floor is None else objective.floor
        if not tune.space:
            self._try_methods()
        for one in searches:
            one.search.floor = self.floor
            self._search(one)
        self.importances = searches[0].search.importances() if tune.space else ""
        chosen, chosen_base = self._best(TUNED), self._best(BASE) or base
        self._write(chosen, chosen_base)
        fresh = self._fresh(chosen, chosen_base)
        return Tuned(chosen, chosen_base, self.floor, fresh, self.failed)

    def _check(self, base: Measured) -> None:
        if self.tune.objective.needs_predictions and base.churn is None:
            raise SeedwiseError(
                "tune: churn compares predictions for validation examples, and the runs kept none: "
                "run.save_predictions(..., split='validation'), or use objective: sd"
            )

    def _try_methods(self) -> None:
        """Try the study's own methods, which need no search."""
        spec = self.study.spec
        names = [name for name in spec.methods if name != spec.base_method]
        for name in names:
            self._keep(name, TUNED, {}, overrides_at(spec, name, {}))
        retry = self.options.get("retry_failed", False)
        found = self._measure(dict.fromkeys(names, self.tune.replicates), retry_failed=retry)
        for number, name in enumerate(names):
            one = found[name]
            self.settings[name].state = "failed" if one is None else "finished"
            self.told(name, Trial(number, {}, self.settings[name].state, one))

    def _searches(self) -> list[_Arm]:
        """Return the searches with what they have tried already."""
        spec, tune = self.study.spec, self.tune
        wanted = [(TUNED, tuned_method(spec), tune.space, "trial")] if tune.space else []
        wanted += [(BASE, spec.base_method, base_space(spec), f"{spec.base_method}-trial")] if tune.tune_base else []
        arms = []
        for arm, method, space, prefix in wanted:
            search = Search(
                self._optuna_storage,
                f"{spec.name}-{prefix}s",
                space,
                tune,
                higher_is_better=self.higher,
                settings={**settings_of(tune), "study": self._digest()},
                first=first_setting(spec.train | {"model": spec.model}, spec.methods[method] or {}, space),
            )
            arms.append(_Arm(arm, method, prefix, search))
            for trial in search.trials():
                if trial.state != "running":
                    self._keep_trial(arms[-1], trial)
        return arms

    def _search(self, arm: _Arm) -> None:
        """Search the values of a method."""

        def evaluate(params: Mapping[int, Mapping[str, Any]], runs: int) -> dict[int, Measured | None]:
            going = [Trial(number, dict(values), "running") for number, values in params.items()]
            names = {trial.number: self._keep_trial(arm, trial, runs) for trial in going}
            found = self._measure(dict.fromkeys(names.values(), runs))
            return {number: found[name] for number, name in names.items()}

        arm.search.run(
            self.trials or max(self.tune.trials if self.tune.space else len(self.settings) - 1, 1),
            evaluate,
            lambda trial: self.told(self._keep_trial(arm, trial), trial),
        )

    def _keep_trial(self, arm: _Arm, trial: Trial, runs: int | None = None) -> str:
        name = f"{arm.prefix}-{trial.number}"
        overrides = overrides_at(self.study.spec, arm.method, trial.params)
        ended = None if trial.measured is None else trial.measured.runs
        self._keep(name, arm.arm, trial.params, overrides, state=trial.state, runs=runs or ended)
        return name

    def _keep(
        self,
        name: str,
        arm: str,
        params: Mapping[str, Any],
        overrides: Mapping[str, Any],
        *,
        state: State = "finished",
        runs: int | None = None,
    ) -> None:
        self.settings[name] = Setting(arm, dict(params), dict(overrides), state, runs or self.tune.replicates)

    def _measure(self, names: Mapping[str, int], *, retry_failed: bool = False) -> dict[str, Measured | None]:
        """Train what is missing of these settings and return what their first runs amount to."""
        trials = self._trials_study()
        self.failed = self._execute(trials, retry_failed=retry_failed)
        with Store(self.study.store_path) as store:
            cells = {cell.method: cell for cell in cells_of(store, trials.spec.name)}
        self._check_metric(cells[self.study.spec.base_method])
        worst = worst_of(cells.values())
        return {name: measured(cells[name], runs, worst) for name, runs in names.items()}

    def _check_metric(self, base: Cell) -> None:
        if base.status.count("finished") and not base.finished:
            raise SeedwiseError(
                f"no run reported {base.metric}, which trials are judged by: "
                f"run.finish(**{{'{on_validation(self.study.spec.metrics[0].name)}': ...}})"
            )

    def _trials_study(self, **more: Any) -> TrialsStudy:
        return TrialsStudy(
            self.study,
            {name: setting.overrides for name, setting in self.settings.items()},
            {name: setting.runs for name, setting in self.settings.items()},
            {**self._described(), **more},
        )

    def _described(self) -> dict[str, Any]:
        spec = self.study.spec
        return {
            "of": spec.name,
            "options": self.tune.model_dump(mode="json", exclude={"storage"}),
            "method": tuned_method(spec) if self.tune.space else None,
            "base": spec.base_method,
            "floor": self.floor,
            "earlier": self.earlier,
            "settings": {
                name: {"arm": one.arm, "params": one.params, "state": one.state} for name, one in self.settings.items()
            },
            "study": spec.model_dump(mode="json", exclude_unset=True, exclude={"tune": {"storage"}}),
        }

    def _best(self, arm: str) -> str | None:
        """Return the best finished setting of an arm; for the base that includes the base as it stands."""
        with Store(self.study.store_path) as store:
            cells = {cell.method: cell for cell in cells_of(store, f"{self.study.spec.name}-trials")}
        worst = worst_of(cells.values())
        names, found = [], []
        for name, setting in self.settings.items():
            one = measured(cells[name], worst=worst)
            if setting.arm == arm and setting.state == "finished" and one is not None:
                names.append(name)
                found.append(one)
        at = best(self.tune.objective, found, self.floor, higher_is_better=self.higher) if found else None
        return None if at is None else names[at]

    def _write(self, chosen: str | None, base: str) -> None:
        """Note the choice in the store; nothing is left to train."""
        fresh = None if chosen is None else f"{self.study.spec.name}-fresh"
        self.earlier = [name for name in self.earlier if name != chosen]
        self._execute(self._trials_study(chosen=chosen, chosen_base=base, importances=self.importances, fresh=fresh))

    def _looked_at(self) -> list[str]:
        """Return the choices of earlier calls, whose fresh runs have shown what they are worth on test data."""
        with StudyFolder.of_store(self.study.store_path).lock(), Store(self.study.store_path, write=True) as store:
            known = store.studies().get(f"{self.study.spec.name}-trials", {}).get("tuning", {})
        last = known.get("chosen")
        return [*known.get("earlier", []), *([last] if last is not None else [])]

    def _fresh(self, chosen: str | None, base: str) -> str | None:
        if chosen is None:
            return None
        spec = self.study.spec
        names = (spec.base_method if base == spec.base_method else f"{spec.base_method}-tuned", "tuned")
        if not self.tune.space:
            names = (names[0], chosen)
        overrides = (self.settings[base].overrides, self.settings[chosen].overrides)
        fresh = fresh_study(self.study, dict(zip(names, overrides, strict=True)), self.tune.fresh)
        self.failed += self._execute(fresh, retry_failed=self.options.get("retry_failed", False))
        return fresh.spec.name

    def _execute(self, study: Study, *, retry_failed: bool = False) -> int:
        """Train what is missing of a study and return how many of its runs failed."""
        try:
            outcome = study.run(**{**self.options, "retry_failed": retry_failed}, executor=self._executor)
        except ChangedCodeError as error:
            changed = str(error).partition(": --retrain")[0]
            raise ChangedCodeError(
                f"{changed}: --accept-changed-code keeps them as they are; to train all of it again, begin with "
                "another name: in the study file"
            ) from None
        if outcome.interrupted:
            raise Interrupted
        return outcome.failed

    def _resources(self) -> Resources:
        return Resources(**{f.name: self.options[f.name] for f in fields(Resources) if f.name in self.options})

    def _digest(self) -> str:
        """Return what names all of the study that decides its trials."""
        spec = self.study.spec
        return digest_of([spec.configs(), spec.function, spec.regimes, spec.first_replicate])

    @contextmanager
    def _lock(self) -> Iterator[None]:
        folder = StudyFolder.of_store(self.study.store_path)
        folder.create()
        lock = FileLock(folder.root / "tune.lock")
        try:
            lock.acquire(timeout=0)
        except Timeout:
            raise SeedwiseError(
                f"another process is tuning this study (it holds {folder.root / 'tune.lock'}): wait for it or stop it"
            ) from None
        try:
            yield
        finally:
            lock.release()


def worst_of(cells: Any) -> float | None:
    """Return the worst value of any finished run: what a failed one counts as where chance is unknown."""
    values = [(cell.values[cell.finished_mask], cell.higher_is_better) for cell in cells if cell.finished]
    if not values:
        return None
    return float(min(v.min() for v, _ in values) if values[0][1] else max(v.max() for v, _ in values))


def first_setting(train: Mapping[str, Any], overrides: Mapping[str, Any], space: Space) -> dict[str, Any] | None:
    """Return the method's own values where its file gives all that are searched, and they lie in the space."""
    found = {}
    for path, values in space.items():
        value = _at(overrides, path.split("."))
        value = _at(train, path.split(".")) if value is None else value
        if value is None or not _inside(value, values):
            return None
        found[path] = value if values.choices is not None else int(value) if values.whole else float(value)
    return found


def _at(where: Any, keys: list[str]) -> Any:
    for key in keys:
        where = where.get(key) if isinstance(where, Mapping) else None
    return where


def _inside(value: Any, values: Any) -> bool:
    if values.choices is not None:
        return value in values.choices
    if isinstance(value, bool) or not isinstance(value, int | float) or not values.low <= value <= values.high:
        return False
    return values.step is None or abs((value - values.low) / values.step % 1) < 1e-9
