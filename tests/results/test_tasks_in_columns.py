"""Wide tables whose columns are tasks of one metric."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from seedwise import SeedwiseError, compare
from seedwise.cli import app

RNG = np.random.default_rng(5)
TASKS = ["cifar10", "mnist", "svhn"]
WIDE = pd.DataFrame({"method": ["base"] * 4 + ["ours"] * 4, "seed": [0, 1, 2, 3] * 2}).assign(
    **{task: RNG.normal(90 + k, 1, 8).round(2) for k, task in enumerate(TASKS)}
)


def test_the_refusal_says_what_to_type(tmp_path: Path) -> None:
    path = tmp_path / "wide.csv"
    WIDE.to_csv(path, index=False)
    with pytest.raises(SeedwiseError) as refused:
        compare(path)
    assert "or --tasks 'cifar10,mnist,svhn' (tasks=[...]) if these are tasks of one metric" in str(refused.value)
    done = CliRunner().invoke(app, ["compare", str(path), "--tasks", "cifar10,mnist,svhn"])
    assert done.exit_code == 0
    assert done.output.startswith("2 methods x 3 tasks x 4 seeds, metric value, higher is better")


def test_the_numbers_are_those_of_the_long_table() -> None:
    long = WIDE.melt(id_vars=["method", "seed"], var_name="task", value_name="accuracy")
    expected, found = compare(long), compare(WIDE, tasks=TASKS, metric="accuracy")
    assert found.to_frame().equals(expected.to_frame())
    means = WIDE.groupby("method")[TASKS].mean()
    assert {(row.task, row.method): row.mean for row in found.rows} == pytest.approx(
        {(task, method): means.loc[method, task] for task in TASKS for method in ("base", "ours")}
    )


def test_some_of_the_columns_and_a_failed_run() -> None:
    wide = WIDE.assign(svhn=WIDE.svhn.where(WIDE.index != 5))
    found = compare(wide, tasks=["mnist", "svhn"])
    assert {(row.task, row.method): (row.n, row.failed) for row in found.rows if row.method == "ours"} == {
        ("mnist", "ours"): (4, 0),
        ("svhn", "ours"): (3, 1),
    }


def test_errors_as_tasks_are_better_when_lower() -> None:
    wide = WIDE.rename(columns={task: f"{task} error" for task in TASKS})
    tasks = [f"{task} error" for task in TASKS]
    assert not compare(wide, tasks=tasks).parts[0].metric.higher_is_better
    assert compare(wide, tasks=tasks, higher_is_better=True).parts[0].metric.higher_is_better


def test_tables_of_means_take_it_too(tmp_path: Path) -> None:
    path = tmp_path / "paper.csv"
    path.write_text("Model,a,b,c\nbase,1 ± .2,2 ± .2,3 ± .1\nours,2 ± .2,3 ± .2,4 ± .3\n", encoding="utf-8")
    found = compare(path, summary=True, n=5, tasks=["a", "c"])
    assert [row.task for row in found.rows] == ["a", "a", "c", "c"]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"tasks": ["cifar"]}, "there is no column 'cifar': did you mean 'cifar10'"),
        ({"tasks": TASKS, "task": "seed"}, "pass one"),
        ({"tasks": TASKS, "metric": "seed"}, "'seed' is a column"),
    ],
)
def test_what_cannot_be_is_refused(given: dict[str, object], said: str) -> None:
    with pytest.raises(SeedwiseError, match=said):
        compare(WIDE, **given)


def test_a_message_of_many_columns_is_short() -> None:
    many = pd.DataFrame(RNG.normal(size=(8, 300)), columns=[f"column{k}" for k in range(300)])
    wide = pd.concat([WIDE[["method", "seed"]], many], axis=1)
    with pytest.raises(SeedwiseError) as refused:
        compare(wide)
    assert len(str(refused.value)) < 420
    assert "--tasks COLUMN,COLUMN,..." in str(refused.value)
