"""``"module:name"`` in the place of a time series."""

import os
import sys

import numpy as np
import pytest
import yaml

from seedwise.data import read_series, series_from
from seedwise.errors import ChangedCodeError, SeedwiseError
from seedwise.study import Study, parse_study, plan
from tests.nursery import BLOCKED, nursery

OWN = """
import numpy as np
import pandas as pd

def frame(rows=240, noise=0.0):
    from series_helper import PERIOD
    times = pd.date_range("2024-01-01", periods=rows, freq="h")
    waves = {f"wave{k}": np.sin(2 * np.pi * np.arange(rows) * k / PERIOD) for k in (1, 2)}
    return pd.DataFrame(waves, index=times) + noise

def with_dates(): return frame().rename_axis("day").reset_index().astype({"day": str})
def drawn(): return frame() + np.random.normal(size=(240, 1))
def nothing(): return None
def numbers(): return frame().reset_index(drop=True)
def gap(): return frame().drop(index=frame().index[100])
def holes(): return frame().where(lambda f: f < 0.99)
def odd(): return frame().rename_axis("wave1")
def broken(): raise KeyError("no such thing")
def absent(): return pd.read_csv("/nowhere/power.csv")
"""
BASE = {
    "name": "own",
    "model": {"name": "dlinear", "kernel": 5},
    "train": {"epochs": 1, "batch_size": 32, "optimizer": {"name": "adam", "lr": 0.01}},
    "replicates": 1,
}


@pytest.fixture(autouse=True)
def parts(tmp_path, monkeypatch):
    from seedwise.training import _forecasting

    _forecasting._load.cache_clear()
    (tmp_path / "own_series.py").write_text(OWN)
    (tmp_path / "series_helper.py").write_text("PERIOD = 24\n")
    monkeypatch.syspath_prepend(tmp_path)
    yield tmp_path
    for name in ("own_series", "series_helper"):
        sys.modules.pop(name, None)


def text(name="own_series:frame", **options):
    dataset = {"name": name, "lookback": 12, "horizon": 6, **options}
    return yaml.safe_dump({**BASE, "task": {"dataset": {k: v for k, v in dataset.items() if v is not None}}})


def test_a_run_is_named_by_what_differs_from_defaults():
    named = parse_study(text(noise=0.0, split=[0.7, 0.1, 0.2])).configs()["base"]["task"]
    assert named == {"dataset": {"name": "own_series:frame", "lookback": 12, "horizon": 6}}
    ids = {run.spec.id for noise in (0.0, 0.5) for run in plan(parse_study(text(noise=noise)))}
    assert len(ids) == 2


def test_it_is_the_series_of_a_csv_that_holds_the_same(parts):
    from own_series import frame, with_dates

    frame().rename_axis("date").to_csv(parts / "waves.csv")
    of_csv = read_series(parts / "waves.csv", target=["wave2"], split=(0.6, 0.2, 0.2))
    for made in (frame(), with_dates()):
        found = series_from(made, "waves", (0.6, 0.2, 0.2), ["wave2"])
        assert np.array_equal(found.values, of_csv.values)
        assert np.array_equal(found.calendar, of_csv.calendar)
        assert np.array_equal(found.times, of_csv.times)
        assert (found.splits, found.columns, found.target) == (of_csv.splits, of_csv.columns, of_csv.target)


@pytest.mark.parametrize(
    ("given", "line"),
    [
        ({"name": "own_series:missing"}, "task.dataset: there is no function 'missing' in 'own_series'"),
        ({"noize": 1}, "is called as make(**options) with these options (noize), and does not fit"),
        ({"horizon": 0}, "task.dataset.horizon is 0: input should be greater than or equal to 1"),
    ],
)
def test_a_mistake_is_one_line_when_the_study_is_read(given, line):
    with pytest.raises(SeedwiseError) as caught:
        parse_study(text(**given))
    assert line in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("given", "line"),
    [
        ({"name": "own_series:nothing"}, "'own_series:nothing' returned NoneType: of a time series a pandas.DataFrame"),
        ({"name": "own_series:numbers"}, "'own_series:numbers' has no time column among wave1, wave2: write times as"),
        ({"name": "own_series:gap"}, "'own_series:gap' row 101: 2024-01-05 05:00:00 follows 2024-01-05 03:00:00"),
        ({"name": "own_series:holes"}, "'own_series:holes' row 7: column wave1 is missing: fill it, or cut it there"),
        ({"name": "own_series:odd"}, "'own_series:odd' has a column 'wave1' next to the index of that name: drop one"),
        ({"name": "own_series:broken"}, "'own_series:broken' cannot be loaded: KeyError: 'no such thing'"),
        ({"name": "own_series:absent"}, "'own_series:absent' needs a file that is not there: /nowhere/power.csv"),
        ({"rows": 20}, "has too few rows"),
        ({"target": ["wave3"]}, "'own_series:frame' has no column 'wave3': its columns are wave1, wave2"),
        ({"split": [0.5, 0.2, 0.2]}, "give three shares above 0 that add up to 1"),
    ],
    ids=str,
)
def test_what_is_no_series_is_one_line_before_anything_is_trained(given, line, tmp_path):
    with pytest.raises(SeedwiseError) as caught:
        Study(parse_study(text(**given)), store=tmp_path / "s.db").run(workers=1)
    assert line in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_series_without_a_horizon_is_said_to_need_one(tmp_path):
    given = {**BASE, "model": "small_cnn", "task": {"dataset": "own_series:frame"}}
    with pytest.raises(SeedwiseError, match=r'say how far .* dataset: \{name: "own_series:frame", horizon: 24\}'):
        Study(parse_study(yaml.safe_dump(given)), store=tmp_path / "s.db").run(workers=1)


def test_what_a_function_draws_is_the_same_everywhere():
    from seedwise.training import TrainerConfig, _forecasting
    from seedwise.training._tasks import load_task

    found = []
    for seed in range(2):
        np.random.seed(seed)  # noqa: NPY002
        (run,) = plan(parse_study(text("own_series:drawn")))
        found.append(load_task(TrainerConfig.model_validate(run.spec.config).task, "cpu").series.values)
        _forecasting._load.cache_clear()
    assert np.array_equal(*found)


def test_a_study_of_an_own_series_has_the_rights_of_ours(parts):
    (parts / "own.yaml").write_text(text(target=["wave2"], noise=0.1))
    made = Study.from_yaml(parts / "own.yaml")
    assert made.estimate().seconds > 0
    assert made.run(workers=1).counts == {"finished": 1}
    (cell,) = made.cells()
    assert (cell.task, cell.metric.name) == ("frame-6", "test/mse")
    with pytest.raises(SeedwiseError, match="this study forecasts: leave readouts out"):
        parse_study(yaml.safe_dump({**yaml.safe_load(text()), "readouts": ["flip"]}))
    # Of the helper that the function imports when it is called, too.
    (parts / "series_helper.py").write_text("PERIOD = 12 + 12\n")
    with pytest.raises(ChangedCodeError, match=r"since 1 of the finished runs were trained \(series_helper\.py\)"):
        Study.from_yaml(parts / "own.yaml").run(workers=1)


def test_without_torch_a_study_is_planned(parts):
    code = (
        "import sys\nsys.modules['torch'] = None\nfrom seedwise.study import parse_study, plan\n"
        "spec = parse_study(sys.stdin.read())\n(run,) = plan(spec)\nprint(run.spec.id, spec.learns.name)"
    )
    done = nursery().run(["-c", code], given=text(), cwd=parts, env={**os.environ, **BLOCKED}, timeout=100)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [plan(parse_study(text()))[0].spec.id, "frame-6"]
