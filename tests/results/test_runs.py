"""Tables from elsewhere, understood as runs, and their methods compared without a report."""

import subprocess
import sys
from dataclasses import FrozenInstanceError, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from seedwise.errors import SeedwiseError
from seedwise.results import Frame, Roles, Runs, compare_runs, read_table, understand
from seedwise.statistics import Interval, Metric, Question, mean_equivalence, reduction

BASE = [0.951, 0.948, 0.955, 0.949, 0.953]
NEW = [0.950, 0.951, 0.952, 0.950, 0.951]
ACCURACY = Metric("accuracy", unit="share")


def runs(seeds: list[str] | None = None) -> Runs:
    return Runs(
        task=np.array(["results"] * 10, dtype=object),
        method=np.array(["base"] * 5 + ["new"] * 5, dtype=object),
        seed=None if seeds is None else np.array(seeds, dtype=object),
        fold=None,
        values={"accuracy": np.array(BASE + NEW)},
        metrics=(ACCURACY,),
        seed_name="seed",
        read_as=(),
        set_aside=(),
    )


def test_a_wide_and_a_long_table_are_the_same_runs() -> None:
    wide = pd.DataFrame({"seed": range(5), "base": BASE, "new": NEW})
    long = wide.melt(id_vars="seed", var_name="how", value_name="accuracy")
    one = understand([Frame(wide, "wide")], Roles(metric=("accuracy",), seed=("seed",)))
    other = understand([Frame(long, "long")], Roles(by="how", metric=("accuracy",), seed=("seed",)))
    for found in (one, other):
        assert found.method.tolist() == ["base"] * 5 + ["new"] * 5
        assert found.seed is not None
        assert found.seed.tolist() == ["0", "1", "2", "3", "4"] * 2
        assert found.values["accuracy"].tolist() == BASE + NEW
        assert found.metrics == (ACCURACY,)


def test_a_file_becomes_runs_that_nobody_changes(tmp_path: Path) -> None:
    path = tmp_path / "runs.tsv"
    path.write_text("base\tnew\n0.9\t0.8\n0.7\t\n")
    found = understand([read_table(path)], Roles(metric=("accuracy",)))
    assert found.methods == ["base", "new"]
    assert np.isnan(found.values["accuracy"][-1])
    with pytest.raises(FrozenInstanceError):
        found.metrics = ()  # type: ignore[misc]


def test_equal_seeds_are_pairs_whatever_their_order() -> None:
    found = compare_runs(runs(["a", "b", "c", "d", "e", "e", "d", "c", "b", "a"]), "base", Question())
    row = found[0].rows[1]
    expected = reduction(NEW[::-1], BASE, paired=True)
    assert row.paired is True
    assert isinstance(row.reduction, Interval)
    assert row.reduction.estimate == pytest.approx(expected.estimate)
    assert row.reduction.low == pytest.approx(expected.low)
    alone = compare_runs(runs(), "base", Question())[0].rows[1]
    assert alone.paired is False
    assert isinstance(alone.reduction, Interval)
    assert alone.reduction.low == pytest.approx(reduction(NEW, BASE, paired=False).low)


def test_a_margin_is_in_the_unit_of_the_data() -> None:
    found = compare_runs(runs(list("abcde") * 2), "base", Question(margin=0.01))
    verdict = found[0].rows[1].mean_verdict
    assert mean_equivalence(NEW, BASE, margin=0.01, paired=True).p_value < 0.05
    assert verdict is not None
    assert verdict.word == "equivalent within the margin"
    tight = compare_runs(runs(list("abcde") * 2), "base", Question(margin=0.0001))[0].rows[1].mean_verdict
    assert tight is not None
    assert tight.word == "not resolved"


def test_what_cannot_be_compared_is_refused() -> None:
    with pytest.raises(SeedwiseError, match="there is no method 'nwe': did you mean 'new'"):
        compare_runs(runs(), "nwe", Question())
    with pytest.raises(SeedwiseError, match="chance is nan"):
        compare_runs(runs(), "base", Question(), chance=float("nan"))


def test_values_that_do_not_vary_are_said() -> None:
    same = replace(runs(), values={"accuracy": np.array(BASE + [0.9] * 5)})
    (found,) = compare_runs(same, "base", Question())
    assert found.notes == ("all 5 values of new are 0.9: it is deterministic, or the seed has no effect on it",)


def test_importing_the_package_loads_neither_torch_nor_pandas() -> None:
    code = "import sys, seedwise.results; print(sorted({'scipy', 'torch', 'pandas'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
