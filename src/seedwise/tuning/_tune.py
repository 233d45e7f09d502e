"""A study tuned: the search on validation data, then the choice against the base on fresh seeds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial

from seedwise.errors import SeedwiseError
from seedwise.execution import Executor, Resources, exclusive, opened
from seedwise.study import Progress, Store, Study, StudyFolder
from seedwise.tuning._names import trials_study_name
from seedwise.tuning._options import Tune
from seedwise.tuning._record import SearchRecord
from seedwise.tuning._search import Trial, load_optuna, open_storage
from seedwise.tuning._session import Interrupted, Session, Tuned

OnTrial = Callable[[str, Trial], None]
"""Called with the name of every trial that has ended, and the trial."""


@dataclass(frozen=True)
class Tuner:
    """Tunes a study.

    Args:
        study: a study with ``tune:``.
        trials: takes the place of the file's.
        workers, device, runs_per_device, accept_changed_code, progress, executor: see ``Study.run``.
        retry_failed: train again the runs that failed before the search had a trial, and fresh ones.
        on_trial: called with every trial that has ended.

    """

    study: Study
    trials: int | None = None
    workers: int | None = None
    device: str = "cpu"
    runs_per_device: int = 1
    accept_changed_code: bool = False
    retry_failed: bool = False
    progress: Progress | None = None
    on_trial: OnTrial = lambda _name, _trial: None
    executor: str | Executor = "local"

    def run(self) -> Tuned:
        """Search, choose, and compare the choice with the base on fresh seeds.

        Raises:
            Interrupted: if the user stopped it; the same call goes on.
            SeedwiseError: for a mistake in the study, without Optuna, or if every run of the base fails.

        """
        tune = self.study.spec.tune
        if not isinstance(tune, Tune):
            raise SeedwiseError(
                "seedwise tune takes a 'tune:' in the study file, such as "
                "tune: {space: {loss.lambda_s: {low: 0.01, high: 1, log: true}}}"
            )
        if tune.searched:
            load_optuna()
        with self._lock():
            earlier = self._looked_at()
            storage = open_storage(tune.storage, self.study.store_path) if tune.searched else nullcontext()
            resources = Resources(self.device, self.workers, self.runs_per_device)
            with storage as known, opened(self.executor, resources) as executor:
                train = partial(
                    Study.run,
                    accept_changed_code=self.accept_changed_code,
                    progress=self.progress,
                    executor=executor,
                )
                session = Session(self.study, tune, train=train, storage=known, earlier=earlier, on_trial=self.on_trial)
                try:
                    return session.run(self.trials, retry_failed=self.retry_failed)
                except KeyboardInterrupt:  # between two executions, which handle it themselves
                    raise Interrupted from None

    def _looked_at(self) -> list[str]:
        """Return the choices of earlier calls, whose fresh runs have shown what they are worth on test data."""
        with StudyFolder.of_store(self.study.store_path).lock(), Store(self.study.store_path, write=True) as store:
            record = SearchRecord.of_study(store.studies().get(trials_study_name(self.study.spec.name)))
        if record is None:
            return []
        chosen = None if record.choice is None else record.choice.chosen
        return [*record.earlier, *([] if chosen is None else [chosen])]

    @contextmanager
    def _lock(self) -> Iterator[None]:
        folder = StudyFolder.of_store(self.study.store_path)
        folder.create()
        with exclusive(folder.root / "tune.lock", "tuning this study"):
            yield
