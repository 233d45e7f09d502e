"""Tables with a row per example and seed."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from seedwise import SeedwiseError, compare

RNG = np.random.default_rng(2)
RUNS, ITEMS = 5, 40
HARD = RNG.normal(size=ITEMS)
SCORES = {
    method: (HARD + shift + RNG.normal(size=(RUNS, ITEMS)) > 0).astype(float)
    for method, shift in (("base", 0.0), ("new", 0.5))
}


def long(scores: dict[str, np.ndarray] = SCORES) -> pd.DataFrame:
    return pd.DataFrame(
        [(m, s, f"q{i}", own[s, i]) for m, own in scores.items() for s in range(len(own)) for i in range(own.shape[1])],
        columns=["model", "seed", "question", "correct"],
    )


def crossed(x: np.ndarray) -> tuple[float, float]:
    """Return the squared standard error on new examples and its degrees of freedom, by analysis of variance."""
    r, n = x.shape
    rows, columns = x.mean(axis=1), x.mean(axis=0)
    runs = n * np.sum((rows - x.mean()) ** 2) / (r - 1) / (r * n)
    items = r * np.sum((columns - x.mean()) ** 2) / (n - 1) / (r * n)
    rest = x - rows[:, None] - columns + x.mean()
    both = np.sum(rest**2) / ((r - 1) * (n - 1)) / (r * n)
    v = max(runs + items - both, runs, items)
    df = v**2 / (runs**2 / (r - 1) + items**2 / (n - 1) + both**2 / ((r - 1) * (n - 1)))
    return v, df


def test_runs_are_means_over_examples_and_differences_are_crossed() -> None:
    found = compare(long(), item="question", metric="correct")
    assert found.lines[0].startswith("2 methods x 5 seeds x 40 examples")
    base, new = found.parts[0].found.of_examples
    for one, row in ((base, found.rows[0]), (new, found.rows[1])):
        own = SCORES[one.method]
        assert (one.runs, one.examples, row.n) == (RUNS, ITEMS, RUNS)
        assert row.mean == pytest.approx(own.mean())
        assert row.spread.estimate == pytest.approx(own.mean(axis=1).std(ddof=1))
        assert one.error_of_examples == pytest.approx(stats.sem(own.mean(axis=0)))
    d = SCORES["new"] - SCORES["base"]
    v, df = crossed(d)
    paired = stats.ttest_rel(*(SCORES[m].mean(axis=1) for m in ("new", "base")))
    # A claim on other examples is no surer than one on these.
    limits = paired.confidence_interval(0.95)
    half = max(stats.t.ppf(0.975, df) * np.sqrt(v), (limits.high - limits.low) / 2)
    on_new = new.difference.on_new_data
    assert (on_new.low, on_new.high) == (pytest.approx(d.mean() - half), pytest.approx(d.mean() + half))
    assert new.p_adjusted == pytest.approx(max(2 * stats.t.sf(d.mean() / np.sqrt(v), df), paired.pvalue))
    assert new.verdict.word == "better"
    assert base.verdict is None
    assert found.rows[1].mean_difference.p_value == pytest.approx(paired.pvalue)


def test_the_paragraph_and_a_table_say_it() -> None:
    found = compare(long(), item="question", metric="correct")
    assert "On other examples, too, new is better than base by ." in found.parts[0].statement
    (section,) = found.parts[0].sections
    assert section.short == "Other examples"
    assert [row[0] for row in section.table.rows] == ["base", "new"]
    assert f"\n{section.short}\n" in str(found)


def test_several_seeds_on_few_hard_examples_do_not_carry_over() -> None:
    """A method that is better on two examples alone, in every run: resolved on these, open on others."""
    rng = np.random.default_rng(0)
    base = rng.random((6, 12)).round(2)
    new = base.copy()
    new[:, :2] += 0.5
    new += 0.001 * rng.normal(size=new.shape)
    found = compare(long({"base": base, "new": new}), item="question", metric="correct")
    assert found.rows[1].mean_verdict.word == "better"
    assert found.parts[0].found.of_examples[1].verdict.word == "not resolved"
    assert "Whether new would be better on other examples, these 12 cannot say." in found.parts[0].statement


def test_a_run_that_failed_is_left_out() -> None:
    frame = long()
    frame["state"] = np.where((frame["model"] == "new") & (frame["seed"] == 3), "crashed", "finished")
    found = compare(frame, item="question", metric="correct")
    assert (found.rows[1].n, found.rows[1].failed) == (RUNS - 1, 1)
    assert found.parts[0].found.of_examples[1].runs == RUNS - 1
    kept = [0, 1, 2, 4]
    v, df = crossed(SCORES["new"][kept] - SCORES["base"][kept])
    on_new = found.parts[0].found.of_examples[1].difference.on_new_data
    assert on_new.high - on_new.low == pytest.approx(2 * stats.t.ppf(0.975, df) * np.sqrt(v))


def test_tasks_may_have_different_examples() -> None:
    both = pd.concat([long().assign(task="a"), long({m: x[:, :10] for m, x in SCORES.items()}).assign(task="b")])
    found = compare(both, item="question", metric="correct")
    assert [one.examples for one in found.parts[0].found.of_examples] == [40, 40, 10, 10]
    assert "x 10 to 40 examples" in found.lines[0]


@pytest.mark.parametrize(
    ("frame", "options", "part"),
    [
        (long().drop(index=7), {}, "method base, seed 0 has no example q7, which another run has"),
        (long().assign(correct=[np.nan, *long()["correct"][1:]]), {}, "has no correct on example q0: write 0"),
        (long().drop(columns="seed"), {}, "an example of which run is each row? Pass --seed COLUMN"),
        (pd.concat([long(), long()[:1]]), {}, "method base has seed 0, question q0 twice"),
        (long(), {"item": "questions"}, "did you mean 'question'?"),
    ],
)
def test_what_is_refused(frame: pd.DataFrame, options: dict[str, object], part: str) -> None:
    with pytest.raises(SeedwiseError) as caught:
        compare(frame, **{"item": "question", "metric": "correct", **options})  # type: ignore[arg-type]
    assert part in str(caught.value)
