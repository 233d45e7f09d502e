"""``"module:name"`` in the place of a dataset of images or of a metric."""

import os
import sys

import numpy as np
import pytest
import yaml

from seedwise.data import Size, declared_by
from seedwise.errors import ChangedCodeError, SeedwiseError
from seedwise.run import load_function
from seedwise.study import Store, Study, parse_study, plan, study_results
from seedwise.training import metrics_of, size_of_task
from tests.nursery import BLOCKED, nursery

OWN = '''
import numpy as np
from seedwise.data import Size, declares, make_dataset
from seedwise.training import metric

def made(train=60, test=20, side=8, classes=3, **more):
    labels = np.arange(train + test) % classes
    images = (20 * labels[:, None, None, None] + np.random.default_rng(0).integers(0, 9, (len(labels), side, side, 1)))
    images = images.astype(np.uint8)
    parts = (images[:train], labels[:train]), (images[train:], labels[train:])
    return make_dataset(*parts, **{"shift": 1, "flip": True, **more})

@declares(Size(train=60, test=20, classes=3, image=(1, 8, 8), shift=1, flip=True))
def declared(noise=0.0):
    return made()

def silent(test=20):
    from lazy_helper import SIDE
    return made(test=test, side=SIDE)

def still(): return made(shift=0, flip=False)
def drawn(): return made(test=int(np.random.randint(5, 15)))

@declares(Size(train=60, test=21, classes=3, image=(1, 8, 8), shift=1, flip=True))
def liar(): return made()
def nothing(): return None
def changed(images=lambda x: x, labels=lambda y: y, test_side=8):
    train, test = made().train, made(side=test_side).test
    return make_dataset((images(train.images), labels(train.labels)), (test.images, test.labels))
def floats(): return changed(images=lambda x: x.float())
def grey(): return changed(images=lambda x: x[..., 0])
def larger(): return changed(test_side=9)
def shares(): return changed(labels=lambda y: y * 1.0)
def unknown(): return made(**{"classes": 3}).__class__(**{**vars(made()), "num_classes": 2})
def channels(): return made(mean=[1.0, 2.0])
def bare(): return made().__class__(**{**vars(made()), "augmentation": None})
def broken(): raise KeyError("no such thing")
def absent(): return open("/nowhere/images.npz")

@metric(unit="share", chance=lambda classes: 1 / classes)
def half(logits, labels, share=0.5):
    return share * float((logits.argmax(1) == labels).double().mean())

def confidence(logits, labels): return logits.softmax(1).max(1).values.mean()
def accuracy(logits, labels): return 1.0
@metric(unit="marks")
def ece(logits, labels): return 7.0
def vector(logits, labels): return logits
def failing(logits, labels): return logits @ labels
class Norm:
    """What torch needs to vary images."""
    def table(self, slots, generator):
        import torch
        return torch.zeros(slots, 1, dtype=torch.int64)
    def apply(self, images, rows): return images
def other_augmentation(): return made().__class__(**{**vars(made()), "augmentation": Norm()})
'''
BASE = {
    "name": "own",
    "task": {"dataset": "own_data:declared"},
    "model": {"name": "small_cnn", "width": 2},
    "train": {"epochs": 1, "batch_size": 32, "optimizer": {"name": "sgd", "lr": 0.1}},
    "replicates": 1,
}


@pytest.fixture(autouse=True)
def parts(tmp_path, monkeypatch):
    (tmp_path / "own_data.py").write_text(OWN)
    (tmp_path / "lazy_helper.py").write_text("SIDE = 8\n")
    monkeypatch.syspath_prepend(tmp_path)
    yield tmp_path
    for name in ("own_data", "lazy_helper"):
        sys.modules.pop(name, None)


@pytest.fixture(autouse=True)
def fresh():
    from seedwise.training import _image_data

    _image_data._load.cache_clear()


def study(task=None, **changes):
    task = {**BASE["task"], **(task or {})}
    return parse_study(yaml.safe_dump({**BASE, "task": task, **changes}))


def ids(task=None, **changes):
    return [run.spec.id for run in plan(study(task, **changes))]


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ({"dataset": "own_data:declared"}, {"dataset": {"name": "own_data:declared"}}),
        ({"dataset": {"name": "own_data:declared", "noise": 0.0}}, {"dataset": {"name": "own_data:declared"}}),
        (
            {"dataset": {"name": "own_data:declared", "noise": 0.5}},
            {"dataset": {"name": "own_data:declared", "noise": 0.5}},
        ),
        ({"dataset": {"name": "digits"}}, {"dataset": "digits"}),
        ({"dataset": "digits", "metrics": ["loss", "accuracy"]}, {"dataset": "digits"}),
        (
            {
                "dataset": "digits",
                "metrics": [{"name": "own_data:half", "share": 0.5}, "accuracy", "own_data:confidence"],
            },
            {"dataset": "digits", "metrics": [{"name": "own_data:confidence"}, {"name": "own_data:half"}]},
        ),
    ],
)
def test_a_run_is_named_by_what_differs_from_defaults(given, kept):
    assert study(given).configs()["base"]["task"] == kept


def test_which_metric_is_the_primary_one_names_no_run():
    first, second = ({"metrics": listed} for listed in (["own_data:half", "loss"], ["accuracy", "own_data:half"]))
    assert ids(first) == ids(second) != ids()
    assert [m.name for m in study(first).learns.metrics] == ["half", "loss", "accuracy", "brier", "ece"]
    assert [m.name for m in study(second).learns.metrics] == ["accuracy", "half", "loss", "brier", "ece"]
    for one in ("loss", "brier", "ece"):
        assert ids({"dataset": "digits", "metrics": [one]}) == ids({"dataset": "digits"})


def test_an_own_metric_takes_the_place_of_one_of_calibration_which_is_newer():
    spec = study({"dataset": "digits", "metrics": ["own_data:ece"]})
    assert spec.configs()["base"]["task"] == {"dataset": "digits", "metrics": [{"name": "own_data:ece"}]}
    metrics = spec.learns.metrics
    assert [m.name for m in metrics] == ["ece", "accuracy", "loss", "brier"]
    assert metrics[0].unit == "marks"
    assert spec.learns.scores(np.zeros((2, 3)), np.array([0, 1]))["ece"] == 7.0


def test_a_metric_says_what_it_is():
    half, confidence, *_ = study({"metrics": ["own_data:half", "own_data:confidence"]}).learns.metrics
    assert (half.unit, half.higher_is_better, half.chance) == ("share", True, pytest.approx(1 / 3))
    assert (confidence.unit, confidence.higher_is_better, confidence.chance) == ("", True, None)


@pytest.mark.parametrize(
    ("task", "line"),
    [
        ({"dataset": "own_data:missing"}, "task.dataset: there is no function 'missing' in 'own_data'"),
        (
            {"dataset": {"name": "own_data:declared", "noize": 1}},
            "task.dataset: 'own_data:declared' is called as make(**options) with these options (noize), and does not "
            "fit: got an unexpected keyword argument 'noize'",
        ),
        ({"dataset": {"name": "digits", "size": 3}}, "task.dataset: digits has no options: write 'dataset: digits'"),
        ({"train_examples": 61}, "task: own_data:declared has 60 training examples, not 61"),
        (
            {"normalise": {"mean": [1, 2], "std": [1, 2]}},
            "task: own_data:declared has 1 channels: normalise needs a mean",
        ),
        ({"metrics": "accuracy"}, "task.metrics: a list is needed, such as [accuracy, 'my_module:my_metric']"),
        (
            {"metrics": ["acuracy"]},
            "unknown metric 'acuracy' in task.metrics: did you mean 'accuracy'? allowed: accuracy, loss",
        ),
        ({"metrics": ["mse"]}, "unknown metric 'mse' in task.metrics"),
        (
            {"metrics": ["own_data:accuracy"]},
            "task.metrics: two metrics are called 'accuracy': list each once, under a name",
        ),
        ({"metrics": ["own_data:half", "own_data:half"]}, "task.metrics: two metrics are called 'half'"),
        (
            {"metrics": [{"name": "own_data:half", "beta": 1}]},
            "task.metrics: 'own_data:half' is called as metric(outputs, targets, **options) with these options (beta)",
        ),
    ],
    ids=str,
)
def test_a_mistake_is_one_line_when_the_study_is_read(task, line):
    with pytest.raises(SeedwiseError) as caught:
        study(task)
    assert line in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("task", "line"),
    [
        (
            {"dataset": "own_data:nothing"},
            "'own_data:nothing' returned NoneType: a seedwise.data.Dataset is needed, such as",
        ),
        (
            {"dataset": "own_data:floats"},
            "'own_data:floats' returned images (60, 8, 8, 1) float32 for train: (N, height, width, channels) uint8",
        ),
        (
            {"dataset": "own_data:grey"},
            "'own_data:grey' returned images (60, 8, 8) uint8 for train: (N, height, width,",
        ),
        (
            {"dataset": "own_data:larger"},
            "'own_data:larger' returned images (20, 9, 9, 1) uint8 for test: images of the shape of those for train",
        ),
        (
            {"dataset": "own_data:shares"},
            "'own_data:shares' returned labels (60,) float32 for train: (60,) int64 is needed",
        ),
        ({"dataset": "own_data:unknown"}, "labels from 0 to 2 for train: whole numbers from 0 to 1 are needed"),
        ({"dataset": "own_data:channels"}, "one for each channel is needed"),
        (
            {"dataset": "own_data:bare"},
            "the augmentation None: a Shift is needed, or what has its methods table and apply",
        ),
        ({"dataset": "own_data:broken"}, "'own_data:broken' cannot be loaded: KeyError: 'no such thing'"),
        ({"dataset": "own_data:absent"}, "'own_data:absent' needs a file that is not there: /nowhere/images.npz"),
        ({"dataset": "own_data:liar"}, "'own_data:liar' declares Size(train=60, test=21, "),
        ({"dataset": "own_data:silent", "test_examples": 21}, "task: own_data:silent has 20 test examples, not 21"),
        (
            {"metrics": ["own_data:vector"]},
            "the metric 'own_data:vector' returned Tensor of shape (8, 3): one number is",
        ),
        (
            {"metrics": ["own_data:failing"]},
            "task.metrics: a metric fails on outputs (8, 3) and targets (8,): RuntimeError: ",
        ),
    ],
    ids=str,
)
def test_what_is_not_what_it_must_be_is_one_line_before_anything_is_trained(task, line, tmp_path):
    with pytest.raises(SeedwiseError) as caught:
        Study(study(task), store=tmp_path / "s.db").run(workers=1)
    assert line in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("dataset", "readout", "line"),
    [
        ("own_data:still", "flip", "mirrors images, and those of still are not mirrored in training: leave it out"),
        ("own_data:still", "crop25", "repeats the shifts of training, and images of still are not moved: leave it out"),
        ("own_data:other_augmentation", "crop25", "and images of other_augmentation are not moved: leave it out"),
    ],
)
def test_a_view_is_what_training_does(dataset, readout, line):
    with pytest.raises(SeedwiseError, match=line):
        study({"dataset": dataset}, readouts=[readout], keep={"weights": "final"})


def test_sizes_are_said_or_those_of_what_is_loaded():
    size = Size(train=60, test=20, classes=3, image=(1, 8, 8), shift=1, flip=True)
    assert size_of_task({"dataset": "own_data:silent"}) == size
    assert size_of_task({"dataset": {"name": "own_data:silent", "test": 5}}).test == 5
    assert declared_by(load_function("own_data:declared")).size == size
    assert size_of_task({"dataset": "own_data:absent"}) is None
    assert [metric.chance for metric in metrics_of({"dataset": "own_data:absent"})] == 4 * [None]


def test_what_a_function_draws_is_the_same_everywhere():
    from seedwise.training import _image_data

    sizes = set()
    for seed in range(3):
        np.random.seed(seed)  # noqa: NPY002
        before = np.random.get_state()[1].tolist()  # noqa: NPY002
        sizes.add(size_of_task({"dataset": "own_data:drawn"}))
        assert np.random.get_state()[1].tolist() == before  # noqa: NPY002
        _image_data._load.cache_clear()
    assert len(sizes) == 1


def test_a_study_of_an_own_dataset_has_the_rights_of_ours(parts):
    methods = {
        "base": {},
        "vml": {"loss": {"name": "vml", "warmup_steps": 2}},
        "placebo": {"loss": {"name": "placebo", "controller": {"name": "vml", "warmup_steps": 2}}},
    }
    given = {
        **BASE,
        "task": {"dataset": "own_data:silent", "metrics": ["own_data:half"]},
        "methods": methods,
        "readouts": ["flip-crop25"],
        "keep": {"weights": "final"},
    }
    (parts / "own.yaml").write_text(yaml.safe_dump(given))
    made = Study.from_yaml(parts / "own.yaml")
    known = made.estimate()
    assert known.bytes > 0
    assert known.seconds > 0
    assert made.run(workers=1).counts == {"finished": 3}
    with Store(made.store_path) as store:
        runs, read = store.runs(), store.readouts()
        (results,) = study_results(store)
    for run in runs:
        assert run.metrics["test/half"] == run.metrics["test/accuracy"] / 2
        readout = read[run.run_id, "flip-crop25"]
        assert readout.metrics["test/half"] == readout.metrics["test/accuracy"] / 2
        assert readout.passes == 2 * 3**2
    cells = made.cells()
    assert {cell.readout for cell in cells} == {"plain", "flip-crop25"}
    assert {(cell.task, cell.metric.name, cell.metric.unit) for cell in cells} == {("silent", "test/half", "share")}
    assert cells[0].predictions.shape == (1, 20)
    assert results.parts[0].curves["test/half"].shape == (1, 1)
    # Of the helper that the function imports when it is called, too, in every run of the one worker.
    (parts / "lazy_helper.py").write_text("SIDE = 4 + 4\n")
    with pytest.raises(ChangedCodeError, match=r"since 3 of the finished runs were trained \(lazy_helper\.py\)"):
        Study.from_yaml(parts / "own.yaml").run(workers=1)


def test_the_mean_of_snapshots_has_the_metric_too(tmp_path):
    spec = study(
        {"metrics": ["own_data:half"]},
        train={**BASE["train"], "epochs": 2, "schedule": "cosine", "snapshots": {"cycles": 2}},
        readouts=["snapshots"],
    )
    made = Study(spec, store=tmp_path / "s.db", folder=tmp_path)
    assert made.run(workers=1).read == 1
    with Store(made.store_path) as store:
        (readout,) = store.readouts().values()
    assert readout.metrics["test/half"] == readout.metrics["test/accuracy"] / 2
    assert set(readout.metrics) == {"test/half", "test/accuracy", "test/loss", "test/brier", "test/ece"}


def test_the_best_epoch_may_be_that_of_an_own_metric(tmp_path):
    validation = {"fraction": 0.2, "rule": "best", "metric": "half"}
    spec = study({"metrics": ["own_data:half"]}, train={**BASE["train"], "epochs": 2, "validation": validation})
    assert Study(spec, store=tmp_path / "s.db", folder=tmp_path).run(workers=1).counts == {"finished": 1}
    with pytest.raises(SeedwiseError, match=r"train\.validation\.metric: 'half' is none of accuracy, loss, brier, ece"):
        study(train={**BASE["train"], "validation": validation})


def test_weights_of_several_epochs_are_averaged_however_images_are_varied(tmp_path):
    spec = study(
        {"dataset": "own_data:other_augmentation"},
        train={**BASE["train"], "epochs": 2},
        readouts=["average-2"],
        keep={"weights": "snapshots", "last_epochs": 2},
    )
    assert Study(spec, store=tmp_path / "s.db", folder=tmp_path).run(workers=1).read == 1


WITHOUT_TORCH = """
import sys
sys.modules["torch"] = None
from seedwise.study import parse_study, plan
spec = parse_study(sys.stdin.read())
(run,) = plan(spec)
print(run.spec.id, spec.learns.size, [(m.name, m.chance) for m in spec.learns.metrics])
"""


@pytest.mark.parametrize("dataset", ["own_data:declared", "own_data:silent"])
def test_without_torch_a_study_is_planned(parts, dataset):
    task = {"dataset": dataset, "metrics": ["own_data:half", "loss"]}
    text = yaml.safe_dump({**BASE, "task": task})
    done = nursery().run(["-c", WITHOUT_TORCH], given=text, cwd=parts, env={**os.environ, **BLOCKED}, timeout=100)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split()[0] == ids(task)[0]
    known = dataset == "own_data:declared"
    assert f"('half', {1 / 3 if known else None})" in done.stdout
    assert ("Size(train=60" in done.stdout) == known
