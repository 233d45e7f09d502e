"""``tune:`` and ``sweep:`` in a study file: what they stand for, and mistakes that show before anything trains."""

import subprocess
import sys

import pytest
import yaml

from seedwise.errors import SeedwiseError
from seedwise.study import Method, check_study, parse_study
from seedwise.tuning import base_space, overrides_at, tuned_method

STUDY = {
    "name": "t",
    "task": {"dataset": "digits"},
    "model": "small_cnn",
    "train": {
        "epochs": 4, "batch_size": 64, "optimizer": {"name": "sgd", "lr": 0.1}, "validation": {"fraction": 0.2},
    },
    "methods": {"base": {}, "clf": {"loss": "clf"}},
}  # fmt: skip
LAMBDA = {"loss.lambda_s": {"low": 0.01, "high": 1, "log": True}}
OWN = {"task": {"metric": "score"}, "model": None, "train": {"function": "builtins:print", "config": {"lr": 1}}}


def study(tune, **changes):
    return check_study({**STUDY, "tune": tune, **changes})


def test_any_value_of_the_spec_is_searched():
    space = {
        **LAMBDA, "model.width": {"low": 4, "high": 16, "whole": True, "step": 4}, "optimizer.lr": [0.1, 0.2],
        "batch_size": [32, 64], "schedule": ["constant", "cosine"], "clip_gradient": [None, 1.0],
    }  # fmt: skip
    spec = study({"space": space}, methods={"base": {}, "clf": {"model": {"name": "small_cnn"}, "loss": "clf"}})
    assert tuned_method(spec, spec.tune) == "clf"
    assert spec.tune.space["batch_size"].choices == [32, 64]
    values = {"loss.lambda_s": 0.5, "model.width": 8, "batch_size": 32}
    changed = spec.model_copy(update={"methods": {"x": Method("x", overrides_at(spec, "clf", values))}})
    config = changed.configs()["x"]
    assert config["train"]["loss"] == {"name": "clf", "lambda_s": 0.5}
    assert config["model"] == {"name": "small_cnn", "width": 8}
    assert config["train"]["batch_size"] == 32


@pytest.mark.parametrize(
    ("short", "name", "spread"),
    [(None, "churn", "sd"), ("sd", "sd", "sd"), (["mean", "churn"], "front", "churn"), (["mean", "sd"], "front", "sd")],
)
def test_objectives_have_short_forms_and_churn_is_the_default(short, name, spread):
    objective = study({"space": LAMBDA} | ({} if short is None else {"objective": short})).tune.objective
    assert (objective.name, objective.spread) == (name, spread)
    assert objective.has_floor == (name in ("churn", "sd", "front"))


def test_the_base_is_searched_over_its_learning_rate_and_what_else_is_given():
    spec = study({"space": LAMBDA, "tune_base": True, "base_space": {"optimizer.momentum": [0.0, 0.9]}})
    space = base_space(spec, spec.tune)
    assert list(space) == ["optimizer.lr", "optimizer.momentum"]
    assert (space["optimizer.lr"].low, space["optimizer.lr"].high, space["optimizer.lr"].log) == (0.01, 1.0, True)
    narrow = study({"space": LAMBDA, "tune_base": True, "base_space": {"optimizer.lr": [0.05, 0.1]}})
    assert base_space(narrow, narrow.tune)["optimizer.lr"].choices == [0.05, 0.1]


@pytest.mark.parametrize(
    ("tune", "changes", "message"),
    [
        ({"space": {"loss.lamda_s": {"low": 0, "high": 1}}}, {}, "unknown key 'lamda_s'"),
        ({"space": {"loss.lambda_s": {"low": -1, "high": 1}}}, {}, "tune.space: "),
        ({"space": {"loss.lambda_s": {"low": 1, "high": 0.1}}}, {}, "low 1 must be below high 0.1"),
        ({"space": {"loss.lambda_s": {"low": 0, "high": 1, "log": True}}}, {}, "log takes a low above 0"),
        ({"space": {"loss.lambda_s": {"low": 0.1}}}, {}, "needs low and high"),
        ({"space": {"batch_size": {"low": 16, "high": 64}}}, {}, "'whole: true' searches whole numbers"),
        ({"space": {"batch_size": {"low": 16.5, "high": 64, "whole": True}}}, {}, "a whole low, high and step"),
        ({"space": {"batch_size": [16]}}, {}, "at least 2 items"),
        ({"space": LAMBDA, "objectve": "sd"}, {}, "unknown key 'objectve' in tune: did you mean 'objective'?"),
        ({"space": LAMBDA, "objective": "chrun"}, {}, "unknown name 'chrun' in tune.objective: did you mean 'churn'?"),
        ({"space": LAMBDA, "objective": {"name": "paper", "floor": 0.9}}, {}, "'floor' goes with churn, sd, front"),
        ({"space": LAMBDA, "objective": {"name": "sd", "c": 2}}, {}, "'c' goes with mean-sd"),
        ({"space": LAMBDA, "replicates": 2}, {}, "tune.replicates is 2"),
        ({"space": LAMBDA, "pruner": "wilcoxon"}, {}, "pruner: wilcoxon compares means, and the objective is churn"),
        ({"space": LAMBDA, "pruner": "wilcoxon", "objective": "sd"}, {}, "wilcoxon compares means"),
        ({"space": LAMBDA, "pruner": "wilcoxon", "objective": "mean-sd"}, {}, "wilcoxon compares means"),
        ({"space": LAMBDA, "pruner": "median", "objective": "paper"}, {}, "one fixed value, not paper"),
        ({"space": LAMBDA, "pruner": "median", "objective": ["mean", "sd"]}, {}, "which has two values"),
        ({"pruner": "median"}, {}, "give it a space"),
        ({"space": LAMBDA, "base_space": LAMBDA}, {}, "base_space is searched with tune_base: true"),
        ({"space": LAMBDA, "method": "clv"}, {}, "unknown method 'clv' in tune"),
        ({}, {"methods": {"base": {}}}, "tune needs a space"),
        (
            {"space": LAMBDA},
            {"methods": {"base": {}, "clf": {"loss": "clf"}, "b": {"loss": "clf"}}},
            "several methods could be tuned: add 'method: clf' (or b)",
        ),
        ({"space": LAMBDA}, {"methods": {"tuned": {}, "clf": {"loss": "clf"}}}, "call the base 'tuned' something else"),
        ({"space": LAMBDA}, {"methods": {"trial-1": {"loss": "clf"}}}, "call the base 'trial-1' something else"),
        (
            {"tune_base": True, "objective": "sd"},
            {"methods": {"base": {}, "base-trial-1": {"loss": "clf"}}},
            "call the method 'base-trial-1' something else",
        ),
        (
            {"space": LAMBDA},
            {"train": {k: v for k, v in STUDY["train"].items() if k != "validation"}},
            "judges its trials on validation data, and train has none: set train: {validation: {fraction: 0.1}}",
        ),
        ({"space": LAMBDA}, {"methods": {"base": {"validation": None}}}, "methods.base has none"),
        ({"space": LAMBDA}, {"regimes": ["all", "init"]}, "'regimes' has several"),
        ({"space": LAMBDA}, {"seeds": [{"init": 1}, {"init": 2}]}, "'seeds' lists its own"),
        ({"space": LAMBDA}, {"fixed_values": 2, "regimes": ["init"]}, "'fixed_values' has several"),
        ({"space": LAMBDA}, {"tasks": {"a": {}, "b": {"model": "lenet5"}}}, "'tasks' has several"),
        ({"space": LAMBDA}, {"regimes": ["all+split"]}, "the regime varies 'split'"),
        ({"space": {"config.lr": [1, 2]}, "tune_base": True}, {**OWN, "methods": {"base": {}}}, "needs a base_space"),
        (
            {"space": {"model.dropout": {"low": 0, "high": 0.5}}},
            {
                "task": {"dataset": {"name": "etth1", "lookback": 96, "horizon": 96}},
                "model": "dlinear",
                "methods": {"base": {}},
                "train": {
                    "epochs": 1, "batch_size": 32, "optimizer": {"name": "adam", "lr": 1e-3},
                    "validation": {"rule": "last"},
                },
            },
            "churn compares classes, and a forecast has none: use objective: sd",
        ),
    ],
)  # fmt: skip
def test_mistakes_are_one_line_that_says_what_to_change(tune, changes, message):
    with pytest.raises(SeedwiseError) as caught:
        study(tune, **changes)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_whole_numbers_are_not_the_remedy_for_a_value_that_is_too_small():
    with pytest.raises(SeedwiseError) as caught:
        study({"space": {"clip_gradient": {"low": -0.5, "high": 1}}})
    assert str(caught.value).endswith("greater than 0")


SWEEP = {"clf": {"loss.lambda_s": [0.1, 0.5], "optimizer.lr": [0.05]}}


def test_a_sweep_stands_for_a_method_for_every_value():
    swept = check_study({**STUDY, "sweep": SWEEP})
    by_hand = {
        "lambda_s=0.1": {"loss": {"name": "clf", "lambda_s": 0.1}},
        "lambda_s=0.5": {"loss": {"name": "clf", "lambda_s": 0.5}},
        "lr=0.05": {"loss": "clf", "optimizer": {"lr": 0.05}},
    }
    assert swept.configs() == check_study({**STUDY, "methods": STUDY["methods"] | by_hand}).configs()
    assert list(swept.methods) == ["base", "clf", *by_hand]
    # What is stored is a study without the sweep, and means the same.
    written = yaml.safe_dump(swept.model_dump(mode="json", exclude_unset=True))
    assert "sweep" not in written
    assert parse_study(written).configs() == swept.configs()


def test_paths_that_end_alike_are_named_in_full():
    swept = check_study({**STUDY, "sweep": {"base": {"optimizer.lr": [0.2]}, "clf": {"optimizer.lr": [0.3]}}})
    assert list(swept.methods)[2:] == ["base.optimizer.lr=0.2", "clf.optimizer.lr=0.3"]


@pytest.mark.parametrize(
    ("sweep", "message"),
    [
        ({"clv": {"loss.lambda_s": [0.1]}}, "unknown method 'clv' in sweep: did you mean 'clf'?"),
        ({"clf": {"loss.lamda_s": [0.1]}}, "unknown key 'lamda_s'"),
        ({"clf": {"loss.lambda_s": [0.1, 0.1]}}, "there is a method 'lambda_s=0.1' already"),
        ({"clf": {"loss.lambda_s": []}}, "sweep.clf.loss.lambda_s is []"),
    ],
)
def test_mistakes_in_a_sweep(sweep, message):
    with pytest.raises(SeedwiseError) as caught:
        check_study({**STUDY, "sweep": sweep})
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_only_a_file_with_tune_imports_what_reads_it():
    code = (
        "import sys; from seedwise.study import check_study; study = {study}\n"
        "check_study(study); print('seedwise.tuning' in sys.modules)\n"
        "check_study(study | {{'tune': {tune}}}); print('seedwise.tuning' in sys.modules, 'optuna' in sys.modules)"
    ).format(study=STUDY, tune={"space": LAMBDA})
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True", "False"]
