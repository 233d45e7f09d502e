"""Files as people keep them: spreadsheets, charts, curves, tables of papers. None gives a number that is none."""

from pathlib import Path

import pytest
from scipy import stats

from seedwise import SeedwiseError, compare

BASE, OURS = [91.2, 91.5, 90.9], [92.1, 92.3, 91.8]

READ = {
    "a mean in the middle": "method,seed,acc\nbase,0,91.2\nbase,1,91.5\nmean,,91.35\nbase,2,90.9\n"
    "ours,0,92.1\nours,1,92.3\nmean,,92.2\nours,2,91.8\n",
    "seeds as titles": "method,0,1,2\nbase,91.2,91.5,90.9\nours,92.1,92.3,91.8\n",
    "metric and seed as titles": "method,acc seed 0,acc seed 1,acc seed 2\nbase,91.2,91.5,90.9\nours,92.1,92.3,91.8\n",
    "a rank": "method,run,acc,rank\nbase,1,91.2,6\nbase,2,91.5,5\nbase,3,90.9,4\nours,1,92.1,2\nours,2,92.3,1\n"
    "ours,3,91.8,3\n",
    "a spreadsheet's export": 'method;seed;acc\r\nbase;0;"91,20"\r\nbase;1;"91,50"\r\nbase;2;"90,90"\r\n'
    'ours;0;"92,10"\r\nours;1;"92,30"\r\nours;2;"91,80"\r\n',
    "a chart without ranges": "Step,base-seed0 - acc,base-seed1 - acc,base-seed2 - acc,ours-seed0 - acc,"
    "ours-seed1 - acc,ours-seed2 - acc\n1,50,50,50,60,60,60\n2,91.2,91.5,90.9,92.1,92.3,91.8\n",
    "curves in a wide table": "epoch,seed,base,ours\n1,0,50,60\n1,1,50,60\n1,2,50,60\n2,0,91.2,92.1\n2,1,91.5,92.3\n"
    "2,2,90.9,91.8\n",
}


def written(folder: Path, text: str) -> Path:
    path = folder / "results.csv"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("case", READ)
def test_it_is_read_as_meant(tmp_path: Path, case: str) -> None:
    base, ours = compare(written(tmp_path, READ[case])).rows
    assert (base.method, base.n, base.mean) == ("base", 3, pytest.approx(sum(BASE) / 3))
    assert (ours.method, ours.n, ours.mean) == ("ours", 3, pytest.approx(sum(OURS) / 3))
    assert ours.mean_difference.p_value == pytest.approx(stats.ttest_rel(OURS, BASE).pvalue)


REFUSED = {
    "steps without seeds in a wide table": (
        "epoch,base,ours\n1,.5,.6\n2,.6,.7\n3,.7,.75\n4,.72,.76\n",
        "are the rows runs, or steps of a run .column 'epoch'.. Pass --seed COLUMN",
    ),
    "two metrics of each method": (
        "seed,base,base loss,ours acc,ours loss\n0,91,.3,92,.2\n1,92,.3,93,.2\n2,91,.2,92,.1\n",
        "'ours acc', 'ours loss' seem to be metrics of one method",
    ),
    "two lines of titles": (
        ",acc,acc,loss,loss\nmethod,seed0,seed1,seed0,seed1\nbase,91.2,91.5,.3,.31\nours,92.1,92.3,.28,.27\n",
        "two columns are named 'acc'",
    ),
    "a title above the table": (
        "Results;;;\nmethod;seed;acc;time\nbase;0;91.2;3\nours;0;92.1;3\n",
        "the header is the first line",
    ),
    "thousands or a decimal comma": (
        'method,seed,return\nbase,0,"1,234"\nbase,1,"1,310"\nbase,2,"1,100"\nours,0,"1,500"\nours,1,"1,700"\n',
        "is '1,234' 1234 or 1.234",
    ),
    "cells merged over rows": (
        "method,seed,acc\nbase,0,91.2\n,1,91.5\n,2,90.9\nours,0,92.1\n,1,92.3\n,2,91.8\n",
        "the column 'method' is empty in row 2",
    ),
    "a note below": (
        "method,seed,acc\nbase,0,91.2\nbase,1,91\nours,0,92.1\nours,1,92\nSource: ours,,\n",
        "empty in row 5",
    ),
    "one method": ("method,seed,acc\nbase,0,91.2\nbase,1,91.5\nbase,2,90.9\n", "there is one method, 'base'"),
    "training and test": (
        "model,split,seed,acc\nbase,train,0,99.1\nbase,test,0,91.2\nours,train,0,99.1\nours,test,0,92.1\n",
        "--where 'split=test'",
    ),
    "LaTeX": (
        "\\begin{tabular}{llc}\nMethod & Seed & Acc \\\\\n\\multirow{3}{*}{base} & 0 & 91.2 \\\\\n\\end{tabular}\n",
        "no column of numbers is a metric",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_it_is_refused_in_one_line(tmp_path: Path, case: str) -> None:
    text, said = REFUSED[case]
    with pytest.raises(SeedwiseError, match=said) as refused:
        compare(written(tmp_path, text))
    assert "\n" not in str(refused.value)


def test_names_with_a_comma_and_cells_without_a_value(tmp_path: Path) -> None:
    rows = [
        f'"{m}, lr=.1",{seed},{value}' for m, of in (("base", BASE), ("ours", OURS)) for seed, value in enumerate(of)
    ]
    path = written(tmp_path, "\n".join(["method,seed,acc", *rows, '"base, lr=.1",3,n/a', '"ours, lr=.1",3,N/A']))
    base, ours = compare(path, base="base, lr=.1").rows
    assert (ours.method, ours.n, ours.failed, ours.mean) == ("ours, lr=.1", 3, 1, pytest.approx(sum(OURS) / 3))
    assert (base.n, base.failed) == (3, 1)


def test_a_wide_table_whose_steps_are_seeds_is_told_so(tmp_path: Path) -> None:
    path = written(tmp_path, "iteration,base,ours\n1,91.2,92.1\n2,91.5,92.3\n3,90.9,91.8\n")
    with pytest.raises(SeedwiseError, match="--seed COLUMN"):
        compare(path)
    assert [row.n for row in compare(path, seed="iteration").rows] == [3, 3]
