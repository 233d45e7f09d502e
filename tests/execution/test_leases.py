"""Who is still there, without comparing clocks."""

from __future__ import annotations

import threading

import pytest

from seedwise.execution._leases import Watch, renewed
from seedwise.execution._queue import doing_of, lease_of


def test_a_counter_that_changes_in_whatever_way_is_one_of_a_worker_that_lives():
    watch = Watch(10)
    counters = [b"9", b"1", b"", b"x"] * 3
    assert [watch.still({"a": counter}, 8 * k) for k, counter in enumerate(counters)] == [set()] * 12


def test_who_was_away_looks_again_before_a_worker_is_lost():
    watch = Watch(10)
    looks = [watch.still({"a": b"1"}, now) for now in (0, 1000, 1001, 1002, 1003)]
    assert looks == [set(), set(), set(), set(), {"a"}]
    assert watch.still({"a": b"2"}, 1004) == set(), "it was away as well"


def test_a_worker_without_a_counter_is_lost_after_the_same_time():
    watch = Watch(10)
    looks = [watch.still({"a": None}, now) for now in range(0, 15, 3)]
    assert looks == [set(), set(), set(), set(), {"a"}]


def test_one_that_has_left_and_comes_back_is_seen_anew():
    watch = Watch(10)
    for now in range(0, 9, 2):
        assert watch.still({"a": b"1"}, now) == set()
    assert watch.still({}, 9) == set()
    assert watch.still({"a": b"1"}, 11) == set()


def test_a_counter_is_raised_while_a_block_runs_and_its_end_is_told():
    counts, went = [], threading.Event()

    def renew(count):
        counts.append(count)
        if len(counts) == 2:
            raise OSError("the file server is away for a moment")
        if len(counts) == 4:
            went.set()
            return False
        return True

    with renewed(renew, lease=0.06) as gone:
        assert went.wait(10)
        assert gone.wait(10)
    assert counts == [1, 2, 3, 4]


def test_a_lease_says_what_is_done_and_never_changes_its_length():
    some = {f"{k:016x}.run": k for k in range(64)}
    leases = [lease_of(0, {}), lease_of(10**9, some), lease_of(7, {f"{k:016x}.run": k for k in range(5000)})]
    assert {len(lease) for lease in leases} == {len(leases[0])}
    assert [doing_of(lease) for lease in leases[:2]] == [{}, some]
    cut = doing_of(leases[2])
    assert 50 < len(cut) < 5000
    assert all(name == f"{k:016x}.run" for name, k in cut.items())


@pytest.mark.parametrize(
    "lease",
    [
        b"0" * 12,  # of an earlier version
        b"",
        lease_of(1, {"a.run": 1})[:2000] + lease_of(2, {"a.run": 2})[2000:],  # read while it was written
        lease_of(1, {"a.run": 1}).replace(b"{", b"["),
        lease_of(1, {"a.run": -1}),
        lease_of(1, {"a.run": "many"}),
        lease_of(1, [1, 2]),
    ],
)
def test_a_lease_that_does_not_say_what_is_done_says_nothing(lease):
    assert doing_of(lease) == {}
