"""Executors by name, and one of the user's own."""

from __future__ import annotations

import pytest

from seedwise.errors import SeedwiseError
from seedwise.execution import Resources, opened
from seedwise.run import RunRecord
from seedwise.study import Study

TOY = "def train(run):\n    run.finish(accuracy=run.seeds['init'])\n"
STUDY = "name: s\ntrain: {function: 'toy_for_executors:train'}\nreplicates: 3\n"


@pytest.fixture
def study(tmp_path):
    (tmp_path / "toy_for_executors.py").write_text(TOY)
    (tmp_path / "s.yaml").write_text(STUDY)
    return Study.from_yaml(tmp_path / "s.yaml")


class ByHand:
    """Jobs in, records out: nothing else is asked of an executor."""

    def __init__(self, stops_after: int | None = None):
        self.seen, self.stops_after, self.closed = [], stops_after, False

    def execute(self, jobs, settings, ingest, progress):
        for job in jobs:
            if self.stops_after is not None and len(self.seen) == self.stops_after:
                return True
            self.seen.append(job.id)
            progress.started(job.id)
            accuracy = float(job.spec.seeds["init"])
            record = RunRecord(job.spec.id, job.spec.content, "finished", {"test/accuracy": accuracy})
            for _ in range(2):  # a job may be done twice
                ingest(record)
            progress.ended(job.id, "finished")
        return False

    def close(self):
        self.closed = True


def test_an_executor_of_ones_own_is_jobs_in_and_records_out(study):
    executor = ByHand()
    outcome = study.run(executor=executor)
    assert (outcome.counts, outcome.trained, outcome.interrupted) == ({"finished": 3}, 3, False)
    assert study.cells()[0].values.tolist() == [1.0, 2.0, 3.0]
    assert not executor.closed, "it outlives the call"
    assert study.run(executor=executor).trained == 0


def test_what_an_executor_left_is_trained_the_next_time(study):
    outcome = study.run(executor=ByHand(stops_after=1))
    assert (outcome.counts, outcome.interrupted) == ({"finished": 1, "pending": 2}, True)
    assert study.run(workers=1).counts == {"finished": 3}


def test_a_shard_takes_every_executor(study):
    executors = [ByHand(), ByHand()]
    trained = [study.run(shard=(i, 2), executor=executors[i - 1]).trained for i in (1, 2)]
    assert trained == [len(one.seen) for one in executors] == [2, 1]


def test_an_unknown_executor_is_a_line(study):
    with pytest.raises(SeedwiseError, match="unknown executor 'moon': there is local"):
        study.run(executor="moon")


@pytest.mark.parametrize("device", ["", ",", "mpsy", "cuda:x", "cpu0"])
def test_devices_that_are_none(device):
    with pytest.raises(SeedwiseError, match="unknown device"):
        Resources(device)


def test_resources_are_checked_before_anything_starts():
    with pytest.raises(SeedwiseError, match="--workers 0: at least one is needed"):
        Resources(workers=0)
    with (
        pytest.raises(SeedwiseError, match="--runs-per-device 0: at least one is needed"),
        opened("local", Resources(runs_per_device=0)),
    ):
        pass
