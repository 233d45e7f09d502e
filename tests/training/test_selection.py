"""Networks that select their weights, in the trainer."""

import copy

import pytest
import torch

from seedwise.models import MODELS
from seedwise.randomness import Randomness
from seedwise.readouts import Readout, mean_logits, view_rows
from seedwise.run import Checkpoint, Keep, execute, weights_sha256
from seedwise.selection import SelectConv2d, SelectLinear, collapse, selection_stats
from seedwise.training import _loop, train
from seedwise.training._parts import Selection
from seedwise.training._selection import select, selected_bytes
from seedwise.training._tasks import load_task

VML = {"name": "vml", "warmup_steps": 10, "lambda_base": 1.0}
CLF = {"name": "clf", "lambda_s": 0.5, "lambda_v": 0.0}
METHODS = {
    "base": {},
    "vml": {"loss": VML},
    "clf": {"loss": {"name": "clf"}},
    "placebo": {"loss": {"name": "placebo", "controller": VML}},
    "lr_control": {"loss": {"name": "lr_control", "controller": CLF}},
    "smoothing": {"loss": {"name": "cross_entropy", "label_smoothing": 0.1}},
    "ema": {"averaging": {"name": "ema", "decay": 0.9, "debias": True}},
    "swa": {"averaging": {"name": "swa", "start": 0.5}},
    "snapshots": {"snapshots": {"cycles": 2}, "schedule": {"name": "cosine"}},
    "sharpness": {"sharpness": {"rho": 0.05}},
    "clipping": {"clip_gradient": 0.1},
    "adamw": {"optimizer": {"name": "adamw", "lr": 0.01}},
    "validation": {"validation": {"fraction": 0.2, "rule": "best"}},
}
SEEDS = {"init": 1, "shuffle": 2, "augment": 3, "dropout": 4}


def model(**selection):
    return {"width": 4, "selection": {"k": 4, **selection}}


@pytest.mark.parametrize("name", METHODS)
def test_every_method_trains_scores_and_goes_on_bit_for_bit(name, new_run, tmp_path):
    options = {"model": model(mode="probabilistic"), "epochs": 2, **METHODS[name]}
    whole = execute(new_run(SEEDS, **options), train)
    assert whole.status == "finished", whole.error
    assert all(0 < row["train/choices_changed"] < 1 for row in whole.series)

    class Stopped(Exception):
        pass

    def stop(epoch):
        if epoch == 1:
            raise Stopped

    def resumable(**more):
        checkpoint = Checkpoint(tmp_path / "c.pt", every_epochs=1)
        return new_run(SEEDS, checkpoint=checkpoint, **options, **more)

    stopped = execute(resumable(on_epoch=stop), train)
    assert stopped.status != "finished"
    resumed = execute(resumable(), train)
    assert resumed.status == "finished", resumed.error
    assert resumed.resumed_from == [1]
    assert (resumed.weights_sha256, resumed.metrics, resumed.series) == (
        whole.weights_sha256,
        whole.metrics,
        whole.series,
    )


@pytest.mark.parametrize("debias", [True, False])
def test_averages_are_those_of_scores(new_run, debias):
    trainer = trainer_of(new_run, averaging={"name": "ema", "decay": 0.9, "debias": debias})
    first = [p.detach().clone() for p in trainer.model.parameters()]
    batches = trainer.batches(0)
    trainer.step(next(batches))
    second = [p.detach().clone() for p in trainer.model.parameters()]
    trainer.step(next(batches))
    for average, start, one, two in zip(
        trainer.average.network.parameters(), first, second, trainer.model.parameters(), strict=True
    ):
        expected = (0.9 * one + two) / 1.9 if debias else 0.81 * start + 0.09 * one + 0.1 * two
        torch.testing.assert_close(average, expected)
    pools = [m.candidates for m in trainer.average.network.modules() if hasattr(m, "candidates")]
    theirs = [m.candidates for m in trainer.model.modules() if hasattr(m, "candidates")]
    assert all(torch.equal(a, b) for a, b in zip(pools, theirs, strict=True))


def trainer_of(new_run, seeds=None, **options):
    run = new_run(seeds or SEEDS, **{"model": model(), **options})
    return _loop.Trainer(run, load_task(run.config.task, "cpu"))


def test_weights_scores_and_draws_have_seeds_of_their_own(new_run):
    def parts(**seeds):
        network = trainer_of(new_run, {**SEEDS, **seeds}, model=model(mode="probabilistic")).model
        layer = network[0]
        return [layer.candidates, layer.scores.detach(), torch.tensor(layer.draw_seed)]

    base = parts()
    for seeds, moved in (
        ({"init": 9}, [True, True, False]),
        ({"weights": 9}, [True, False, False]),
        ({"scores": 9}, [False, True, False]),
        ({"dropout": 9}, [False, False, True]),
        ({"shuffle": 9}, [False, False, False]),
    ):
        assert [not torch.equal(a, b) for a, b in zip(parts(**seeds), base, strict=True)] == moved


def test_the_seed_of_weights_varies_learned_weights_and_that_of_scores_does_not(new_run):
    def start(**seeds):
        return weights_sha256(trainer_of(new_run, {**SEEDS, **seeds}, model=None).model.state_dict())

    assert start(weights=0) == start(scores=3) == start()
    assert len({start(), start(weights=1), start(weights=2), start(init=2)}) == 4


def test_the_series_is_what_the_network_says(new_run):
    run = new_run(SEEDS, model=model(), epochs=1)
    trainer = _loop.Trainer(run, load_task(run.config.task, "cpu"))
    start = [m.scores.argmax(0) for m in trainer.model.modules() if hasattr(m, "scores")]
    trainer.fit()
    end = [m.scores.argmax(0) for m in trainer.model.modules() if hasattr(m, "scores")]
    changed = torch.cat([a != b for a, b in zip(start, end, strict=True)]).double().mean().item()
    assert run.series[0]["train/choices_changed"] == pytest.approx(changed, abs=1e-12)
    assert run.series[0]["train/score_entropy"] == selection_stats(trainer.model).entropy


def test_stored_and_regenerated_runs_have_the_same_bits(trained):
    records = [trained(SEEDS, model=model(store_weights=store), epochs=1) for store in (True, False)]
    assert records[0].weights_sha256 == records[1].weights_sha256


def test_a_moved_candidate_is_trained_with_and_survives_a_stop(new_run, trained, tmp_path):
    options = {"model": model(store_weights=False), "epochs": 2}
    seeds = {**SEEDS, "ulp": 1}
    plain, moved = (trainer_of(new_run, given, model=options["model"]).model[0] for given in (SEEDS, seeds))
    assert (plain.chosen_weight() != moved.chosen_weight()).sum() == 1
    whole = trained(seeds, **options)
    assert whole.status == "finished", whole.error
    stop = Checkpoint(tmp_path / "c.pt", should_stop=lambda: True)
    assert execute(new_run(seeds, checkpoint=stop, **options), train).status == "interrupted"
    resumed = execute(new_run(seeds, checkpoint=Checkpoint(tmp_path / "c.pt"), **options), train)
    assert (resumed.weights_sha256, resumed.series) == (whole.weights_sha256, whole.series)
    assert whole.weights_sha256 != trained(SEEDS, **options).weights_sha256


FAST = {"name": "sgd", "lr": 1.0, "momentum": 0.9}


def test_half_precision(trained):
    record = trained(SEEDS, model=model(), numerics={"precision": "bf16"}, optimizer=FAST)
    assert record.status == "finished", record.error
    assert record.metrics["test/accuracy"] > 0.5  # chance is .1


@pytest.mark.parametrize("name", ["lenet300", "conv2", "conv4", "conv6", "vgg16"])
def test_networks_of_the_paper_are_learned_or_selected_from_one_definition(name):
    image = (1, 28, 28) if name == "lenet300" else (3, 32, 32)
    plain = MODELS[name](image[0], 10, **({"image_size": image[1:]} if name != "vgg16" else {}))
    chosen = select(plain, Selection(k=2, store_weights=False), Randomness({"init": 1}))
    weights = sum(p.numel() for p in plain.parameters() if p.ndim > 1)
    assert sum(p.numel() for p in chosen.parameters()) == 2 * weights
    assert all(isinstance(m, (SelectLinear, SelectConv2d)) for m in chosen.modules() if list(m.parameters(False)))
    state = sum(t.numel() * t.element_size() for t in chosen.state_dict().values())
    assert selected_bytes(plain, Selection(k=2)) == pytest.approx(state, rel=0.01)
    x = torch.randn(2, *image)
    chosen.eval()
    assert torch.equal(collapse(chosen)(x), chosen(x))


def test_scores_of_one_seed_do_not_depend_on_what_else_is_drawn(new_run):
    trainer = trainer_of(new_run)
    before = copy.deepcopy(trainer.model.state_dict())
    torch.manual_seed(3)
    torch.rand(7)
    again = trainer_of(new_run).model.state_dict()
    assert weights_sha256(before) == weights_sha256(again)


def test_one_candidate_is_said_once(new_run):
    record = execute(new_run(SEEDS, model=model(k=1), epochs=2), train)
    assert record.status == "finished"
    assert record.notes == ["k = 1 leaves nothing to choose: the weights are fixed at random"]
    assert all(row["train/choices_changed"] == 0 for row in record.series)


def test_a_network_that_cannot_select_says_why(tmp_path, monkeypatch, new_run):
    (tmp_path / "odd_net.py").write_text(
        "from torch import nn\n\n\ndef make(channels, classes):\n"
        "    return nn.Sequential(nn.Flatten(1, 2), nn.Conv1d(8, 4, 1), nn.Flatten(), nn.Linear(32, classes))\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    own = {"name": "odd_net:make", "selection": {"k": 2}}
    record = execute(new_run(SEEDS, model=own), train)
    assert record.status == "crashed"
    assert "selection: '1' is a Conv1d, whose weights cannot be selected" in record.error
    left = execute(new_run(SEEDS, model={**own, "selection": {"k": 2, "leave": ["1"]}}, epochs=1), train)
    assert left.status == "finished", left.error


ANEW = {"mode": "probabilistic", "sample_in_eval": "every_pass"}


def test_evaluations_that_draw_anew_go_on_bit_for_bit(new_run, tmp_path):
    options = {"model": model(**ANEW), "epochs": 3, "validation": {"fraction": 0.2}}
    whole = execute(new_run(SEEDS, **options), train)
    assert whole.status == "finished", whole.error

    class Stopped(Exception):
        pass

    def stop(epoch):
        if epoch == 1:
            raise Stopped

    def resumable(**more):
        return new_run(SEEDS, checkpoint=Checkpoint(tmp_path / "c.pt", every_epochs=1), **options, **more)

    assert execute(resumable(on_epoch=stop), train).status != "finished"
    resumed = execute(resumable(), train)
    assert resumed.resumed_from == [1]
    assert (resumed.metrics, resumed.series) == (whole.metrics, whole.series)
    # Another seed of the draws is another evaluation.
    assert execute(new_run({**SEEDS, "dropout": 5}, **options), train).metrics != whole.metrics


def test_every_batch_of_an_evaluation_has_a_network_of_its_own(new_run):
    trainer = trainer_of(new_run, model=model(**ANEW), batch_size=100)
    test = trainer.splits["test"]  # 360 images
    logits, _ = trainer._predict(test)
    networks = []
    for k in range(4):
        layers = [m for m in trainer.model.eval().modules() if isinstance(m, (SelectLinear, SelectConv2d))]
        for layer in layers:
            layer.passes += k
        networks.append(collapse_now(trainer.model, layers))
    inputs, _ = trainer.task.batch(test, slice(0, 360))
    with torch.no_grad():
        by_hand = torch.cat([network(part) for network, part in zip(networks, inputs.split(100), strict=True)])
    assert torch.equal(logits, by_hand)
    # A readout of the same state repeats the run's own evaluation.
    rows = view_rows(Readout(), trainer.task.dataset.augmentation)
    assert torch.equal(mean_logits(trainer.model, trainer.task.dataset, test.images, rows, chunk=trainer.chunk), logits)


def collapse_now(network, layers):
    """Return a plain network with the weights that each layer uses next."""
    plain = copy.deepcopy(network)
    for module, layer in zip([m for m in plain.modules() if hasattr(m, "scores")], layers, strict=True):
        weight = layer.chosen_weight().detach()
        module._weight = lambda weight=weight: weight
    return plain


def test_readouts_average_scores(new_run):
    from seedwise.readouts import average_weights

    run = new_run(SEEDS, model=model(), epochs=2, keep=Keep(weights="snapshots", last_epochs=2))
    trainer = _loop.Trainer(run, load_task(run.config.task, "cpu"))
    trainer.fit()
    states = [torch.load(io_of(run.weights[f"epoch-{k}"]), weights_only=True) for k in (0, 1)]
    average_weights(trainer.model, states, [])
    for name, value in trainer.model.named_parameters():
        torch.testing.assert_close(value.detach(), (states[0][name] + states[1][name]) / 2)


def io_of(data):
    import io

    return io.BytesIO(data)
