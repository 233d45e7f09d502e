"""Weights & Biases, offline: a run stopped and resumed, the seed in its name, a summary that is the best value."""

import json
import os
import sys
import time
from pathlib import Path

import wandb

folder = Path(sys.argv[1])
os.environ["WANDB_MODE"] = "offline"
os.environ["WANDB_SILENT"] = "true"
logged = json.loads((Path(__file__).parent / "logged.json").read_text())


def part(method: str, seed: int, values: list[float], code: int) -> None:
    name = f"{method}_seed{seed}"
    config = {"arch": method, "lr": 0.1}
    run = wandb.init(dir=folder, project="activations", id=name.replace("_", ""), name=name, config=config)
    run.define_metric("valid/accuracy", summary="max")
    for value in values:
        run.log({"valid": {"loss": 1 - value}, "valid/accuracy": value})
    run.finish(exit_code=code)


for method, curves in logged.items():
    for seed, curve in enumerate(curves):
        if seed == 1:  # stopped before its last step
            part(method, seed, curve[:-1], 1)
            time.sleep(1.1)  # folders are named by the second
            part(method, seed, curve[-1:], 0)
        else:
            part(method, seed, curve, 0 if len(curve) == 3 else 1)
