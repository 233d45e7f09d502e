"""A search for values: trials are asked for, and their results told, through Optuna, whose storage remembers them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from seedwise.errors import SeedwiseError
from seedwise.tuning._objectives import REACHED, shortfalls, values_of
from seedwise.tuning._options import Space, Tune, Values
from seedwise.tuning._results import Measured, TrialState

if TYPE_CHECKING:
    import optuna

Evaluate = Callable[[Mapping[int, Mapping[str, Any]], int], Mapping[int, Measured | None]]
"""Measures the settings of trials, by number, from so many replicates; None where all runs failed."""

FEW_TRIALS = 10
"""Importances of parameters are not computed from fewer."""

MISSED = 1e300
"""What a pruner sees of a trial below the floor; finite, as its median is interpolated."""


@dataclass(frozen=True)
class Trial:
    """One setting that was tried.

    Attributes:
        number: counted from 0.
        params: the values, by their dotted paths.
        state: ``running``, ``finished``, ``pruned`` after fewer replicates, or ``failed`` in all its runs.
        measured: what its runs amount to; None while it runs or if all failed.
        steps: the intermediate values that a pruner saw.

    """

    number: int
    params: dict[str, Any]
    state: TrialState
    measured: Measured | None = None
    steps: tuple[tuple[int, float], ...] = ()


def load_optuna() -> Any:
    """Import Optuna, without its log.

    Raises:
        SeedwiseError: if it is not installed.

    """
    try:
        import optuna
    except ImportError:
        raise SeedwiseError("tuning needs Optuna: pip install 'seedwise[tune]'") from None
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return optuna


@contextmanager
def open_storage(url: str | None, store: Path) -> Iterator[Any]:
    """Open Optuna's storage at an SQLAlchemy URL; by default in the study's own file, beside our tables.

    Raises:
        SeedwiseError: if it cannot be opened.

    """
    import sqlalchemy as sa

    optuna = load_optuna()
    target = url or sa.URL.create("sqlite", database=str(store.resolve())).render_as_string()
    try:
        # Another process may be reading the file just then: wait for it, as the store does.
        waits = {"connect_args": {"timeout": 30}} if sa.make_url(target).get_backend_name() == "sqlite" else {}
        storage = optuna.storages.RDBStorage(target, engine_kwargs=waits)
    except sa.exc.ArgumentError:  # it may hold a password: not repeated
        raise SeedwiseError(
            "tune.storage is no URL: write driver://user@host/database, such as sqlite:///trials.db"
        ) from None
    except (sa.exc.SQLAlchemyError, ImportError) as error:
        shown = sa.make_url(target).render_as_string(hide_password=True)
        reason = str(getattr(error, "orig", None) or error).splitlines()[0]
        raise SeedwiseError(f"tune.storage: {shown} cannot be opened: {reason}") from None
    try:
        yield storage
    finally:
        storage.remove_session()
        storage.engine.dispose()


class Search:
    """A search over a space of values.

    The sampler sees every trial as it is scored now, so that an objective that depends on the other trials is never
    stale. It is seeded by the number of the trial that it is asked for: a search that is killed goes on as it would
    have.

    Args:
        storage: Optuna's.
        name: of the search in the storage.
        space: what may be tried.
        options: objective, replicates, sampler, seed, batch, pruner.
        higher_is_better: direction of the metric.
        floor: which the mean must reach, or None.
        settings: what may not change while the search goes on, JSON values.
        first: the setting of the first trial, or None for any.

    Raises:
        SeedwiseError: if the storage holds a search of this name with other settings.

    """

    def __init__(
        self,
        storage: Any,
        name: str,
        space: Space,
        options: Tune,
        *,
        higher_is_better: bool,
        floor: float | None = None,
        settings: Mapping[str, Any] | None = None,
        first: Mapping[str, Any] | None = None,
    ) -> None:
        self._optuna = load_optuna()
        self._options = options
        self._higher = higher_is_better
        self.floor = floor
        self._first = first
        self._space = {path: self._distribution(values) for path, values in space.items()}
        self._directions = ["minimize"] * values_of(options.objective, [], higher_is_better=higher_is_better).shape[1]
        self._study: optuna.Study = self._optuna.create_study(
            storage=storage,
            study_name=name,
            directions=self._directions,
            pruner=self._pruner(),
            load_if_exists=True,
        )
        asked = self._study.user_attrs.get("settings")
        if asked is None:
            self._study.set_user_attr("settings", dict(settings or {}))
        elif asked != dict(settings or {}):
            changed = [key for key in {**asked, **(settings or {})} if asked.get(key) != (settings or {}).get(key)]
            raise SeedwiseError(
                f"the search '{name}' was begun with another {' and '.join(changed)}: "
                "restore it, or begin anew with another name: in the study file"
            )

    def trials(self) -> list[Trial]:
        """Return all trials by number."""
        return [self._read(trial) for trial in self._study.get_trials(deepcopy=False)]

    def run(self, trials: int, evaluate: Evaluate, on_trial: Callable[[Trial], None] = lambda _trial: None) -> None:
        """Search until there are so many trials; what a killed search left unfinished comes first.

        Args:
            trials: how many, those of earlier calls included.
            evaluate: measures settings.
            on_trial: called with every trial that has ended.

        """
        self._complete()
        while True:
            known = self.trials()
            running = [trial for trial in known if trial.state == "running"]
            if not running and len(known) >= trials:
                return
            # Batches begin at multiples, so that a search that goes on asks for the same as one that never stopped.
            while len(known) < trials and (not running or len(known) % self._options.batch):
                running.append(self._ask(known))
                known.append(running[-1])
            self._finish(running, evaluate, on_trial)

    def importances(self) -> dict[str, float] | str:
        """Return the share of each parameter in the variance of the objective over the space (fANOVA), or why not.

        On the front it is that of the spread.
        """
        finished = [trial for trial in self.trials() if trial.state == "finished"]
        if len(finished) < FEW_TRIALS:
            return f"{len(finished)} finished trials: importances take {FEW_TRIALS}"
        values = self._values([trial.measured for trial in finished if trial.measured])[:, -1]
        if np.ptp(values) == 0:
            return "all trials came out alike"
        memory = self._memory(finished, seed=0)
        try:
            evaluator = self._optuna.importance.FanovaImportanceEvaluator(seed=0)
            found = self._optuna.importance.get_param_importances(
                memory, evaluator=evaluator, target=lambda trial: float(trial.values[-1])
            )
        except ImportError:
            return "importances take scikit-learn: pip install scikit-learn"
        except (ValueError, RuntimeError) as error:
            return str(error).splitlines()[0]
        return {name: float(share) for name, share in found.items()}

    def _ask(self, known: Sequence[Trial]) -> Trial:
        first = dict(self._first) if self._first and not known else None
        # Queued first, in one transaction: a search that is killed here asks for the same values again.
        self._study.enqueue_trial(first or self._memory(known, seed=len(known)).ask(self._space).params)
        trial = self._study.ask(self._space)
        return Trial(trial.number, dict(trial.params), "running")

    def _complete(self) -> None:
        """Write down all values of trials that a killed search had only queued, or begun to write down."""
        state = self._optuna.trial.TrialState
        while any(trial.state == state.WAITING for trial in self._raw()):
            self._study.ask(self._space)
        for trial in self._raw():
            if trial.state == state.RUNNING and len(trial.params) < len(self._space):
                begun = self._optuna.trial.Trial(self._study, trial._trial_id)
                for path, distribution in self._space.items():
                    begun._suggest(path, distribution)

    def _raw(self) -> list[optuna.trial.FrozenTrial]:
        return self._study.get_trials(deepcopy=False)

    def _memory(self, known: Sequence[Trial], seed: int) -> optuna.Study:
        """Return a study in memory that holds the trials as they are scored now."""
        state = self._optuna.trial.TrialState
        states = {"running": state.RUNNING, "finished": state.COMPLETE, "pruned": state.PRUNED, "failed": state.FAIL}
        ended = [trial.measured for trial in known if trial.state == "finished" and trial.measured]
        scores = iter(self._values(ended).tolist())
        memory = self._optuna.create_study(directions=self._directions, sampler=self._sampler(seed))
        for trial in known:
            constraints = None
            if self.floor is not None and trial.measured is not None:
                missed = shortfalls(self.floor, [trial.measured], higher_is_better=self._higher)[0]
                constraints = {"floor": float(missed)}
            memory.add_trial(
                self._optuna.trial.create_trial(
                    state=states[trial.state],
                    values=next(scores) if trial.state == "finished" else None,
                    params=trial.params,
                    distributions=self._space,
                    intermediate_values=dict(trial.steps),
                    constraints=constraints,
                )
            )
        return memory  # type: ignore[no-any-return]

    def _values(self, trials: Sequence[Measured]) -> Any:
        return values_of(self._options.objective, trials, higher_is_better=self._higher)

    def _finish(self, running: Sequence[Trial], evaluate: Evaluate, on_trial: Callable[[Trial], None]) -> None:
        last = self._options.replicates
        going = {trial.number: trial for trial in running}
        for runs in self._rungs():
            found = evaluate({number: trial.params for number, trial in going.items()}, runs)
            # All are judged before the first is told: a search that is killed in between judges the others as it had.
            stops = {number: self._stops(number, measured, runs) for number, measured in sorted(found.items())}
            for number, stopped in stops.items():
                if runs == last or stopped:
                    del going[number]
                    on_trial(self._tell(number, found[number], pruned=stopped and runs < last))
            if not going:
                return

    def _rungs(self) -> Sequence[int]:
        least = {"none": self._options.replicates, "median": 3, "wilcoxon": 2}[self._options.pruner]
        return range(least, self._options.replicates + 1)

    def _stops(self, number: int, measured: Measured | None, runs: int) -> bool:
        """Report what is known of a trial so far; return whether the pruner stops it."""
        if self._options.pruner == "none" or measured is None:
            return False
        trial = self._optuna.trial.Trial(self._study, self._raw()[number]._trial_id)
        if self._options.pruner == "wilcoxon":
            sign = -1.0 if self._higher else 1.0
            steps = {k: sign * value for k, value in enumerate(measured.values)}
        else:
            missed = shortfalls(self.floor, [measured], higher_is_better=self._higher)[0] > REACHED
            # However steady: no trial that reaches the floor is to be stopped for the sake of one that does not.
            steps = {runs: MISSED if missed else float(self._values([measured])[0, 0])}
        reported = self._raw()[number].intermediate_values
        if any(step > max(steps) for step in reported):
            return False  # it went on from here before the search was killed
        for step, value in steps.items():
            if step not in reported:
                trial.report(value, step)
        return bool(trial.should_prune())

    def _tell(self, number: int, measured: Measured | None, *, pruned: bool) -> Trial:
        state = self._optuna.trial.TrialState
        if measured is None:
            self._study.tell(number, state=state.FAIL)
        else:
            trial_id = self._raw()[number]._trial_id
            self._optuna.trial.Trial(self._study, trial_id).set_user_attr("measured", asdict(measured))
            if pruned:
                self._study.tell(number, state=state.PRUNED)
            else:
                seen = [t.measured for t in self.trials() if t.state == "finished" and t.measured]
                self._study.tell(number, self._values([*seen, measured])[-1].tolist())
        return self.trials()[number]

    def _read(self, trial: optuna.trial.FrozenTrial) -> Trial:
        state = self._optuna.trial.TrialState
        names: dict[Any, TrialState] = {state.COMPLETE: "finished", state.PRUNED: "pruned", state.FAIL: "failed"}
        kept = trial.user_attrs.get("measured")
        found = names.get(trial.state, "running")
        params = dict(trial.params) or dict(trial.system_attrs.get("fixed_params", {}))
        measured = None
        if kept is not None and found != "running":
            measured = Measured(tuple(kept["values"]), kept["failed"], kept["churn"])
        return Trial(trial.number, params, found, measured, tuple(sorted(trial.intermediate_values.items())))

    def _distribution(self, values: Values) -> Any:
        kinds = self._optuna.distributions
        if values.choices is not None:
            return kinds.CategoricalDistribution(values.choices)
        if values.whole:
            step = 1 if values.step is None else int(values.step)
            return kinds.IntDistribution(int(values.low or 0), int(values.high or 0), log=values.log, step=step)
        return kinds.FloatDistribution(values.low, values.high, log=values.log, step=values.step)

    def _sampler(self, number: int) -> Any:
        seed = int(np.random.SeedSequence([self._options.seed, number]).generate_state(1)[0])
        samplers = self._optuna.samplers
        return (
            samplers.RandomSampler(seed=seed) if self._options.sampler == "random" else samplers.TPESampler(seed=seed)
        )

    def _pruner(self) -> Any:
        import warnings

        pruners = self._optuna.pruners
        if self._options.pruner == "median":
            return pruners.MedianPruner()
        if self._options.pruner == "wilcoxon":
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", self._optuna.exceptions.ExperimentalWarning)
                return pruners.WilcoxonPruner()
        return pruners.NopPruner()
