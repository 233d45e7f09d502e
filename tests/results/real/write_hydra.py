"""Hydra: a multirun whose jobs write what they found beside their configuration."""

import json
import subprocess
import sys
from pathlib import Path

import hydra

logged = json.loads((Path(__file__).parent / "logged.json").read_text())


@hydra.main(version_base=None, config_path="conf", config_name="config")
def job(config):
    curve = logged[config.model.name][config.seed]
    if len(curve) < 3:
        raise RuntimeError("diverged")
    found = {"test": {"accuracy": curve[-1]}, "loss": 1 - curve[-1], "note": "done"}
    output = Path(hydra.core.hydra_config.HydraConfig.get().runtime.output_dir)
    (output / "results.json").write_text(json.dumps(found))


if __name__ == "__main__":
    if len(sys.argv) == 2 and Path(sys.argv[1]).is_dir():
        folder = Path(sys.argv[1])
        for method, curves in logged.items():
            seeds = ",".join(map(str, range(len(curves))))
            command = [sys.executable, __file__, "-m", f"model={method}", f"seed={seeds}"]
            subprocess.run([*command, f"hydra.sweep.dir={folder}/multirun/{method}"], check=False, capture_output=True)
    else:
        job()
