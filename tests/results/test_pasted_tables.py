"""Tables pasted from papers: cells with the marks of LaTeX, Markdown and HTML, SDs of any name, tasks as columns."""

import re
from pathlib import Path

import pytest

from seedwise import SeedwiseError, compare
from seedwise.results import Frame, Roles, read_table, understand
from seedwise.results._marks import unmarked


def written(folder: Path, text: str) -> Path:
    path = folder / "table.csv"
    path.write_text(text, encoding="utf-8")
    return path


def summary(folder: Path, text: str, **options: object):
    return compare(written(folder, text), summary=True, **{"n": 5, "base": "Baseline", **options})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "cell",
    [
        "**78.0 ± 0.5**",
        "**78.0** (0.5)",
        "**78.0** ± **0.5**",
        "<b>78.0</b> ± 0.5",
        "78.0 <sub>±0.5</sub>",
        r"$78.0_{\pm 0.5}$",
        r"$\mathbf{78.0}_{\pm 0.5}$",
        r"78.0$_{\pm0.5}$",
        r"\textbf{78.0} $\pm$ 0.5",
        r"\underline{78.0} $\pm$ 0.5",
        r"\underline{\textbf{78.0}}~$\pm$~0.5",
        r"\textbf{78.0}{\scriptsize $\pm$0.5}",
        r"{\bf 78.0}$\pm$0.5 \\",
        r"\cellcolor{gray!20}$78.0\pm 0.5$",
        r"$78.0_{0.5}$",
        r"\num{78.0 \pm 0.5}",
    ],
)
def test_marks_are_no_part_of_a_mean(tmp_path: Path, cell: str) -> None:
    row = summary(tmp_path, f"Method,A\nBaseline,77.3 ± 0.4\nOurs,{cell}\n").rows[1]
    assert (row.mean, row.spread.estimate) == (78.0, pytest.approx(0.5))
    with pytest.raises(SeedwiseError, match="these are means with their spread"):
        compare(written(tmp_path, f"Method,A\nOurs,{cell.replace(' (', ' ± ').rstrip(')')}\nBaseline,77.3 ± 0.4\n"))


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("**93.6%**", 93.6),
        ("__93.6%__", 93.6),
        (r"\textbf{93.6\%}", 93.6),
        (r"$\underline{93.6}$\%", 93.6),
        ("<u>93.6</u>%", 93.6),
        (r"$-$2.5\%", -2.5),
        ("\u22122.5%", -2.5),
    ],
)
def test_marks_are_no_part_of_a_result(tmp_path: Path, cell: str, value: float) -> None:
    runs = understand([read_table(written(tmp_path, f"model,seed,acc\na,0,93.2%\nb,1,{cell}\n"))], Roles())
    assert runs.values["acc"].tolist() == [93.2, value]
    assert runs.metrics[0].unit == "%"


@pytest.mark.parametrize("cell", ["**-**", "--", "$-$", r"\textbf{n/a}"])
def test_a_marked_cell_without_a_value_is_a_failed_run(tmp_path: Path, cell: str) -> None:
    runs = understand([read_table(written(tmp_path, f"model,seed,acc\na,0,93.2\nb,1,{cell}\na,2,93\n"))], Roles())
    assert str(runs.values["acc"][1]) == "nan"


@pytest.mark.parametrize(
    "cell", [r"$10^{3}$", r"$1.2\times 10^{3}$", r"\frac{1}{2}", r"\sqrt{2}", "78.0*", "~~78.0~~", "3*4*5", "{7}{8}"]
)
def test_what_may_change_a_number_is_refused_in_one_line(tmp_path: Path, cell: str) -> None:
    plain = f"model,seed,acc\na,0,93.2\na,1,{cell}\na,2,93\nb,0,91\nb,1,94\n"
    with pytest.raises(SeedwiseError, match=r"is not a number: .*leave the value of a failed run empty"):
        understand([read_table(written(tmp_path, plain))], Roles())
    with pytest.raises(SeedwiseError, match=r"method Ours.*is no mean with its SD") as caught:
        summary(tmp_path, f"Method,A\nBaseline,77.3 ± 0.4\nOurs,{cell} ± 0.5\nOther,78 ± 1\n")
    assert repr(cell + " ± 0.5")[1:-1].replace("\\\\", "\\") in str(caught.value)


def test_names_keep_their_underscores() -> None:
    assert [unmarked(name) for name in ("seed_0", "my_model_name", "a_b")] == ["seed_0", "my_model_name", "a_b"]


@pytest.mark.parametrize("roles", [Roles(bounds=("zero", "one")), Roles(step="zero", metric=("acc",))])
def test_other_columns_with_a_mistake_are_one_line(tmp_path: Path, roles: Roles) -> None:
    seed = 0 if roles.step else 1
    text = f"model,seed,acc,zero,one\na,0,1.0,1,9\na,{seed},2.0,x,9\nbase,0,1.0,1,9\nbase,{seed},2.0,3,9\n"
    with pytest.raises(SeedwiseError, match="the column 'zero': 'x' is not a number"):
        understand([read_table(written(tmp_path, text))], roles)


@pytest.mark.parametrize("spread", ["std", "SD", "stdev"])
def test_one_std_belongs_to_the_one_metric(tmp_path: Path, spread: str) -> None:
    text = f"dataset,model,acc,{spread},seeds\nCora,GCN,81.5,0.2,10\nCora,GAT,83.0,0.7,5\n"
    found = summary(tmp_path, text, n=None, base="GCN")
    assert [(row.mean, row.spread.estimate, row.n) for row in found.rows] == [
        (81.5, pytest.approx(0.2), 10), (83.0, pytest.approx(0.7), 5),
    ]  # fmt: skip
    assert "metric acc" in found.lines[0]
    assert f"SD: column '{spread}'" in found.lines[1]


def test_one_std_of_two_metrics_is_asked_about(tmp_path: Path) -> None:
    text = "model,acc,f1,std\nBaseline,81.5,80,0.2\nGAT,83.0,82,0.7\n"
    with pytest.raises(SeedwiseError, match=re.escape("such as 'acc_mean' and 'acc_std', or one metric 'acc' and")):
        summary(tmp_path, text)
    assert summary(tmp_path, text, metric="f1").rows[1].mean == 82


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("n/a ± 0.5", "left out: Ours has no A ('n/a ± 0.5')"),
        ("78.0", "left out: Ours has no SD of A ('78.0')"),
        ("-", "left out: Ours has no A)"),
    ],
)
def test_a_method_that_is_left_out_is_named(tmp_path: Path, cell: str, said: str) -> None:
    rest = "Baseline,77.3 ± 0.4\nPrior,77.0 ± 0.3\n"
    with pytest.raises(SeedwiseError) as caught:
        summary(tmp_path, f"Method,A\n{rest}Ours,{cell}\n", methods=["Baseline", "Ours"])
    assert said in str(caught.value)
    assert any(said[10:18] in text for text in summary(tmp_path, f"Method,A\n{rest}Ours,{cell}\n").results.reasons)
    with pytest.raises(SeedwiseError, match="left out: Ours has no"):
        summary(tmp_path, f"Method,A\n{rest}Ours,{cell}\n", base="Ours")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Method,A\nBaseline,77 ± 1\nOurs,78 ± -1\n", "the SD of Ours is -1 (A): an SD is 0 or more"),
        ("Method,A,std\nBaseline,77,1\nP,76,2\nOurs,78,x\n", "the column 'std': 'x' is not a number"),
        ('Method,A\nBaseline,77.5 ± 1\nOurs,"78,5 ± 1"\n', "'78,5' is not a number with the decimal sign of the other"),
    ],
)
def test_a_mistake_in_a_cell_is_one_line(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(SeedwiseError) as caught:
        summary(tmp_path, text)
    assert said in str(caught.value)


def test_methods_with_a_year_are_no_means(tmp_path: Path) -> None:
    found = summary(tmp_path, "Method,A\nGCN (2017),77.3 ± 0.4\nGAT (2018),78.3 ± 0.4\n", base="GCN (2017)")
    assert [row.mean for row in found.rows] == [77.3, 78.3]


PAPER = (
    "Method,CIFAR-10,CIFAR-100,ImageNet\n"
    "Baseline,95.1 ± 0.2,77.3 ± 0.4,76.1 ± 0.1\n"
    "Ours,95.4 ± 0.1,78.0 ± 0.5,76.3 ± 0.2\n"
    "Prior [12],95.2±0.3,77.1±0.3,-\n"
)


def test_columns_of_means_are_tasks(tmp_path: Path) -> None:
    found = summary(tmp_path, PAPER)
    assert found.lines[0].startswith("3 methods x 3 tasks, means and SDs of 5 runs")
    assert "tasks of one metric: columns 'CIFAR-10', 'CIFAR-100', 'ImageNet'" in found.lines[1]
    assert [(r.task, r.method, r.mean) for r in found.rows if r.method != "Prior [12]"] == [
        ("CIFAR-10", "Baseline", 95.1), ("CIFAR-10", "Ours", 95.4), ("CIFAR-100", "Baseline", 77.3),
        ("CIFAR-100", "Ours", 78.0), ("ImageNet", "Baseline", 76.1), ("ImageNet", "Ours", 76.3),
    ]  # fmt: skip
    assert any("Prior [12] has no value on ImageNet" in text for text in found.results.reasons)


def test_averages_and_costs_are_no_tasks(tmp_path: Path) -> None:
    text = "Method,A,B,Avg.,Time\nBaseline,1 ± 1,2 ± 1,1.5 ± 1,9 ± 1\nOurs,2 ± 1,3 ± 1,2.5 ± 1,8 ± 1\n"
    found = summary(tmp_path, text)
    assert sorted({row.task for row in found.rows}) == ["A", "B"]
    assert "set aside: columns Avg., Time" in found.lines[1]


def test_errors_over_tasks_are_better_lower(tmp_path: Path) -> None:
    text = "Method,MSE A,MSE B\nBaseline,1 ± 1,2 ± 1\nOurs,2 ± 1,3 ± 1\n"
    assert "lower is better" in summary(tmp_path, text).lines[0]
    with pytest.raises(SeedwiseError, match="which column is the metric: 'MSE A', 'Acc'"):
        summary(tmp_path, text.replace("MSE B", "Acc"))


def test_a_frame_of_cells_in_parentheses_asks_for_summary(tmp_path: Path) -> None:
    frame = read_table(written(tmp_path, "Method,A\nBaseline,77.3 (0.4)\nOurs,78.0 (0.5)\n"))
    with pytest.raises(SeedwiseError, match="or --summary with --n"):
        understand([Frame(frame.data, "table")], Roles())
