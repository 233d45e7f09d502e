"""``model: my_project.nets:make``: anyone's own network in a study file."""

import sqlite3
import subprocess
import sys

import pytest

import seedwise
from seedwise.data import Size
from seedwise.errors import ChangedCodeError, SeedwiseError
from seedwise.models import MODELS
from seedwise.run import Run, RunSpec, configure, execute, load_function
from seedwise.study import parse_study, plan
from seedwise.training import FUNCTION, build_network, train
from seedwise.training._parts import OwnNetwork

NETS = """
from torch import nn
from own_nets.parts import LAYERS

def make(in_channels, num_classes, *, image_size, hidden=4, layers=LAYERS):
    height, width = image_size
    return nn.Sequential(
        nn.Flatten(), nn.Linear(in_channels * height * width, hidden), nn.ReLU(), nn.Linear(hidden, num_classes)
    )

class Flat(nn.Module):
    def __init__(self, in_channels, num_classes, **anything):
        super().__init__()
        self.layer = nn.Linear(64 * in_channels, num_classes)
        self.anything = anything

    def forward(self, x):
        return self.layer(x.flatten(1))

def needs(in_channels, num_classes, depth): ...
def number(in_channels, num_classes):
    return 3
"""
STUDY = """
name: own
task: {dataset: digits}
model: small_cnn
train: {epochs: 1, batch_size: 256, optimizer: {name: sgd, lr: 0.1}}
methods: {base: {}, own: {model: "own_nets.nets:make"}}
replicates: 1
"""


@pytest.fixture
def package(tmp_path, monkeypatch):
    folder = tmp_path / "own_nets"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    (folder / "parts.py").write_text("LAYERS = [1, 2]\n")
    (folder / "nets.py").write_text(NETS)
    (tmp_path / "own.yaml").write_text(STUDY)
    monkeypatch.syspath_prepend(tmp_path)
    yield folder
    for name in [name for name in sys.modules if name.partition(".")[0] == "own_nets"]:
        del sys.modules[name]


def config_of(model):
    (run,) = plan(parse_study(STUDY.replace("base: {}, ", "").replace('"own_nets.nets:make"', model)))
    return run.spec.config["model"]


@pytest.mark.parametrize(
    ("model", "config"),
    [
        ('"own_nets.nets:make"', {}),
        ('{name: "own_nets.nets:make"}', {}),
        ('{name: "own_nets.nets:make", hidden: 4, layers: [1, 2]}', {}),
        ('{name: "own_nets.nets:make", hidden: 8}', {"hidden": 8}),
    ],
)
def test_options_at_their_default_are_left_out(package, model, config):
    assert config_of(model) == {"name": "own_nets.nets:make"} | config


def test_a_class_that_takes_anything_gets_it(package):
    config = config_of('{name: "own_nets.nets:Flat", deep: {er: [1, 2.5, null]}}')
    assert config == {"name": "own_nets.nets:Flat", "deep": {"er": [1, 2.5, None]}}
    network = build_network(OwnNetwork.model_validate(config), Size(train=1, test=1, classes=10, image=(1, 8, 8)))
    assert network.anything == {"deep": {"er": [1, 2.5, None]}}


@pytest.mark.parametrize(
    ("model", "parts"),
    [
        ('"own_nets.net:make"', ["there is no module 'own_nets.net'"]),
        ('"absent:make"', ["there is no module 'absent'", "install its package"]),
        ('"own_nets.nets:mak"', ["there is no function 'mak' in 'own_nets.nets'"]),
        ('"own_nets.nets:"', ["does not name a function"]),
        (
            '{name: "own_nets.nets:make", hiden: 3}',
            ["'own_nets.nets:make'", "make(in_channels, num_", "'hiden'"],
        ),
        ('"own_nets.nets:needs"', ["'own_nets.nets:needs'", "(none)", "'depth'"]),
        ('{name: "own_nets.nets:Flat", lr: .nan}', ["lr", "nan", "finite"]),
        ("resnet23", ["unknown model 'resnet23' in methods.own", "did you mean 'resnet32'?", "vgg16"]),
        ("{name: lenet5, bais: false}", ["unknown key 'bais' in methods.own.model", "'bias'"]),
    ],
)
def test_a_mistake_is_one_line(package, model, parts):
    with pytest.raises(SeedwiseError) as caught:
        config_of(model)
    line = str(caught.value)
    assert line.startswith("study: ")
    assert "methods.own" in line
    assert "\n" not in line
    assert all(part in line for part in parts), line


def test_what_is_no_network_is_a_failure_in_one_line(package):
    config = {
        "task": {"dataset": "digits"},
        "model": "own_nets.nets:number",
        "train": {"epochs": 1, "batch_size": 64, "optimizer": {"name": "sgd", "lr": 0.1}},
    }
    record = execute(Run(RunSpec(FUNCTION, config, {}), configure(train, config)), load_function(FUNCTION))
    assert record.status == "crashed"
    assert record.error == "SeedwiseError: 'own_nets.nets:number' returned int: a torch.nn.Module is needed"


def test_a_study_trains_it_and_notices_when_its_code_changes(package, tmp_path):
    def study():
        return seedwise.Study.from_yaml(tmp_path / "own.yaml")

    outcome = study().run(workers=1)
    assert outcome.counts == {"finished": 2}
    assert study().run(workers=1).trained == 0
    (package / "unused.py").write_text("")
    assert study().run(workers=1).trained == 0
    (package / "parts.py").write_text("LAYERS = [1, 2]\nEDITED = 1\n")
    with pytest.raises(ChangedCodeError, match=r"since 1 of the finished runs were trained \(own_nets/parts\.py\)"):
        study().run(workers=1)
    retrained = study().run(workers=1, retrain=True)
    assert retrained.trained == 1, "the other method does not use it"
    with sqlite3.connect(tmp_path / "own.db") as database:
        rows = database.execute("SELECT attempt, count(*) FROM seedwise_runs GROUP BY attempt").fetchall()
    database.close()
    assert rows == [(0, 2), (1, 1)]


def test_planning_a_built_in_network_does_not_import_torch():
    methods = ", ".join(f"m{k}: {{model: {name}}}" for k, name in enumerate(MODELS))
    text = STUDY.replace('own: {model: "own_nets.nets:make"}', methods)
    code = (
        "import sys\nfrom seedwise.study import parse_study, plan\n"
        f"print(len(plan(parse_study({text!r}))), *{{'torch'}} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == [str(1 + len(MODELS))]
