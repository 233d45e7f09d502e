"""A dataset, a metric and a view of ours are one file and one line of the registry each."""

import os
import subprocess
import sys
from pathlib import Path

from seedwise.study import Store

FILES = {
    "stripes": """
import numpy as np
from seedwise.data._dataset import make_dataset
from seedwise.data._declared import Size, declares

@declares(Size(train=60, test=20, classes=3, image=(1, 8, 8), shift=1))
def load_stripes():
    labels = np.arange(80) % 3
    images = np.tile(60 * labels[:, None, None, None], (1, 8, 8, 1)).astype(np.uint8)
    return make_dataset((images[:60], labels[:60]), (images[60:], labels[60:]), shift=1)
""",
    "error": """
from seedwise.training._metrics import metric

@metric(unit="share", higher_is_better=False, chance=lambda classes: 1 - 1 / classes)
def error(logits, labels):
    return (logits.argmax(1) != labels).double().mean()
""",
    "corners": """
class Corners:
    mirrors, shifts = False, True

    def rows(self, pixels, flip):
        return [(y, x) for y in (0, 2 * pixels) for x in (0, 2 * pixels)]

CORNERS = Corners()
""",
}
LINES = """
from seedwise import registry
registry.DATASETS["stripes"] = "stripes:load_stripes"
registry.METRICS["error"] = "error:error"
registry.VIEWS["corners"] = "corners:CORNERS"
"""
STUDY = """
name: added
task: {dataset: stripes, metrics: [error]}
model: {name: small_cnn, width: 2}
train: {epochs: 2, batch_size: 32, optimizer: {name: sgd, lr: 0.1}, schedule: cosine}
methods: {base: {}, snapshots: {snapshots: {cycles: 2}}}
readouts: [corners, snapshots]
keep: {weights: final}
replicates: 1
"""


def test_one_file_and_a_line_each(tmp_path: Path) -> None:
    for name, text in FILES.items():
        (tmp_path / f"{name}.py").write_text(text)
    (tmp_path / "sitecustomize.py").write_text(LINES)  # in every process, workers too
    (tmp_path / "added.yaml").write_text(STUDY)
    path = os.pathsep.join([str(tmp_path), *filter(None, [os.environ.get("PYTHONPATH")])])
    done = subprocess.run(
        [sys.executable, "-m", "seedwise", "run", "added.yaml", "--workers", "1"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    with Store(tmp_path / "added.db") as store:
        metric = store.studies()["added"]["metrics"]["stripes"][0]
        runs, read = store.runs(), store.readouts()
    assert metric == {"name": "error", "unit": "share", "higher_is_better": False, "chance": 1 - 1 / 3}
    assert runs[0].content["config"]["task"] == {"dataset": "stripes", "metrics": ["error"]}
    assert {(name, one.passes) for (_, name), one in read.items()} == {("corners", 4), ("snapshots", 2)}
    for one in [*runs, *read.values()]:
        assert one.metrics["test/error"] == 1 - one.metrics["test/accuracy"]
