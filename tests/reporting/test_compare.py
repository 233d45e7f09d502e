"""Results from anywhere."""

import io
import re

import numpy as np
import pandas as pd
import pytest

from seedwise.errors import SeedwiseError
from seedwise.reporting import compare
from seedwise.statistics import Interval, reduction

RNG = np.random.default_rng(3)
SEEDS = np.arange(12)
BASE = 0.95 + 0.004 * RNG.normal(size=12)
NEW = 0.95 + 0.0005 * RNG.normal(size=12)


def long() -> pd.DataFrame:
    return pd.DataFrame(
        {"method": ["base"] * 12 + ["new"] * 12, "seed": [*SEEDS, *SEEDS[::-1]], "accuracy": [*BASE, *NEW[::-1]]}
    )


def wide() -> pd.DataFrame:
    return pd.DataFrame({"seed": SEEDS, "base": BASE, "new": NEW})


@pytest.mark.parametrize(
    ("data", "options"),
    [
        (long(), {"by": "method", "seed": "seed"}),
        (long().sample(frac=1, random_state=0), {"by": "method", "seed": "seed"}),
        (wide(), {"seed": "seed"}),
        (wide(), {}),
        (long(), {}),
        (wide().drop(columns="seed"), {}),
        (wide()[["seed", "new", "base"]], {"seed": "seed"}),
    ],
    ids=[
        "long",
        "long, rows shuffled",
        "wide",
        "wide, seeds found",
        "long, all found",
        "wide without seeds",
        "wide, baseline last",
    ],
)
def test_every_form_of_the_same_results_says_the_same(data: pd.DataFrame, options: dict[str, str]) -> None:
    found = compare(data, metric="accuracy", base="base", **options)  # type: ignore[arg-type]
    base, new = found.results.comparisons
    assert (base.method, base.n, new.n, new.paired) == ("base", 12, 12, True)
    expected = reduction(NEW, BASE, paired=True)
    assert isinstance(new.reduction, Interval)
    assert new.reduction.estimate == pytest.approx(expected.estimate)
    assert new.reduction.low == pytest.approx(expected.low)
    assert new.verdict is not None
    assert new.verdict.word == "reduced"


def test_without_common_seeds_the_runs_are_not_paired() -> None:
    data = long().assign(seed=np.arange(24))
    assert (
        compare(data, by="method", metric="accuracy", base="base", seed="seed").results.comparisons[1].paired is False
    )
    found = compare(long(), by="method", metric="accuracy", base="base", unpaired=True)
    assert found.results.comparisons[1].paired is False
    assert found.results.title.endswith("not paired")


def test_an_empty_value_is_a_failed_run() -> None:
    data = wide()
    data.loc[3, "new"] = np.nan
    row = compare(data, metric="accuracy", base="base", seed="seed").results.comparisons[1]
    assert (row.n, row.failed) == (11, 1)
    assert row.verdict is None
    assert "no chance value" in row.verdict_reason


def with_text() -> pd.DataFrame:
    return long().assign(accuracy=["n/a?", *list(BASE[1:]), *NEW])


@pytest.mark.parametrize(
    ("data", "options", "parts"),
    [
        (long(), {"by": "metod", "metric": "accuracy"}, ["no column 'metod'", "did you mean 'method'?"]),
        (long(), {"by": "method", "metric": "acc"}, ["no column 'acc'"]),
        (long(), {"by": "method", "metric": "accuracy", "seed": "sed"}, ["no column 'sed'", "did you mean 'seed'?"]),
        (long(), {"by": "method", "metric": "accuracy", "seed": "seed", "base": "bas"}, ["did you mean 'base'?"]),
        (with_text(), {"by": "method", "metric": "accuracy", "seed": "seed"}, ["'n/a?'", "base", "not a number"]),
        (
            pd.concat([long(), long()]),
            {"by": "method", "metric": "accuracy", "seed": "seed"},
            ["method base has seed 0 twice", "a run counts once"],
        ),
        (long().assign(method=None), {"by": "method", "metric": "accuracy", "seed": "seed"}, ["empty in row 1"]),
    ],
)  # fmt: skip
def test_what_is_refused(data: pd.DataFrame, options: dict[str, str], parts: list[str]) -> None:
    with pytest.raises(SeedwiseError) as caught:
        compare(data, **{"base": "base", **options})  # type: ignore[arg-type]
    assert "\n" not in str(caught.value)
    for part in parts:
        assert part in str(caught.value)


def test_two_runs_are_flagged() -> None:
    found = compare(wide()[:2], metric="accuracy", base="base", seed="seed")
    assert "an SD needs at least 3" in str(found)


def test_every_form_of_the_table_holds_the_same_texts() -> None:
    found = compare(wide(), metric="accuracy", base="base", seed="seed")
    cells = found.table.rows[1]
    read = pd.read_csv(io.StringIO(found.table.to_csv()), dtype=str, keep_default_na=False)
    assert read.iloc[1].tolist() == cells
    assert found.table.to_markdown().splitlines()[3] == "| " + " | ".join(cells) + " |"
    latex = found.to_latex()
    assert "\\toprule" in latex
    columns = re.findall(r"l|p\{[.\d]+\\linewidth\}", latex.split("\n")[0].removeprefix("\\begin{tabular}"))
    assert len(columns) == len(found.table.columns)
    assert columns[-2:] == ["p{0.40\\linewidth}"] * 2  # the sentences wrap
    assert cells[4] in latex
    assert "81 % " not in latex.replace("\\%", "")
    assert f"<td>{cells[4]}</td>" in found._repr_html_()
    assert all(text in str(found) for text in cells)


def test_the_frame_holds_the_numbers() -> None:
    frame = compare(wide(), metric="accuracy", base="base", seed="seed").to_frame().set_index("method")
    expected = reduction(NEW, BASE, paired=True)
    assert frame.loc["new", "reduction"] == pytest.approx(expected.estimate)
    assert frame.loc["new", "reduction_low"] == pytest.approx(expected.low)
    assert frame.loc["base", "spread"] == pytest.approx(np.std(BASE, ddof=1))
    assert frame.loc["new", "verdict"] == "reduced"


def test_the_plot_shows_every_run() -> None:
    figure = compare(wide(), metric="accuracy", base="base", seed="seed").plot()
    drawn = [np.asarray(line.get_ydata(), dtype=float) for line in figure.axes[0].get_lines()]
    # The ticks of a method are one line with a gap after each; what has no gap is its mean.
    assert [np.isnan(y).sum() for y in drawn if len(y) > 1] == [12, 12]


def partly_shared(base: range, new: range) -> pd.DataFrame:
    rows = [("base", s, 0.90 + 0.003 * (s * s % 7)) for s in base] + [
        ("new", s, 0.91 + 0.002 * (s * s % 5)) for s in new
    ]
    return pd.DataFrame(rows, columns=["method", "seed", "accuracy"])


def test_one_missing_seed_leaves_the_others_paired_and_is_named() -> None:
    asked = {"by": "method", "metric": "accuracy", "base": "base", "seed": "seed"}
    found = compare(partly_shared(range(10), range(9)), **asked)
    both = compare(partly_shared(range(9), range(9)), **asked)
    base, new = found.rows
    assert (base.n, new.n, new.failed, new.paired) == (10, 9, 0, True)
    assert new.reduction == both.rows[1].reduction
    assert new.mean_difference == both.rows[1].mean_difference
    assert found.results.reasons[0].startswith("new has no seed 9: a comparison leaves out runs without a partner.")
    assert "--unpaired" in str(found)
    assert not any("partner" in reason for reason in both.results.reasons)


def test_what_several_methods_lack_is_said_once() -> None:
    table = partly_shared(range(10), range(9))
    other = table[table["method"] == "new"].assign(method="other")
    found = compare(pd.concat([table, other]), by="method", metric="accuracy", base="base", seed="seed")
    assert found.results.reasons[0].startswith("new, other have no seed 9: a comparison leaves out")


def test_few_common_seeds_are_not_paired_and_it_is_said() -> None:
    asked = {"by": "method", "metric": "accuracy", "base": "base", "seed": "seed"}
    found = compare(partly_shared(range(10), range(7, 17)), **asked)
    assert found.rows[1].paired is False
    assert found.results.reasons[0].startswith("not paired: only 3 of 17 seeds are in every method (column seed)")
    apart = compare(partly_shared(range(10), range(10, 20)), **asked)
    assert apart.rows[1].paired is False
    assert apart.results.reasons == ["not paired: no seed is in every method (column seed)"]


def test_a_table_without_a_column_of_tasks_has_no_task_that_is_shown() -> None:
    found = compare(long())
    assert found.results.title == "12 runs of each method, paired by seed"
    assert "Is new better or steadier than base, by accuracy?" in found.to_html()
    on_a_task = compare(long().assign(task="cifar10"), task="task")
    assert on_a_task.results.title == "cifar10, 12 runs of each method, paired by seed"
    assert "by the accuracy on cifar10?" in on_a_task.to_html()


def test_tasks_with_scales_of_their_own_have_decimals_of_their_own() -> None:
    frame = long().rename(columns={"accuracy": "score"})
    both = pd.concat([frame.assign(task="small"), frame.assign(task="large", score=1e6 * frame["score"])])
    rows = dict(zip(["small base", "small new", "large base", "large new"], compare(both).table.rows, strict=True))
    sd = float(np.std(1e6 * BASE, ddof=1))
    assert f"{sd:.0f} [" in " ".join(rows["large base"])
    assert f"{sd / 1e6:.5f}".lstrip("0")[:3] in " ".join(rows["small base"])


def test_why_a_verdict_is_withheld_is_said_in_the_paragraph() -> None:
    frame = long()
    frame.loc[[13, 20], "accuracy"] = np.nan
    said = compare(frame).parts[0].statement
    reason = "runs failed (2 of new) and accuracy has no chance value to count them with"
    assert f"No verdict on the spread or the mean: {reason}." in said
