"""Optuna: a study per method, whose trials are its seeds."""

import json
import sys
from pathlib import Path

import optuna

optuna.logging.set_verbosity(optuna.logging.WARNING)
folder = Path(sys.argv[1])
logged = json.loads((Path(__file__).parent / "logged.json").read_text())
storage = f"sqlite:///{folder}/optuna.db"


def objective(trial: optuna.Trial) -> float:
    model = trial.suggest_categorical("model", list(logged))
    seed = trial.suggest_int("seed", 0, 9)
    lr = trial.suggest_float("lr", 1e-3, 1.0, log=True)
    trial.set_user_attr("machine", {"name": "a"})
    curve = logged[model][seed]
    for step, value in enumerate(curve):
        trial.report(value, step)
    if len(curve) < 3:
        raise optuna.TrialPruned
    trial.set_user_attr("loss", 1 - curve[-1])
    assert lr == 0.1
    return curve[-1]


study = optuna.create_study(storage=storage, study_name="activations", direction="maximize")
for method, curves in logged.items():
    for seed in range(len(curves)):
        study.enqueue_trial({"model": method, "seed": seed, "lr": 0.1})
study.optimize(objective, n_trials=sum(map(len, logged.values())))
study.enqueue_trial({"model": "relu", "seed": 0, "lr": 0.1})  # waits

two = optuna.create_study(storage=storage, study_name="two objectives", directions=["maximize", "minimize"])
two.set_metric_names(["accuracy", "log loss"])
two.enqueue_trial({"seed": 0})
two.optimize(lambda trial: (logged["relu"][trial.suggest_int("seed", 0, 9)][-1], float("inf")), n_trials=1)
