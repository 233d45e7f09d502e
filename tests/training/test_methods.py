"""Every method of training against a plain loop in which it is written out by hand."""

import copy
import io
import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from sklearn.datasets import load_digits
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode

from seedwise.data import load
from seedwise.randomness import Randomness
from seedwise.run import Keep, execute, load_function
from seedwise.training import _loop, _tasks, train

SEEDS = {"init": 1, "shuffle": 2, "augment": 3, "dropout": 4}
BATCH, STEPS, LR = 479, 3, 0.1
VML = {"name": "vml", "warmup_steps": 2, "lambda_base": 2.0, "delta": 0.1}


@pytest.fixture
def run_of(new_run, tiny_net):
    def make(**options):
        options = {"optimizer": {"name": "sgd", "lr": LR, "momentum": 0.9}, "batch_size": BATCH, **options}
        return new_run(SEEDS, model={"name": tiny_net}, keep=Keep("full", "snapshots"), **options)

    return make


@pytest.fixture
def record_of(run_of):
    def record(**options):
        done = execute(run_of(**options), train)
        assert done.status == "finished", done.error
        return done

    return record


def new_network():
    with Randomness(SEEDS).scope("init", "weights"):
        return load_function("tiny_net:make")(1, 10)


DIGITS = load_digits()


def images_and_labels(ids, shifts=None):
    images = DIGITS.images[ids]
    if shifts is not None:
        padded = np.pad(images, ((0, 0), (1, 1), (1, 1)))
        images = np.stack([p[y : y + 8, x : x + 8] for p, (y, x) in zip(padded, shifts, strict=True)])
    inputs = torch.tensor((images - 4.886) / 6.018, dtype=torch.float32)[:, None]
    return inputs, torch.tensor(DIGITS.target[ids])


TEST = load("digits").test.ids.numpy()
TRAINING = np.setdiff1d(np.arange(1797), TEST)


def cross_entropy_gradients(model, inputs, labels):
    model.zero_grad()
    loss = F.cross_entropy(model(inputs), labels)
    loss.backward()
    return loss.item()


def plain_loop(model, epochs, gradients=cross_entropy_gradients, lr=lambda step: LR, losses=None):
    """Train as the documentation says; yields after every step, whose number says whether the epoch ends."""
    randomness = Randomness(SEEDS)
    optimizer = torch.optim.SGD(model.parameters(), lr=LR, momentum=0.9)
    for epoch in range(epochs):
        order = randomness.numpy("shuffle", "order", epoch).permutation(1437)
        table = randomness.numpy("augment", "table", epoch).integers(0, 3, (1437, 2))
        with torch.random.fork_rng():
            torch.manual_seed(randomness.integer("dropout", "masks", epoch))
            for k in range(STEPS):
                slots = order[k * BATCH : (k + 1) * BATCH]
                model.train()
                optimizer.param_groups[0]["lr"] = lr(epoch * STEPS + k)
                loss = gradients(model, *images_and_labels(TRAINING[slots], table[slots]))
                optimizer.step()
                if losses is not None:
                    losses.append(loss)
                yield epoch * STEPS + k + 1


def logits_of(model):
    with torch.no_grad():
        return copy.deepcopy(model).eval()(images_and_labels(TEST)[0])


def scores_of(model):
    logits, labels = logits_of(model), images_and_labels(TEST)[1]
    accuracy = (logits.argmax(1) == labels).float().mean().item()
    return {"test/accuracy": accuracy, "test/loss": F.cross_entropy(logits, labels).item()}


def by_epoch(losses):
    return pytest.approx(np.reshape(losses, (-1, STEPS)).mean(1), rel=1e-4)


def state_in(record, tag="final"):
    return torch.load(io.BytesIO(record.weights[tag]), weights_only=True)


def assert_result(record, model):
    """The run's state, predictions and metrics are those of ``model``."""
    found = state_in(record)
    for name, value in model.state_dict().items():
        torch.testing.assert_close(found[name], value, atol=1e-4, rtol=1e-3, msg=lambda m, n=name: f"{n}: {m}")
    (final,) = [p for p in record.predictions if p.tag == "final"]
    np.testing.assert_allclose(final.logits, logits_of(model), atol=1e-3)
    expected = scores_of(model)
    assert {name: record.metrics[name] for name in expected} == pytest.approx(expected, rel=1e-3)


def assert_differs(record, model):
    """The method does something: ``assert_result`` would fail without it."""
    (final,) = [p for p in record.predictions if p.tag == "final"]
    assert np.abs(final.logits - logits_of(model).numpy()).max() > 0.02


def trained_plainly(epochs, **how):
    model = new_network()
    for _ in plain_loop(model, epochs, **how):
        pass
    return model


def test_without_a_method(record_of):
    assert_result(record_of(epochs=2), trained_plainly(2))


# Averages of weights


@pytest.mark.parametrize("debias", [True, False])
def test_ema(record_of, debias):
    record = record_of(epochs=3, averaging={"name": "ema", "decay": 0.8, "debias": debias})
    model = new_network()
    average = copy.deepcopy(model)
    total = {name: 0 if debias else value.double() for name, value in model.state_dict().items()}
    for step in plain_loop(model, 3):
        for name, value in model.state_dict().items():
            total[name] = 0.8 * total[name] + 0.2 * value.double()
            mean = total[name] / (1 - 0.8**step) if debias else total[name]
            average.state_dict()[name].copy_(mean if value.is_floating_point() else value)
        if step % STEPS == 0:
            row = record.series[step // STEPS - 1]
            assert {name: row[name] for name in ("test/accuracy", "test/loss")} == pytest.approx(
                scores_of(average), rel=1e-3
            )
    assert_result(record, average)
    assert_differs(record, model)
    base = record_of(epochs=3)
    assert [row["train/loss"] for row in record.series] == [row["train/loss"] for row in base.series]


def expected_swa(first_epoch, epochs):
    model, states = new_network(), []
    for step in plain_loop(model, epochs):
        if step % STEPS == 0 and step // STEPS > first_epoch:
            states.append(copy.deepcopy(model.state_dict()))
    average = copy.deepcopy(model)
    for name, parameter in average.named_parameters():
        parameter.data.copy_(torch.stack([state[name] for state in states]).mean(0))
    recompute_statistics(average)
    return average, model


def recompute_statistics(average):
    with torch.no_grad():  # all 1437 images, in one batch and not varied
        activations = average[0](images_and_labels(TRAINING)[0]).double()
        average[1].running_mean.copy_(activations.mean((0, 2, 3)))
        average[1].running_var.copy_(activations.var((0, 2, 3), correction=1))
        average[1].num_batches_tracked.fill_(1)


@pytest.mark.parametrize(("start", "first_epoch"), [(0.5, 2), (0.3, 2), (0.74, 3), (0, 0)])
def test_swa(record_of, start, first_epoch):
    record = record_of(epochs=4, averaging={"name": "swa", "start": start})
    average, model = expected_swa(first_epoch, 4)
    assert_result(record, average)
    if first_epoch < 3:
        assert_differs(record, model)
    base = record_of(epochs=4)
    assert record.series[:first_epoch] == base.series[:first_epoch]
    assert [row["train/loss"] for row in record.series] == [row["train/loss"] for row in base.series]
    assert record.series[first_epoch]["test/loss"] != base.series[first_epoch]["test/loss"]


@pytest.mark.parametrize(("start", "first_epoch", "replace"), [(0, 0, True), (0.3, 1, True), (0, 0, False)])
def test_aswa(record_of, start, first_epoch, replace):
    averaging = {"name": "aswa", "start": start, **({} if replace else {"replace": False})}
    record = record_of(epochs=3, averaging=averaging)
    model, states = new_network(), []
    average = copy.deepcopy(model)
    for step in plain_loop(model, 3):
        if step > first_epoch * STEPS:
            states.append({name: value.detach().double().clone() for name, value in model.named_parameters()})
        if step % STEPS == 0 and states:
            for name, parameter in average.named_parameters():
                parameter.data.copy_(torch.stack([state[name] for state in states]).mean(0))
                if replace:
                    model.get_parameter(name).data.copy_(parameter.data)
            recompute_statistics(average)
            row, expected = record.series[step // STEPS - 1], scores_of(average)
            assert {name: row[name] for name in expected} == pytest.approx(expected, rel=1e-3)
    assert len(states) == STEPS * (3 - first_epoch)
    assert_result(record, average)
    base = record_of(epochs=3)
    losses, of_base = ([row["train/loss"] for row in one.series] for one in (record, base))
    assert losses[: first_epoch + 1] == of_base[: first_epoch + 1]
    assert (losses == of_base) != replace
    assert_differs(base, average)


def test_statistics_are_recomputed_in_parts_of_equal_size(run_of, monkeypatch):
    monkeypatch.setattr(_tasks.Classification, "chunk", 500)
    trainer = _loop.Trainer(run_of(averaging={"name": "swa", "start": 0}), _tasks.Classification(load("digits"), True))
    parts = list(trainer.training_inputs())
    assert [len(part) for part in parts] == [479, 479, 479]
    torch.testing.assert_close(torch.cat(parts), images_and_labels(load("digits").train.ids.numpy())[0])


@pytest.mark.parametrize(
    "averaging", [{"name": "ema", "decay": 0.8}, {"name": "swa", "start": 0.5}, {"name": "aswa", "start": 0.5}]
)
def test_the_best_epoch_is_that_of_the_average(record_of, averaging):
    # The last epoch's learning rate undoes what was learned.
    options = {"epochs": 4, "schedule": {"name": "step", "epochs": [3], "gamma": 30}, "averaging": averaging}
    record = record_of(validation={"fraction": 0.2, "rule": "best", "metric": "loss"}, **options)
    first = 0 if averaging["name"] == "ema" else 2
    losses = [row["validation/loss"] for row in record.series]
    at = first + int(np.argmin(losses[first:]))
    assert at < 3
    assert record.metrics == {name: record.series[at][name] for name in record.metrics}
    assert {p.epoch for p in record.predictions} == {at}
    if averaging["name"] == "ema":  # up to there the learning rates are those of a shorter training
        shorter = record_of(validation={"fraction": 0.2}, **{**options, "epochs": at + 1})
        assert shorter.weights_sha256 == record.weights_sha256


def test_epochs_before_the_average_are_not_chosen(record_of):
    # Without the average the first epoch would be the best.
    options = {
        "epochs": 4,
        "optimizer": {"name": "sgd", "lr": 3.0},
        "schedule": {"name": "step", "epochs": [1], "gamma": 2},
    }
    validation = {"fraction": 0.2, "rule": "best", "metric": "loss"}
    record = record_of(averaging={"name": "swa", "start": 0.6}, validation=validation, **options)
    losses = [row["validation/loss"] for row in record.series]
    assert min(losses) < losses[3]
    assert record.metrics["validation/loss"] == losses[3]


# Snapshots


def cyclic(step):
    """Two epochs of three steps a cycle; the first epoch of all is the warm-up."""
    return warm_cycle(step) if step < 6 else LR * (1 + math.cos(math.pi * (step % 6) / 6)) / 2


def warm_cycle(step):
    """Two epochs of three steps a cycle; the first is a warm-up."""
    at = step % 6
    return LR * ((at + 1) / 3 if at < 3 else (1 + math.cos(math.pi * (at - 3) / 3)) / 2)


@pytest.mark.parametrize(("warmup", "rate"), [("first_cycle", cyclic), ("every_cycle", warm_cycle)])
def test_snapshots(record_of, warmup, rate):
    schedule = {"name": "cosine", "warmup_epochs": 1}
    record = record_of(epochs=6, snapshots={"cycles": 3, "warmup": warmup}, schedule=schedule)
    assert [row["lr"] for row in record.series] == pytest.approx([rate(3 * epoch + 2) for epoch in range(6)])
    model = new_network()
    by_tag = {p.tag: p for p in record.predictions}
    assert list(by_tag) == ["snapshot-1", "snapshot-2", "snapshot-3", "final"]
    assert [p.epoch for p in by_tag.values()] == [1, 3, 5, 5]
    assert list(record.weights) == list(by_tag)
    for step in plain_loop(model, 6, lr=rate):
        if step % 6 == 0:
            tag = f"snapshot-{step // 6}"
            np.testing.assert_allclose(by_tag[tag].logits, logits_of(model), atol=1e-3)
            for name, value in model.state_dict().items():
                torch.testing.assert_close(state_in(record, tag)[name], value, atol=1e-4, rtol=1e-3)
    assert_result(record, model)
    once = record_of(epochs=6, schedule=schedule)
    assert once.series[0] == record.series[0]
    assert once.weights_sha256 != record.weights_sha256


def test_snapshots_are_those_of_the_average_and_need_no_weights(new_run):
    options = {
        "epochs": 4,
        "snapshots": {"cycles": 2},
        "schedule": "cosine",
        "averaging": {"name": "ema", "decay": 0.9},
    }
    record = execute(new_run(SEEDS, keep=Keep("full"), **options), train)
    assert record.weights == {}
    by_tag = {p.tag: p for p in record.predictions}
    target = load("digits").test.labels
    for tag, epoch in {"snapshot-1": 1, "snapshot-2": 3}.items():
        loss = F.cross_entropy(torch.tensor(by_tag[tag].logits), target).item()
        assert loss == pytest.approx(record.series[epoch]["test/loss"], rel=1e-5)


def test_snapshots_with_the_best_epoch(record_of):
    validation = {"fraction": 0.2, "rule": "best"}
    record = record_of(epochs=4, snapshots={"cycles": 2}, schedule="cosine", validation=validation)
    plain = record_of(epochs=4, snapshots={"cycles": 2}, schedule="cosine", validation={"fraction": 0.2})
    assert [(p.split, p.tag, p.epoch) for p in plain.predictions[:4]] == [
        (split, tag, epoch) for tag, epoch in (("snapshot-1", 1), ("snapshot-2", 3)) for split in ("validation", "test")
    ]
    for one, two in zip(record.predictions[:4], plain.predictions[:4], strict=True):
        assert one.logits.tolist() == two.logits.tolist()
    best = max(row["validation/accuracy"] for row in record.series)
    assert record.metrics["validation/accuracy"] == best


# What happens to the gradients


def norm_of(model):
    return math.sqrt(sum(float(p.grad.double().square().sum()) for p in model.parameters()))


def test_clipping(record_of):
    norms = []

    def clipped(model, inputs, labels):
        loss = cross_entropy_gradients(model, inputs, labels)
        norms.append(norm_of(model))
        for p in model.parameters():
            p.grad *= min(1, 0.7 / norms[-1])
        return loss

    record = record_of(epochs=3, clip_gradient=0.7)
    assert_result(record, trained_plainly(3, gradients=clipped))
    assert min(norms) < 0.7 < max(norms)
    assert_differs(record, trained_plainly(3))


def test_label_smoothing(record_of):
    losses = []

    def smoothed(model, inputs, labels):
        model.zero_grad()
        log_p = model(inputs).log_softmax(1)
        loss = -0.8 * log_p[torch.arange(len(labels)), labels].mean() - 0.2 * log_p.mean()
        loss.backward()
        return loss.item()

    record = record_of(epochs=2, loss={"name": "cross_entropy", "label_smoothing": 0.2})
    assert_result(record, trained_plainly(2, gradients=smoothed, losses=losses))
    assert_differs(record, trained_plainly(2))
    assert [row["train/loss"] for row in record.series] == pytest.approx(
        [np.mean(losses[:3]), np.mean(losses[3:])], rel=1e-4
    )


class Volatility:
    """The controller's formulas in plain numbers."""

    def __init__(self, lambda_max=2.0):
        self.lambda_max = lambda_max
        self.m = self.s = self.reference = 0.0
        self.t = 0

    def factor(self, loss):
        self.t += 1
        self.m = loss if self.t == 1 else self.m
        d = loss - self.m
        self.s = 0.8 * self.s + 0.2 * abs(d)
        self.m = 0.95 * self.m + 0.05 * loss
        if self.t == 2:
            self.reference = self.s
        self.lam = min(2.0 * self.s / self.reference, self.lambda_max) if self.t >= 2 else 0.0
        return 1 + self.lam * max(-1, min(1, d / 0.1))


def ascent_gradients(rho, controller=None):
    """Sharpness-aware gradients with the masks drawn once and running statistics of the first pass."""

    def one_pass(model, inputs, labels, volatility):
        loss = cross_entropy_gradients(model, inputs, labels)
        if volatility is not None:
            factor = volatility.factor(loss)
            for p in model.parameters():
                p.grad *= factor
        return loss

    def gradients(model, inputs, labels):
        masks = torch.get_rng_state()
        shadow = copy.deepcopy(controller)
        loss = one_pass(model, inputs, labels, controller)
        statistics = [buffer.clone() for buffer in model.buffers()]
        weights = [p.detach().clone() for p in model.parameters()]
        norm = norm_of(model)
        with torch.no_grad():
            for p in model.parameters():
                p.add_(rho / norm * p.grad)
        torch.set_rng_state(masks)
        one_pass(model, inputs, labels, shadow)
        with torch.no_grad():
            for p, value in zip([*model.parameters(), *model.buffers()], [*weights, *statistics], strict=True):
                p.copy_(value)
        return loss

    return gradients


def test_sharpness_aware(record_of):
    losses = []
    record = record_of(epochs=2, sharpness={"rho": 0.3})
    assert_result(record, trained_plainly(2, gradients=ascent_gradients(0.3), losses=losses))
    assert state_in(record)["1.num_batches_tracked"] == 6
    assert_differs(record, trained_plainly(2))
    assert [row["train/loss"] for row in record.series] == pytest.approx(
        [np.mean(losses[:3]), np.mean(losses[3:])], rel=1e-4
    )


def test_sharpness_aware_with_a_controller(record_of):
    volatility = Volatility()
    record = record_of(epochs=3, sharpness={"rho": 0.3}, loss=VML)
    assert_result(record, trained_plainly(3, gradients=ascent_gradients(0.3, volatility)))
    assert volatility.t == 9
    assert_differs(record, trained_plainly(3, gradients=ascent_gradients(0.3)))


@pytest.mark.parametrize(
    "loss",
    [
        VML,
        {"name": "clf", "lambda_s": 0.5},
        {"name": "placebo", "controller": VML},
        {"name": "lr_control", "controller": VML},
    ],
    ids=lambda loss: loss["name"],
)
def test_a_second_pass_leaves_no_mark_and_sees_the_same(run_of, loss):
    trainer = _loop.Trainer(run_of(loss=loss, sharpness={"rho": 1e-9}), _tasks.Classification(load("digits"), True))
    twin = _loop.Trainer(run_of(loss=loss), _tasks.Classification(load("digits"), True))
    for epoch in range(2):
        for batch, _ in zip(trainer.batches(epoch), range(3), strict=True):
            state = torch.get_rng_state()
            one = trainer.step(batch)
            moved = torch.get_rng_state()
            torch.set_rng_state(state)
            two = twin.step(batch)
            assert torch.equal(moved, torch.get_rng_state())
            torch.testing.assert_close(one, two, rtol=1e-4, atol=1e-6)
        for each in (trainer, twin):
            each.loss.on_epoch_end()
    assert trainer.loss.steps == 6
    for name, value in twin.loss.state_dict().items():
        torch.testing.assert_close(trainer.loss.state_dict()[name], value, rtol=1e-3, atol=1e-5, equal_nan=True)
    for name, value in twin.model.state_dict().items():
        torch.testing.assert_close(trainer.model.state_dict()[name], value, rtol=1e-3, atol=1e-5)


# The learning rate


def test_lr_control(record_of):
    volatility, losses = Volatility(lambda_max=0.5), []
    mild = {**VML, "lambda_max": 0.5}
    factors = [[] for _ in range(4)]

    def lr(step):
        if step > 0:
            factors[(step - 1) // STEPS].append(volatility.factor(losses[step - 1]))
        return LR * (np.mean(factors[step // STEPS - 1]) if step >= STEPS else 1)

    model = trained_plainly(4, lr=lr, losses=losses)
    record = record_of(epochs=4, loss={"name": "lr_control", "controller": mild})
    assert_result(record, model)
    means = [1, *(np.mean(f) for f in factors[:3])]
    assert [row["lr"] for row in record.series] == pytest.approx([LR * mean for mean in means], rel=1e-3)
    assert [row["train/factor_mean"] for row in record.series] == pytest.approx(means, rel=1e-3)
    assert [row["train/factor_sd"] for row in record.series] == pytest.approx([0] * 4, abs=1e-3)
    assert 0.4 < min(means) < 0.9
    assert_differs(record, trained_plainly(4))


def test_lr_control_scales_the_schedule_and_every_group(record_of, monkeypatch):
    used = []
    step = _loop.Trainer.step

    def observed(trainer, *batch):
        used.append([group["lr"] for group in trainer.optimizer.param_groups])
        return step(trainer, *batch)

    monkeypatch.setattr(_loop.Trainer, "step", observed)
    optimizer = {"name": "sgd", "lr": LR, "groups": [{"kinds": ["bias"], "lr_scale": 3}]}
    record = record_of(epochs=2, optimizer=optimizer, schedule="cosine", loss={"name": "lr_control", "controller": VML})
    mean = record.series[1]["train/factor_mean"]
    assert mean != 1
    cosine = [(1 + math.cos(math.pi * k / 6)) / 2 * (1 if k < 3 else mean) for k in range(6)]
    assert [rest for rest, _ in used] == pytest.approx([LR * f for f in cosine])
    assert [bias for _, bias in used] == pytest.approx([3 * LR * f for f in cosine])


# Together


def test_all_at_once(record_of):
    def both(model, inputs, labels):
        loss = ascent_gradients(0.2)(model, inputs, labels)
        norm = norm_of(model)
        for p in model.parameters():
            p.grad *= min(1, 0.5 / norm)
        return loss

    model = new_network()
    average = copy.deepcopy(model)
    for _ in plain_loop(model, 2, gradients=both, lr=lambda step: LR * (1 + math.cos(math.pi * (step % 3) / 3)) / 2):
        for name, value in model.state_dict().items():
            mean = average.state_dict()[name]
            mean.copy_(0.7 * mean + 0.3 * value if value.is_floating_point() else value)
    record = record_of(
        epochs=2,
        schedule="cosine",
        snapshots={"cycles": 2},
        sharpness={"rho": 0.2},
        clip_gradient=0.5,
        averaging={"name": "ema", "decay": 0.7},
    )
    assert_result(record, average)


METHODS = {
    "ema": {"averaging": {"name": "ema", "decay": 0.8, "debias": True}},
    "ema-biased": {"averaging": {"name": "ema", "decay": 0.8}},
    "swa": {"averaging": {"name": "swa", "start": 0.5}},
    "aswa": {"averaging": {"name": "aswa", "start": 0.3}},
    "snapshots": {"snapshots": {"cycles": 2}, "schedule": "cosine"},
    "sam": {"sharpness": {"rho": 0.1}},
    "sam-vml": {"sharpness": {"rho": 0.1}, "loss": VML},
    "clipping": {"clip_gradient": 0.5},
    "smoothing": {"loss": {"name": "cross_entropy", "label_smoothing": 0.1}},
    "lr_control": {"loss": {"name": "lr_control", "controller": VML}},
    "distill": {"distill": {"members": 2, "member_epochs": 2}},
    "codistill": {"codistill": {"weight": 0.5}},
}
every_method = pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)


@every_method
def test_in_half_precision(record_of, method):
    full, half = record_of(epochs=4, **method), record_of(epochs=4, numerics={"precision": "bf16"}, **method)
    assert half.weights_sha256 != full.weights_sha256
    assert {value.dtype for value in state_in(half).values()} == {torch.float32, torch.int64}
    assert half.metrics["test/accuracy"] == pytest.approx(full.metrics["test/accuracy"], abs=0.1)


@every_method
def test_the_test_set_changes_no_bit(record_of, method):
    watched, unwatched = (record_of(epochs=4, evaluate_epochs=watch, **method) for watch in (True, False))
    assert unwatched.weights_sha256 == watched.weights_sha256
    assert unwatched.metrics == watched.metrics
    tags = [p.tag for p in watched.predictions]
    assert [p.tag for p in unwatched.predictions] == tags
    for one, two in zip(watched.predictions, unwatched.predictions, strict=True):
        assert one.logits.tolist() == two.logits.tolist()


class NoHostSync(TorchDispatchMode):
    """Fails on every operation that makes the host wait for a value on the device."""

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        if function.overloadpacket in (torch.ops.aten._local_scalar_dense, torch.ops.aten.is_nonzero):
            raise AssertionError(f"host synchronisation: {function}")
        return function(*args, **(kwargs or {}))


@every_method
def test_no_step_waits_for_the_device(run_of, method):
    trainer = _loop.Trainer(run_of(**method), _tasks.Classification(load("digits"), True))
    for prior in trainer.priors:
        prior.value = prior.stand_in()
    batches = list(trainer.batches(0))
    trainer.step(batches[0])  # the optimizer makes its state
    with NoHostSync():
        for batch in batches:
            trainer.step(batch)
    assert nn.utils.get_total_norm([p.grad for p in trainer.model.parameters()]) > 0
