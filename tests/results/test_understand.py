"""Tables as people keep them: what is taken for a run, what is set aside, and what is refused.

The values of every case are written down here twice: in the table, and by hand in the test.
"""

import json
from pathlib import Path

import numpy as np
import pytest

from seedwise.errors import SeedwiseError
from seedwise.results import Frame, Roles, Runs, read_table, understand

RELU = [0.9172, 0.9178, 0.9123, 0.9089, 0.9076]
COLU = [0.9181, 0.9139, 0.9123, 0.9188, 0.9185]
LONG = "method,seed,acc\n" + "".join(
    f"{name},{k},{value}\n" for name, values in (("relu", RELU), ("colu", COLU)) for k, value in enumerate(values)
)


def added(text: str, **columns: str) -> str:
    """Add columns to a table, with one value each."""
    head, *rows = text.splitlines()
    return "\n".join([f"{head},{','.join(columns)}", *(f"{row},{','.join(columns.values())}" for row in rows)]) + "\n"


def frame(folder: Path, text: str, name: str = "results.csv", encoding: str = "utf-8") -> Frame:
    path = folder / name
    path.write_bytes(text.encode(encoding))
    return read_table(path)


def runs(folder: Path, text: str, **roles: object) -> Runs:
    return understand([frame(folder, text)], Roles(**roles))  # type: ignore[arg-type]


def values(found: Runs, method: str, task: str | None = None) -> list[float]:
    (metric,) = found.values.values()
    chosen = (found.method == method) & ((found.task == task) if task else True)
    return metric[chosen].tolist()


def refused(folder: Path, text: str, **roles: object) -> str:
    with pytest.raises(SeedwiseError) as caught:
        runs(folder, text, **roles)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def wide(relu: list[object], colu: list[object], head: str = "relu,colu", sep: str = ",") -> str:
    return head + "\n" + "".join(f"{a}{sep}{b}\n" for a, b in zip(relu, colu, strict=True))


ROWS = [f"{k},{a},{b}" for k, (a, b) in enumerate(zip(RELU, COLU, strict=True))]
"""A row per seed."""
BY_METHOD = [("relu", RELU), ("colu", COLU)]
SPELLINGS = {
    "long": LONG,
    "wide": "\n".join(["seed,relu,colu", *ROWS]),
    "no seeds": wide([*RELU], [*COLU]),
    "index of pandas": "\n".join([",relu,colu", *ROWS]),
    "index from 1": ",relu,colu\n"
    + "".join(f"{k + 1},{a},{b}\n" for k, (a, b) in enumerate(zip(RELU, COLU, strict=True))),
    "trailing commas": "seed,relu,colu\n"
    + "".join(f"{k},{a},{b},\n" for k, (a, b) in enumerate(zip(RELU, COLU, strict=True))),
    "trailing commas in the header, too": "seed,relu,colu,,\n"
    + "".join(f"{k},{a},{b},,\n" for k, (a, b) in enumerate(zip(RELU, COLU, strict=True))),
    "runs in columns": "method,seed0,seed1,seed2,seed3,seed4\n"
    + "".join(f"{name},{','.join(map(str, own))}\n" for name, own in BY_METHOD),
    "numbered columns, mean and std": "method,0,1,2,3,4,mean,std\n"
    + "".join(f"{name},{','.join(map(str, own))},{np.mean(own):.4f},{np.std(own):.4f}\n" for name, own in BY_METHOD),
    "semicolons and decimal commas": LONG.replace(",", ";").replace(".", ","),
    "tabs": LONG.replace(",", "\t"),
    "spaces": LONG.replace(",", " , "),
    "comments": "# made by eval.py\n\n" + LONG + "# end\n",
    "repeated headers": LONG.replace("colu,0", "method,seed,acc\ncolu,0"),
    "seeds with a name": LONG.replace(",0,", ",seed_0,").replace(",3,", ",3.0,"),
    "summary rows": LONG + f"relu,mean,{np.mean(RELU)}\nrelu,std,.0046\ncolu,mean,{np.mean(COLU)}\ncolu,std,.0030\n",
    "summary of one method": LONG + f"relu,Median,{np.median(RELU)}\n",
    "other names": LONG.replace("method,seed,acc", "Algorithm,Random Seed,acc"),
    "costs": added(LONG, time_min="3.1", gpu_mem="7"),
    "names of runs": "run_name,acc\n"
    + "".join(f"{n}-s{k},{v}\n" for n, vs in (("relu", RELU), ("colu", COLU)) for k, v in enumerate(vs)),
}  # fmt: skip


@pytest.mark.parametrize("case", SPELLINGS)
def test_every_spelling_of_the_same_runs_is_read_alike(tmp_path: Path, case: str) -> None:
    text = SPELLINGS[case]
    found = runs(tmp_path, text)
    assert found.methods == ["relu", "colu"]
    assert values(found, "relu") == RELU
    assert values(found, "colu") == COLU
    assert found.lines[0].startswith("2 methods x 5 seeds, metric ")
    assert found.seed is not None
    assert sorted(set(found.seed)) == ["0", "1", "2", "3", "4"]


def test_a_column_per_seed_has_a_name_of_its_own_for_what_it_holds(tmp_path: Path) -> None:
    text = "method,group,0,1\na,x,.1,.2\nb,y,.3,.4\n"
    for name in ("group", "1"):
        assert f"'{name}' is a column" in refused(tmp_path, text, metric=(name,))
    assert "'relu' is a column" in refused(tmp_path, SPELLINGS["wide"], metric=("relu",), methods=("relu", "colu"))
    assert values(runs(tmp_path, text, metric=("acc",)), "a") == [0.1, 0.2]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "latin-1"])
def test_encodings(tmp_path: Path, encoding: str) -> None:
    found = understand([frame(tmp_path, LONG.replace("colu", "kolü"), encoding=encoding)], Roles())
    assert values(found, "kolü") == COLU


def test_json_lines_records_and_columns(tmp_path: Path) -> None:
    records = [
        {"method": n, "seed": k, "acc": v} for n, vs in (("relu", RELU), ("colu", COLU)) for k, v in enumerate(vs)
    ]
    columns = {name: [record[name] for record in records] for name in records[0]}
    texts = {
        "a.json": json.dumps(records),
        "b.jsonl": "\n".join(map(json.dumps, records)),
        "c.json": json.dumps(columns),
    }
    for name, text in texts.items():
        found = understand([frame(tmp_path, text, name)], Roles())
        assert (values(found, "relu"), values(found, "colu")) == (RELU, COLU), name


def test_two_files_are_two_methods(tmp_path: Path) -> None:
    texts = {
        name: "seed,acc\n" + "".join(f"{k},{v}\n" for k, v in enumerate(vs))
        for name, vs in (("relu", RELU), ("colu", COLU))
    }
    found = understand([frame(tmp_path, text, f"{name}.csv") for name, text in texts.items()], Roles())
    assert (values(found, "relu"), values(found, "colu")) == (RELU, COLU)


def test_percent_signs_and_thousands_are_numbers(tmp_path: Path) -> None:
    found = runs(tmp_path, "method,seed,acc\na,0,91.72 %\na,1,91.78%\nb,0,90%\nb,1,89.5%\n")
    assert values(found, "a") == [91.72, 91.78]
    assert "acc in percent, higher is better" in found.lines[0]
    large = runs(tmp_path, 'agent,seed,return\nTD3,0,"9,864.5"\nTD3,1,"10,657.6"\nDDPG,0,900\nDDPG,1,"1,100"\n')
    assert values(large, "TD3") == [9864.5, 10657.6]
    assert values(large, "DDPG") == [900, 1100]


def test_a_number_that_can_be_read_both_ways_is_asked_about(tmp_path: Path) -> None:
    text = 'method;seed;cost\na;0;"1,234"\na;1;"2,345"\nb;0;"3,456"\nb;1;"4,567"\n'
    assert "is '1,234' 1234 or 1.234?" in refused(tmp_path, text)
    assert values(runs(tmp_path, text, decimal=","), "a") == [1.234, 2.345]
    assert values(runs(tmp_path, text, decimal="."), "a") == [1234, 2345]


def test_none_and_na_can_be_methods(tmp_path: Path) -> None:
    found = runs(tmp_path, "augmentation,seed,accuracy\nNone,0,.912\nNone,1,.915\nNA,0,.921\nNA,1,.918\n")
    assert found.methods == ["None", "NA"]


def test_methods_named_after_statistics_are_methods(tmp_path: Path) -> None:
    found = runs(tmp_path, "method,seed,acc\nmean,0,.1\nmean,1,.2\nmax,0,.3\nmax,1,.5\n")
    assert found.methods == ["mean", "max"]
    assert found.set_aside == ()


CURVES = "agent,step,reward,run_id\n" + "".join(
    f"{agent},{1000 * step},{score + step + run / 10},s{run}\n"
    for agent, score in (("sac", 700), ("ppo", 500))
    for run in range(3)
    for step in range(11)
)


def test_of_a_curve_the_last_step_is_the_result(tmp_path: Path) -> None:
    found = runs(tmp_path, CURVES)
    assert values(found, "sac") == [710, 710.1, 710.2]
    assert values(found, "ppo") == [510, 510.1, 510.2]
    assert "the last 'step' of each run" in found.lines[1]
    shuffled = CURVES.splitlines()
    order = np.random.default_rng(0).permutation(np.arange(1, len(shuffled)))
    mixed = runs(tmp_path, "\n".join([shuffled[0], *(shuffled[k] for k in order)]))
    assert sorted(values(mixed, "sac")) == [710, 710.1, 710.2]


def test_a_curve_that_ends_early_is_a_failed_run(tmp_path: Path) -> None:
    found = runs(tmp_path, CURVES.replace("ppo,10000,510.1,s1\n", ""))
    assert values(found, "sac") == [710, 710.1, 710.2]
    np.testing.assert_equal(values(found, "ppo"), [510, np.nan, 510.2])
    assert "1 curve shorter than the others, counted as failed (such as ppo, which ends at 9000)" in found.lines[1]


def test_the_best_step_says_that_it_flatters(tmp_path: Path) -> None:
    text = "method,seed,epoch,val_loss,acc\n" + "".join(
        f"{m},{s},{e},{abs(e - 2 - s)},{50 + e}\n" for m in "ab" for s in (0, 1) for e in range(5)
    )
    found = runs(tmp_path, text, metric=("acc",), step="epoch", best="val_loss")
    assert values(found, "a") == [52, 53]  # where |epoch - 2 - seed| is 0
    assert "flatters" not in found.lines[1]
    itself = runs(tmp_path, text, metric=("acc",), step="epoch", best="acc")
    assert values(itself, "a") == [54, 54]
    assert "flatters every method" in itself.lines[1]


CHART = '"Step",' + ",".join(
    f'"{m}-seed{s} - val/acc","{m}-seed{s} - val/acc__MIN","{m}-seed{s} - val/acc__MAX"'
    for m in ("relu", "colu")
    for s in range(5)
) + "\n"  # fmt: skip


def test_an_exported_chart(tmp_path: Path) -> None:
    rows = [f"{step}," + ",".join(f"{v + d},0,1" for v in RELU + COLU) for step, d in ((0, -0.5), (100, 0.0))]
    found = runs(tmp_path, CHART + "\n".join(rows))
    assert values(found, "relu") == pytest.approx(RELU)
    assert values(found, "colu") == pytest.approx(COLU)
    assert [metric.name for metric in found.metrics] == ["val/acc"]
    assert "__MIN" in found.lines[1]


def test_crashed_runs_fail_and_running_ones_are_set_aside(tmp_path: Path) -> None:
    text = "Name,State,Group,seed,acc\n" + "".join(
        f"{m}-{s},finished,{m},{s},.9{s}\n" for m in ("a", "b") for s in range(3)
    )
    text += "a-3,crashed,a,3,.51\nb-3,finished,b,3,\nb-4,running,b,4,.4\n"
    found = runs(tmp_path, text)
    np.testing.assert_equal(values(found, "a"), [0.90, 0.91, 0.92, np.nan])
    np.testing.assert_equal(values(found, "b"), [0.90, 0.91, 0.92, np.nan])
    assert "1 row of runs that still go on" in found.lines[1]


def test_tasks_are_not_pooled(tmp_path: Path) -> None:
    text = "dataset,method,seed,acc\n" + "".join(
        f"{d},{m},{s},{v + s}\n" for d, v in (("cora", 80), ("pubmed", 70)) for m in ("gcn", "gat") for s in range(3)
    )
    found = runs(tmp_path, text)
    assert found.lines[0].startswith("2 methods x 2 tasks x 3 seeds")
    assert values(found, "gcn", "pubmed") == [70, 71, 72]


@pytest.mark.parametrize(
    ("name", "lower"),
    [("test_loss", True), ("RMSE", True), ("mean_absolute_error", True), ("perplexity", True), ("WER", True),
     ("accuracy", False), ("F1", False), ("episode_return", False)],
)  # fmt: skip
def test_the_direction_goes_by_the_name_and_is_said(tmp_path: Path, name: str, lower: bool) -> None:
    found = runs(tmp_path, LONG.replace("acc", name))
    assert found.metrics[0].higher_is_better is not lower
    assert f"{'lower' if lower else 'higher'} is better" in found.lines[0]
    assert runs(tmp_path, LONG.replace("acc", name), higher_is_better=lower).metrics[0].higher_is_better is lower


REFUSED = {
    "two rows per run": (added(LONG, checkpoint="best") + "relu,0,.91,last\n",
                         ["relu has seed 0 twice", "--where 'checkpoint=last'"]),
    "a copy": (LONG + "relu,0,0.9172\n", ["relu has seed 0 twice", "copies"]),
    "means": ("Model,Cora,Pubmed\nGCN,87.09 ± 0.2,75.5 ± 1\nGAT,86 ± 1,74 ± 2\n", ["'87.09 ± 0.2'", "runs"]),
    "means in columns": ("model,mean_accuracy,std_accuracy\na,.85,.001\nb,.84,.002\n", ["mean_accuracy", "runs"]),
    "percent and fractions": ("method,seed,acc\na,0,.92\na,1,.91\nb,0,92.1\nb,1,91\n",
                              ["percent for b", "fraction for a"]),
    "percent signs here and there": ("method,seed,acc\na,0,92%\na,1,91\nb,0,92%\nb,1,91\n", ["percent sign"]),
    "more fields than the header": ("seed,relu,colu\n0,91,72,91.8\n", ["4 fields and the header 3"]),
    "duplicate headers": ("seed,acc,acc\n0,1,2\n", ["two columns are named 'acc'"]),
    "text": (LONG.replace("0.9123", "great"), ["'great'", "not a number"]),
    "two metrics": (added(LONG, f1=".3").replace(",.3", ",.4", 3), ["which column is the metric: 'acc', 'f1'?"]),
    "steps without runs": ("method,epoch,acc\na,0,.1\na,1,.2\nb,0,.1\nb,1,.2\n", ["runs, or steps of a run", "--seed"]),
    "nothing names the method": ("seed,acc\n0,.1\n1,.2\n", ["no column names the method"]),
    "two could": ("optimizer,model,seed,acc\nsgd,x,0,.1\nadam,x,0,.2\nsgd,y,0,.1\nadam,y,0,.3\n",
                  ["which column names the method"]),
    "statistics alone": ("method,seed,acc\na,mean,.1\na,std,.2\nb,mean,.1\nb,std,.2\n", ["statistics alone"]),
    "datasets without seeds": ("method,corpus,acc\na,x,.1\na,y,.5\na,z,.9\nb,x,.2\nb,y,.5\nb,z,.9\n",
                               ["rows differ in 'corpus'", "--task 'corpus'"]),
    "too large": ("method,seed,acc\na,0,1e308\na,1,3\nb,0,1\nb,1,2\n", ["1e+308", "no result"]),
    "no rows": ("method,seed,acc\n", ["no rows"]),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_refused_says_what_decides_it(tmp_path: Path, case: str) -> None:
    text, parts = REFUSED[case]
    said = refused(tmp_path, text)
    assert all(part in said for part in parts), said


def test_where_keeps_some_rows(tmp_path: Path) -> None:
    text = "method,seed,checkpoint,acc\n" + "".join(
        f"{m},{s},{c},{v + s}\n" for m in "ab" for s in range(3) for c, v in (("best", 9), ("last", 5))
    )
    assert values(runs(tmp_path, text, where=(("checkpoint", "last"),)), "a") == [5, 6, 7]
    assert "the values are best, last" in refused(tmp_path, text, where=(("checkpoint", "first"),))


def test_a_name_is_taken_apart_as_the_user_says(tmp_path: Path) -> None:
    text = "id,acc\n" + "".join(f"digits/{m}__{s},{s}\n" for m in ("a-1", "b") for s in (3, 4))
    found = runs(tmp_path, text, by="id", name="{task}/{method}__{seed}")
    assert found.methods == ["a-1", "b"]
    assert found.seed is not None
    assert found.seed.tolist() == ["3", "4", "3", "4"]


def test_a_name_is_found_next_to_a_column_that_could_be_the_method(tmp_path: Path) -> None:
    text = "arch,run,acc\n" + "".join(f"{m},{m}-{w}/{s},{s}\n" for m in "ab" for w in (8, 16) for s in (3, 4))
    found = runs(tmp_path, text, name="{method}/{seed}")
    assert found.methods == ["a-8", "a-16", "b-8", "b-16"]
    assert found.seed is not None
    assert found.seed.tolist() == ["3", "4"] * 4


def test_a_seed_in_the_names_of_runs_pairs_them(tmp_path: Path) -> None:
    text = "arch,run,step,acc\n" + "".join(
        f"{m},try of {m}_seed{s},{e},{s + e / 10}\n" for m in "ab" for s in (7, 8) for e in range(3)
    )
    found = runs(tmp_path, text, metric=("acc",))
    assert found.seed is not None
    assert found.seed.tolist() == ["7", "8", "7", "8"]
    assert (values(found, "a"), values(found, "b")) == ([7.2, 8.2], [7.2, 8.2])
    assert "seed 7 in 'try of a_seed7'" in found.read_as
    assert "--name '{method}-s{seed}' if 'run' says both" in refused(
        tmp_path, text.replace("_seed", " no. "), metric=("acc",), by="arch"
    )


def test_a_column_has_one_role() -> None:
    with pytest.raises(SeedwiseError, match="'seed' is named for two roles"):
        Roles(metric=("seed",), seed=("seed",))
