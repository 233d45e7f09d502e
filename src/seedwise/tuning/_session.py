"""One search from its first run to its last: what is tried, what is chosen, what is confirmed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from seedwise.errors import ChangedCodeError, SeedwiseError
from seedwise.run import digest_of
from seedwise.statistics import Cell
from seedwise.study import Outcome, Store, Study, cells_of
from seedwise.tuning._names import choice_name, fresh_study_name, search_name, trial_name, trials_study_name
from seedwise.tuning._objectives import best, default_floor, measured, worst_of
from seedwise.tuning._options import Tune
from seedwise.tuning._record import Choice, SearchRecord, Setting
from seedwise.tuning._results import Arm, Measured
from seedwise.tuning._search import Search, Trial
from seedwise.tuning._space import base_space, first_setting, overrides_at, tuned_method
from seedwise.tuning._trials import TrialsStudy, fresh_study, on_validation


class Interrupted(Exception):  # noqa: N818
    """The user stopped it; what is finished is kept."""


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


@dataclass(frozen=True)
class _Tried:
    """A setting, the overrides that it stands for, and its number of runs."""

    setting: Setting
    overrides: Mapping[str, Any]
    runs: int


@dataclass(frozen=True)
class _Searched:
    """A method whose values are searched."""

    arm: Arm
    method: str
    search: Search


class Session:
    """A search that goes on until it has ended or is stopped.

    Args:
        study: the study that is tuned.
        tune: how.
        train: ``Study.run`` with its options, but for ``retry_failed``.
        storage: Optuna's, None where nothing is searched.
        earlier: what earlier calls chose.
        on_trial: called with the name of every trial that has ended, and the trial.

    """

    def __init__(
        self,
        study: Study,
        tune: Tune,
        *,
        train: Callable[..., Outcome],
        storage: Any,
        earlier: list[str],
        on_trial: Callable[[str, Trial], None],
    ) -> None:
        self._study, self._spec, self._tune = study, study.spec, tune
        self._run_study = train
        self._storage = storage
        self._earlier = earlier
        self._on_trial = on_trial
        self._higher = study.spec.learns.metrics[0].higher_is_better
        self._tried: dict[str, _Tried] = {}
        self._floor: float | None = None
        self._failed = 0
        self._warned: set[str] = set()  # many trials have the same likely mistake, which is said once

    def run(self, trials: int | None, *, retry_failed: bool) -> Tuned:
        """Search, choose, and compare the choice with the base on fresh seeds."""
        tune, base = self._tune, self._spec.base_method
        # The base with the seeds of all trials: what they are compared with.
        self._keep(base, Setting("base", {}, "finished"), base)
        searches = [self._search_of(arm) for arm in tune.searched]
        # What has ended in a search stays as it is; but the first runs of all may have a mistake in them.
        begun = any(one.search.trials() for one in searches)
        found = self._measure({base: tune.replicates}, retry_failed=retry_failed and not begun)[base]
        self._check_base(found)
        if found is not None and tune.objective.has_floor:
            own = default_floor(found, higher_is_better=self._higher)
            self._floor = own if tune.objective.floor is None else tune.objective.floor
        if not tune.space:
            self._try_methods(retry_failed=retry_failed)
        wanted = trials or max(tune.trials if tune.space else len(self._tried) - 1, 1)
        for one in searches:
            self._search(one, wanted)
        choice = self._choose(searches)
        self._note(choice)
        if choice.chosen is not None:
            fresh = fresh_study(self._study, tune, self._compared(choice.chosen, choice.chosen_base), self._warned)
            self._failed += self._train(fresh, retry_failed=retry_failed)
        return Tuned(choice.chosen, choice.chosen_base, self._floor, choice.fresh, self._failed)

    def _check_base(self, found: Measured | None) -> None:
        if found is None:
            raise SeedwiseError(
                f"every run of the base '{self._spec.base_method}' failed; "
                f"why: seedwise status {self._study.store_path}"
            )
        if self._tune.objective.needs_predictions and found.churn is None:
            raise SeedwiseError(
                "tune: churn compares predictions for validation examples, and the runs kept none: "
                "run.save_predictions(..., split='validation'), or use objective: sd"
            )

    def _try_methods(self, *, retry_failed: bool) -> None:
        """Try the study's own methods, which need no search."""
        names = [name for name in self._spec.methods if name != self._spec.base_method]
        for name in names:
            self._keep(name, Setting("tuned", {}, "finished"), name)
        found = self._measure(dict.fromkeys(names, self._tune.replicates), retry_failed=retry_failed)
        for number, name in enumerate(names):
            trial = Trial(number, {}, "failed" if found[name] is None else "finished", found[name])
            self._keep(name, Setting("tuned", {}, trial.state), name)
            self._on_trial(name, trial)

    def _search_of(self, arm: Arm) -> _Searched:
        """Return a search with what it has tried already."""
        spec, tune = self._spec, self._tune
        tuned = arm == "tuned"
        method = tuned_method(spec, tune) if tuned else spec.base_method
        space = tune.space if tuned else base_space(spec, tune)
        search = Search(
            self._storage,
            search_name(arm, spec.base_method, spec.name),
            space,
            tune,
            higher_is_better=self._higher,
            settings={**tune.fixed, "study": self._digest()},
            first=first_setting(spec, method, space),
        )
        found = _Searched(arm, method, search)
        for trial in search.trials():
            if trial.state != "running":
                self._keep_trial(found, trial)
        return found

    def _search(self, one: _Searched, trials: int) -> None:
        """Search the values of a method."""

        def evaluate(params: Mapping[int, Mapping[str, Any]], runs: int) -> dict[int, Measured | None]:
            going = [Trial(number, dict(values), "running") for number, values in params.items()]
            names = {trial.number: self._keep_trial(one, trial, runs) for trial in going}
            found = self._measure(dict.fromkeys(names.values(), runs))
            return {number: found[name] for number, name in names.items()}

        one.search.floor = self._floor
        one.search.run(trials, evaluate, lambda trial: self._on_trial(self._keep_trial(one, trial), trial))

    def _keep_trial(self, one: _Searched, trial: Trial, runs: int | None = None) -> str:
        name = trial_name(one.arm, self._spec.base_method, trial.number)
        ended = None if trial.measured is None else trial.measured.runs
        self._keep(name, Setting(one.arm, dict(trial.params), trial.state), one.method, runs or ended)
        return name

    def _keep(self, name: str, setting: Setting, method: str, runs: int | None = None) -> None:
        overrides = overrides_at(self._spec, method, setting.params)
        self._tried[name] = _Tried(setting, overrides, runs or self._tune.replicates)

    def _measure(self, names: Mapping[str, int], *, retry_failed: bool = False) -> dict[str, Measured | None]:
        """Train what is missing of these settings and return what their first runs amount to."""
        self._failed = self._train(self._trials_study(), retry_failed=retry_failed)
        cells = self._cells()
        base = cells[self._spec.base_method]
        if base.status.count("finished") and not base.finished:
            raise SeedwiseError(
                f"no run reported {base.metric.name}, which trials are judged by: "
                f"run.finish(**{{'{on_validation(self._spec.learns.metrics[0].name)}': ...}})"
            )
        worst = worst_of(cells.values())
        return {name: measured(cells[name], runs, worst) for name, runs in names.items()}

    def _train(self, study: Study, *, retry_failed: bool = False) -> int:
        """Train what is missing of a study and return how many of its runs failed."""
        try:
            outcome = self._run_study(study, retry_failed=retry_failed)
        except ChangedCodeError as error:
            raise error.with_remedy(
                "--accept-changed-code keeps them as they are; to train all of it again, begin with another name: in "
                "the study file"
            ) from None
        if outcome.interrupted:
            raise Interrupted
        return outcome.failed

    def _cells(self) -> dict[str, Cell]:
        with Store(self._study.store_path) as store:
            return {cell.method: cell for cell in cells_of(store, trials_study_name(self._spec.name))}

    def _choose(self, searches: list[_Searched]) -> Choice:
        cells = self._cells()
        chosen = self._best("tuned", cells)
        importances = next((one.search.importances() for one in searches if one.arm == "tuned"), "")
        base = self._best("base", cells) or self._spec.base_method
        return Choice(chosen, base, importances, None if chosen is None else fresh_study_name(self._spec.name))

    def _best(self, arm: Arm, cells: Mapping[str, Cell]) -> str | None:
        """Return the best finished setting of an arm; for the base that includes the base as it stands."""
        worst = worst_of(cells.values())
        found = {
            name: one
            for name, tried in self._tried.items()
            if tried.setting.arm == arm
            and tried.setting.state == "finished"
            and (one := measured(cells[name], worst=worst)) is not None
        }
        at = best(self._tune.objective, list(found.values()), self._floor, higher_is_better=self._higher)
        return None if at is None else list(found)[at]

    def _note(self, choice: Choice) -> None:
        """Note the choice in the store; nothing is left to train."""
        self._earlier = [name for name in self._earlier if name != choice.chosen]
        self._train(self._trials_study(choice))

    def _compared(self, chosen: str, base: str) -> dict[str, Mapping[str, Any]]:
        """Return the methods of the fresh study, the base first."""
        own = self._spec.base_method
        names = (
            own if base == own else choice_name("base", own),
            choice_name("tuned", own) if self._tune.space else chosen,
        )
        return {name: self._tried[one].overrides for name, one in zip(names, (base, chosen), strict=True)}

    def _trials_study(self, choice: Choice | None = None) -> TrialsStudy:
        spec, tune = self._spec, self._tune
        record = SearchRecord(
            of=spec.name,
            study=spec.model_dump(mode="json", exclude_unset=True, exclude={"tune": {"storage"}}),
            options=tune.model_dump(mode="json", exclude={"storage"}),
            method=tuned_method(spec, tune) if tune.space else None,
            base=spec.base_method,
            floor=self._floor,
            earlier=self._earlier,
            settings={name: tried.setting for name, tried in self._tried.items()},
            choice=choice,
        )
        overrides = {name: tried.overrides for name, tried in self._tried.items()}
        runs = {name: tried.runs for name, tried in self._tried.items()}
        return TrialsStudy(self._study, overrides, runs, record, self._warned)

    def _digest(self) -> str:
        """Return what names all of the study that decides its trials."""
        spec = self._spec
        return digest_of([spec.configs(), spec.function, spec.regimes, spec.first_replicate])
