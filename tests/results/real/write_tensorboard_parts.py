"""TensorBoard: a run in several folders, as Keras and ``add_scalars`` write it, and in several files, once resumed."""

import json
import sys
import time
from pathlib import Path

from tensorboardX import SummaryWriter

folder = Path(sys.argv[1])
logged = json.loads((Path(__file__).parent / "logged.json").read_text())


def write(name: str, values: dict[int, float], tag: str, **how: int) -> None:
    writer = SummaryWriter(str(folder / name), **how)
    for step, value in values.items():
        writer.add_scalar(tag, value, step)
    writer.close()


for method, curves in logged.items():
    for seed, curve in enumerate(curves):
        steps = dict(enumerate(curve))
        for part, better in (("train", 0.02), ("validation", 0.0)):
            of_part = {step: value + better for step, value in steps.items()}
            write(f"keras/{method}-s{seed}/{part}", of_part, "epoch_accuracy")
        writer = SummaryWriter(str(folder / "scalars" / f"{method}-s{seed}"))
        for step, value in steps.items():
            writer.add_scalar("lr", 0.1, step)
            writer.add_scalars("accuracy", {"train": value + 0.02, "valid": value}, step)
        writer.close()
        # Stopped at step 5, of which the checkpoint of step 0 was left.
        stale = {0: curve[0]} | {step: 0.5 - step / 10 for step in range(1, 6)}
        write(f"resumed/{method}/seed={seed}", stale, "accuracy")
        time.sleep(1.1)  # files are named by the second
        write(f"resumed/{method}/seed={seed}", {k: v for k, v in steps.items() if k}, "accuracy", purge_step=1)
