"""Runs as rliable takes them, against a pivot of the same table."""

import io
import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest

import seedwise
from seedwise.errors import SeedwiseError
from seedwise.results import Frame, Roles, scores_of, understand

RNG = np.random.default_rng(0)
TABLE = pd.DataFrame(
    [
        {"method": method, "task": task, "seed": seed, "score": RNG.normal()}
        for method, seeds in (("dqn", range(5)), ("file", range(3)))
        for task in ("pong", "qbert", "seaquest")
        for seed in seeds
    ]
)


def scores(table: pd.DataFrame, **options: Any) -> dict[str, np.ndarray[Any, Any]]:
    return seedwise.rliable_scores(table, **options)


def test_a_row_is_a_seed_and_a_column_a_task() -> None:
    found = scores(TABLE.sample(frac=1, random_state=1).sort_values("task", kind="stable"))
    for method, own in TABLE.groupby("method"):
        expected = own.pivot(index="seed", columns="task", values="score")
        assert found[method].shape == expected.shape
        by_seed = found[method][np.argsort(found[method][:, 0])]
        assert np.array_equal(by_seed, expected.sort_values("pong").to_numpy())


def test_the_file_is_the_dictionary_whatever_methods_are_called() -> None:
    runs = understand([Frame(TABLE.replace("dqn", "a/b"), "t")], Roles())
    found = scores_of(runs, runs.metrics[0])
    with np.load(io.BytesIO(found.to_npz())) as read:
        assert set(read) == {"a/b", "file"}
        assert all(np.array_equal(read[name], found.by_method[name]) for name in read)
    assert found.tasks == ("pong", "qbert", "seaquest")
    assert found.notes == ()


def test_of_unequal_numbers_the_smaller_is_taken_and_what_is_left_out_is_named() -> None:
    lacking = (TABLE.method == "dqn") & (TABLE.task == "qbert") & TABLE.seed.isin([1, 3])
    with pytest.warns(UserWarning, match=r"left out.*dqn on pong, seed 1, dqn on pong, seed 3.*seaquest") as caught:
        found = scores(TABLE[~lacking])
    assert len(caught) == 1
    assert caught[0].filename == __file__
    expected = TABLE[TABLE.method == "dqn"].pivot(index="seed", columns="task", values="score").loc[[0, 2, 4]]
    assert np.array_equal(found["dqn"], expected.to_numpy())
    assert found["file"].shape == (3, 3)


def test_seeds_that_tasks_do_not_share_are_taken_in_their_order() -> None:
    table = TABLE[TABLE.method == "dqn"].copy()
    table.loc[table.task == "qbert", "seed"] += 100
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = scores(table)
    assert np.array_equal(found["dqn"], table.score.to_numpy().reshape(3, 5).T)


def test_a_failed_run_counts_as_chance_or_is_refused() -> None:
    table = TABLE.copy()
    table.loc[1, "score"] = np.nan
    with pytest.raises(SeedwiseError, match=r"1 of 24 runs failed, such as dqn on pong, seed 1.*--chance"):
        scores(table)
    assert scores(table, chance=-21.0)["dqn"][1, 0] == -21.0


@pytest.mark.parametrize(
    ("table", "options", "message"),
    [
        (TABLE[(TABLE.method == "dqn") | (TABLE.task != "pong")], {}, "file has no run on pong"),
        (TABLE.assign(return_=TABLE.score), {"metric": ["score", "return_"]}, "which metric: score, return_"),
        (TABLE.assign(fold=TABLE.seed).assign(seed=0), {}, "folds of a cross-validation"),
    ],
)
def test_what_rliable_has_no_form_for_is_refused(table: pd.DataFrame, options: dict[str, Any], message: str) -> None:
    with pytest.raises(SeedwiseError, match=message):
        scores(table, **options)


def test_it_is_said_that_lower_is_better() -> None:
    with pytest.warns(UserWarning, match="of loss lower is better"):
        scores(TABLE.rename(columns={"score": "loss"}))
