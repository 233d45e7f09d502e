"""Distillation, co-distillation and packed networks against plain loops in which they are written out by hand."""

import copy
import io

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from sklearn.datasets import load_digits
from torch import nn

import seedwise.losses._public
from seedwise.data import load
from seedwise.errors import SeedwiseError
from seedwise.models import PackedEnsemble
from seedwise.randomness import Randomness
from seedwise.run import Checkpoint, Keep, execute, load_function
from seedwise.training import TrainerConfig, _loop, measure, train

SEEDS = {"init": 1, "shuffle": 2, "augment": 3, "dropout": 4}
BATCH, EPOCHS, LR = 479, 2, 0.1
VML = {"name": "vml", "warmup_steps": 2, "lambda_base": 2.0, "delta": 0.1}
TEST = load("digits").test.ids.numpy()
TRAINING = np.setdiff1d(np.arange(1797), TEST)


@pytest.fixture
def run_of(new_run, tiny_net):
    def make(seeds=SEEDS, *, packed=None, checkpoint=None, **options):
        model = {"name": tiny_net} | ({"packed": packed} if packed else {})
        options = {"optimizer": {"name": "sgd", "lr": LR, "momentum": 0.9}, "batch_size": BATCH, **options}
        return new_run(seeds, model=model, keep=Keep("full", "final"), checkpoint=checkpoint, **options)

    return make


@pytest.fixture
def record_of(run_of):
    def record(*args, **options):
        done = execute(run_of(*args, **options), train)
        assert done.status == "finished", done.error
        return done

    return record


def new_network(randomness):
    with randomness.scope("init", "weights"):
        return load_function("tiny_net:make")(1, 10)


BUNDLED = load_digits()
LABELS = torch.tensor(BUNDLED.target)


def images_of(ids, shifts=None):
    images = BUNDLED.images[ids]
    if shifts is not None:
        padded = np.pad(images, ((0, 0), (1, 1), (1, 1)))
        images = np.stack([p[y : y + 8, x : x + 8] for p, (y, x) in zip(padded, shifts, strict=True)])
    return torch.tensor((images - 4.886) / 6.018, dtype=torch.float32)[:, None]


def loop(randomness, networks, objective, epochs=EPOCHS):
    """Train networks on the same batches; ``objective`` has inputs, labels and slots of a batch."""
    optimizers = [torch.optim.SGD(network.parameters(), lr=LR, momentum=0.9) for network in networks]
    for epoch in range(epochs):
        order = randomness.numpy("shuffle", "order", epoch).permutation(1437)
        table = randomness.numpy("augment", "table", epoch).integers(0, 3, (1437, 2))
        with torch.random.fork_rng():
            torch.manual_seed(randomness.integer("dropout", "masks", epoch))
            for slots in np.split(order, [BATCH, 2 * BATCH]):
                for network in networks:
                    network.train().zero_grad()
                objective(images_of(TRAINING[slots], table[slots]), LABELS[TRAINING[slots]], slots).backward()
                for optimizer in optimizers:
                    optimizer.step()


def state_in(record):
    return torch.load(io.BytesIO(record.weights["final"]), weights_only=True)


def assert_state(record, network):
    for name, value in network.state_dict().items():
        torch.testing.assert_close(state_in(record)[name], value, atol=1e-4, rtol=1e-3)


def logits_in(record):
    (final,) = [p for p in record.predictions if (p.split, p.tag) == ("test", "final")]
    return final.logits


def test_a_network_learns_from_the_mean_of_others(record_of):
    weight, temperature, members = 0.7, 3.0, 2
    teacher = 0
    for k in range(members):
        streams = Randomness(SEEDS).within("member", k)
        member = new_network(streams)
        loop(streams, [member], lambda x, y, _, member=member: F.cross_entropy(member(x), y), epochs=1)
        with torch.no_grad():
            raised = np.exp(member.eval()(images_of(TRAINING)).double().numpy() / temperature)
        teacher = teacher + raised / raised.sum(1, keepdims=True) / members
    teacher = torch.tensor(teacher)
    student = new_network(Randomness(SEEDS))

    def objective(inputs, labels, slots):
        logits = student(inputs)
        q = teacher[slots].float()
        p = (logits / temperature).softmax(1)
        divergence = (q * (q / p).log()).sum(1).mean()
        return (1 - weight) * F.cross_entropy(logits, labels) + weight * temperature**2 * divergence

    loop(Randomness(SEEDS), [student], objective)
    record = record_of(distill={"members": 2, "weight": weight, "temperature": temperature, "member_epochs": 1})
    assert_state(record, student)
    plain = record_of()
    assert np.abs(logits_in(record) - logits_in(plain)).max() > 0.02


def test_a_network_is_made_to_agree_with_a_twin(record_of):
    weight = 2.0
    own, twin = new_network(Randomness(SEEDS)), new_network(Randomness(SEEDS).within("twin"))
    assert not torch.equal(own[0].weight, twin[0].weight)

    def objective(inputs, labels, _):
        one, two = own(inputs), twin(inputs)
        p, r = one.softmax(1), two.softmax(1)
        apart = (p * (p / r).log() + r * (r / p).log()).sum(1).mean()
        return F.cross_entropy(one, labels) + F.cross_entropy(two, labels) + weight * apart

    loop(Randomness(SEEDS), [own, twin], objective)
    record = record_of(codistill={"weight": weight})
    assert_state(record, own)
    assert np.abs(logits_in(record) - logits_in(record_of())).max() > 0.02


def test_packed_networks_learn_as_if_each_were_alone(record_of):
    randomness = Randomness(SEEDS)
    with randomness.scope("init", "weights"):
        networks = [load_function("tiny_net:make")(1, 10) for _ in range(3)]
    loop(randomness, networks, lambda x, y, _: sum(F.cross_entropy(network(x), y) for network in networks))
    record = record_of(packed={"members": 3})
    assert_state(record, PackedEnsemble(networks))
    with torch.no_grad():
        mean = sum(network.eval()(images_of(TEST)).double().softmax(1) for network in networks) / 3
    np.testing.assert_allclose(np.exp(logits_in(record)), mean, atol=1e-3)
    assert record.metrics["test/loss"] == pytest.approx(F.nll_loss(mean.log(), LABELS[TEST]).item(), rel=1e-3)
    first = record.series[0]["train/loss"]
    assert first == pytest.approx(record_of(epochs=1).series[0]["train/loss"], rel=0.2), "the mean over the networks"


@pytest.mark.parametrize("artifact", [None, 3])
def test_others_may_be_shared(record_of, monkeypatch, artifact):
    """Runs of other seeds have other teachers, or, of an artifact, the same."""
    teachers = []

    def keep(logits, teacher, _temperature):
        teachers.append(teacher.sum(0))
        return logits.sum() * 0

    monkeypatch.setattr(seedwise.losses._public, "distillation", keep)
    for init in (1, 2):
        record_of({**SEEDS, "init": init}, epochs=1, batch_size=1437, distill={"members": 1, "artifact": artifact})
    assert torch.equal(*teachers) == (artifact is not None)


def test_a_shared_start_is_that_of_the_artifact_and_then_seeds_differ(record_of):
    shared, own = Randomness().within("artifact", 1, "start", 0), Randomness(SEEDS)
    network = new_network(shared)
    # By hand, with the optimizer going on: two epochs of the artifact's streams, one of the run's own.
    optimizer = torch.optim.SGD(network.parameters(), lr=LR, momentum=0.9)
    for epoch in range(3):
        streams = shared if epoch < 2 else own
        order = streams.numpy("shuffle", "order", epoch).permutation(1437)
        table = streams.numpy("augment", "table", epoch).integers(0, 3, (1437, 2))
        with torch.random.fork_rng():
            torch.manual_seed(streams.integer("dropout", "masks", epoch))
            for k, slots in enumerate(np.split(order, [BATCH, 2 * BATCH])):
                optimizer.param_groups[0]["lr"] = LR * (1 + np.cos(np.pi * (3 * epoch + k) / 9)) / 2
                network.train().zero_grad()
                F.cross_entropy(network(images_of(TRAINING[slots], table[slots])), LABELS[TRAINING[slots]]).backward()
                optimizer.step()
    record = record_of(epochs=3, schedule="cosine", warm_start={"epochs": 2, "artifact": 1})
    assert_state(record, network)
    assert [row["epoch"] for row in record.series] == [2]


def test_an_artifact_is_trained_once_and_found_by_other_runs(run_of, monkeypatch, tmp_path):
    trained = []
    train_epoch = _loop.Trainer._epoch

    def counted(trainer, epoch):
        trained.append(epoch)
        train_epoch(trainer, epoch)

    monkeypatch.setattr(_loop.Trainer, "_epoch", counted)

    def record(init, name, artifact=0):
        options = {"warm_start": {"epochs": 2, "artifact": artifact}, "distill": {"members": 2, "artifact": 0}}
        checkpoint = None if name is None else Checkpoint(tmp_path / name)
        trained.clear()
        found = execute(run_of({**SEEDS, "init": init}, checkpoint=checkpoint, epochs=3, **options), train)
        assert found.status == "finished", found.error
        return found.weights_sha256

    first = record(1, "one")
    assert trained == [0, 1, 0, 1, 2, 0, 1, 2, 2] or trained == [0, 1, 2, 0, 1, 2, 0, 1, 2]
    second = record(2, "two")
    assert trained == [2], "the artifacts are there"
    assert (record(1, None), record(2, None)) == (first, second), "found or trained, it is the same"
    record(1, "three", artifact=1)
    assert trained == [0, 1, 2], "another number is another artifact"
    for path in tmp_path.glob("artifact-*"):
        path.write_bytes(b"damaged")
    assert record(1, "four") == first


WAYS = {
    "shared": {"epochs": 3, "warm_start": {"epochs": 1}, "distill": {"members": 1, "artifact": 2}},
    "distill": {"distill": {"members": 2}},
    "codistill": {"codistill": {}, "loss": VML, "clip_gradient": 1.0},
    "packed": {"packed": {"members": 2}, "loss": {"name": "clf", "lambda_s": 0.2}},
    "all": {
        "distill": {"members": 2, "member_epochs": 1},
        "codistill": {},
        "packed": {"members": 2},
        "averaging": {"name": "ema", "decay": 0.8, "debias": True},
        "validation": {"fraction": 0.2, "rule": "best"},
    },
}


@pytest.mark.parametrize("options", WAYS.values(), ids=WAYS)
def test_stopped_after_every_epoch_it_goes_on_bit_for_bit(run_of, record_of, tmp_path, options):
    whole = record_of(**options)
    # Of three epochs one is shared; before them come that one, and the three of a teacher.
    before = {"shared": 1 + 3, "distill": 2 * EPOCHS, "codistill": 0, "packed": 0, "all": 2}
    stops = 0
    while True:
        checkpoint = Checkpoint(tmp_path / "run.checkpoint", every_epochs=1, stop_after=1)
        record = execute(run_of(checkpoint=checkpoint, **options), train)
        if record.status != "interrupted":
            break
        stops += 1
    ahead = before[next(name for name, one in WAYS.items() if one is options)]
    assert stops == EPOCHS + ahead
    assert record.resumed_from[0] == 1 - ahead, "epochs before those of the run have negative numbers"
    for name in ("weights_sha256", "metrics", "series"):
        assert getattr(record, name) == getattr(whole, name)
    assert logits_in(record).tolist() == logits_in(whole).tolist()


@pytest.mark.parametrize(
    "options", [WAYS["distill"], WAYS["codistill"], WAYS["packed"]], ids=["distill", "twin", "packed"]
)
def test_every_source_moves_the_run_and_its_parts(run_of, options):
    digests = set()
    for source in (None, *SEEDS):
        run = run_of({**SEEDS, **({} if source is None else {source: 9})}, **options)
        record = execute(run, train)
        assert run.randomness.drawn >= set(SEEDS)
        digests.add(record.weights_sha256)
    assert len(digests) == 1 + len(SEEDS)


def test_members_see_the_training_set_of_the_run(run_of):
    # With a bootstrap, examples are there several times, and a slot means the same to a member and to the run.
    run = run_of({**SEEDS, "split": 3}, distill={"members": 1}, validation={"fraction": 0.2, "rule": "last"})
    assert execute(run, train).status == "finished"
    assert run.randomness.within("member", 0).integer("split", "bootstrap") == run.randomness.integer(
        "split", "bootstrap"
    )


def test_a_member_that_diverges_is_named(run_of):
    options = {"optimizer": {"name": "sgd", "lr": 1e30}, "distill": {"members": 2}}
    record = execute(run_of(**options), train)
    assert record.status == "diverged"
    assert "member 0, before the run's own network" in record.error


def test_nothing_of_the_others_is_kept(record_of):
    plain = record_of()
    for options in (WAYS["distill"], WAYS["codistill"]):
        record = record_of(**options)
        assert [(p.split, p.tag, p.epoch) for p in record.predictions] == [
            (p.split, p.tag, p.epoch) for p in plain.predictions
        ]
        assert list(state_in(record)) == list(state_in(plain))
        assert [row["epoch"] for row in record.series] == list(range(EPOCHS))


FORECAST = {
    "task": {"dataset": {"name": "etth1", "lookback": 24, "horizon": 24}},
    "model": {"name": "dlinear"},
    "train": {"epochs": 1, "batch_size": 8, "optimizer": {"name": "sgd", "lr": 0.1}},
}
DIGITS = {
    "task": {"dataset": "digits"},
    "model": {"name": "small_cnn"},
    "train": {**FORECAST["train"], "epochs": 4, "schedule": "cosine"},
}
PACKED_AND_SELECTED = {**DIGITS, "model": {"name": "lenet5", "packed": {"members": 2}, "selection": {"k": 2}}}


@pytest.mark.parametrize(
    ("config", "train", "says"),
    [
        (FORECAST, {"distill": {}}, "train.distill compares probabilities of classes"),
        (DIGITS, {"warm_start": {"epochs": 4}}, "leave none of 4"),
        (FORECAST, {"codistill": {}}, "train.codistill compares probabilities"),
        (DIGITS, {"distill": {}, "snapshots": {"cycles": 2}}, "leave out snapshots"),
        (DIGITS, {"codistill": {}, "sharpness": {"rho": 0.1}}, "leave out one of the two"),
        (DIGITS, {"codistill": {}, "loss": {"name": "lr_control", "controller": VML}}, "leave out loss"),
        (DIGITS, {"distill": {"weight": 0}}, "greater than 0"),
        (PACKED_AND_SELECTED, {}, "leave out selection or packed"),
        ({**DIGITS, "model": {"name": "small_cnn", "packed": {"members": 1}}}, {}, "greater than or equal to 2"),
    ],
)
def test_what_does_not_fit_is_said_before_training(config, train, says):
    with pytest.raises(ValueError, match=says):
        TrainerConfig.model_validate({**config, "train": {**config["train"], **train}})


def test_a_packed_network_of_the_users_is_tried_before_training(run_of):
    from seedwise.training import check_parts

    config = run_of(packed={"members": 2}).spec.config
    check_parts(config, "cpu")
    with pytest.raises(SeedwiseError, match=r"returned \(16, 9\) for inputs .*: \(16, 10\) is needed"):
        check_parts({**config, "model": {"name": "tiny_net:narrow", "packed": {"members": 2}}}, "cpu")


def test_an_ensemble_of_none():
    with pytest.raises(ValueError, match="at least one"):
        PackedEnsemble([])


def test_packed_outputs_do_not_overflow():
    class Far(nn.Module):
        def forward(self, x):
            return torch.tensor([[1e4, 0.0], [0.0, -1e4]]) + 0 * x

    both = PackedEnsemble([Far(), copy.deepcopy(Far())]).eval()(torch.zeros(2, 2))
    np.testing.assert_allclose(both.exp(), [[1, 0], [1, 0]])
    assert both.isfinite().all()


def test_the_cost_of_a_run_counts_the_networks_before_it(run_of):
    plain = measure(run_of(epochs=4))
    with_others = measure(run_of(epochs=4, distill={"members": 5}))
    shared = measure(run_of(epochs=4, distill={"members": 5, "artifact": 0}))
    assert with_others > 2 * plain, "six times as many epochs"
    assert with_others > 2 * shared, "an artifact is trained once for all"
