"""The options of a study file are those of what they stand for, defaults included."""

import inspect
import typing

import pytest
import torch
from pydantic import ValidationError

from seedwise.data import DATASETS, SERIES
from seedwise.losses import CLFLoss, LearningRateControl, PlaceboLoss, VarianceMinimizerLoss
from seedwise.models import FORECASTERS, MODELS
from seedwise.selection import _selecting, select_weights
from seedwise.training import SIZES, _config, classification_metrics
from seedwise.training._metrics import SERIES_NAMES


def parameters(function):
    return {
        name: p.default
        for name, p in inspect.signature(function).parameters.items()
        if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY) and name != "self"
    }


def options(model):
    return {
        name: inspect.Parameter.empty if field.is_required() else field.get_default(call_default_factory=True)
        for name, field in model.model_fields.items()
        if name != "name"
    }


def names_of(members):
    return [name for member in members for name in typing.get_args(member.model_fields["name"].annotation)]


@pytest.mark.parametrize(
    ("config", "function", "not_options"),
    [
        (_config.VML, VarianceMinimizerLoss, {"base", "process_group"}),
        (_config.CLF, CLFLoss, {"base", "variance", "process_group"}),
        (_config.Placebo, PlaceboLoss, {"seed"}),
        (_config.LRControl, LearningRateControl, set()),
    ],
)
def test_names_and_defaults(config, function, not_options):
    expected = parameters(function)
    for name in not_options:
        del expected[name]
    assert options(config) == expected


NETWORKS = typing.get_args(typing.get_args(_config.BuiltInNetwork)[0])


@pytest.mark.parametrize("config", NETWORKS)
def test_names_and_defaults_of_networks(config):
    (name,) = typing.get_args(config.model_fields["name"].annotation)
    expected = parameters((MODELS | FORECASTERS)[name])
    of_task = ["in_channels", "num_classes"] if name in MODELS else ["variables", "lookback", "horizon", "calendar"]
    assert list(expected)[: len(of_task)] == of_task
    # The size of the images is the dataset's, and no option.
    # Selection is done to what the function makes.
    ours = {key: default for key, default in options(config).items() if key != "selection"}
    assert ours == {key: expected[key] for key in expected if key not in (*of_task, "image_size")}


def test_names_and_defaults_of_selection():
    expected = parameters(select_weights)
    for name in ("model", "seed", "scores_seed", "draw_seed"):
        del expected[name]
    assert options(_config.Selection) == {**expected, "leave": []}
    for literal in ("mode", "init", "sample_in_eval"):
        theirs = typing.get_args(getattr(_selecting, literal.title().replace("_", "")))
        assert typing.get_args(_config.Selection.model_fields[literal].annotation) == theirs


@pytest.mark.parametrize(
    ("config", "function"),
    [(_config.SGD, torch.optim.SGD), (_config.AdamW, torch.optim.AdamW), (_config.Adam, torch.optim.Adam)],
)
def test_defaults_of_optimizers(config, function):
    theirs = parameters(function)
    ours = options(config)
    assert ours.pop("groups") == []
    assert ours.pop("lr") is inspect.Parameter.empty  # a choice that nobody should leave to a default
    assert ours == {name: theirs[name] for name in ours}


@pytest.mark.parametrize(
    ("config", "loss", "name", "values"),
    [
        *[
            (_config.VML, VarianceMinimizerLoss, name, values)
            for name, values in {
                "lambda_base": [-0.1, 0, 10],
                "alpha": [0, 1e-9, 1, 1.1],
                "beta": [0, 1e-9, 1, 1.1],
                "delta": [0, 1e-9, 10],
                "warmup_steps": [0, 1, 2, 10**6],
                "lambda_min": [-1, 0, 2, 2.1],
                "lambda_max": [-1, 0, 100],
                "gamma": [0, 0.9, 1, 3],
                "penalty_weight": [-1, 0, 5],
                "eps": [0, 1e-30],
                "delta_mode": ["absolute", "sigma", "sigma_ref", "relative"],
                "gradient": ["through", "stopped", "none"],
            }.items()
        ],
        *[
            (_config.CLF, CLFLoss, name, values)
            for name, values in {
                "lambda_s": [-1, 0, 3],
                "lambda_v": [-1, 0, 3],
                "start_epoch": [-1, 0, 5],
                "end_epoch": [0, 1, 5, None],
            }.items()
        ],
    ],
)
def test_the_same_values_are_allowed(config, loss, name, values):
    word = {"VML": "vml", "CLF": "clf"}[config.__name__]
    for value in values:
        try:
            loss(**{name: value})
            allowed = True
        except (TypeError, ValueError):
            allowed = False
        try:
            config.model_validate({"name": word, name: value})
            accepted = True
        except ValidationError:
            accepted = False
        assert accepted == allowed, (name, value)


def test_a_placebo_of_a_variance_term_is_refused_by_both():
    with pytest.raises(ValidationError, match="set lambda_v: 0"):
        _config.Placebo.model_validate({"name": "placebo", "controller": {"name": "clf"}})
    with pytest.raises(ValueError, match="no control made of factors"):
        PlaceboLoss(CLFLoss(), seed=0)
    assert _config.Placebo.model_validate({"name": "placebo", "controller": {"name": "clf", "lambda_v": 0}})


def test_a_learning_rate_control_of_a_variance_term_is_refused_by_both():
    with pytest.raises(ValidationError, match="set lambda_v: 0"):
        _config.LRControl.model_validate({"name": "lr_control", "controller": "clf"})
    with pytest.raises(ValueError, match="no control made of factors"):
        LearningRateControl(CLFLoss())


def test_what_torch_refuses_is_refused_before_training():
    with pytest.raises(ValidationError, match="nesterov needs a momentum"):
        _config.SGD.model_validate({"name": "sgd", "lr": 0.1, "nesterov": True})
    assert _config.SGD.model_validate({"name": "sgd", "lr": 0.1, "nesterov": True, "momentum": 0.5})


def test_names_of_models_and_datasets():
    without_parameters = {"naive", "seasonal_naive"}
    assert set(names_of(NETWORKS)) == set(MODELS) | set(FORECASTERS) - without_parameters
    assert typing.get_args(_config.PublishedSeries.model_fields["name"].annotation) == SERIES_NAMES == tuple(SERIES)
    dataset = _config.ClassificationTask.model_fields["dataset"].annotation
    assert list(typing.get_args(dataset)) == list(DATASETS) == list(SIZES)


@pytest.mark.parametrize("name", DATASETS)
def test_sizes_are_those_of_the_data(name, published):
    dataset = published(name)
    size = SIZES[name]
    assert (size.train, size.test, size.classes) == (len(dataset.train), len(dataset.test), dataset.num_classes)
    assert size.image == (dataset.in_channels, *dataset.train.images.shape[1:3])
    assert sorted(dataset.train.labels.unique().tolist()) == list(range(size.classes))


def test_chance_is_what_guessing_gives():
    accuracy, loss = classification_metrics(10)
    logits, labels = torch.zeros(1000, 10), torch.arange(1000) % 10
    assert (accuracy.name, accuracy.higher_is_better, accuracy.chance) == ("accuracy", True, 0.1)
    assert (loss.name, loss.higher_is_better) == ("loss", False)
    assert loss.chance == pytest.approx(torch.nn.functional.cross_entropy(logits, labels).item())


def test_a_name_alone_is_short_for_its_group():
    assert _config.TrainerConfig.model_validate(
        {
            "task": {"dataset": "digits"},
            "model": "resnet14",
            "train": {
                "epochs": 1,
                "batch_size": 1,
                "optimizer": {"name": "sgd", "lr": 1},
                "loss": "vml",
                "schedule": "cosine",
            },
        }
    ) == _config.TrainerConfig.model_validate(
        {
            "task": {"dataset": "digits"},
            "model": {"name": "resnet14"},
            "train": {
                "epochs": 1,
                "batch_size": 1,
                "optimizer": {"name": "sgd", "lr": 1.0},
                "loss": {"name": "vml"},
                "schedule": {"name": "cosine"},
            },
        }
    )


@pytest.mark.parametrize(("examples", "batch", "steps"), [(1437, 64, 23), (128, 64, 2), (129, 64, 3), (5, 64, 1)])
def test_the_last_batch_is_kept(examples, batch, steps):
    assert _config.steps_per_epoch(examples, batch) == steps
