"""Train what is missing of a plan, then read it out: the one algorithm of studies and of shards."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from seedwise.execution import Executor, Job, Progress, Reading, Settings, Training, Upcoming
from seedwise.readouts import per_run
from seedwise.run import FAILURES, Record, RunSpec
from seedwise.store import Store
from seedwise.study._code import changed_code, stale_runs
from seedwise.study._pending_readouts import mean_of_snapshots, missing_readings, unkept, without_weights
from seedwise.study._policy import Policy, todo
from seedwise.study._sinks import Known, Sink
from seedwise.study._trainable import check_data_of, check_trainable


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


@dataclass(frozen=True)
class Running:
    """Runs of a study and how they are trained.

    Attributes:
        specs: the runs by id: those of the plan, or of a shard's part of it.
        upcoming: called if anything is trained; returns the runs of the plan as progress shows them.
        readouts: names of the study's readouts.
        policy: what is done about runs that have ended before.
        settings: how they are trained.
        sink: where records go.
        executor: where they are trained.
        device: one of those that it trains on.
        progress: receives what happens.
        warn: called before anything is trained.
        check: called with each record that was taken in; what it raises stops the training.

    """

    specs: Mapping[str, RunSpec]
    upcoming: Callable[[], Mapping[str, Upcoming]]
    readouts: Sequence[str]
    policy: Policy
    settings: Settings
    sink: Sink
    executor: Executor
    device: str
    progress: Progress
    warn: Callable[[], None]
    check: Callable[[Record], None] = lambda _record: None

    def run(self) -> Outcome:
        """Train and read out; a shard leaves readouts to the store that it is merged into.

        Raises:
            ChangedCodeError: if code has changed and the policy does not say what is done about it.
            SeedwiseError: if a readout needs weights that nobody kept, or the sink would not keep what is trained.
            StorageError: if records cannot be written.

        """
        known = self.sink.known(self.specs)
        specs = self._todo(known)
        counts = Counter(known.status(run_id) for run_id in self.specs)
        del known  # of 100 000 runs that is much
        interrupted = bool(specs) and self._train(specs)
        if specs:
            counts = Counter(self.sink.statuses(self.specs))
        outcome = Outcome(dict(counts), len(specs), interrupted)
        store = self.sink.store
        if interrupted or store is None:
            return outcome
        readings = missing_readings(store, self.readouts, self.specs, retry_failed=self.policy.retry_failed)
        interrupted = self._read_out(store, readings)
        read = len(readings) - len(missing_readings(store, self.readouts, self.specs))
        names = [readout.name for readout in per_run(self.readouts)]
        there = store.readouts() if names else {}
        found = [one for (i, name), one in there.items() if i in self.specs and name in names]
        return replace(outcome, interrupted=interrupted, read=read, unread=sum(o.status in FAILURES for o in found))

    @property
    def _fresh(self) -> bool:
        return self.policy.retrain or self.policy.retry_failed

    def _todo(self, known: Known) -> list[RunSpec]:
        changed = changed_code(known.statuses, known.documents, known.accepted)
        stale = stale_runs(changed, self.policy, self.sink.accept)
        if self.sink.store is not None:
            kept = {i: spec for i, spec in self.specs.items() if not (self.policy.retrain and i in stale)}
            missing = missing_readings(self.sink.store, self.readouts, kept)
            for readout, readings in without_weights(missing, self.sink.folder).items():
                if not self.policy.retrain:
                    raise unkept(readout, readings)
                stale |= {reading.spec.id for reading in readings}
        wanted = todo(self.specs.values(), {i: known.status(i) for i in self.specs}, self.policy, stale)
        self.sink.check(wanted)
        return wanted

    def _train(self, specs: Sequence[RunSpec]) -> bool:
        if self._fresh:
            for spec in specs:
                self.sink.folder.remove_checkpoint(spec.id)
        self.warn()
        named = self.upcoming()
        self.progress.planned([named[spec.id] for spec in specs])
        check_data_of(specs)
        check_trainable(specs, self.device, {one.id: one.name for one in named.values()})
        return self._execute([Training(spec, fresh=self._fresh) for spec in specs])

    def _read_out(self, store: Store, readings: Sequence[Reading]) -> bool:
        """Read out finished runs: what follows from kept logits here, the rest in workers."""
        for reading in readings:
            if not reading.states:
                self.sink.ingest(mean_of_snapshots(store, reading, self.settings.keep))
        by_weights = [replace(reading, fresh=self._fresh) for reading in readings if reading.states]
        if not by_weights:
            return False
        self.progress.reading(len(by_weights))
        check_data_of(reading.spec for reading in by_weights)
        return self._execute(by_weights)

    def _execute(self, jobs: Sequence[Job]) -> bool:
        return self.executor.execute(jobs, self.settings, self._ingest, self.progress)

    def _ingest(self, *records: Record) -> None:
        self.sink.ingest(*records)
        for record in records:
            self.check(record)
