"""Make tests/results/samples: what the programs write, without what says where they ran.

Usage: python make_samples.py FOLDER [NAME...], the folder of the environments that ``install`` made, and which ones.
"""

import os
import re
import shutil
import sqlite3
import subprocess
import sys
import zipfile
from contextlib import closing
from pathlib import Path

HERE = Path(__file__).parent
SAMPLES = HERE.parent / "samples"
WRITERS = {
    "mlflow": ("mlflow",),
    "wandb": ("wandb", "wandb_resumed"),
    "optuna": ("optuna", "hydra"),
    "tensorboard": ("tensorboard", "tensorboard_parts"),
    "lightning": ("lightning",),
    "ray": ("ray",),
}
KEPT = {
    "mlflow": r"mlflow\.db|mlruns/.*(meta\.yaml|params/.*|metrics/.*|tags/(machine|mlflow\.parentRunId))",
    "wandb": r".*/run-\w+\.wandb",
    "wandb_resumed": r".*/run-\w+\.wandb",
    "optuna": r"optuna\.db",
    "hydra": r".*/(multirun\.yaml|results\.json|\.hydra/(config|overrides)\.yaml)",
    "tensorboard": r".*",
    "tensorboard_parts": r".*",
    "lightning": r".*",
    "ray": r".*/(params\.json|result\.json|progress\.csv|experiment_state.*)",
}
TABLES = {"experiments", "runs", "params", "metrics", "latest_metrics", "tags"}


def lighten(file: Path) -> None:
    """Drop MLflow's tables that are empty, and the tags with its user and machine."""
    with closing(sqlite3.connect(file, isolation_level=None)) as db:
        for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            if name not in TABLES:
                db.execute(f"DROP TABLE {name}")
        db.execute("DELETE FROM tags WHERE key LIKE 'mlflow.%' AND key != 'mlflow.parentRunId'")
        db.execute("VACUUM")


def main(environments: Path, *chosen: str) -> None:
    work = Path("/tmp/activations")
    for environment, writers in WRITERS.items():
        for writer in (one for one in writers if not chosen or one in chosen):
            shutil.rmtree(work, ignore_errors=True)
            shutil.copytree(HERE, work / "code")
            out = work / writer
            out.mkdir()
            python = environments / environment / "bin" / "python"
            variables = os.environ | {"SMALL": "1", "USER": "user", "LOGNAME": "user"}
            subprocess.run([python, work / "code" / f"write_{writer}.py", out], check=True, cwd=work, env=variables)
            if writer == "mlflow":
                lighten(out / "mlflow.db")
            with zipfile.ZipFile(SAMPLES / f"{writer}.zip", "w", zipfile.ZIP_DEFLATED, compresslevel=9) as sample:
                for file in sorted(file for file in out.rglob("*") if file.is_file() and not file.is_symlink()):
                    name = file.relative_to(out).as_posix()
                    linked = any(parent.is_symlink() for parent in file.parents)
                    if re.fullmatch(KEPT[writer], name) and not linked:
                        sample.writestr(zipfile.ZipInfo(name), file.read_bytes(), zipfile.ZIP_DEFLATED)
    shutil.rmtree(work, ignore_errors=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
