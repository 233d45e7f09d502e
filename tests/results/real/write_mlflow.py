"""MLflow: a parent run with a child per training, in the database of its default and in a folder."""

import json
import os
import sys
from pathlib import Path

os.environ["MLFLOW_ALLOW_FILE_STORE"] = "true"
import mlflow

folder = Path(sys.argv[1])
logged = json.loads((Path(__file__).parent / "logged.json").read_text())
for uri in (f"sqlite:///{folder}/mlflow.db", f"file:{folder}/mlruns"):
    mlflow.set_tracking_uri(uri)
    mlflow.set_experiment("activations")
    with mlflow.start_run(run_name="all"):
        for method, curves in logged.items():
            for seed, curve in enumerate(curves):
                run = mlflow.start_run(run_name=f"{method}-{seed}", nested=True)
                mlflow.log_params({"model": method, "seed": seed, "lr": 0.1})
                mlflow.set_tag("machine", "a")
                for step, value in enumerate(curve):
                    mlflow.log_metrics({"accuracy": value, "loss": 1 - value}, step=step)
                mlflow.end_run("FINISHED" if len(curve) == 3 else "FAILED")
    with mlflow.start_run(run_name="mistake") as run:
        pass
    mlflow.delete_run(run.info.run_id)
    with mlflow.start_run(run_name="preparation"):
        mlflow.log_param("lines", 100)
    client = mlflow.MlflowClient()
    going = client.create_run(run.info.experiment_id, run_name="going").info.run_id
    client.log_param(going, "model", "relu")
    client.log_param(going, "seed", 9)
    client.log_metric(going, "accuracy", 0.1)
