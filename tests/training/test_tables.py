"""Rows of a table are split, standardized, trained and scored as they should be; sklearn is the reference."""

import io

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from pydantic import ValidationError
from sklearn import metrics as reference

from seedwise.errors import SeedwiseError
from seedwise.losses import binary_variance, residual_variance
from seedwise.models import mlp
from seedwise.randomness import Randomness
from seedwise.registry import KINDS
from seedwise.run import Keep, Run, RunSpec, configure, execute
from seedwise.training import FUNCTION, kind_named, metrics_of, reading_of, task_name, train
from seedwise.training._config import TrainerConfig
from seedwise.training._losses import build_loss
from seedwise.training._measures import evaluate, measures
from seedwise.training._tasks import load_task

ROWS = 120
SGD = {"name": "sgd", "lr": 0.05}
TARGETS = {"regression": "y", "binary": "sick", "multilabel": ["u", "v", "w"], "classification": "size"}


@pytest.fixture(scope="module")
def frame():
    """Two features far from 0, and what follows from them with noise."""
    rng = np.random.default_rng(0)
    a, b = rng.normal(1000, 5, ROWS), rng.normal(-3, 0.01, ROWS)
    z = (a - 1000) / 5 + (b + 3) / 0.01
    noise = rng.normal(0, 0.5, (5, ROWS))
    size = np.digitize(z + noise[1], [-1, 1])
    return {
        "a": a.round(3),
        "b": b.round(5),
        "y": (70_000 + 100 * (z + noise[0])).round(2),
        "y2": (z - noise[0]).round(4),
        "sick": np.where(z + noise[2] > 0.5, "sick", "healthy"),
        "size": np.array(["small", "medium", "large"])[size],
        **{name: (z + n > cut).astype(int) for name, n, cut in zip("uvw", noise[2:], (0, 0.5, 1), strict=True)},
        "part": np.array(["train"] * 80 + ["validation"] * 10 + ["test"] * 30)[rng.permutation(ROWS)],
    }


@pytest.fixture
def config(frame, tmp_path):
    path = tmp_path / "rows.csv"
    path.write_text(
        "\n".join([",".join(frame), *(",".join(map(str, row)) for row in zip(*frame.values(), strict=True))])
    )

    def make(kind, *, dataset=None, task=None, model=None, **options):
        target = (dataset or {}).get("target", TARGETS[kind])
        used = {*([target] if isinstance(target, str) else target), "a", "b", (dataset or {}).get("split")}
        ignore = [name for name in frame if name not in used]
        content = {"csv": str(path), "target": target, "ignore": ignore, **(dataset or {})}
        return {
            "task": {"kind": kind, "dataset": content, **(task or {})},
            "model": model or {"name": "mlp", "width": 8, "depth": 1},
            "train": {"epochs": 2, "batch_size": 16, "optimizer": SGD, **options},
        }

    return make


@pytest.fixture
def trained(config):
    def record(kind, seeds=None, **options):
        content = config(kind, **options)
        spec = RunSpec(FUNCTION, content, {"init": 1, "shuffle": 2} if seeds is None else seeds)
        run = Run(spec, configure(train, content), keep=Keep(predictions="full", weights="final"))
        found = execute(run, train)
        assert found.status == "finished", found.error
        return found

    return record


def task_of(content):
    return load_task(TrainerConfig.model_validate(content).task, "cpu")


@pytest.mark.parametrize("kind", TARGETS)
def test_every_metric_is_that_of_sklearn(kind, trained, config):
    """Of the network that was kept, on rows that are cut and standardized here."""
    found = trained(kind)
    metrics = {name.removeprefix("test/"): value for name, value in found.metrics.items()}
    task = task_of(config(kind))
    parts = task.split(None, Randomness())
    network = mlp(2, task.targets.outputs, width=8, depth=1)
    network.load_state_dict(torch.load(io.BytesIO(found.weights["final"]), weights_only=True))
    rows, of_train = parts["test"].ids.numpy(), parts["train"].ids.numpy()
    features = task.rows.features
    scaled = (features[rows] - features[of_train].mean(0)) / features[of_train].std(0)
    with torch.no_grad():
        z = network(torch.from_numpy(scaled).float()).double().numpy()
    truth = task.targets.values[rows]
    if kind == "regression":
        y = task.targets.values[of_train]
        said = z * y.std(0) + y.mean(0)
        wanted = {
            "mse": reference.mean_squared_error(truth, said),
            "mae": reference.mean_absolute_error(truth, said),
            "rmse": reference.root_mean_squared_error(truth, said),
            "r2": reference.r2_score(truth, said),
        }
    elif kind == "multilabel":
        wanted = {
            "accuracy": reference.accuracy_score(truth, z > 0),
            "hamming": reference.hamming_loss(truth, z > 0),
            "loss": np.mean([reference.log_loss(truth[:, k], 1 / (1 + np.exp(-z[:, k]))) for k in range(3)]),
            "macro_f1": reference.f1_score(truth, z > 0, average="macro"),
        }
    elif kind == "binary":
        truth, p = truth[:, 0], 1 / (1 + np.exp(-z[:, 0]))
        wanted = {
            "accuracy": reference.accuracy_score(truth, p > 0.5),
            "loss": reference.log_loss(truth, p),
            "brier": 2 * reference.brier_score_loss(truth, p),  # over both classes
            "auc": reference.roc_auc_score(truth, p),
        }
        assert 0 < metrics.pop("ece") < 1
    else:
        p = np.exp(z) / np.exp(z).sum(1, keepdims=True)
        wanted = {
            "accuracy": reference.accuracy_score(truth, p.argmax(1)),
            "loss": reference.log_loss(truth, p),
            "brier": np.mean(np.square(p - np.eye(3)[truth]).sum(1)),
        }
        assert 0 < metrics.pop("ece") < 1
    assert metrics == pytest.approx(wanted, rel=1e-5)


def test_metrics_that_are_asked_for_are_those_of_sklearn_too():
    rng = np.random.default_rng(1)
    z, y = rng.normal(size=(50, 1)).round(1), rng.integers(0, 2, 50)  # rounded, so that some are equal
    pair = torch.from_numpy(np.hstack([np.zeros_like(z), z]))
    kind = kind_named("binary")
    found = evaluate(measures(kind.recorded, ["f1"], 2, kind.metrics), pair, torch.from_numpy(y))
    assert found["f1"] == pytest.approx(reference.f1_score(y, z[:, 0] > 0))
    assert found["auc"] == pytest.approx(reference.roc_auc_score(y, z[:, 0]))
    kind = kind_named("regression")
    values, truth = rng.normal(size=(2, 30, 2)) * [1, 1000]
    truth[:, 1] = 7  # a target that is the same everywhere
    found = evaluate(measures(kind.recorded, (), None, kind.metrics), torch.from_numpy(values), torch.from_numpy(truth))
    assert found["r2"] == pytest.approx(reference.r2_score(truth, values))
    assert found["rmse"] == pytest.approx(reference.root_mean_squared_error(truth, values))
    kind = kind_named("multilabel")
    labels = rng.integers(0, 2, (50, 3)) * [1, 1, 0]  # nobody has the third
    said = rng.normal(size=(50, 3)) - [0, 0, 9]  # and nobody is said to
    found = evaluate(measures(kind.recorded, (), None, kind.metrics), torch.from_numpy(said), torch.from_numpy(labels))
    expected = reference.f1_score(labels, said > 0, average="macro", zero_division=0)
    assert found["macro_f1"] == pytest.approx(expected)


def test_units_directions_and_chance():
    def told(content):
        return {m.name: (m.unit, m.higher_is_better, m.chance) for m in metrics_of(content)}

    assert list(KINDS) == ["classification", "binary", "multilabel", "regression", "forecasting"]
    dataset = {"csv": "gone.csv", "target": ["y"], "sha256": "0"}  # metrics are known where the file is not
    assert told({"kind": "regression", "dataset": dataset}) == {
        "mse": ("", False, None),
        "mae": ("", False, None),
        "rmse": ("", False, None),
        "r2": ("", True, 0.0),
    }
    assert told({"kind": "multilabel", "dataset": dataset})["hamming"] == ("share", False, None)
    assert told({"kind": "binary", "dataset": dataset})["auc"] == ("share", True, 0.5)
    assert task_name({"kind": "binary", "dataset": dataset}) == "gone"


def test_chance_is_that_of_the_classes_of_the_file(config):
    metrics = metrics_of(config("classification")["task"])
    assert (metrics[0].name, metrics[0].chance) == ("accuracy", pytest.approx(1 / 3))


def test_the_split_source_draws_the_test_rows_of_every_class_alike(config):
    task = task_of(config("classification", dataset={"split": 0.25}))
    parts = [task.split(None, Randomness({"split": seed})) for seed in (0, 0, 5)]
    ids = [part["test"].ids.tolist() for part in parts]
    assert ids[0] == ids[1] != ids[2]
    for part in parts:
        assert sorted([*part["train"].ids.tolist(), *part["test"].ids.tolist()]) == list(range(ROWS))
        counts = np.bincount(task.targets.values)
        np.testing.assert_array_equal(np.bincount(part["test"].targets), [round(0.25 * count) for count in counts])
    assert TrainerConfig.model_validate(config("classification", dataset={"split": 0.25})).task.size().test == len(
        ids[0]
    )


def test_a_column_splits_the_rows_and_a_seed_makes_a_bootstrap(config, frame):
    content = config("regression", dataset={"split": "part"}, validation={"rule": "best"})
    task, asked = task_of(content), TrainerConfig.model_validate(content).train.validation
    parts = task.split(asked, Randomness())
    for name, part in parts.items():
        assert part.ids.tolist() == np.flatnonzero(frame["part"] == name).tolist()
    drawn = task.split(None, Randomness({"split": 3}))
    assert drawn["test"].ids.tolist() == parts["test"].ids.tolist()
    assert len(drawn["train"]) == 80 > len(set(drawn["train"].ids.tolist()))
    assert set(drawn["train"].ids.tolist()) < set(parts["train"].ids.tolist())
    assert "validation" not in drawn


def test_standardized_on_the_training_rows_alone(config):
    task = task_of(config("regression", dataset={"target": ["y", "y2"]}))
    parts = task.split(None, Randomness({"split": 1}))
    for values in (parts["train"].features, parts["train"].targets):
        np.testing.assert_allclose(values.double().mean(0), 0, atol=1e-5)
        np.testing.assert_allclose(values.double().std(0, correction=0), 1, rtol=1e-4)
    assert parts["test"].features.mean(0).abs().min() > 1e-3, "the others decide nothing"


def test_runs_have_the_same_bits_and_other_seeds_others(trained):
    first, again, other = (trained("binary", seeds) for seeds in (None, None, {"init": 1, "shuffle": 3}))
    assert first.weights_sha256 == again.weights_sha256 != other.weights_sha256
    assert trained("binary", {"init": 1, "split": 4}).weights_sha256 != first.weights_sha256


def test_what_is_kept(trained, config):
    labels = trained("binary").predictions[-1]
    assert labels.logits.shape[1] == 2
    assert not labels.logits[:, 0].any()
    np.testing.assert_array_equal(labels.predicted, labels.logits[:, 1] > 0)
    sets = trained("multilabel").predictions[-1]
    truth = task_of(config("multilabel")).targets.values[sets.ids].astype(int)
    np.testing.assert_array_equal(sets.labels, truth @ [1, 2, 4])
    np.testing.assert_array_equal(sets.predicted, (sets.logits > 0).astype(int) @ [1, 2, 4])
    record = trained("regression", dataset={"target": ["y", "y2"]})
    values = record.forecasts[-1]
    task = task_of(config("regression", dataset={"target": ["y", "y2"]}))
    np.testing.assert_allclose(values.truth[:, 0], task.targets.values[values.ids], rtol=1e-6)
    assert values.sample.shape == (24, 1, 2)
    assert values.sample.dtype == np.float32, "70 000 is more than half precision has"
    assert values.variables == ["y", "y2"]
    np.testing.assert_allclose(values.errors[0].mean(), record.metrics["test/mse"], rtol=1e-5)


def test_losses_are_torchs_and_the_plain_one_has_no_name(config):
    z, y = torch.randn(8, 1, generator=torch.manual_seed(0)), torch.linspace(-3, 3, 8)[:, None]
    for name, wanted in (
        ("absolute_error", F.l1_loss(z, y)),
        ({"name": "huber", "delta": 0.5}, F.huber_loss(z, y, delta=0.5)),
        ("squared_error", F.mse_loss(z, y)),
        ("mse", F.mse_loss(z, y)),
    ):
        content = TrainerConfig.model_validate(config("regression", loss=name))
        loss = build_loss(content.train.loss, load_task(content.task, "cpu"), Randomness())
        assert loss(z, y) == wanted
        plain = TrainerConfig.model_validate(config("regression"))
        assert (content == plain) == (name in ("squared_error", "mse"))


@pytest.mark.parametrize(("kind", "variance"), [("regression", residual_variance), ("binary", binary_variance)])
def test_clf_takes_the_variance_of_the_kind(kind, variance, config):
    content = TrainerConfig.model_validate(config(kind, loss={"name": "clf", "lambda_v": 0.5, "lambda_s": 0.0}))
    task = load_task(content.task, "cpu")
    loss = build_loss(content.train.loss, task, Randomness())
    z, y = torch.randn(8, 1, generator=torch.manual_seed(0)), (torch.arange(8) % 2)[:, None].float()
    base = F.mse_loss if kind == "regression" else F.binary_cross_entropy_with_logits
    torch.testing.assert_close(loss(z.requires_grad_(), y), base(z, y) + 0.5 * variance(z, y))


@pytest.mark.parametrize("kind", ["regression", "binary", "multilabel"])
def test_controllers_and_their_controls_train(kind, trained):
    vml = {"name": "vml", "warmup_steps": 2, "lambda_base": 0.5}
    for loss in (vml, {"name": "placebo", "controller": vml}, {"name": "lr_control", "controller": vml}):
        assert np.isfinite(trained(kind, loss=loss).series[-1]["train/loss"])


@pytest.mark.parametrize("loss", ["ens_loss", "any_loss"])
def test_binary_objectives_train_a_binary_task(loss, trained):
    before, after = (trained("binary", loss=loss, epochs=epochs).metrics["test/accuracy"] for epochs in (1, 30))
    assert after > max(before - 0.1, 0.75)


def test_a_text_of_yes_is_named_before_the_training(config):
    (line,) = reading_of(TrainerConfig.model_validate(config("binary")))
    assert line == "sick: 'sick' is yes, and 'healthy' no"
    assert reading_of(TrainerConfig.model_validate(config("regression"))) == []


def test_mistakes_are_one_line(config, tmp_path):
    def fails(line, kind="regression", **options):
        with pytest.raises(ValidationError, match=line):
            TrainerConfig.of_study_file(config(kind, **options))

    fails("cross_entropy needs classes: the loss of a regression is 'loss: squared_error'", loss="cross_entropy")
    fails("huber needs numbers: the loss of kind: binary is 'loss: binary_cross_entropy'", kind="binary", loss="huber")
    fails("comp_sum needs classes", kind="multilabel", loss={"name": "vml", "base": "comp_sum"})
    fails("small_cnn takes images, and this task is a table: write 'model: mlp'", model={"name": "small_cnn"})
    fails("distill compares probabilities of classes, and a regression has none", distill={"weight": 0.5})
    fails("train.validation.fraction is missing", validation={"rule": "best"})
    fails("'accuracy' is none of mse, mae, rmse, r2", validation={"fraction": 0.1, "metric": "accuracy"})
    fails("test: none leaves nothing to evaluate: set train: {validation: {fraction: 0.1}}", task={"test": "none"})
    with pytest.raises(SeedwiseError, match=r"has 3 different values .*kind: binary needs two: write kind: classific"):
        task_of(config("binary", dataset={"target": "size"}))
    with pytest.raises(SeedwiseError, match="needs 2 to 62 columns of 0 and 1 in target, not 1: write kind: binary"):
        task_of(config("multilabel", dataset={"target": "u"}))
    content = TrainerConfig.model_validate(config("regression"))
    (tmp_path / "rows.csv").write_text("a,b,y\n1,2,3\n")
    with pytest.raises(SeedwiseError, match="has changed since the study was planned: type 'seedwise run' again"):
        load_task(content.task, "cpu")


def test_few_rows_are_refused(tmp_path):
    (tmp_path / "few.csv").write_text("a,y\n1,2\n2,3\n3,4\n")
    content = {"kind": "regression", "dataset": {"csv": str(tmp_path / "few.csv"), "target": "y"}}
    task = load_task(
        TrainerConfig.model_validate(
            {"task": content, "model": "mlp", "train": {"epochs": 1, "batch_size": 2, "optimizer": SGD}}
        ).task,
        "cpu",
    )
    with pytest.raises(SeedwiseError, match="leaves 1 rows for test: at least 2 are needed"):
        task.split(None, Randomness())


def test_names_of_runs_follow_the_content(config, tmp_path):
    first = TrainerConfig.model_validate(config("regression")).model_dump(mode="json", exclude_defaults=True)
    assert set(first["task"]) == {"kind", "dataset"}
    (tmp_path / "rows.csv").write_text((tmp_path / "rows.csv").read_text() + "\n")
    assert TrainerConfig.model_validate(config("regression")).task.dataset.sha256 != first["task"]["dataset"]["sha256"]


def test_the_network_is_as_deep_as_it_says():
    linear = mlp(3, 2, depth=0)
    assert [tuple(p.shape) for p in linear.parameters()] == [(2, 3), (2,)]
    deep = mlp(3, 2, width=5, depth=3, dropout=0.5)
    assert [tuple(p.shape) for p in deep.parameters() if p.dim() == 2] == [(5, 3), (5, 5), (5, 5), (2, 5)]
    assert sum(isinstance(m, torch.nn.Dropout) for m in deep) == 3
