"""Tables as people keep them: rows of averages, a fraction among percent, what is read without being said."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from seedwise import SeedwiseError, compare
from seedwise.results import Roles, Runs, read_table, understand

LONG = "model,dataset,seed,acc\n" + "".join(
    f"{m},{d},{s},9{s}.{k}%\n" for k, m in enumerate(("resnet", "vit")) for d in "ab" for s in range(3)
)


def understood(folder: Path, text: str, roles: Roles | None = None) -> Runs:
    path = folder / "table.csv"
    path.write_text(text, encoding="utf-8")
    return understand([read_table(path)], roles or Roles())


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ("Average,,,94.97%\n", "1 summary row (model Average)"),
        ("mean,,,94\nstd,,,1\n", "2 summary rows (model mean, std)"),
        ("resnet (avg),a,,94\nvit (avg),-,-,93\n", "2 summary rows (model resnet (avg), vit (avg))"),
        ("resnet,Average,,94\n", "1 summary row (dataset Average)"),
        ("Overall,,,94\n", "1 summary row (model Overall)"),
    ],
)
def test_rows_without_a_seed_that_are_called_statistics_are_set_aside(tmp_path: Path, rows: str, said: str) -> None:
    found, plain = understood(tmp_path, LONG + rows), understood(tmp_path, LONG)
    assert said in found.lines[1]
    np.testing.assert_array_equal(found.values["acc"], plain.values["acc"])
    assert found.methods == plain.methods


def test_a_method_called_mean_that_has_seeds_stays(tmp_path: Path) -> None:
    text = LONG.replace("vit", "mean")
    assert understood(tmp_path, text).methods == ["resnet", "mean"]
    with pytest.raises(SeedwiseError, match="the column 'seed' is empty in row 13: every run needs a seed"):
        understood(tmp_path, text + "mean,a,,94%\n")
    with pytest.raises(SeedwiseError, match="the column 'seed' is empty in row 13: every run needs a seed"):
        understood(tmp_path, LONG + "Mean Teacher,a,,94%\n")


def test_an_average_below_a_wide_table_is_set_aside(tmp_path: Path) -> None:
    text = "model,dataset,seed 0,seed 1\nresnet,a,93,94\nvit,a,92,95\nresnet,b,83,84\nvit,b,82,85\nAverage,,88,89\n"
    found = understood(tmp_path, text)
    assert found.methods == ["resnet", "vit"]
    assert "2 summary rows (model Average)" in found.lines[1]


def test_a_fraction_among_percent_is_said(tmp_path: Path) -> None:
    text = "model,seed,acc\nresnet,0,93.2\nresnet,1,0.936\nresnet,2,93.4\nvit,0,94\nvit,1,95\nvit,2,94.4\n"
    assert understood(tmp_path, text).lines[2] == (
        "is this meant? acc is 0.936 for resnet, seed 1, and about 93.3 in its other runs: percent and fractions?"
    )
    assert len(understood(tmp_path, text.replace("0.936", "93.6")).lines) == 2


def test_another_unit_on_one_of_several_tasks_is_said(tmp_path: Path) -> None:
    text = "model,task,acc\na,x,0.9\na,x,0.91\nb,x,90\nb,x,91\na,y,80\na,y,81\nb,y,82\nb,y,81\n"
    said = "is this meant? acc is on x in percent for b (about 90.5) and a fraction for a (about 0.905)"
    assert understood(tmp_path, text).lines[2] == said
    assert len(understood(tmp_path, text.replace("a,x,0.", "a,x,9")).lines) == 2
    means = pd.DataFrame({"model": ["a", "b"], "x": ["0.9 ± 0.01", "90 ± 1"], "y": ["80 ± 1", "81 ± 1"]})
    assert compare(means, summary=True, n=5, base="a").lines[2].startswith("is this meant? value is on x in percent")


def test_percent_among_fractions_is_said() -> None:
    frame = pd.DataFrame({"method": ["a"] * 3 + ["b"] * 3, "x": [0.9, 91.0, 0.8, 0.7, 0.8, 0.9]})
    assert "x is 91 for a, row 2, and about 0.85 in its other runs" in compare(frame, base="a").lines[2]


@pytest.mark.parametrize(
    "values",
    [
        [0.5, 0.9, 0.7, 0.8],  # fractions
        [0.9, 3.0, 40.0, 2.0],  # no factor of 100
        [0.9, 90.0, 0.8, 94.0],  # as many of each
        [0.9, 93.0, 94.0, 200.0],  # beyond percent
        [0.001, 93.0, 94.0, 95.0],  # a run that failed, not one in another unit
        [0.0, 93.0, 94.0, 95.0],
    ],
)
def test_other_small_values_are_not_doubted(values: list[float]) -> None:
    frame = pd.DataFrame({"method": ["a"] * 4 + ["b"] * 4, "seed": [*range(4)] * 2, "x": [*values, 5.0, 4, 5, 6]})
    assert len(compare(frame, base="a").lines) == 2


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("seed,resnet,vit\n0,93,94\n1,94,95\n", "methods: columns 'resnet', 'vit', seed: column 'seed'"),
        ("model,1,2\nresnet,93,94\nvit,94,95\n", "method: column 'model', seed: columns 1, 2"),
    ],
)
def test_wide_tables_say_what_the_methods_are(tmp_path: Path, text: str, said: str) -> None:
    assert f"read as {said}" in understood(tmp_path, text).lines[1]


def test_the_base_is_said_where_nobody_names_it() -> None:
    frame = pd.DataFrame({"method": ["Baseline"] * 3 + ["b"] * 3, "seed": [0, 1, 2] * 2, "x": [1.0, 2, 4, 2, 3, 3.5]})
    assert compare(frame).lines[1].endswith(", base: 'Baseline'")
    assert "base:" not in compare(frame, base="Baseline").lines[1]
    means = pd.DataFrame({"method": ["base", "b"], "mean": [1.0, 2], "std": [0.2, 0.3], "n": 5})
    assert "base: 'base'" in compare(means, summary=True).lines[1]


@pytest.mark.parametrize(("seeds", "is_said"), [(3, False), (40, True)])
def test_a_ratio_over_tasks_that_says_nothing_is_not_in_the_sentence(seeds: int, is_said: bool) -> None:
    draws = np.random.default_rng(0).normal(0, 1, (3, 2, seeds)) * np.array([1.0, 1.2])[:, None] + 90
    rows = [
        (task, method, seed, draws[i, j, seed])
        for i, task in enumerate("xyz")
        for j, method in enumerate(("base", "new"))
        for seed in range(seeds)
    ]
    found = compare(pd.DataFrame(rows, columns=["task", "method", "seed", "acc"]))
    ratio = found.parts[0].found.across.methods[0].ratio.ratio
    assert (max(ratio.high / ratio.estimate, ratio.estimate / ratio.low) <= 4) == is_said
    statement = found.parts[0].statement
    assert ("times that of the base" in statement) == is_said
    assert ("about its SD there are too few tasks or runs to tell" in statement) != is_said
