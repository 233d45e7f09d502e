"""The ids of released studies: a default, a name or a meaning that changes would rename everybody's runs.

Each study file states every option. Its golden id is that of the content written beside it, in which options at their
default and seeds of 0 are left out. If a test fails here, mend the code: finished runs would be trained again.
"""

import hashlib
import json

import pytest
import yaml

from seedwise.run import RunSpec
from seedwise.study import parse_study, plan
from seedwise.training import TrainerConfig

BASE = """
name: digits
task: {dataset: digits, augment: true}
model: {name: small_cnn, width: 16, dropout: 0.25}
train:
  epochs: 15
  batch_size: 64
  optimizer: {name: sgd, lr: 0.1, momentum: 0.0, weight_decay: 0.0, nesterov: false, groups: []}
  schedule: {name: constant, warmup_epochs: 0.0}
  loss: {name: cross_entropy, label_smoothing: 0.0}
  validation: null
  averaging: null
  snapshots: null
  sharpness: null
  clip_gradient: null
  precision: float32
  compile: false
  deterministic: true
  threads: 1
  graphs: false
methods: {base: {}}
regimes: [all]
replicates: 1
first_replicate: 2
"""
BASE_CONTENT = {
    "schema": 1,
    "function": "seedwise.training:train",
    "config": {
        "task": {"dataset": "digits"},
        "model": {"name": "small_cnn"},
        "train": {"epochs": 15, "batch_size": 64, "optimizer": {"name": "sgd", "lr": 0.1}},
    },
    "seeds": {"init": 3, "shuffle": 3, "augment": 3, "dropout": 3},
}

PLACEBO = """
name: placebo
task: {dataset: digits, augment: true}
model: {name: resnet14, width: 16}
train:
  epochs: 30
  batch_size: 128
  optimizer: {name: adamw, lr: 0.001, betas: [0.9, 0.999], weight_decay: 0.01, groups: []}
  schedule: {name: cosine, warmup_epochs: 0.0}
  loss:
    name: placebo
    controller:
      name: vml
      lambda_base: 0.1
      alpha: 0.05
      beta: 0.2
      delta: 0.2
      warmup_steps: 200
      lambda_min: 0.0
      lambda_max: 2.0
      gamma: 1.0
      penalty_weight: 1.0
      eps: 1e-8
      delta_mode: absolute
      gradient: through
  validation: null
methods: {placebo: {}}
seeds: [{init: 0, shuffle: 0, augment: 0, dropout: 7, split: 0, ulp: 0, hardware: 0, repeat: 1}]
"""
PLACEBO_CONTENT = {
    "schema": 1,
    "function": "seedwise.training:train",
    "config": {
        "task": {"dataset": "digits"},
        "model": {"name": "resnet14"},
        "train": {
            "epochs": 30,
            "batch_size": 128,
            "optimizer": {"name": "adamw", "lr": 0.001},
            "schedule": {"name": "cosine"},
            "loss": {"name": "placebo", "controller": {"name": "vml"}},
        },
    },
    "seeds": {"dropout": 7, "repeat": 1},
}

CLF = """
name: clf
task: {dataset: digits, augment: false}
model: {name: small_cnn, width: 8, dropout: 0.0}
train:
  epochs: 5
  batch_size: 32
  optimizer:
    name: adamw
    lr: 0.01
    betas: [0.8, 0.9]
    weight_decay: 0.1
    groups:
      - {kinds: [bias, norm], lr_scale: 2.0, weight_decay: 0.0}
      - {kinds: [weight], lr_scale: 1.0, weight_decay: null}
  schedule: {name: step, epochs: [2, 4], gamma: 0.1, warmup_epochs: 0.5}
  loss: {name: clf, lambda_s: 0.2, lambda_v: 0.1, start_epoch: 0, end_epoch: 4}
  validation: {fraction: 0.1, rule: best, metric: accuracy}
  precision: bf16
  threads: 2
methods: {clf: {}}
regimes: [split+init]
replicates: 1
"""
CLF_CONTENT = {
    "schema": 1,
    "function": "seedwise.training:train",
    "config": {
        "task": {"dataset": "digits", "augment": False},
        "model": {"name": "small_cnn", "width": 8, "dropout": 0.0},
        "train": {
            "epochs": 5,
            "batch_size": 32,
            "optimizer": {
                "name": "adamw",
                "lr": 0.01,
                "betas": [0.8, 0.9],
                "weight_decay": 0.1,
                "groups": [{"kinds": ["bias", "norm"], "lr_scale": 2.0, "weight_decay": 0.0}, {"kinds": ["weight"]}],
            },
            "schedule": {"name": "step", "epochs": [2, 4], "warmup_epochs": 0.5},
            "loss": {"name": "clf", "lambda_s": 0.2, "end_epoch": 4},
            "validation": {"fraction": 0.1, "rule": "best"},
        },
    },
    "numerics": {"precision": "bf16", "threads": 2},
    "seeds": {"init": 1, "split": 1},
}

LENET = """
name: lenet
task: {dataset: digits, augment: true, normalise: null, train_examples: null, test: published}
model: {name: lenet300, bias: false, init: torch}
train: {epochs: 2, batch_size: 16, optimizer: {name: sgd, lr: 0.1}}
methods: {base: {}}
seeds: [{init: 1}]
"""
LENET_CONTENT = {
    "schema": 1,
    "function": "seedwise.training:train",
    "config": {
        "task": {"dataset": "digits"},
        "model": {"name": "lenet300", "bias": False},
        "train": {"epochs": 2, "batch_size": 16, "optimizer": {"name": "sgd", "lr": 0.1}},
    },
    "seeds": {"init": 1},
}

ULP = """
name: ulp
task: {dataset: digits}
model: small_cnn
train: {epochs: 2, batch_size: 16, optimizer: {name: sgd, lr: 0.1}}
methods: {base: {}}
regimes: [init+ulp]
replicates: 1
"""
ULP_CONTENT = {
    "schema": 1,
    "function": "seedwise.training:train",
    "config": {
        "task": {"dataset": "digits"},
        "model": {"name": "small_cnn"},
        "train": {"epochs": 2, "batch_size": 16, "optimizer": {"name": "sgd", "lr": 0.1}},
    },
    "seeds": {"init": 1, "ulp": 1},
    "revisions": {"ulp": 2},
}

METHODS = """
name: methods
task: {dataset: digits}
model: small_cnn
train:
  epochs: 10
  batch_size: 16
  optimizer: {name: sgd, lr: 0.1}
  schedule: cosine
  loss: {name: cross_entropy, label_smoothing: 0.1}
  averaging: {name: ema, decay: 0.9, debias: true}
  snapshots: {cycles: 5}
  sharpness: {rho: 0.05}
  clip_gradient: 1.0
methods: {all: {}}
seeds: [{init: 1}]
"""
METHODS_CONTENT = {
    "schema": 1,
    "function": "seedwise.training:train",
    "config": {
        "task": {"dataset": "digits"},
        "model": {"name": "small_cnn"},
        "train": {
            "epochs": 10,
            "batch_size": 16,
            "optimizer": {"name": "sgd", "lr": 0.1},
            "schedule": {"name": "cosine"},
            "loss": {"name": "cross_entropy", "label_smoothing": 0.1},
            "averaging": {"name": "ema", "decay": 0.9, "debias": True},
            "snapshots": {"cycles": 5},
            "sharpness": {"rho": 0.05},
            "clip_gradient": 1.0,
        },
    },
    "seeds": {"init": 1},
}

NETWORKS = """
lenet300: {bias: true, init: torch}
lenet5: {bias: true, init: torch}
conv2: {bias: true, init: torch, width: 64, padding: true, dropout: 0.0}
conv4: {bias: true, init: torch, width: 64, padding: true, dropout: 0.0}
conv6: {bias: true, init: torch, width: 64, padding: true, dropout: 0.0}
resnet9: {}
resnet9_ffcv: {}
resnet14: {width: 16}
resnet14_wide: {width: 64}
resnet18: {}
resnet32: {}
vgg16: {bias: true, affine: true, init: torch}
shufflenet_v2: {}
mobilenet_v2: {}
small_cnn: {width: 16, dropout: 0.25}
"""

STUDIES = {
    "base": (BASE, BASE_CONTENT, "f950707290415901"),
    "placebo": (PLACEBO, PLACEBO_CONTENT, "3aabf1c9c6d05b8b"),
    "clf": (CLF, CLF_CONTENT, "c522e15958b40fed"),
    "lenet": (LENET, LENET_CONTENT, "0819758738078216"),
    "ulp": (ULP, ULP_CONTENT, "45d8f903e2a5a3e1"),
    "methods": (METHODS, METHODS_CONTENT, "4dfc7f08ca6e9b22"),
}


def ids(text):
    return [run.spec.id for run in plan(parse_study(text))]


def edited(text, *keys, value):
    """Return the study file with one entry changed."""
    study = yaml.safe_load(text)
    place = study
    for key in keys[:-1]:
        place = place[key]
    place[keys[-1]] = value
    return yaml.safe_dump(study)


@pytest.mark.parametrize(("text", "content", "golden"), STUDIES.values(), ids=STUDIES)
def test_golden_ids(text, content, golden):
    (run,) = plan(parse_study(text))
    assert run.spec.content == content
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"))
    assert hashlib.sha256(canonical.encode()).hexdigest()[:16] == golden
    assert run.spec.id == golden


def without_defaults(study, content):
    """Return the study file with only the options that differ from their defaults."""
    config = content["config"]
    numerics = content.get("numerics", {})
    kept = {key: value for key, value in study.items() if key not in ("task", "model", "train")}
    return yaml.safe_dump(
        {**kept, "task": config["task"], "model": config["model"], "train": config["train"] | numerics}
    )


@pytest.mark.parametrize(("text", "content", "golden"), STUDIES.values(), ids=STUDIES)
def test_options_at_their_default_may_be_left_out(text, content, golden):
    assert ids(without_defaults(yaml.safe_load(text), content)) == [golden]


@pytest.mark.parametrize(("name", "options"), yaml.safe_load(NETWORKS).items())
def test_every_network_is_its_name_alone(name, options):
    (run,) = plan(parse_study(edited(BASE, "model", value={"name": name} | options)))
    assert run.spec.config["model"] == {"name": name}


def reversed_keys(value):
    if isinstance(value, dict):
        return {key: reversed_keys(value[key]) for key in reversed(value)}
    return [reversed_keys(inner) for inner in value] if isinstance(value, list) else value


@pytest.mark.parametrize(("text", "content", "golden"), STUDIES.values(), ids=STUDIES)
def test_the_order_of_keys_does_not_matter(text, content, golden):
    assert ids(yaml.safe_dump(reversed_keys(yaml.safe_load(text)), sort_keys=False)) == [golden]


@pytest.mark.parametrize(
    ("keys", "value"),
    [
        (("name",), "other"),
        (("methods",), {"renamed": {}}),
        (("methods",), {"vml-like": {"loss": {"name": "cross_entropy"}}}),
        (("baseline",), "base"),
        (("model",), "small_cnn"),
        (("keep",), {"predictions": "full", "weights": "snapshots"}),
        (("evaluate",), {"every_epoch": False}),
        (("checkpoint",), {"every_epochs": 1, "every_seconds": None}),
        (("limits",), {"seconds": 5, "retries": 0}),
        (("question",), {"spread_ratio": 0.5}),
        (("train", "optimizer", "momentum"), 0),
    ],
)
def test_what_does_not_decide_the_bits_is_not_in_the_id(keys, value):
    assert ids(edited(BASE, *keys, value=value)) == [STUDIES["base"][2]]


@pytest.mark.parametrize(
    ("keys", "value"),
    [
        (("task", "augment"), False),
        (("task", "normalise"), {"mean": [5], "std": [6]}),
        (("model", "width"), 17),
        (("model",), "resnet14"),
        (("train", "epochs"), 16),
        (("train", "optimizer", "momentum"), 0.9),
        (("train", "loss"), "vml"),
        (("train", "schedule"), "cosine"),
        (("train", "loss"), {"name": "cross_entropy", "label_smoothing": 0.1}),
        (("train", "loss"), {"name": "lr_control", "controller": "vml"}),
        (("train", "validation"), {"fraction": 0.1}),
        (("train", "averaging"), {"name": "swa", "start": 0.5}),
        (("train", "sharpness"), {"rho": 0.1}),
        (("train", "clip_gradient"), 1),
        (("train", "precision"), "bf16"),
        (("train", "compile"), True),
        (("train", "deterministic"), False),
        (("train", "threads"), 2),
        (("train", "graphs"), True),
        (("methods",), {"base": {"epochs": 16}}),
        (("first_replicate",), 3),
        (("regimes",), ["init"]),
    ],
)
def test_what_decides_the_bits_is_in_the_id(keys, value):
    (found,) = ids(edited(BASE, *keys, value=value))
    assert found != STUDIES["base"][2]


def test_equal_methods_are_the_same_run_and_replicates_share_their_seeds():
    text = edited(edited(BASE, "methods", value={"a": {}, "b": {}, "c": {"loss": "vml"}}), "replicates", value=3)
    runs = plan(parse_study(text))
    by_method = {m: [run.spec for run in runs if run.link.method == m] for m in "abc"}
    assert [spec.id for spec in by_method["a"]] == [spec.id for spec in by_method["b"]]
    assert [spec.seeds for spec in by_method["a"]] == [spec.seeds for spec in by_method["c"]]
    assert len({spec.id for specs in by_method.values() for spec in specs}) == 6


# What had to get another id, since it is trained in another way now: runs of before keep theirs.


def test_runs_whose_ulp_seed_moved_any_weight_keep_their_id():
    before = {key: value for key, value in ULP_CONTENT.items() if key != "revisions"}
    assert RunSpec.from_content(before).id == "786eff73ea396249"
    assert RunSpec.from_content(ULP_CONTENT).id == "45d8f903e2a5a3e1"


def test_an_average_with_its_start_keeps_its_id():
    """``averaging: {name: ema}`` in a study file is debiased since there is a choice, and in a name it is not."""
    train = METHODS_CONTENT["config"]["train"]
    before = {
        **METHODS_CONTENT,
        "config": {**METHODS_CONTENT["config"], "train": {**train, "averaging": {"name": "ema", "decay": 0.9}}},
    }
    (run,) = plan(parse_study(edited(METHODS, "train", "averaging", "debias", value=False)))
    assert run.spec.content == before
    assert run.spec.id == RunSpec.from_content(before).id == "5aef95a80f782a47"
    assert ids(edited(METHODS, "train", "averaging", value={"name": "ema", "decay": 0.9})) == ["4dfc7f08ca6e9b22"]
    for content, debias in ((before, False), (METHODS_CONTENT, True)):
        assert TrainerConfig.model_validate(content["config"]).train.averaging.debias is debias
