"""Forecasts are trained, stopped, scored and kept as they should be, on a sine with noise."""

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from pydantic import ValidationError

from seedwise.models import dlinear, itransformer
from seedwise.randomness import Randomness
from seedwise.run import Checkpoint, Keep, Run, RunSpec, configure, execute, weights_sha256
from seedwise.training import FUNCTION, _loop, steps_of, train
from seedwise.training._forecasting import Forecasting

ROWS, LOOKBACK, HORIZON, BATCH = 300, 12, 6, 32
TRAIN, TEST = range(210), range(240, ROWS)
ADAM = {"name": "adam", "lr": 0.01}
SMALL = {"name": "itransformer", "d_model": 8, "heads": 2, "layers": 1, "dropout": 0.2}
SEEDS = {"init": 1, "shuffle": 2, "augment": 3, "dropout": 4}


@pytest.fixture(scope="module")
def values():
    noise = np.random.default_rng(0).normal(0, 0.2, (ROWS, 2))
    hours = np.arange(ROWS)[:, None]
    return np.round(np.sin(2 * np.pi * hours / np.array([12, 24])) + np.array([5, -3]) + noise, 4)


@pytest.fixture
def csv(values, tmp_path):
    path = tmp_path / "sine.csv"
    times = np.datetime64("2024-01-01T00", "h") + np.arange(ROWS)
    lines = [f"{str(t).replace('T', ' ')}:00:00,{a},{b}" for t, (a, b) in zip(times, values, strict=True)]
    path.write_text("\n".join(["date,a,b", *lines]))
    return str(path)


@pytest.fixture
def new_run(csv):
    def run(seeds=None, *, model="dlinear", checkpoint=None, keep=None, dataset=None, task=None, **options):
        series = {"csv": csv, "lookback": LOOKBACK, "horizon": HORIZON, **(dataset or {})}
        config = {
            "task": {"dataset": series, **(task or {})},
            "model": model if isinstance(model, dict) else {"name": model},
            "train": {"epochs": 3, "batch_size": BATCH, "optimizer": ADAM, **options},
        }
        spec = RunSpec(FUNCTION, config, SEEDS if seeds is None else seeds)
        kept = Keep(predictions="full") if keep is None else keep
        return Run(spec, configure(train, config), checkpoint=checkpoint or Checkpoint(None), keep=kept)

    return run


@pytest.fixture
def trained(new_run):
    def record(*args, **options):
        found = execute(new_run(*args, **options), train)
        assert found.status == "finished", found.error
        return found

    return record


@pytest.fixture
def windows(values):
    """Inputs, calendar features and targets of a split, cut by hand."""
    of_train = values[: len(TRAIN)]
    scaled = torch.tensor((values - of_train.mean(0)) / of_train.std(0)).float()

    def cut(rows):
        starts = range(max(rows.start - LOOKBACK, 0), rows.stop - LOOKBACK - HORIZON + 1)
        inputs = torch.stack([scaled[s : s + LOOKBACK] for s in starts])
        return inputs, torch.stack([scaled[s + LOOKBACK : s + LOOKBACK + HORIZON] for s in starts])

    return cut


def calendar_of(new_run, count):
    task = Forecasting(loaded(new_run).series, LOOKBACK, HORIZON)
    return task.batch(task.windows["train"], torch.arange(count))[1]


def loaded(new_run):
    from seedwise.training._tasks import load_task

    return load_task(new_run().config.task, "cpu")


@pytest.fixture
def by_hand(new_run, windows):
    """Train in plain torch: three epochs of Adam, the last at half the rate; ``loss`` gets the number of the epoch."""

    def train_by_hand(name="dlinear", loss=lambda epoch, *pair: torch.nn.functional.mse_loss(*pair), columns=(0, 1)):
        inputs, targets = windows(TRAIN)
        calendar = calendar_of(new_run, len(inputs))
        streams = Randomness(SEEDS)
        with streams.scope("init", "weights"):
            if name == "dlinear":
                network = dlinear(2, LOOKBACK, HORIZON, calendar.shape[2])
            else:
                network = itransformer(
                    2, LOOKBACK, HORIZON, calendar.shape[2], d_model=8, heads=2, layers=1, dropout=0.2
                )
        optimizer = torch.optim.Adam(network.parameters(), lr=0.01, fused=True)
        for epoch, rate in enumerate([0.01, 0.01, 0.005]):
            optimizer.param_groups[0]["lr"] = rate
            order = torch.from_numpy(streams.numpy("shuffle", "order", epoch).permutation(len(inputs)))
            with streams.scope("dropout", "masks", epoch):
                for index in order.split(BATCH):
                    outputs = network(inputs[index], calendar[index])
                    total = loss(epoch, outputs[:, :, list(columns)], targets[index][:, :, list(columns)])
                    optimizer.zero_grad()
                    total.backward()
                    optimizer.step()
        return network

    return train_by_hand


@pytest.mark.parametrize("name", ["dlinear", "itransformer"])
def test_the_bits_are_those_of_a_loop_in_plain_torch(trained, by_hand, name):
    record = trained(model=SMALL if name == "itransformer" else name, schedule="halving")
    assert record.weights_sha256 == weights_sha256(by_hand(name).state_dict())


def test_only_the_target_is_learned(trained, by_hand):
    record = trained(dataset={"target": ["b"]}, schedule="halving")
    state = {f"network.{name}": value for name, value in by_hand(columns=[1]).state_dict().items()}
    assert record.weights_sha256 == weights_sha256(state)


class CLFByHand:
    """FACTS of the paper: |l - mean of the epoch before|, and the residual's variance within each variable."""

    def __init__(self):
        self.epoch, self.before, self.seen = 0, None, []

    def __call__(self, epoch, outputs, targets):
        if epoch > self.epoch:
            losses, counts = zip(*self.seen, strict=True)
            self.epoch, self.before, self.seen = epoch, np.average(losses, weights=counts), []
        residual = outputs - targets
        loss = (residual**2).mean()
        self.seen.append((loss.item(), len(outputs)))
        variance = sum(residual[:, :, k].var(correction=0) for k in range(2)) / 2
        return loss + 0.5 * variance + (0 if self.before is None else 0.3 * (loss - self.before).abs())


class VMLByHand:
    """The recurrences of the paper with W = 3, lambda_base 2, and the defaults of its table 5."""

    def __init__(self):
        self.m, self.s, self.reference, self.step = None, 0.0, None, 0

    def __call__(self, _, outputs, targets):
        loss = ((outputs - targets) ** 2).mean()
        value = loss.item()
        self.step += 1
        d = 0.0 if self.m is None else value - self.m
        constant = value if self.m is None else self.m
        self.s = 0.8 * self.s + 0.2 * abs(d)
        self.m = value if self.m is None else 0.95 * self.m + 0.05 * value
        if self.step == 3:
            self.reference = max(self.s, 1e-8)
        if self.step < 3:
            return loss
        weight = min(2.0 * self.s / (self.reference + 1e-8), 2.0)
        return loss + weight * torch.nn.functional.smooth_l1_loss(loss, torch.tensor(constant), beta=0.2)


@pytest.mark.parametrize(
    ("loss", "reference"),
    [
        ({"name": "clf", "lambda_s": 0.3, "lambda_v": 0.5}, CLFByHand),
        ({"name": "vml", "warmup_steps": 3, "lambda_base": 2.0}, VMLByHand),
    ],
)
def test_stabilising_losses_on_a_regression_base(trained, by_hand, windows, new_run, loss, reference):
    record = trained(schedule="halving", loss=loss)
    network = by_hand(loss=reference())
    inputs, targets = windows(TEST)
    with torch.no_grad():
        outputs = network(inputs, calendar_of(new_run, len(inputs)))  # dlinear leaves the calendar aside
    expected = ((outputs - targets) ** 2).mean().item()
    assert record.metrics["test/mse"] == pytest.approx(expected, rel=1e-5)
    base = trained(schedule="halving").metrics["test/mse"]
    assert abs(base / expected - 1) > 1e-3


def test_a_placebo_on_a_regression_base_multiplies_by_its_shadows_factors(trained):
    shadow = {"name": "clf", "lambda_s": 0.5, "lambda_v": 0}
    rows = trained(schedule="halving", loss={"name": "placebo", "controller": shadow}).series
    # CLF's stable term gives 1 in the first epoch, then .5 or 1.5: the loss falls, and most batches are below its mean.
    assert (rows[0]["train/factor_min"], rows[0]["train/factor_max"]) == (1, 1)
    assert rows[2]["train/factor_min"] == 0.5
    assert {row["train/factor_max"] for row in rows} <= {1, 1.5}
    plain = trained(schedule="halving").series
    assert rows[0]["train/loss"] == plain[0]["train/loss"]
    assert rows[2]["train/loss"] != plain[2]["train/loss"]


def stopped_by_hand(losses, patience):
    """The published rule with a counter: (epochs trained, best epoch)."""
    best, at, waited = math.inf, 0, 0
    for epoch, loss in enumerate(losses):
        if loss < best:
            best, at, waited = loss, epoch, 0
        else:
            waited += 1
            if waited >= patience:
                return epoch + 1, at
    return len(losses), at


CURVES = {
    "falls": [6, 5, 4, 3, 2, 1],
    "rises": [1, 2, 3, 4, 5, 6],
    "late": [3, 4, 2, 5, 6, 1],
    "twice": [3, 2, 4, 2, 5, 1],
    "equal": [2, 2, 2, 2, 2, 2],
}


def script(monkeypatch, losses):
    """Let validation see given losses; the task evaluates validation, then test, in each epoch."""
    evaluate, epochs = Forecasting.evaluate, []

    def scripted(task, outputs, targets):
        scores = evaluate(task, outputs, targets)
        if len(outputs) == 25:  # the windows of validation
            epochs.append(1)
            scores["mse"] = float(losses[min(len(epochs), len(losses)) - 1])
        return scores

    monkeypatch.setattr(Forecasting, "evaluate", scripted)


@pytest.mark.parametrize("patience", [1, 2, 3])
@pytest.mark.parametrize("losses", CURVES.values(), ids=CURVES)
def test_training_stops_as_the_published_rule_says(trained, monkeypatch, losses, patience):
    epochs, best = stopped_by_hand(losses, patience)
    alone = trained(epochs=best + 1)
    script(monkeypatch, losses)
    record = trained(epochs=len(losses), validation={"rule": "best", "patience": patience})
    assert len(record.series) == epochs
    assert {f.epoch for f in record.forecasts} == {best}
    assert record.weights_sha256 == alone.weights_sha256
    assert record.metrics["test/mse"] == alone.metrics["test/mse"]


def test_no_choice_looks_at_test_data(trained, monkeypatch):
    options = {"epochs": 5, "validation": {"rule": "best", "patience": 1}}
    expected = trained(**options).weights_sha256
    evaluate = Forecasting.evaluate

    def turned_round_on_test(task, outputs, targets):
        scores = evaluate(task, outputs, targets)
        return {name: -value for name, value in scores.items()} if len(outputs) == len(TEST) - HORIZON + 1 else scores

    monkeypatch.setattr(Forecasting, "evaluate", turned_round_on_test)
    assert trained(**options).weights_sha256 == expected


def outcome(record):
    kept = [
        {name: value.tolist() if isinstance(value, np.ndarray) else value for name, value in vars(forecasts).items()}
        for forecasts in record.forecasts
    ]
    return record.status, record.weights_sha256, record.metrics, record.series, kept


LOSSES = {
    "base": {},
    "clf": {"loss": {"name": "clf", "lambda_s": 0.5}},
    "placebo": {"loss": {"name": "placebo", "controller": {"name": "vml", "warmup_steps": 3}}},
}


@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
def test_after_a_stop_at_every_epoch(new_run, trained, monkeypatch, tmp_path, loss):
    options = {
        "epochs": 6,
        "schedule": "halving",
        "validation": {"rule": "best", "patience": 2},
        "model": SMALL,
        **loss,
    }
    script(monkeypatch, CURVES["twice"])
    expected = outcome(trained(**options))
    assert len(expected[3]) == 4
    script(monkeypatch, CURVES["twice"])
    for _ in range(4):
        stop = Checkpoint(tmp_path / "c", should_stop=lambda: True)
        assert execute(new_run(checkpoint=stop, **options), train).status == "interrupted"
    monkeypatch.setattr(_loop.Trainer, "step", None)  # the checkpoint knows that no epoch is left
    last = execute(new_run(checkpoint=Checkpoint(tmp_path / "c"), **options), train)
    assert last.resumed_from == [1, 2, 3, 4]
    # The script counts evaluations, and the last one is of the best weights in both.
    assert outcome(last)[:2] == expected[:2]
    assert outcome(last)[3:] == expected[3:]


def test_every_number_is_that_of_numpy(trained, windows):
    record = trained(validation={"rule": "best"})
    inputs, targets = (part.numpy() for part in windows(TEST))
    kept = {forecasts.split: forecasts for forecasts in record.forecasts}
    assert list(kept) == ["validation", "test"]
    test = kept["test"]
    assert len(targets) == len(TEST) - HORIZON + 1 == 55  # fewer than the sample holds, so that all are in it
    assert test.ids.tolist() == list(range(TEST.start - LOOKBACK, ROWS - LOOKBACK - HORIZON + 1))
    assert test.sampled.tolist() == list(range(55))
    assert test.variables == ["a", "b"]
    np.testing.assert_array_equal(test.truth, targets)
    np.testing.assert_array_equal(test.history, inputs)
    error = test.sample.astype(np.float64) - targets
    assert record.metrics["test/mse"] == pytest.approx(np.mean(error**2), rel=1e-12)
    assert record.metrics["test/mae"] == pytest.approx(np.mean(np.abs(error)), rel=1e-12)
    for k, one in enumerate((error**2, np.abs(error))):
        np.testing.assert_allclose(test.by_step[k], one.mean((0, 2)), rtol=1e-12)
        np.testing.assert_allclose(test.by_variable[k], one.mean((0, 1)), rtol=1e-12)
        np.testing.assert_allclose(test.errors[k], one.mean((1, 2)), rtol=1e-6)
    naive = inputs[:, -1:] - targets
    assert record.metrics["naive/mse"] == pytest.approx(np.mean(naive.astype(np.float64) ** 2), rel=1e-6)
    assert record.metrics["naive/mae"] == pytest.approx(np.mean(np.abs(naive, dtype=np.float64)), rel=1e-6)
    assert "seasonal_naive/mse" not in record.metrics  # half a day of input holds no day


def test_what_is_kept_of_many_windows(new_run, trained):
    options = {"dataset": {"split": [0.4, 0.1, 0.5]}}
    half, errors_alone = (
        trained(keep=Keep(predictions=kept), **options).forecasts[0] for kept in ("logits16", "labels")
    )
    full = trained(**options).forecasts[0]
    assert len(full.ids) == 150 - HORIZON + 1
    assert (full.sample.shape, full.sample.dtype, half.sample.dtype) == ((64, HORIZON, 2), np.float32, np.float16)
    assert np.ptp(np.diff(full.sampled)) <= 1
    assert full.sampled[[0, -1]].tolist() == [0, 144]
    np.testing.assert_array_equal(half.sample, full.sample.astype(np.float16))
    np.testing.assert_array_equal(full.truth[-1], loaded_truth(new_run, options, 144))
    assert errors_alone.sample is errors_alone.truth is errors_alone.history is None
    np.testing.assert_array_equal(errors_alone.errors, full.errors)


def loaded_truth(new_run, options, window):
    from seedwise.training._tasks import load_task

    task = load_task(new_run(**options).config.task, "cpu")
    return task.batch(task.windows["test"], torch.tensor([window]))[-1][0].numpy()


def test_each_source_moves_the_weights_but_augment(trained):
    def bits(**changed):
        record = trained({**SEEDS, **changed}, model=SMALL, epochs=1)
        return record.weights_sha256

    base = bits()
    moved = [source for source in SEEDS if bits(**{source: 9}) != base]
    assert moved == ["init", "shuffle", "dropout"]


def test_a_source_that_changes_nothing_is_named_where_it_varies_alone(trained):
    note = "the source 'augment' changes nothing: this task does not vary its inputs"
    assert trained({"augment": 1}, epochs=1).notes == [note]
    assert trained(epochs=1).notes == []


def test_only_the_target_is_forecast(trained, windows):
    record = trained(dataset={"target": ["b"]})
    test = record.forecasts[-1]
    assert test.variables == ["b"]
    np.testing.assert_array_equal(test.truth, windows(TEST)[1][:, :, 1:].numpy())
    assert test.sample.shape == (55, HORIZON, 1)


def test_some_windows_are_evenly_spaced(trained):
    test = trained(task={"test_windows": 10, "train_windows": 40}).forecasts[-1]
    assert test.ids.tolist() == [228 + 6 * k for k in range(10)]


def test_what_does_not_fit(new_run):
    def fails(match, **options):
        with pytest.raises(ValidationError, match=match):
            new_run(**options)

    fails("small_cnn takes images, and this task is a time series: write 'model: itransformer'", model="small_cnn")
    fails("naive has no seeds and nothing to train", model="naive")
    fails("validation rows of its own: leave out fraction", validation={"fraction": 0.1})
    fails("'accuracy' is none of mse, mae", validation={"rule": "best", "metric": "accuracy"})
    fails("set rule: best", validation={"patience": 3})
    fails("cross_entropy needs classes: the loss of a forecast is 'loss: mse'", loss="cross_entropy")
    fails("cannot read nowhere.csv", dataset={"csv": "nowhere.csv"})
    assert new_run(loss="mse").config == new_run().config


def test_what_does_not_fit_the_rows(new_run):
    def crashes(match, **options):
        record = execute(new_run(**options), train)
        assert record.status == "crashed"
        assert match in record.error

    crashes("too few rows: 30 for validation hold no window of 12 + 31 rows", dataset={"horizon": 31})
    crashes("leave 'split' out", seeds={"split": 1})
    crashes("has no column 'c': its columns are a, b", dataset={"target": ["c"]})
    crashes("has 55 windows for test, not 56", task={"test_windows": 56})


def test_a_file_that_changed_is_another_run(new_run, csv):
    planned = new_run()
    with Path(csv).open("a") as file:
        file.write("\n2024-01-13 12:00:00,1,2")
    record = execute(planned, train)
    assert "has changed since the study was planned" in record.error
    assert new_run().config.task.dataset.sha256 != planned.config.task.dataset.sha256


def test_the_steps_are_known_before_it_is_trained(new_run):
    run = new_run(task={"train_windows": 100})
    assert steps_of(run.config) == 3 * 4  # 100 windows are 3.1 batches of 32
    assert steps_of(new_run().config) == 3 * math.ceil((len(TRAIN) - LOOKBACK - HORIZON + 1) / BATCH)
