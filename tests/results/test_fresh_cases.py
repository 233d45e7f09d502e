"""Files as people keep them, with the right numbers computed by numpy and scipy from the runs that they hold."""

# ruff: noqa: E501 - a table is a line

import io
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from seedwise import SeedwiseError, compare

BASE = [90.12, 89.41, 90.77, 89.93, 90.35]
OURS = [91.02, 90.88, 91.95, 90.41, 91.36]
OF = {"baseline": BASE, "ours": OURS}
SEEDS = [1, 2, 3, 4, 5]
RUNS = [(m, s, v) for m, values in OF.items() for s, v in zip(SEEDS, values, strict=True)]
CURVE = [-20.0, -6.0, -1.0, 0.0]
"""What a run lacks at each of four steps."""


def long(head: str, row: Callable[[str, int, float], str]) -> str:
    """Return a table with a row per run."""
    return "\n".join([head, *(row(*run) for run in RUNS)]) + "\n"


def wide(head: str, row: Callable[[int, float, float], str]) -> str:
    """Return a table with a row per seed."""
    return "\n".join([head, *(row(s, b, o) for s, b, o in zip(SEEDS, BASE, OURS, strict=True))]) + "\n"


def curves(head: str, row: Callable[[str, int, int, float], str]) -> str:
    """Return a table with a row per step of a run."""
    return "\n".join([head, *(row(m, s, k, v + CURVE[k]) for m, s, v in RUNS for k in range(4))]) + "\n"


def columns(head: str, titles: list[str]) -> str:
    return (
        "\n".join([",".join([head, *titles]), *(",".join([m, *map(str, values)]) for m, values in OF.items())]) + "\n"
    )


def hexed(m: str, s: int) -> str:
    return f"{hash((s, len(m))) & 0xFFFFFFFF:08x}f"


@dataclass(frozen=True)
class Case:
    """A file, or several by name, and what is said of it."""

    files: str | dict[str, str]
    options: dict[str, Any] = field(default_factory=dict)
    said: tuple[str, ...] = ()
    paired: bool = True
    lower: bool = False
    failed: tuple[int, ...] = ()
    """Seeds that failed in both methods."""


READ = {
    "timm, acc@1": Case(
        long("exp_name,seed,acc@1,acc@5,best_epoch", lambda m, s, v: f"{m},{s},{v},{98 + s / 10},{80 + s}"),
        {"metric": "acc@1"}, ("method: column 'exp_name'",),
    ),
    "the best epoch is no metric": Case(
        long("method,seed,best_epoch,val_top1", lambda m, s, v: f"{m},{s},{50 + s},{v}"), {}, ("set aside: column best_epoch",)
    ),
    "a name such as m_seed=3": Case(long("run,val_top1", lambda m, s, v: f"{m}_seed={s},{v}")),
    "overrides as a name": Case(
        long("run,acc", lambda m, s, v: f'"model={m},seed={s}",{v}'), {"base": "model=baseline"},
    ),
    "settings of W&B": Case(
        long("Name,State,config/model,config/seed,acc", lambda m, s, v: f"fast-elk-{s}{m},finished,{m},{s},{v}")
    ),
    "search_runs of MLflow": Case(
        long(
            "run_id,experiment_id,status,start_time,metrics.val_acc,metrics.val_loss,params.seed,params.model,tags.mlflow.user",
            lambda m, s, v: f"{hexed(m, s)},1,FINISHED,2026-01-02 10:0{s}:11+00:00,{v},.3{s},{s},{m},bob",
        ),
        {"metric": "metrics.val_acc"}, ("seed: column 'params.seed'",),
    ),
    "trials_dataframe of Optuna": Case(
        long("number,value,datetime_start,duration,params_model,params_seed,state",
             lambda m, s, v: f"{s},{v},2026-01-02 10:00:0{s},0 days 00:00:01.2,{m},{s},COMPLETE"),
        {}, ("set aside: column number",),
    ),
    "seeds of another name": Case(long("model,init_seed,acc", lambda m, s, v: f"{m},{s},{v}"), {}, ("seed: column 'init_seed'",)),
    "SLURM's states": Case(
        long("method,seed,acc,state", lambda m, s, v: f"{m},{s},{v},{'CANCELLED by 1000' if s == 4 else 'COMPLETED'}"), failed=(4,)
    ),
    "yes and no": Case(
        long("method,seed,acc,diverged", lambda m, s, v: f"{m},{s},{v},{s == 2}"), said=("failed runs: column 'diverged'",), failed=(2,)
    ),
    "a row per metric": Case(
        long("model,seed,metric,value", lambda m, s, v: f"{m},{s},val_loss,{v}\n{m},{s},acc,{s}"), {"metric": "val_loss"},
        ("metric val_loss, lower is better",), lower=True,
    ),
    "one metric in rows": Case(long("model,seed,measure,score", lambda m, s, v: f"{m},{s},top1 err,{v}"), {}, ("lower",), lower=True),
    "scikit-learn's negative errors": Case(
        long("model,seed,neg_mean_squared_error", lambda m, s, v: f"{m},{s},{v}"), {}, ("higher is better",)
    ),
    "a negative likelihood": Case(
        long("model,seed,negative_log_likelihood", lambda m, s, v: f"{m},{s},{v}"), {}, ("lower is better",), lower=True
    ),
    "a time that is asked for": Case(
        long("model,seed,train_time_s", lambda m, s, v: f"{m},{s},{v}"), {"metric": "train_time_s"}, ("lower",), lower=True
    ),
    "averages among seeds": Case(
        long("method,seed,acc", lambda m, s, v: f"{m},{s},{v}") + "baseline,mean±std,90.1\nours,mean±std,91.1\n", {},
        ("2 summary rows (seed mean±std)",),
    ),
    "averages of five": Case(
        long("method,seed,acc", lambda m, s, v: f"{m},{s},{v}") + "baseline,Average (5),90.1\nours,all,91.1\n", {}, ("2 summary rows",)
    ),
    "a pooling called mean": Case(
        long("pooling,method,seed,acc", lambda m, s, v: f"mean,{m},{s},{v}\nmax,{m},{s},{v - 1}"), {"where": {"pooling": "mean"}}
    ),
    "a difference in a spreadsheet": Case(
        wide("seed,baseline,ours,Δ", lambda s, b, o: f"{s},{b},{o},{o - b:.2f}"), {}, ("set aside: column Δ",)
    ),
    "a difference of any name": Case(
        wide("seed,baseline,ours,we win by", lambda s, b, o: f"{s},{b},{o},{o - b:.1f}"), {}, ("set aside: column we win by",)
    ),
    "numbered rows": Case(wide("No.,baseline,ours", lambda s, b, o: f"{s},{b},{o}"), {}, ("set aside: column No.",)),
    "numbered by #": Case(wide("#,baseline,ours", lambda s, b, o: f"{s},{b},{o}"), {}, ("2 methods x 5 seeds",)),
    "numpy's savetxt": Case(wide("# seed,baseline,ours", lambda s, b, o: f"{s},{b},{o}"), {}, ("seed: column 'seed'",)),
    "seeds in columns, rank": Case(
        columns("model", [f"Seed {s}" for s in SEEDS]).replace("Seed 5", "Seed 5,Avg.,rank").replace("90.35", "90.35,90.1,2")
        .replace("91.36", "91.36,91.1,1"), {}, ("seed: columns Seed 1",),
    ),
    "metric and seed in columns": Case(columns("Approach", [f"top1_seed{s}" for s in SEEDS])),
    "curves of another length": Case(  # as rollouts of 2048 steps and steps of 2000
        curves("algo,seed,timesteps,return", lambda m, s, k, v: f"{m},{s},{(k + 1) * (10_000 if m == 'ours' else 10_240)},{v}"),
        {}, ("the last 'timesteps' of each run",),
    ),
    "curves out of order": Case(
        curves("seed,val_acc,epoch,method", lambda m, s, k, v: f"{s},{v},{3 - k if s == 9 else k},{m}"), {}, ("the last 'epoch'",)
    ),
    "a chart with the steps of its runs": Case(
        '"Step",' + ",".join(f'"{m}-seed{s} - _step","{m}-seed{s} - acc","{m}-seed{s} - acc__MAX"' for m, s, _ in RUNS) + "\n"
        + "".join(f"{k}," + ",".join(f"{k},{v + d},99" for *_, v in RUNS) + "\n" for k, d in enumerate(CURVE)), {}, ("metric acc",),
    ),
    "a history per run": Case(
        {f"{m}_seed{s}.csv": "epoch,val_acc\n" + "".join(f"{k},{v + d}\n" for k, d in enumerate(CURVE)) for m, s, v in RUNS},
        {}, ("method baseline, seed 1 in the name of the file 'baseline_seed1'",),
    ),
    "TensorBoard's downloads": Case(
        {
            f"run-{m}-s{s}-tag-val_loss.csv": "Wall time,Step,Value\n" + "".join(f"{1.7e9 + k},{k},{v + d}\n" for k, d in enumerate(CURVE))
            for m, s, v in RUNS
        },
        {}, ("metric val_loss, lower is better",), lower=True,
    ),
    "a JSON per run": Case({f"{m}-{s}.json": json.dumps({"test_acc": v}) for m, s, v in RUNS}, {"name": "{method}-{seed}"}),
    "a JSON per run that says it": Case({f"job{s}{m}.json": json.dumps({"model": m, "seed": s, "acc": v}) for m, s, v in RUNS}),
    "nested JSON": Case({"r.json": json.dumps([{"config": {"model": m, "seed": s}, "metrics": {"acc": v}} for m, s, v in RUNS])}),
    "JSON lines": Case({"r.jsonl": "\n".join(json.dumps({"model": m, "seed": f"seed_{s}", "acc": v}) for m, s, v in RUNS)}),
    "a folder per method": Case({f"{m}/results.csv": "seed,acc\n" + "".join(f"{s},{v}\n" for x, s, v in RUNS if x == m) for m in OF}),
    "two metrics in files": Case(
        {f"{m}.csv": "seed,acc,f1\n" + "".join(f"{s},{v},{s}\n" for x, s, v in RUNS if x == m) for m in OF}, {"metric": "acc"}
    ),
    "decimal commas": Case(long("Methode;seed;acc", lambda m, s, v: f"{m};{s};{str(v).replace('.', ',')}")),
    "percent in a title": Case(long("method\tseed\tAcc (%)", lambda m, s, v: f"{m}\t{s}.0\t{v}")),
    "no seeds": Case(long("model,acc", lambda m, s, v: f"{m},{v}"), paired=False),
    "a machine is no dataset": Case(long("model,seed,acc,host", lambda m, s, v: f"{m},{s},{v},n{s % 2}")),
}  # fmt: skip


def written(folder: Path, files: str | dict[str, str]) -> Any:
    paths = []
    for name, text in ({"results.csv": files} if isinstance(files, str) else files).items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
        paths.append(path)
    return paths if len(paths) > 1 else paths[0]


@pytest.mark.parametrize("name", READ)
def test_it_gives_its_right_values(tmp_path: Path, name: str) -> None:
    case = READ[name]
    found = compare(written(tmp_path, case.files), **case.options)
    kept = [k for k, seed in enumerate(SEEDS) if seed not in case.failed]
    base, ours = (np.array(values)[kept] for values in OF.values())
    shares = 1e-9 if isinstance(case.files, dict) else 1e-12
    for row, values in zip(found.rows, (base, ours), strict=True):
        assert (row.n, row.failed) == (len(values), len(case.failed))
        assert row.mean == pytest.approx(values.mean(), rel=shares)
        assert row.spread.estimate == pytest.approx(values.std(ddof=1), rel=1e-6)  # type: ignore[union-attr]
    test = stats.ttest_rel(ours, base) if case.paired else stats.ttest_ind(ours, base, equal_var=False)
    difference = found.rows[1].mean_difference
    assert difference.p_value == pytest.approx(test.pvalue, rel=1e-6)  # type: ignore[union-attr]
    verdict = found.rows[1].mean_verdict
    assert (verdict is None) == bool(case.failed)
    assert verdict is None or verdict.word == (
        "not resolved" if test.pvalue > 0.05 else "worse" if case.lower else "better"
    )
    assert all(text in "\n".join(found.lines) for text in case.said), found.lines


FOLDS = {
    "cv_results_ of scikit-learn": "mean_fit_time,params,split0_test_score,split1_test_score,split2_test_score,"
    "split3_test_score,split4_test_score,mean_test_score,std_test_score,rank_test_score\n"
    + "".join(f"0.1,{m},{','.join(map(str, values))},90,1,1\n" for m, values in OF.items()),
    "folds as titles": columns("model", [f"Fold {s}" for s in SEEDS]),
}


@pytest.mark.parametrize("name", FOLDS)
def test_columns_named_after_folds_are_no_runs(tmp_path: Path, name: str) -> None:
    found = compare(written(tmp_path, FOLDS[name]), base="baseline")
    assert "2 methods x 5 folds of a cross-validation" in found.lines[0]
    d = np.subtract(OURS, BASE)
    t = d.mean() / np.sqrt((1 / 5 + 1 / 4) * d.var(ddof=1))  # Nadeau and Bengio
    assert found.rows[1].mean_difference.p_value == pytest.approx(2 * stats.t.sf(t, 4))  # type: ignore[union-attr]
    assert found.rows[1].spread is None or isinstance(found.rows[1].spread, str)


def described() -> str:
    frame = pd.DataFrame(OF).describe()
    text = io.StringIO()
    frame.to_csv(text)
    return text.getvalue()


def pooled(column: str, values: str) -> str:
    """Return runs on several of something, numbered through."""
    return f"model,{column},run,acc\n" + "".join(
        f"{m},{value},{10 * k + s},{v - 10 * k}\n" for m, s, v in RUNS for k, value in enumerate(values)
    )


REFUSED = {
    "sizes as titles": (columns("model", ["1", "5", "10", "20", "50"]).replace("89.41", "90.2").replace("89.93", "90.9")
                        .replace("90.35", "91").replace("90.88", "91.1").replace("90.41", "92").replace("91.36", "92.5"), {}, "are the columns 1, 5, 10"),
    "what counts examples": (wide("seed,baseline,ours,n_train", lambda s, b, o: f"{s},{b},{o},{2 ** s * 100}"), {},
                             "is 'n_train' a method"),
    "subjects": (wide("subject,baseline,ours", lambda s, b, o: f"{s + 100},{b},{o}"), {}, "what is 'subject'"),
    "splits": (wide("split,baseline,ours", lambda s, b, o: f"{s},{b},{o}"), {}, "--fold 'split'"),
    "a learning rate without seeds": (long("model,lr,acc", lambda m, s, v: f"{m},{10.0 ** -s:g},{v}"), {}, "differ in 'lr'"),
    "folds without their name": (long("model,split,acc", lambda m, s, v: f"{m},{s},{v}"), {"metric": "acc"}, "--fold 'split'"),
    "datasets without their name": (pooled("corpus", "xyz"), {}, "pass --task 'corpus'"),
    "datasets of unequal size": (pooled("corpus", "xyz").replace("ours,x,1,", "ours,x,,").replace("ours,x,,91.02\n", ""), {}, "--task 'corpus'"),
    "two phases of a curve": (
        curves("method,seed,step,phase,acc", lambda m, s, k, v: f"{m},{s},{2 * k},eval,{v}\n{m},{s},{2 * k + 1},train,{v + 5}"), {},
        "the steps of a run differ in 'phase' (eval, train)",
    ),
    "two variants of a method": (pooled("variant", "ab"), {"by": "model"}, "differ in 'variant'"),
    "two seeds": (
        "model,init_seed,data_seed,acc\n" + "".join(f"{m},{s},{d},{v + d}\n" for m, s, v in RUNS for d in (0, 1)), {},
        "which column is the seed: 'init_seed', 'data_seed'",
    ),
    "numbers as methods": (long("alpha,acc", lambda m, s, v: f"{len(m) / 10},{v}"), {"base": "alpha"}, "'acc' is called like a metric"),
    "two metrics of each method": (
        wide("seed,baseline_acc,baseline_f1,ours_acc,ours_f1", lambda s, b, o: f"{s},{b},80.{s},{o},81.{s}"),
        {"base": "baseline_acc"}, "seem to be metrics of one method",
    ),
    "training and test of each method": (
        wide("seed,baseline train,baseline test,ours train,ours test", lambda s, b, o: f"{s},99.{s},{b},99.5,{o}"),
        {"base": "baseline test"}, "seem to be metrics of one method",
    ),
    "a state of its own": (long("method,seed,acc,State", lambda m, s, v: f"{m},{s},{v},{'stopped' if s == 4 else 'finished'}"), {},
                           "says 'stopped' in row 4: did that run end well"),
    "an ensemble among seeds": (long("method,seed,acc", lambda m, s, v: f"{m},{s},{v}") + "baseline,ens,92\nours,ens,93\n", {},
                                "says 'ens' among numbers"),
    "the best among seeds": (long("method,seed,acc", lambda m, s, v: f"{m},{s},{v}") + "baseline,best,90.77\nours,best,91.95\n", {},
                             "says 'best' among numbers"),
    "an average without a name": (wide("baseline,ours", lambda s, b, o: f"{b},{o}") + f"{np.mean(BASE):.2f},{np.mean(OURS):.2f}\n", {},
                                  "is the mean of the rows above"),
    "mean and SD without a name": (
        wide("baseline,ours", lambda s, b, o: f"{b},{o}")
        + f"{np.mean(BASE):.3f},{np.mean(OURS):.3f}\n{np.std(BASE, ddof=1):.3f},{np.std(OURS, ddof=1):.3f}\n", {}, "are mean and SD of the rows above",
    ),
    "describe of pandas": (described(), {}, "holds statistics alone"),
    "no header": (long("", lambda m, s, v: f"{m},{s},{v}").lstrip(), {}, "the first line seems to be a run"),
    "no header, wide": (wide("", lambda s, b, o: f"{s},{b},{o}").lstrip(), {}, "the first line seems to be a run"),
    "sorted columns": (
        "baseline,ours\n" + "".join(f"{b},{o}\n" for b, o in zip(sorted(BASE), sorted(OURS), strict=True)), {},
        "rise or fall from row to row",
    ),
    "runs that stop early": (
        "method,seed,epoch,acc\n" + "".join(f"{m},{s},{k},{v + k}\n" for m, s, v in RUNS for k in range(4 + s + len(m))), {},
        "add a column 'state'",
    ),
    "a shorter budget": (
        curves("method,seed,epoch,acc", lambda m, s, k, v: f"{m},{s},{k},{v}" + (f"\n{m},{s},{k + 4},{v}" if m == "ours" else "")), {},
        "all runs of baseline end before the longest, at epoch 3 of 7",
    ),
    "files that are datasets": (
        {f"{name}.csv": long("model,acc", lambda m, s, v: f"{m},{v}") for name in ("cifar", "mnist")}, {}, "--task 'file'"
    ),
    "files with other seeds": (
        {f"{name}.csv": "model,seed,acc\n" + "".join(f"{m},{s + 5 * k},{v - 9 * k}\n" for m, s, v in RUNS) for k, name in enumerate("ab")},
        {}, "--task 'file'",
    ),
    "files with two metrics": (
        {f"{m}.csv": "seed,acc,f1\n" + "".join(f"{s + len(m)},{v},8{s}\n" for x, s, v in RUNS if x == m) for m in OF}, {"base": "acc"},
        "which column is the metric: 'acc', 'f1'",
    ),
    "a chart over time": (
        '"Relative Time (Wall)",' + ",".join(f'"{m}-seed{s} - loss"' for m, s, _ in RUNS) + "\n"
        + "".join(f"{60.5 * k}," + ",".join(f"{v + d}" for *_, v in RUNS) + "\n" for k, d in enumerate(CURVE)), {}, "export it over steps",
    ),
    "an SD in the last digits": ("model,acc\nbase,90.12(34)\nours,91.25(21)\n", {"summary": True, "n": 5}, "in units of the last digit"),
    "intervals for SDs": ("model,acc (95% CI)\nbase,90.1 ± 0.4\nours,91.2 ± 0.3\n", {"summary": True, "n": 5}, "hold confidence intervals"),
    "errors for SDs": ("model,acc (SE)\nbase,90.1 ± 0.4\nours,91.2 ± 0.3\n", {"summary": True, "n": 5}, "hold standard errors"),
    "files with a run each": ({f"{m}_{s}.csv": f"acc\n{v}\n" for m, s, v in RUNS}, {}, "each of 10 files holds one run"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_it_is_refused_in_one_line_with_what_decides_it(tmp_path: Path, name: str) -> None:
    files, options, said = REFUSED[name]
    with pytest.raises(SeedwiseError) as caught:
        compare(written(tmp_path, files), **options)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("frame", "said"),
    [
        (pd.DataFrame([["a", 1.0, 2.0]], columns=["method", "acc", "acc"]), "two columns are named 'acc'"),
        (pd.DataFrame({"method": ["a", "b"], "acc": [[1, 2], [3, 4]]}), "no column of numbers is a metric"),
    ],
)
def test_frames_that_no_file_can_hold(frame: pd.DataFrame, said: str) -> None:
    with pytest.raises(SeedwiseError, match=said):
        compare(frame)


def test_frames_without_seeds_are_methods() -> None:
    found = compare({m: pd.DataFrame({"acc": values}) for m, values in OF.items()})
    assert [(row.method, row.n, row.mean) for row in found.rows] == [
        (m, 5, pytest.approx(np.mean(v))) for m, v in OF.items()
    ]


def test_what_belongs_to_a_method_divides_no_runs(tmp_path: Path) -> None:
    found = compare(
        written(tmp_path, long("method,venue,acc", lambda m, s, v: f"{m},{'NeurIPS' if m == 'ours' else 'ICML'},{v}"))
    )
    assert [row.n for row in found.rows] == [5, 5]


def test_files_are_datasets_where_the_user_says_so(tmp_path: Path) -> None:
    files = {
        f"{d}.csv": long("model,seed,acc", lambda m, s, v, k=k: f"{m},{s},{v - k}") for k, d in enumerate(["c", "m"])
    }
    paths = written(tmp_path, files)
    assert [(row.task, row.n) for row in compare(paths, task="file").rows] == [("c", 5), ("c", 5), ("m", 5), ("m", 5)]
    assert [row.mean for row in compare(paths, where={"file": "m"}).rows] == pytest.approx(
        [np.mean(BASE) - 1, np.mean(OURS) - 1]
    )


def test_sorted_runs_are_compared_unpaired(tmp_path: Path) -> None:
    found = compare(written(tmp_path, REFUSED["sorted columns"][0]), unpaired=True)
    p = stats.ttest_ind(OURS, BASE, equal_var=False).pvalue
    assert found.rows[1].mean_difference.p_value == pytest.approx(p)  # type: ignore[union-attr]


def test_a_group_that_the_user_passes_over_is_doubted(tmp_path: Path) -> None:
    found = compare(written(tmp_path, pooled("corpus", "xyz")), seed="run")
    assert "the runs of a method differ in corpus (x, y, z)" in found.lines[2]


def test_names_that_differ_in_spelling_alone_are_doubted(tmp_path: Path) -> None:
    text = long("method,seed,acc", lambda m, s, v: f"{m.upper() if s > 3 else m},{s},{v}")
    assert (
        "'baseline' and 'BASELINE' differ in spelling alone"
        in compare(written(tmp_path, text), base="baseline").lines[2]
    )
