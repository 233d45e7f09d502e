"""What a study file can name: one table per kind, of import strings, so that reading it imports nothing.

A line is a name, the dataclass that declares its options (``module:Options``, standard library only) and what makes it
of them (``module:make``). To add one, write the two and add the line: the schema of study files, the error messages,
the reference and the help are made from the dataclass.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any, Final, NamedTuple


class Entry(NamedTuple):
    """Where the options are declared, None for what has none, and what is called with them."""

    options: str | None
    make: str


Table = Mapping[str, Entry]

Objects = Mapping[str, str]
"""Names and import strings of what has no options and says itself what it is; needs no torch to be imported."""


def resolve(name: str) -> Any:
    """Import ``module:name``, one of ours."""
    module, _, attribute = name.partition(":")
    return getattr(importlib.import_module(module), attribute)


def _callable(name: str) -> Entry:
    """Return the entry of a dataclass that is called itself."""
    return Entry(name, name)


DATASETS: Final[Objects] = {
    "digits": "seedwise.data._digits:load_digits",
    "digits_odd": "seedwise.data._digits:load_digits_odd",
    "mnist": "seedwise.data._images:load_mnist",
    "fashion_mnist": "seedwise.data._images:load_fashion_mnist",
    "cifar10": "seedwise.data._images:load_cifar10",
    "cifar100": "seedwise.data._images:load_cifar100",
}
"""Of images; each says its sizes and files with ``@declares``, and imports torch when it is called."""

SERIES: Final[Objects] = {
    "etth1": "seedwise.data._ett:ETTH1",
    "etth2": "seedwise.data._ett:ETTH2",
}
"""Published time series: each declares its files and its split."""

TABLES: Final[Objects] = {
    "diabetes": "seedwise.data._sklearn_tables:diabetes",
    "breast_cancer": "seedwise.data._sklearn_tables:breast_cancer",
}
"""Tables of examples; each is a function that returns a ``pandas.DataFrame``, whose ``target`` is predicted."""

METRICS: Final[Objects] = {
    "accuracy": "seedwise.training._metrics:accuracy",
    "loss": "seedwise.training._metrics:loss",
    "brier": "seedwise.training._metrics:brier",
    "ece": "seedwise.training._metrics:ece",
}
"""Of classes; each is called with logits and labels, and says what kind of metric it is with ``@metric``."""

ERRORS: Final[Objects] = {
    "mse": "seedwise.training._metrics:mse",
    "mae": "seedwise.training._metrics:mae",
}
"""Metrics of forecasts, called with forecasts and targets."""

YES_OR_NO: Final[Objects] = {
    **METRICS,
    "auc": "seedwise.training._table_metrics:auc",
    "f1": "seedwise.training._table_metrics:f1",
}
"""Metrics of ``kind: binary``, called with the logits (N, 2) of no and yes, and labels."""

OF_LABELS: Final[Objects] = {
    "accuracy": "seedwise.training._table_metrics:exact_match",
    "hamming": "seedwise.training._table_metrics:hamming",
    "loss": "seedwise.training._table_metrics:loss_of_labels",
    "macro_f1": "seedwise.training._table_metrics:macro_f1",
}
"""Metrics of ``kind: multilabel``, called with logits and labels, (N, labels) each."""

OF_VALUES: Final[Objects] = {
    "mse": "seedwise.training._table_metrics:mse",
    "mae": "seedwise.training._table_metrics:mae",
    "rmse": "seedwise.training._table_metrics:rmse",
    "r2": "seedwise.training._table_metrics:r2",
}
"""Metrics of ``kind: regression``, called with predictions and truth in the units of the file, (N, targets) each."""

KINDS: Final[Objects] = {
    "classification": "seedwise.training._kinds:CLASSIFICATION",
    "binary": "seedwise.training._kinds:BINARY",
    "multilabel": "seedwise.training._kinds:MULTILABEL",
    "regression": "seedwise.training._kinds:REGRESSION",
    "forecasting": "seedwise.training._kinds:FORECASTING",
}
"""Kinds of task: what is predicted, with which losses, and by what it is measured."""

VIEWS: Final[Objects] = {
    "flip": "seedwise.readouts._grid:FLIP",
    "crop25": "seedwise.readouts._grid:CROP25",
    "crop81": "seedwise.readouts._grid:CROP81",
    "flip-crop25": "seedwise.readouts._grid:FLIP_CROP25",
    "flip-crop81": "seedwise.readouts._grid:FLIP_CROP81",
}
"""Test-time views of an image: each says which rows of the training augmentation's table it is."""

NETWORKS: Final[Table] = {
    "small_cnn": Entry("seedwise.models._options:SmallCNNOptions", "seedwise.models._small_cnn:small_cnn"),
    "lenet300": Entry("seedwise.models._options:LeNetOptions", "seedwise.models._lenet:lenet300"),
    "lenet5": Entry("seedwise.models._options:LeNetOptions", "seedwise.models._lenet:lenet5"),
    "conv2": Entry("seedwise.models._options:ConvOptions", "seedwise.models._conv:conv2"),
    "conv4": Entry("seedwise.models._options:ConvOptions", "seedwise.models._conv:conv4"),
    "conv6": Entry("seedwise.models._options:ConvOptions", "seedwise.models._conv:conv6"),
    "resnet9": Entry(None, "seedwise.models._resnet9:resnet9"),
    "resnet9_ffcv": Entry(None, "seedwise.models._resnet9:resnet9_ffcv"),
    "resnet14": Entry("seedwise.models._options:ResNet14Options", "seedwise.models._resnet:resnet14"),
    "resnet14_wide": Entry("seedwise.models._options:ResNet14WideOptions", "seedwise.models._resnet:resnet14_wide"),
    "resnet18": Entry(None, "seedwise.models._resnet:resnet18"),
    "resnet32": Entry(None, "seedwise.models._resnet:resnet32"),
    "vgg16": Entry("seedwise.models._options:VGGOptions", "seedwise.models._vgg:vgg16"),
    "shufflenet_v2": Entry(None, "seedwise.models._shufflenet:shufflenet_v2"),
    "mobilenet_v2": Entry(None, "seedwise.models._mobilenet:mobilenet_v2"),
}
"""Of images; called as ``make(in_channels, num_classes, **options)``, and told ``image_size`` if it is a parameter."""

FORECASTERS: Final[Table] = {
    "autoformer": Entry("seedwise.models._options:AutoformerOptions", "seedwise.models._autoformer:autoformer"),
    "dlinear": Entry("seedwise.models._options:DLinearOptions", "seedwise.models._dlinear:dlinear"),
    "itransformer": Entry("seedwise.models._options:ITransformerOptions", "seedwise.models._itransformer:itransformer"),
}
"""Of time series; called as ``make(variables, lookback, horizon, calendar, **options)``."""

TABULAR: Final[Table] = {
    "mlp": Entry("seedwise.models._options:MLPOptions", "seedwise.models._mlp:mlp"),
}
"""Of rows of a table; called as ``make(features, outputs, **options)``."""

BASELINES: Final[Table] = {
    "naive": Entry(None, "seedwise.models._naive:naive"),
    "seasonal_naive": Entry(None, "seedwise.models._naive:seasonal_naive"),
}
"""Forecasts without parameters, whose errors stand beside those of every run."""

SCHEDULES: Final[Table] = {
    "constant": _callable("seedwise.training._schedules:Constant"),
    "step": _callable("seedwise.training._schedules:Step"),
    "cosine": _callable("seedwise.training._schedules:Cosine"),
    "linear": _callable("seedwise.training._schedules:Linear"),
    "halving": _callable("seedwise.training._schedules:Halving"),
}
"""How the learning rate falls; called with ``(step, steps, epoch)``, it returns a factor."""

OBJECTIVES: Final[Table] = {
    "cross_entropy": Entry("seedwise.training._options:CrossEntropy", "seedwise.training._losses:cross_entropy"),
    "comp_sum": Entry("seedwise.losses.objective_options:CompSumOptions", "seedwise.losses:CompSumLoss"),
    "z_loss": Entry("seedwise.losses.objective_options:ZLossOptions", "seedwise.losses:ZLoss"),
    "log_partition": Entry("seedwise.losses.objective_options:LogPartitionOptions", "seedwise.losses:LogPartitionLoss"),
    "taylor_softmax": Entry(
        "seedwise.losses.objective_options:TaylorSoftmaxOptions", "seedwise.losses:TaylorSoftmaxLoss"
    ),
    "any_loss": Entry("seedwise.losses.objective_options:AnyLossOptions", "seedwise.losses:AnyLoss"),
    "binary_cross_entropy": Entry(
        "seedwise.training._options:BinaryCrossEntropy", "seedwise.training._losses:binary_cross_entropy"
    ),
    "squared_error": Entry("seedwise.training._options:SquaredError", "seedwise.training._losses:squared_error"),
    "absolute_error": Entry("seedwise.training._options:AbsoluteError", "seedwise.training._losses:absolute_error"),
    "huber": Entry("seedwise.training._options:Huber", "seedwise.training._losses:huber"),
}
"""Losses without a state, each of which can be the ``base`` of a controller; each says of which kinds of task it is."""

CONTROLLERS: Final[Table] = {
    "vml": Entry("seedwise.losses.vml_options:VMLOptions", "seedwise.losses.vml:VarianceMinimizerLoss"),
    "clf": Entry("seedwise.losses.clf_options:CLFOptions", "seedwise.losses.clf:CLFLoss"),
    "dynamic_clf": Entry(
        "seedwise.losses.dynamic_clf_options:DynamicCLFOptions", "seedwise.losses.dynamic_clf:DynamicCLFLoss"
    ),
}
"""Losses that a placebo or a control of the learning rate can be made of."""

LOSSES: Final[Table] = {
    **OBJECTIVES,
    **CONTROLLERS,
    "ens_loss": Entry("seedwise.losses.objective_options:EnsLossOptions", "seedwise.losses:EnsLoss"),
    "placebo": Entry("seedwise.losses.control_options:PlaceboOptions", "seedwise.losses.placebo:PlaceboLoss"),
    "lr_control": Entry(
        "seedwise.losses.control_options:LRControlOptions", "seedwise.losses.lr_control:LearningRateControl"
    ),
}
"""A loss is told ``base`` (the loss of the task), ``variance`` and ``seed`` where it has such parameters."""

OPTIMIZERS: Final[Table] = {
    "sgd": Entry("seedwise.training._options:SGD", "seedwise.training._optim:sgd"),
    "adamw": Entry("seedwise.training._options:AdamW", "seedwise.training._optim:adamw"),
    "adam": Entry("seedwise.training._options:Adam", "seedwise.training._optim:adam"),
}
"""An optimizer is called with its groups of parameters and ``lr``, and is a ``torch.optim.Optimizer``."""

AVERAGES: Final[Table] = {
    "ema": Entry("seedwise.training._averaging_options:EMA", "seedwise.training._averaging:ExponentialAverage"),
    "swa": Entry("seedwise.training._averaging_options:SWA", "seedwise.training._averaging:StochasticAverage"),
    "aswa": Entry("seedwise.training._aswa:ASWA", "seedwise.training._aswa:AggressiveAverage"),
}
"""Which weights are evaluated and kept; an average is called with the network."""

WAYS: Final[Table] = {
    "snapshots": Entry("seedwise.training._snapshots:Snapshots", "seedwise.training._snapshots:take_snapshots"),
    "sharpness": Entry("seedwise.training._options:Sharpness", "seedwise.training._sharpness:sharpen"),
    "distill": Entry("seedwise.training._distillation:Distill", "seedwise.training._distillation:distill"),
    "warm_start": Entry("seedwise.training._warm_start:WarmStart", "seedwise.training._warm_start:start_warm"),
    "saf": Entry("seedwise.training._trajectory:SAF", "seedwise.training._trajectory:saf"),
    "codistill": Entry("seedwise.training._codistillation:Codistill", "seedwise.training._codistillation:codistill"),
}
"""Ways to train, each a key of ``train:``; called with the trainer, in whose places they enter, in this order."""

SELECTION: Final = Entry("seedwise.selection.options:SelectionOptions", "seedwise.selection:select_weights")
"""Of networks of images, under ``model: {selection: ...}``."""

PACKED: Final = Entry("seedwise.models._options:Packed", "seedwise.models:PackedEnsemble")
"""Of networks of images, under ``model: {packed: ...}``; called with the networks."""

SMELU: Final = Entry("seedwise.models._options:SmeLUOptions", "seedwise.models._smelu:replace_relu")
"""Of networks of images, under ``model: {smelu: ...}``."""

QUESTION: Final = _callable("seedwise.statistics:Question")
"""What a study is to find."""

EXECUTORS: Final[Table] = {
    "local": Entry("seedwise.execution._protocol:Resources", "seedwise.execution._local:LocalExecutor"),
    "folder": Entry(
        "seedwise.execution._folder_executor:QueueOptions", "seedwise.execution._folder_executor:FolderExecutor"
    ),
    "slurm": Entry("seedwise.execution._slurm:SlurmOptions", "seedwise.execution._slurm:SlurmExecutor"),
    "ray": Entry("seedwise.execution._ray:RayOptions", "seedwise.execution._ray:RayExecutor"),
}
"""Where runs are trained."""

STUDY_TOPICS: Final[Mapping[str, str]] = {
    "looks": "seedwise.reporting.topics.looks:TOPIC",
    "results": "seedwise.reporting.topics.results:TOPIC",
    "failures": "seedwise.reporting.topics.failures:TOPIC",
    "means": "seedwise.reporting.topics.means:TOPIC",
    "churn": "seedwise.reporting.topics.churn:TOPIC",
    "flips": "seedwise.reporting.topics.flips:TOPIC",
    "further": "seedwise.reporting.topics.further:TOPIC",
    "sources": "seedwise.reporting.topics.sources:TOPIC",
    "new-data": "seedwise.reporting.topics.new_data:TOPIC",
    "costs": "seedwise.reporting.topics.costs:TOPIC",
    "ensembles": "seedwise.reporting.topics.ensembles:TOPIC",
    "mean-spread": "seedwise.reporting.topics.mean_spread:TOPIC",
    "curves": "seedwise.reporting.topics.curves:TOPIC",
    "published": "seedwise.reporting.topics.published:TOPIC",
    "published-means": "seedwise.reporting.topics.published_means:TOPIC",
    "forecasts": "seedwise.reporting.topics.forecasts:TOPIC",
    "steps": "seedwise.reporting.topics.steps:TOPIC",
    "fans": "seedwise.reporting.topics.fans:TOPIC",
    "variables": "seedwise.reporting.topics.variables:TOPIC",
    "scores": "seedwise.reporting.topics.scores:TOPIC",
    "weights": "seedwise.reporting.topics.weights:TOPIC",
    "places": "seedwise.reporting.topics.places:TOPIC",
    "factors": "seedwise.reporting.topics.factors:TOPIC",
    "fixed": "seedwise.reporting.topics.fixed:TOPIC",
    "single-runs": "seedwise.reporting.topics.single_runs:TOPIC",
    "groups": "seedwise.reporting.topics.groups:TOPIC",
    "normal": "seedwise.reporting.topics.normal:TOPIC",
    "loss": "seedwise.reporting.topics.loss:TOPIC",
    "reactivity": "seedwise.reporting.topics.reactivity:TOPIC",
}
"""What a report says of a study, a table, figures and a note each, in the order of the page; the names are those of the
files of tables."""

SEARCH_TOPICS: Final[Mapping[str, str]] = {
    "tuning": "seedwise.reporting._tuning.gains:TOPIC",
    "history": "seedwise.reporting._tuning.history:TOPIC",
    "plane": "seedwise.reporting._tuning.plane:TOPIC",
    "sweep": "seedwise.reporting._tuning.sweep:TOPIC",
    "importances": "seedwise.reporting._tuning.importances:TOPIC",
    "trials": "seedwise.reporting._tuning.trials:TOPIC",
}
"""What a report says of a search, likewise."""
