from itertools import product

import numpy as np
import pytest

from seedwise.statistics import Interval
from seedwise.statistics.comparison.single_runs import place_rankings, single_runs

from .cells import RNG, cell

BASE, NEW = 0.9 + 0.01 * RNG.normal(size=30), 0.905 + 0.01 * RNG.normal(size=30)


def test_chances_are_counted() -> None:
    base, new = single_runs([cell("base", BASE), cell("new", NEW)], "base", None, few=5)
    assert base is not None
    assert new is not None
    assert (base.worse, base.flip_of_one, base.flip_of_few) == (None, None, None)
    assert isinstance(new.worse, Interval)
    assert new.worse.estimate == pytest.approx(np.mean(BASE.mean() > NEW))
    assert new.sd == pytest.approx(np.std(NEW, ddof=1))
    upper, lower = np.sort(NEW)[15:].mean(), np.sort(NEW)[:15].mean()
    assert new.better_half.gap == pytest.approx(upper - lower)


def test_a_threshold_takes_the_place_of_the_bases_mean() -> None:
    (base,) = single_runs([cell("base", BASE)], "base", {"digits": 0.895}, few=5)
    assert base is not None
    assert isinstance(base.worse, Interval)
    assert base.worse.estimate == pytest.approx(np.mean(BASE < 0.895))


def test_the_best_of_a_few_is_that_of_all_draws() -> None:
    few = single_runs([cell("base", BASE[:6])], "base", None, few=2)[0]
    assert few is not None
    assert few.worst < BASE[:6].mean() < few.best
    (many,) = single_runs([cell("base", BASE)], "base", None, few=2)
    assert many is not None
    pairs = [max(BASE[i], BASE[j]) for i, j in product(range(30), repeat=2) if i < j]
    assert many.best == pytest.approx(np.mean(pairs))


def test_runs_that_say_nothing_are_left_out() -> None:
    cells = [cell("base", [0.9, 0.91]), cell("same", [0.9] * 5)]
    assert single_runs(cells, "base", None, few=5) == [None, None]


def test_rankings_take_three_methods_at_one_place() -> None:
    three = [cell(name, 0.9 + k / 100 + 0.01 * RNG.normal(size=12)) for k, name in enumerate("abc")]
    two = [cell(name, BASE[:12], task="other") for name in "ab"]
    (found,) = place_rankings([*three, *two], few=5)
    assert (found.task, found.regime, found.readout) == ("digits", "all", "plain")
    assert sorted(found.flips.order) == ["a", "b", "c"]
