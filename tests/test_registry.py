"""Twelve things that one may add to seedwise, each as docs/architecture.md says: a file, and a line at most.

What stands in ``FILES`` would be files of the packages that the page names, and ``LINES`` lines of tables.
"""

import json
import os
import subprocess
import sys

import pytest

from seedwise.statistics import sequential_design
from seedwise.statistics.verdicts.verdict import VOCABULARY, Meaning, Verdict

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
    "line": """
from dataclasses import dataclass
from typing import Annotated

@dataclass(frozen=True)
class LineOptions:
    \"\"\"A linear layer.\"\"\"
    scale: Annotated[float, ("gt", 0)] = 1.0

def line(in_channels, num_classes, *, scale, image_size):
    from torch import nn

    class Line(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = nn.Linear(in_channels * image_size[0] * image_size[1], num_classes)

        def forward(self, images):
            return self.layer(scale * images.flatten(1))

    return Line()
""",
    "powered": """
from dataclasses import dataclass
from typing import Annotated

@dataclass(frozen=True)
class PoweredOptions:
    \"\"\"The base loss to a power.\"\"\"
    power: Annotated[float, ("ge", 1)] = 2.0

def powered(base, *, power):
    return lambda outputs, targets: base(outputs, targets) ** power
""",
    "signs": """
from dataclasses import dataclass

@dataclass(frozen=True)
class SignsOptions:
    \"\"\"Steps of the sign of the gradient.\"\"\"

def signs(groups, lr):
    import torch

    class Signs(torch.optim.SGD):
        def step(self):
            for group in self.param_groups:
                for parameter in group["params"]:
                    parameter.grad.sign_()
            return super().step()

    return Signs(groups, lr=lr)
""",
    "counting": """
from seedwise.execution._local import LocalExecutor

class Counting(LocalExecutor):
    jobs = 0

    def execute(self, jobs, settings, ingest, progress):
        type(self).jobs += len(jobs)
        return super().execute(jobs, settings, ingest, progress)
""",
    "best_runs": """
from seedwise.reporting._table import METHOD, Table
from seedwise.reporting._topic import Shown, Topic

def draw(cells):
    from matplotlib.figure import Figure

    figure = Figure()
    figure.subplots().plot([cell.values.max() for cell in cells])
    return figure

def show(found):
    rows = [[cell.method, f"{cell.values.max():.3f}"] for cell in found.cells if cell.readout == "plain"]
    return Shown(Table([METHOD, "best run"], rows), "The best.", [(lambda: draw(found.cells), "The best run of each.")])

TOPIC = Topic("The best run of each method", show)
""",
}
LINES = """
import dataclasses
from seedwise import registry
from seedwise.registry import Entry
registry.DATASETS["stripes"] = "stripes:load_stripes"
registry.METRICS["error"] = "error:error"
registry.VIEWS["corners"] = "corners:CORNERS"
registry.NETWORKS["line"] = Entry("line:LineOptions", "line:line")
registry.LOSSES["powered"] = Entry("powered:PoweredOptions", "powered:powered")
registry.OPTIMIZERS["signs"] = Entry("signs:SignsOptions", "signs:signs")
registry.EXECUTORS["counting"] = Entry("seedwise.execution._protocol:Resources", "counting:Counting")
registry.STUDY_TOPICS["best-runs"] = "best_runs:TOPIC"
from seedwise.statistics.sequential.questions import QUESTIONS
QUESTIONS["mean of all"] = dataclasses.replace(QUESTIONS["mean"], heading="how far the means are apart")
"""
STUDY = """
name: added
task: {dataset: stripes, metrics: [error]}
model: {name: line, scale: 0.5}
train: {epochs: 2, batch_size: 32, optimizer: {name: signs, lr: 0.01}, loss: {name: powered, power: 1.5}}
methods: {base: {}, snapshots: {schedule: cosine, snapshots: {cycles: 2}}}
readouts: [corners, snapshots]
until: {question: mean of all, effect: 0.5, looks: [10, 20]}
keep: {weights: final}
replicates: 1
"""
TRAIN = """
import json, sys
import numpy as np
import counting
from seedwise.reporting import render, looks_table
from seedwise.statistics import Look, interim_analysis, sequential_design
from seedwise.study import Store, Study, study_results
from seedwise.tuning import GOALS, Goal, Measured, Objective, values_of

study = Study.from_yaml("added.yaml")
outcome = study.run(workers=1, executor="counting")
with Store(study.store_path) as store:
    described, runs, read = store.studies()["added"], store.runs(), store.readouts()
    (results,) = study_results(store)
page = render([results], command="seedwise report")
design = sequential_design([10, 20], question=study.spec.until.question, paired=True)
plain = [cell for cell in results.cells if cell.readout == "plain"]
look = Look(design.question, design.looks, design.limits, 0)
asked = interim_analysis(look, plain, [None] * len(plain), "base")
GOALS["both"] = Goal(lambda t: [t.sd + t.churn], "SD and churn together", takes=("floor",))
goal = Objective.model_construct(name="both", spread="sd", c=1.0)  # the schema was made when the table was read
trials = [Measured((0.5, 0.7), 0, 0.25), Measured((0.5, 0.5), 0, 0.5)]
print(json.dumps({
    "counts": outcome.counts, "jobs": counting.Counting.jobs, "metric": described["metrics"]["stripes"][0],
    "content": runs[0].content["config"], "passes": sorted((name, one.passes) for (_, name), one in read.items()),
    "metrics": [one.metrics for one in [*runs, *read.values()]],
    "page": [text in page for text in ("The best run of each method", "The best run of each.")],
    "looks": looks_table(asked).columns[1], "limits": design.limits,
    "values": values_of(goal, trials, higher_is_better=True).tolist(),
}))
"""


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict:
    folder = tmp_path_factory.mktemp("added")
    for name, text in FILES.items():
        (folder / f"{name}.py").write_text(text)
    (folder / "sitecustomize.py").write_text(LINES)  # in every process, workers too
    (folder / "added.yaml").write_text(STUDY)
    path = os.pathsep.join([str(folder), *filter(None, [os.environ.get("PYTHONPATH")])])
    done = subprocess.run(
        [sys.executable, "-c", TRAIN],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_a_dataset_a_network_a_loss_and_an_optimizer(found: dict) -> None:
    assert found["counts"] == {"finished": 2}
    assert found["content"]["task"] == {"dataset": "stripes", "metrics": ["error"]}
    assert found["content"]["model"] == {"name": "line", "scale": 0.5}
    assert found["content"]["train"]["optimizer"] == {"name": "signs", "lr": 0.01}
    assert found["content"]["train"]["loss"] == {"name": "powered", "power": 1.5}
    assert min(metrics["test/accuracy"] for metrics in found["metrics"]) > 0.5, "more than by chance, a third"


def test_a_metric_and_a_view(found: dict) -> None:
    assert found["metric"] == {"name": "error", "unit": "share", "higher_is_better": False, "chance": 1 - 1 / 3}
    assert found["passes"] == [["corners", 4], ["corners", 4], ["snapshots", 2]]
    for metrics in found["metrics"]:
        assert metrics["test/error"] == 1 - metrics["test/accuracy"]


def test_an_executor(found: dict) -> None:
    assert found["jobs"] == 2 + 2  # two trainings, two views; the mean of snapshots follows from logits


def test_a_topic_with_a_figure(found: dict) -> None:
    assert found["page"] == [True, True]


def test_a_question_of_until(found: dict) -> None:
    assert found["looks"] == "how far the means are apart [repeated interval]"
    # Its arithmetic is that of the question that it was made of.
    assert found["limits"] == list(sequential_design([10, 20], question="mean", paired=True).limits)


def test_a_goal_of_tune(found: dict) -> None:
    assert found["values"] == [[pytest.approx(0.02**0.5 + 0.25)], [0.5]]


def test_a_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its word and meaning stand with the function that reaches it; statement and plan read the table."""
    from dataclasses import replace

    from seedwise.reporting import results_of
    from seedwise.reporting._statement import statement
    from seedwise.statistics import runs_to_resolve

    from .reporting.samples import BASE, STEADY, cell, description

    monkeypatch.setitem(VOCABULARY, "halved", Meaning("spread", differs=True, is_so="twice as steady as {base}"))
    rows = results_of(description(), [cell("base", BASE), cell("vml", STEADY)]).comparisons
    better = Verdict("better", "better: the mean is higher")
    resolved = [
        rows[0],
        replace(rows[1], verdict=Verdict("halved", "halved: so it is"), mean_verdict=better, mean_open=False),
    ]
    assert resolved[1].verdict.differs
    assert "vml is twice as steady as base: its SD is" in statement(resolved, "base")
    assert runs_to_resolve(resolved) is None
