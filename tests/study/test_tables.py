"""Tables from the study file to the report: scikit-learn's diabetes (regression) and breast cancer (yes or no)."""

import html
import itertools
import re

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer, load_diabetes

from seedwise.errors import SeedwiseError
from seedwise.reporting import render
from seedwise.statistics import forecast_difference
from seedwise.study import Store, Study, cells_of, study_results

from ..nursery import nursery

STUDY = """
name: {name}
task: {{kind: {kind}, dataset: {{csv: {name}.csv, target: target}}}}
model: {{name: mlp, width: 8, depth: 1}}
train: {{epochs: 2, batch_size: 64, optimizer: {{name: sgd, lr: 0.02, momentum: 0.9}}}}
methods:
  base: {{}}
  clf: {{loss: clf}}
regimes: [init+shuffle]
replicates: 4
readouts: [ensemble-2]
"""
KINDS = {"diabetes": "regression", "cancer": "binary"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Both studies, run by the command line."""
    folder = tmp_path_factory.mktemp("tables")
    for name, load in (("diabetes", load_diabetes), ("cancer", load_breast_cancer)):
        load(as_frame=True).frame.to_csv(folder / f"{name}.csv", index=False)
        (folder / f"{name}.yaml").write_text(STUDY.format(name=name, kind=KINDS[name]))
        done = nursery().run(["-m", "seedwise", "run", f"{name}.yaml", "--workers", "1"], cwd=folder, timeout=300)
        assert done.returncode == 0, done.stderr
    return folder


def results_of(folder, name):
    with Store(folder / f"{name}.db") as store:
        (found,) = study_results(store)
        runs = store.runs(name)
        kept = store.forecasts([run.run_id for run in runs])
        return found, cells_of(store, name), [(run, kept.get(run.run_id)) for run in runs]


def test_a_regression_is_compared_by_values(folder):
    results, cells, kept = results_of(folder, "diabetes")
    base = cells[0]
    assert (base.metric.name, base.metric.higher_is_better, base.metric.unit) == ("test/mse", False, "")
    truth = load_diabetes().target
    for run, values in kept:
        np.testing.assert_array_equal(values.truth[:, 0, 0], truth[values.ids].astype(np.float32))
        found = np.square(values.sample[:, 0, 0] - truth[values.ids]).mean()
        np.testing.assert_allclose(found, run.metrics["test/mse"], rtol=1e-5)
    assert base.predictions is None
    assert base.forecasts.shape == (4, 88, 1, 1), "every example, a fifth of 442"
    assert base.forecast_difference == forecast_difference(base.forecasts, base.truth, groups=base.group)
    assert results.parts[0].network is None, "it is no series, whose errors would be listed"
    assert not results.fans


def test_the_forecast_difference_is_that_of_its_definition(folder):
    _, (base, _), _ = results_of(folder, "diabetes")
    values, truth = base.forecasts[:, :, 0, 0].astype(float), base.truth[:, 0, 0].astype(float)
    errors = values - truth
    pairs = [
        np.sqrt(np.mean((errors[a] - errors[b]) ** 2) / np.mean((errors[a] ** 2 + errors[b] ** 2) / 2))
        for a, b in itertools.combinations(range(4), 2)
    ]
    assert base.forecast_difference.estimate == pytest.approx(np.mean(pairs))


@pytest.mark.parametrize("name", KINDS)
def test_ensembles_of_two_are_those_of_all_partitions(folder, name):
    """The mean over the three partitions of four runs into pairs, within the noise of drawing these at random."""
    results, cells, _ = results_of(folder, name)
    (found,) = [one for one in results.ensembles if one.method == "base"]
    if name == "diabetes":
        scores = [
            np.square(cells[0].forecasts[list(pair)].astype(float).mean(0) - cells[0].truth).mean()
            for pair in itertools.combinations(range(4), 2)
        ]
    else:
        with Store(folder / "cancer.db") as store:
            runs = [run.run_id for run in store.runs(name) if run.link.method == "base"]
            kept = [store.predictions([run])[run] for run in runs]
        assert kept[0].logits.shape == (len(kept[0].ids), 2)
        scores = [
            np.mean((sum(kept[k].logits[:, 1].astype(float) for k in pair) > 0) == kept[0].labels)
            for pair in itertools.combinations(range(4), 2)
        ]
    assert found.found.mean.estimate == pytest.approx(np.mean(scores), rel=2e-3)
    assert found.metric.name == ("mse" if name == "diabetes" else "accuracy")


def test_churn_is_of_the_thresholded_labels(folder):
    _, (base, _), _ = results_of(folder, "cancer")
    with Store(folder / "cancer.db") as store:
        runs = [run.run_id for run in store.runs("cancer") if run.link.method == "base"]
        said = [store.predictions([run])[run].logits[:, 1] > 0 for run in runs]
    np.testing.assert_array_equal(base.predictions, said)
    assert base.metric.chance == 0.5


def test_the_reports_speak_of_what_there_is(folder):
    pages = {}
    for name in KINDS:
        results, *_ = results_of(folder, name)
        page = render([results], command="seedwise report")
        text = re.sub(r"<(script|style|svg).*?</\1>|<[^>]+>", " ", page, flags=re.DOTALL)
        pages[name] = " ".join(html.unescape(text).split())
    assert "forecast difference" in pages["diabetes"]
    assert "mse [95 %]" in pages["diabetes"], "of ensembles"
    assert not re.search(r"accuracy|images|horizon\?|How large are the errors", pages["diabetes"])
    assert "accuracy [95 %]" in pages["cancer"]


def test_the_commands_read_the_store(folder):
    for arguments in (
        ["compare", "diabetes.db", "--metric", "rmse"],
        ["compare", "cancer.db", "--metric", "auc"],
        ["recommend", "diabetes.yaml"],
        ["show", "cancer.db"],
    ):
        done = nursery().run(["-m", "seedwise", *arguments], cwd=folder, timeout=300)
        assert done.returncode == 0, (arguments, done.stderr)
        assert "base" in done.stdout or "reduction" in done.stdout


def test_what_a_run_takes_is_said_before(folder, monkeypatch):
    monkeypatch.chdir(folder)
    found = Study.from_yaml("diabetes.yaml").estimate()
    assert found.bytes == 8 * 88 * (2 + 1) * 4, "8 runs, 88 examples, two errors and a value in single precision"


def test_an_average_of_epochs_is_read_out(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    load_diabetes(as_frame=True).frame.to_csv("diabetes.csv", index=False)
    text = STUDY.format(name="diabetes", kind="regression").replace("[ensemble-2]", "[average-2]")
    text = text.replace("replicates: 4", "replicates: 1\nkeep: {weights: snapshots, last_epochs: 2}")
    study = Study.from_text(text)
    assert study.run(workers=1).counts == {"finished": 2}
    with study.open() as store:
        plain, averaged = store.runs("diabetes")[0].metrics, next(iter(store.readouts().values())).metrics
    assert set(averaged) == set(plain)
    assert averaged["test/mse"] != plain["test/mse"]


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (("[ensemble-2]", "[flip]"), "'flip' shows images in other ways, and this study has rows of a table"),
        (("[ensemble-2]", "[snapshots]"), "is a mean of logits of classes, and a regression has none: use average-K"),
        (("target: target}}", "target: target}, metrics: [r2]}"), "gives mse, and the primary metric .* is 'r2'"),
        (("target: target}}", "target: [targte]}}"), "diabetes.csv has no column 'targte': did you mean 'target'?"),
    ],
)
def test_mistakes_are_one_line(folder, monkeypatch, change, line):
    monkeypatch.chdir(folder)
    text = STUDY.format(name="diabetes", kind="regression")
    with pytest.raises(SeedwiseError, match=line):
        Study.from_text(text.replace(*change), store="other.db").run(workers=1)


def test_doctor_finds_the_bits_reproducible(folder):
    done = nursery().run(["-m", "seedwise", "doctor", "cancer.yaml"], cwd=folder, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "FAIL" not in done.stdout


def test_tables_from_functions_and_of_scikit_learn(tmp_path, monkeypatch):
    (tmp_path / "tables_of_mine.py").write_text(
        "import pandas as pd\n"
        "def houses(*, rows=40):\n"
        "    return pd.DataFrame({'a': range(rows), 'y': [k % 2 for k in range(rows)]}, index=range(5, rows + 5))\n"
        "def nothing():\n    return [1]\n"
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    text = STUDY.replace("replicates: 4", "replicates: 1").replace("readouts: [ensemble-2]", "")
    for dataset, kind in (
        ("{{name: 'tables_of_mine:houses', rows: 30, target: y}}", "binary"),
        ("diabetes", "regression"),
        ("breast_cancer", "binary"),
    ):
        changed = text.replace("{{csv: {name}.csv, target: target}}", dataset).format(name="houses", kind=kind)
        study = Study.from_text(changed, store=f"{kind}-{len(dataset)}.db")
        assert study.run(workers=1).counts == {"finished": 2}
        assert study.spec.learns.name == (dataset if dataset.isidentifier() else "houses")
    for name, line in (
        ("'tables_of_mine:nothing'", "'tables_of_mine:nothing' returned list: of a table a pandas.DataFrame is needed"),
        ("digits", "kind is of a table, and digits is none: leave it out, or name a table"),
        ("'tables_of_mine:houses'", "tables_of_mine:houses has no column 'z': its columns are a, y"),
    ):
        dataset = f"{{{{name: {name}, target: z}}}}"
        changed = text.replace("{{csv: {name}.csv, target: target}}", dataset).format(name="wrong", kind="binary")
        with pytest.raises(SeedwiseError, match=line):
            Study.from_text(changed, store="wrong.db").run(workers=1)
