"""What trackers keep, in two layouts of each, made here as their programs write it; the right numbers by numpy."""

# ruff: noqa: E501 - tables as they are written

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from seedwise import compare

RUNS = {"resnet18": [0.9127, 0.9043, 0.9101, 0.9012], "vit_s": [0.9311, 0.9245, 0.9362, 0.9277]}
CURVE = [-0.03, -0.01, -0.02, 0.0]


def put(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def runs() -> Iterator[tuple[int, str, int, float]]:
    """Yield number, method, seed and result of every run."""
    yield from ((4 * k + s, m, s, v) for k, (m, values) in enumerate(RUNS.items()) for s, v in enumerate(values))


def lightning(folder: Path) -> dict[str, Any]:
    """Training, validation and test have rows of their own."""
    for k, m, s, v in runs():
        own = folder / "lightning_logs" / f"version_{k}"
        rows = ["epoch,step,train_loss_step,train_loss_epoch,val_loss,val_acc,test_acc"]
        for e, d in enumerate(CURVE):
            rows += [
                f"{e},{e * 10 + 5},{1 / (e + 1)},,,,",
                f"{e},{e * 10 + 9},,.4,,,",
                f"{e},{e * 10 + 9},,,.2,{v + d},",
            ]
        put(own / "metrics.csv", "\n".join([*rows, f"4,40,,,,,{v - 0.02}"]) + "\n")
        put(own / "hparams.yaml", f"arch: {m}\nlr: 0.1\nseed: {s}\noptimizer:\n  name: adam\n")
    return {"metric": "val_acc"}


def lightning_in_named_folders(folder: Path) -> dict[str, Any]:
    """Without hyperparameters: the folders say what the runs are."""
    for _, m, s, v in runs():
        rows = "".join(f"{e * 100},{e},{v + d}\n" for e, d in enumerate(CURVE))
        put(folder / m / f"seed_{s}" / "metrics.csv", "step,epoch,val_acc\n" + rows)
        put(folder / m / f"seed_{s}" / "hparams.yaml", "{}\n")
    return {"metric": "val_acc"}


def hydra(folder: Path) -> dict[str, Any]:
    """A sweep with nested settings and results."""
    for k, m, s, v in runs():
        own = folder / "multirun" / "2026-01-02" / "10-11-12" / str(k)
        put(own / ".hydra" / "config.yaml", f"model:\n  name: {m}\n  width: 64\nseed: {s}\ntrain: {{lr: 0.1}}\n")
        put(own / ".hydra" / "overrides.yaml", f"- model={m}\n- seed={s}\n")
        put(
            own / "metrics.json",
            json.dumps({"test": {"acc": v, "loss": 1 - v}, "best_epoch": 30 + s, "time": 12.5 + s}),
        )
    return {"metric": "test.acc"}


def hydra_with_histories(folder: Path) -> dict[str, Any]:
    """Jobs named after their overrides, with a table each."""
    for _, m, s, v in runs():
        own = folder / "outputs" / f"model={m},seed={s}"
        put(own / ".hydra" / "config.yaml", f"model: {m}\nseed: {s}\n")
        put(own / ".hydra" / "overrides.yaml", f"- model={m}\n- seed={s}\n")
        rows = "".join(f"{e},{1 / (e + 1)},{v + d}\n" for e, d in enumerate(CURVE))
        put(own / "history.csv", "epoch,train_loss,val_acc\n" + rows)
    return {"metric": "val_acc"}


def ray(folder: Path) -> dict[str, Any]:
    """Trials with flat parameters."""
    for k, m, s, v in runs():
        own = folder / "tune_exp" / f"train_{k:05d}_model={m},seed={s}"
        put(own / "params.json", json.dumps({"model": m, "seed": s, "lr": 1e-3}))
        reports = [{"val_acc": v + d, "training_iteration": e + 1, "done": e == 3} for e, d in enumerate(CURVE)]
        put(own / "result.json", "\n".join(map(json.dumps, reports)) + "\n")
    return {"metric": "val_acc"}


def ray_nested(folder: Path) -> dict[str, Any]:
    """Nested parameters and metrics, and the experiment's own record."""
    trials = []
    for k, m, s, v in runs():
        name = f"objective_{k:05d}"
        put(folder / "exp" / name / "params.json", json.dumps({"net": {"arch": m}, "train_loop_config": {"seed": s}}))
        reports = [
            {"eval": {"acc": v + d}, "training_iteration": e + 1, "time_total_s": e} for e, d in enumerate(CURVE)
        ]
        put(folder / "exp" / name / "result.json", "\n".join(map(json.dumps, reports)) + "\n")
        trials.append([json.dumps({"relative_logdir": name, "status": "TERMINATED"}), "{}"])
    put(folder / "exp" / "experiment_state-2026-01-02.json", json.dumps({"trial_data": trials}))
    return {"metric": "eval.acc", "by": "net.arch"}


def mlruns(folder: Path) -> dict[str, Any]:
    """An experiment with metrics by step."""
    put(folder / "mlruns" / "77" / "meta.yaml", "name: cifar\nexperiment_id: '77'\nlifecycle_stage: active\n")
    for k, m, s, v in runs():
        own = folder / "mlruns" / "77" / f"{k + 10:032x}"
        put(
            own / "meta.yaml",
            f"run_id: {own.name}\nrun_name: elk-{k}\nstatus: 3\nlifecycle_stage: active\nstart_time: {k}\n",
        )
        for name, text in {"model_name": m, "seed": str(s), "lr": "0.1"}.items():
            put(own / "params" / name, text)
        put(own / "metrics" / "val_acc", "".join(f"{1700 + e} {v + d} {e}\n" for e, d in enumerate(CURVE)))
    return {"metric": "val_acc"}


def mlruns_with_slashes(folder: Path) -> dict[str, Any]:
    """Two experiments, metrics without a step, the seed as a tag, and a run that was deleted."""
    for k, m, s, v in runs():
        experiment = folder / "mlruns" / str(k // 4)
        put(experiment / "meta.yaml", f"name: {m}\nexperiment_id: '{k // 4}'\nlifecycle_stage: active\n")
        for stage, number in (("active", k), *((("deleted", 99),) if k == 2 else ())):
            own = experiment / f"{number:032x}"
            meta = f"run_id: {own.name}\nrun_name: r{number}\nstatus: 3\nlifecycle_stage: {stage}\nstart_time: {k}\n"
            put(own / "meta.yaml", meta)
            put(own / "tags" / "seed", str(s))
            put(own / "metrics" / "test" / "acc", f"1700 {v if stage == 'active' else 0.1} 0\n")
    return {"metric": "test/acc", "by": "experiment"}


MLFLOW = """
CREATE TABLE experiments (experiment_id INTEGER, name TEXT, lifecycle_stage TEXT);
CREATE TABLE runs (run_uuid TEXT, name TEXT, status TEXT, experiment_id INTEGER, start_time INTEGER, lifecycle_stage TEXT);
CREATE TABLE params (key TEXT, value TEXT, run_uuid TEXT);
CREATE TABLE tags (key TEXT, value TEXT, run_uuid TEXT);
CREATE TABLE metrics (key TEXT, value REAL, timestamp INTEGER, run_uuid TEXT, step INTEGER, is_nan BOOLEAN);
INSERT INTO experiments VALUES (1, 'cifar', 'active');
"""


def mlflow_database(folder: Path, *, curve: bool = True) -> dict[str, Any]:
    """The default of MLflow, metrics by step."""
    with closing(sqlite3.connect(folder / "mlflow.db")) as found, found:
        found.executescript(MLFLOW)
        for k, m, s, v in runs():
            found.execute("INSERT INTO runs VALUES (?, ?, 'FINISHED', 1, ?, 'active')", [f"r{k}", f"{m}-{s}", k])
            found.executemany("INSERT INTO params VALUES (?, ?, ?)", [("model", m, f"r{k}"), ("seed", str(s), f"r{k}")])
            steps = [("val/acc", v + d, e, f"r{k}", e if curve else 0, 0) for e, d in enumerate(CURVE)]
            found.executemany("INSERT INTO metrics VALUES (?, ?, ?, ?, ?, ?)", steps if curve else steps[-1:])
    return {"metric": "val/acc"}


def mlflow_database_of_results(folder: Path) -> dict[str, Any]:
    """A metric per run, and a run that still goes on."""
    options = mlflow_database(folder, curve=False)
    with closing(sqlite3.connect(folder / "mlflow.db")) as found, found:
        found.execute("INSERT INTO runs VALUES ('x', 'x', 'RUNNING', 1, 99, 'active')")
        found.execute("INSERT INTO params VALUES ('model', 'vit_s', 'x')")
        found.execute("INSERT INTO metrics VALUES ('val/acc', .2, 0, 'x', 0, 0)")
    return options


OPTUNA = """
CREATE TABLE studies (study_id INTEGER, study_name TEXT);
CREATE TABLE study_directions (study_id INTEGER, direction TEXT, objective INTEGER);
CREATE TABLE study_system_attributes (study_id INTEGER, key TEXT, value_json TEXT);
CREATE TABLE trials (trial_id INTEGER, number INTEGER, study_id INTEGER, state TEXT);
CREATE TABLE trial_params (trial_id INTEGER, param_name TEXT, param_value REAL, distribution_json TEXT);
CREATE TABLE trial_user_attributes (trial_id INTEGER, key TEXT, value_json TEXT);
CREATE TABLE trial_intermediate_values (trial_id INTEGER, step INTEGER, intermediate_value REAL, intermediate_value_type TEXT);
CREATE TABLE trial_values (trial_id INTEGER, objective INTEGER, value REAL, value_type TEXT);
INSERT INTO studies VALUES (1, 'seeds');
INSERT INTO study_directions VALUES (1, 'MAXIMIZE', 0);
"""


def optuna(folder: Path) -> dict[str, Any]:
    """The method and the seed are parameters."""
    model = json.dumps({"name": "CategoricalDistribution", "attributes": {"choices": list(RUNS)}})
    seed = json.dumps({"name": "IntDistribution", "attributes": {"low": 0, "high": 9}})
    with closing(sqlite3.connect(folder / "optuna.db")) as found, found:
        found.executescript(OPTUNA)
        for k, m, s, v in runs():
            found.execute("INSERT INTO trials VALUES (?, ?, 1, 'COMPLETE')", [k, k])
            params = [(k, "model", list(RUNS).index(m), model), (k, "seed", s, seed)]
            found.executemany("INSERT INTO trial_params VALUES (?, ?, ?, ?)", params)
            found.execute("INSERT INTO trial_values VALUES (?, 0, ?, 'FINITE')", [k, v])
    return {"metric": "value"}


def optuna_with_attributes(folder: Path) -> dict[str, Any]:
    """The seed and the test are attributes, and the objective has a name."""
    options = optuna(folder)
    with closing(sqlite3.connect(folder / "optuna.db")) as found, found:
        found.execute("DELETE FROM trial_params WHERE param_name = 'seed'")
        found.execute("INSERT INTO study_system_attributes VALUES (1, 'study:metric_names', '[\"val_acc\"]')")
        for k, _, s, v in runs():
            pairs = [(k, "seed", str(s)), (k, "test", json.dumps({"acc": v, "n": 10_000}))]
            found.executemany("INSERT INTO trial_user_attributes VALUES (?, ?, ?)", pairs)
        found.execute("UPDATE trial_values SET value = value - .01")
    return options | {"metric": "test.acc"}


LAYOUTS: list[tuple[Callable[[Path], dict[str, Any]], str]] = [
    (lightning, ""), (lightning_in_named_folders, ""), (hydra, "multirun"), (hydra_with_histories, "outputs"),
    (ray, "tune_exp"), (ray_nested, "exp"), (mlruns, "mlruns"), (mlruns_with_slashes, ""),
    (mlflow_database, "mlflow.db"), (mlflow_database_of_results, ""), (optuna, "optuna.db"), (optuna_with_attributes, ""),
]  # fmt: skip


@pytest.mark.parametrize(("made", "path"), LAYOUTS)
def test_it_gives_its_right_values(made: Callable[[Path], dict[str, Any]], path: str, tmp_path: Path) -> None:
    options = made(tmp_path)
    found = compare(tmp_path / path, base="resnet18", **options)
    assert found.lines[0].startswith("2 methods x 4 seeds, ")
    for row, (method, values) in zip(found.rows, RUNS.items(), strict=True):
        assert (row.method, row.n, row.failed) == (method, 4, 0)
        assert row.mean == pytest.approx(np.mean(values))
        assert row.spread.estimate == pytest.approx(np.std(values, ddof=1))  # type: ignore[union-attr]
