"""Weights & Biases, offline."""

import json
import os
import sys
from pathlib import Path

import wandb

folder = Path(sys.argv[1])
os.environ["WANDB_MODE"] = "offline"
os.environ["WANDB_SILENT"] = "true"
logged = json.loads((Path(__file__).parent / "logged.json").read_text())
for method, curves in logged.items():
    for seed, curve in enumerate(curves):
        config = {"model": {"name": method, "width": [8, 8]}, "seed": seed, "lr": 0.1}
        run = wandb.init(dir=folder, project="activations", name=f"{method}-{seed}", group=method, config=config)
        run.config.update({"machine": "a"})
        if "SMALL" not in os.environ:
            run.config.update({"text": "long " * 20_000})  # a record that does not fit a block of the file
        for step, value in enumerate(curve):
            run.log({"epoch": step, "valid/loss": 1 - value}, step=step)
            run.log(
                {"valid/accuracy": value, "weights": wandb.Histogram(np_histogram=([1, 2], [0.0, 0.5, 1.0]))}, step=step
            )
        run.summary["test accuracy"] = curve[-1] - 0.01
        run.summary["best"] = {"accuracy": max(curve)}
        run.finish(exit_code=0 if len(curve) == 3 else 1)
