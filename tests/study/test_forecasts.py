"""Forecasts from the study file to the table: kept, shared out, joined, and compared."""

import shutil
import sqlite3
from pathlib import Path

import numpy as np
import pytest

from seedwise.errors import SeedwiseError
from seedwise.reporting import results_of
from seedwise.statistics import Metric, forecast_difference
from seedwise.study import Network, Silent, Store, Study, cells_of, description_of, forecasts, merge, study_results

from ..toy_project import before_checksums

ROWS, HORIZON = 300, 6
STUDY = """
name: sine
task: {dataset: {csv: sine.csv, lookback: 12, horizon: 6}}
model: dlinear
train:
  epochs: 4
  batch_size: 32
  optimizer: {name: adam, lr: 0.02}
  schedule: halving
  validation: {rule: best, patience: 1}
methods:
  base: {}
  clf: {loss: clf}
replicates: 3
"""


@pytest.fixture(scope="module")
def csv():
    noise = np.random.default_rng(0).normal(0, 0.2, (ROWS, 2))
    values = np.sin(2 * np.pi * np.arange(ROWS)[:, None] / np.array([12, 24])) + noise
    times = np.datetime64("2024-01-01T00", "h") + np.arange(ROWS)
    lines = [f"{str(t).replace('T', ' ')}:00:00,{a:.4f},{b:.4f}" for t, (a, b) in zip(times, values, strict=True)]
    return "\n".join(["date,a,b", *lines])


@pytest.fixture
def folder(csv, tmp_path, monkeypatch):
    (tmp_path / "sine.csv").write_text(csv)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def study(text=STUDY, **options):
    return Study.from_text(text, **options)


@pytest.fixture(scope="module")
def finished(csv, tmp_path_factory):
    folder = tmp_path_factory.mktemp("sine")
    (folder / "sine.csv").write_text(csv)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        made = study(store=folder / "sine.db")
        assert made.run(workers=1).counts == {"finished": 6}
        # All runs of a single shard: the same records, by way of an outbox that is merged.
        shard = study(store=folder / "shard.db")
        shard.run(workers=1, shard=(1, 1))
        merge(shard.store_path, [folder / "shard.d" / "shard-1-of-1"], Silent())
    return made


def test_the_arrays_of_a_cell_are_those_of_its_runs(finished):
    with Store(finished.store_path) as store:
        found = forecasts(store, "base")
        runs = [run for run in store.runs() if run.link.method == "base"]
        assert found.run_ids == tuple(run.run_id for run in runs)
        windows = len(found.windows)
        assert windows == 60 - HORIZON + 1
        shapes = {name: np.shape(value) for name, value in vars(found).items()}
        assert shapes == {
            "run_ids": (3,), "by_step": (3, 2, 6), "by_variable": (3, 2, 2), "window_errors": (3, windows),
            "windows": (windows,), "sampled": (windows,), "sample": (3, windows, 6, 2), "truth": (windows, 6, 2),
            "history": (windows, 12, 2), "variables": (2,),
        }  # fmt: skip
        assert found.variables == ("a", "b")
        for k, run in enumerate(runs):
            mse, mae = run.metrics["test/mse"], run.metrics["test/mae"]
            assert found.window_errors[k].mean(dtype=np.float64) == pytest.approx(mse, rel=1e-6)
            for means in (found.by_step[k], found.by_variable[k]):
                assert means.mean(axis=1) == pytest.approx([mse, mae], rel=1e-12)
            error = found.sample[k].astype(np.float64) - found.truth  # half precision
            assert np.mean(error**2) == pytest.approx(mse, rel=1e-3)
        assert len({run.metrics["naive/mse"] for run in store.runs()}) == 1
        assert store.forecasts(found.run_ids, "validation")[runs[0].run_id].sample.shape == (25, 6, 2)
        with pytest.raises(SeedwiseError, match="holds no cell of sine, sine-6, vml, all"):
            forecasts(store, "vml", task="sine-6")


def test_shards_are_joined_to_the_same_store(finished):
    with Store(finished.store_path) as one, Store(finished.store_path.with_name("shard.db")) as two:
        for method in ("base", "clf"):
            a, b = forecasts(one, method), forecasts(two, method)
            for name, value in vars(a).items():
                np.testing.assert_array_equal(value, getattr(b, name))


def test_the_table_says_how_far_forecasts_are_apart(finished):
    (base, clf) = finished.cells()
    assert (base.metric, base.task) == (Metric("test/mse", higher_is_better=False), "sine-6")
    assert base.predictions is None
    results = results_of(description_of("s", finished.describe()), [base, clf])
    column = results.numbers.columns.index("forecast difference [95 %]")
    found = forecast_difference(base.forecasts, base.truth)
    assert results.numbers.rows[0][column].startswith(f"{100 * found.estimate:.1f} % [".replace(" %", ""))
    assert not any(name.startswith("churn") for name in results.numbers.columns)
    with Store(finished.store_path) as store:
        (section,) = study_results(store)
    assert [part.forecasts.by_step.shape for part in section.parts] == [(3, 2, 6)] * 2
    assert section.parts[0].metrics["test/mse"].tolist() == base.values.tolist()
    assert [part.network for part in section.parts] == [Network("sine-6", "dlinear")] * 2
    assert {"test/mae", "naive/mae"} <= section.parts[0].metrics.keys()
    epochs = section.parts[0].curves["train/loss"].shape[1]
    with Store(finished.store_path) as store:
        lengths = [len(rows) for rows in store.series(store.forecasts(section.parts[0].forecasts.run_ids)).values()]
    assert epochs == min(lengths)


def test_a_store_from_before_there_were_forecasts_is_read(finished, tmp_path):
    old = tmp_path / "old.db"
    shutil.copy(finished.store_path, old)
    with sqlite3.connect(old) as db:
        db.execute("drop table seedwise_forecasts")
        db.execute("drop table seedwise_windows")
    before_checksums(old)
    with Store(old) as store:
        assert forecasts(store, "base") is None
        assert cells_of(store, "sine")[0].forecasts is None


def test_the_estimate_knows_forecasts(folder):
    found = study().estimate()
    windows, sample = 25 + 55, 2 * HORIZON * 2
    assert found.bytes == 6 * (16 * windows + 2 * 16 * (HORIZON + 2) + sample * windows)
    assert 0 < found.seconds < 60


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("model: dlinear", "model: small_cnn", "small_cnn takes images, and this task is a time series"),
        ("{csv: sine.csv, lookback: 12, horizon: 6}", "etth", "unknown dataset 'etth' in task: did you mean 'etth2'"),
        (
            "lookback: 12",
            "lookbak: 12",
            "unknown key 'lookbak' .* did you mean 'lookback'. allowed: .*, lookback, horizon, target, csv,",
        ),
        ("csv: sine.csv", "csv: cosine.csv", "cannot read cosine.csv: No such file"),
        ("rule: best, patience", "fraction: 0.1, rule: best, patience", "leave out fraction"),
        ("replicates: 3", "regimes: [split]", "the regime 'split' varies 'split', and a time series is split by time"),
        ("replicates: 3", "readouts: [flip]", "this study forecasts: leave readouts out"),
        ("horizon: 6", "horizon: 40", "too few rows: 30 for validation hold no window of 12 \\+ 40 rows"),
    ],
)
def test_mistakes_are_one_line_before_anything_is_trained(folder, old, new, message):
    with pytest.raises(SeedwiseError, match=message) as caught:
        study(STUDY.replace(old, new)).run(workers=1)
    assert "\n" not in str(caught.value)
    assert not Path("sine.d/outbox").exists() or not list(Path("sine.d/outbox").iterdir())


def test_a_forecasting_network_does_not_fit_images(folder):
    with pytest.raises(SeedwiseError, match="itransformer forecasts time series, and this task has images"):
        study(
            "name: x\ntask: {dataset: digits}\nmodel: itransformer\n"
            "train: {epochs: 1, batch_size: 8, optimizer: {name: adam, lr: 1e-3}}"
        )
