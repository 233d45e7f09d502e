"""``selection:`` in a study file."""

import pytest
import torch
import yaml

from seedwise.data import size_of
from seedwise.errors import SeedwiseError
from seedwise.randomness import Randomness
from seedwise.study import Study, parse_study, plan
from seedwise.training import _parts, build_network
from seedwise.training._selection import select

BASE = {
    "name": "s",
    "task": {"dataset": "digits"},
    "model": {"name": "lenet300", "bias": False},
    "train": {"epochs": 1, "batch_size": 256, "optimizer": {"name": "sgd", "lr": 0.5, "momentum": 0.9}},
    "replicates": 1,
}


def study(**changes):
    return parse_study(yaml.safe_dump({**BASE, **changes}))


def ids(**changes):
    return {run.link.method: run.spec.id for run in plan(study(**changes))}


def test_selected_and_learned_weights_are_two_methods_of_one_network():
    methods = {
        "learned": {},
        "k=2": {"model": {"selection": {"k": 2}}},
        "k=8": {"model": {"selection": {}}},
        "drawn": {"model": {"selection": {"mode": "probabilistic"}}},
    }
    configs = study(methods=methods).configs()
    assert configs["learned"]["model"] == {"name": "lenet300", "bias": False}
    # A network that selects has no biases, so that saying so names no other run.
    assert configs["k=2"]["model"] == {"name": "lenet300", "selection": {"k": 2}}
    assert configs["k=8"]["model"] == {"name": "lenet300", "selection": {}}
    assert len(set(ids(methods=methods).values())) == 4
    said = {"name": "lenet300", "selection": {"k": 8, "mode": "greedy"}}
    assert ids(model=said)["base"] == ids(methods=methods)["k=8"]


def test_options_of_learned_weights_name_no_other_run_of_chosen_ones():
    learned = {"name": "vgg16", "bias": False, "affine": False, "init": "glorot"}
    chosen = {"selection": {"k": 2}}
    configs = study(model=learned, methods={"learned": {}, "chosen": {"model": chosen}}).configs()
    assert configs["learned"]["model"] == learned
    assert configs["chosen"]["model"] == {"name": "vgg16", "selection": {"k": 2}}
    # What is left as it is starts, and normalises, as it is told to.
    left = study(model={**learned, "selection": {"k": 2, "leave": ["head"]}}).configs()["base"]["model"]
    assert left == {"name": "vgg16", "affine": False, "init": "glorot", "selection": {"k": 2, "leave": ["head"]}}


def test_the_same_bits_whether_it_is_said_or_not():
    said = {"model": {"name": "conv2", "width": 4, "init": "glorot", "bias": False, "selection": {"k": 2}}}
    plain = {"model": {"name": "conv2", "width": 4, "selection": {"k": 2}}}
    assert ids(**said) == ids(**plain)
    with Randomness({"init": 1}).scope("init", "weights"):
        parts = [_parts._NETWORKS["conv2"](name="conv2", width=4, **more) for more in ({}, {"init": "glorot"})]
        networks = [build_network(part, size_of("digits")) for part in parts]
    chosen = [select(network, _parts.Selection(k=2), Randomness({"init": 1})) for network in networks]
    assert not torch.equal(networks[0][0].weight, networks[1][0].weight)
    states = [network.state_dict() for network in chosen]
    assert all(torch.equal(states[0][name], states[1][name]) for name in states[0])


@pytest.mark.parametrize(
    ("model", "text"),
    [
        (
            {"name": "conv2", "bias": True, "selection": {"k": 2}},
            "selected weights have no biases: leave out bias: true",
        ),
        (
            {"name": "conv2", "selection": {"k": 0}},
            "model.selection.k is 0: input should be greater than or equal to 1",
        ),
        ({"name": "conv2", "selection": {"q": 3}}, "unknown key 'q' in model.selection"),
        ({"name": "conv2", "selection": {"mode": "greedi"}}, "mode"),
        (
            {"name": "conv2", "selection": {"sample_in_eval": "every"}},
            "unknown sample_in_eval 'every' in model.selection: did you mean 'every_pass'?",
        ),
        ({"name": "itransformer", "selection": {"k": 2}}, "unknown key 'selection'"),
    ],
)
def test_mistakes(model, text):
    with pytest.raises(SeedwiseError) as raised:
        study(model=model)
    message = str(raised.value)
    assert text in message
    assert "\n" not in message


@pytest.mark.parametrize(
    "vary", [{"regimes": ["scores"]}, {"seeds": [{"scores": 1}, {"scores": 2}], "replicates": None}]
)
def test_scores_vary_only_where_there_are_some(vary):
    methods = {"chosen": {"model": {"selection": {"k": 2}}}, "learned": {}}
    given = {key: value for key, value in {**BASE, "methods": methods, **vary}.items() if value is not None}
    with pytest.raises(SeedwiseError, match=r"the method 'learned' has none: give its model 'selection: \{k: 8\}'"):
        parse_study(yaml.safe_dump(given))
    del given["methods"]["learned"]
    assert all(run.spec.seeds["scores"] for run in plan(parse_study(yaml.safe_dump(given))))


def test_weights_vary_alone_and_init_holds_both():
    runs = plan(study(regimes=["weights", "weights+scores", "init"], model={"name": "lenet300", "selection": {}}))
    assert [run.spec.seeds for run in runs] == [{"weights": 1}, {"weights": 1, "scores": 1}, {"init": 1}]
    with pytest.raises(SeedwiseError, match=r"varies 'init', and with it 'scores': leave out '\+scores'"):
        study(regimes=["all+scores"])


def test_a_study_of_selected_weights_runs_and_is_read_out(tmp_path):
    methods = {"learned": {}, "chosen": {"model": {"selection": {"k": 2, "mode": "probabilistic"}}}}
    spec = study(
        methods=methods,
        task={"dataset": "digits", "train_examples": 300},
        train={**BASE["train"], "epochs": 2},
        keep={"weights": "snapshots", "last_epochs": 2},
        readouts=["crop25", "average-2"],
    )
    made = Study(spec, store=tmp_path / "s.db")
    bytes_per_run = made.estimate().bytes / 2
    assert made.run(workers=1).counts == {"finished": 2}
    kept = sum(file.stat().st_size for file in tmp_path.rglob("*") if file.suffix == ".pt")
    assert kept
    assert 0.5 < 2 * bytes_per_run / kept < 2


def test_an_own_network_selects_too(tmp_path, monkeypatch):
    (tmp_path / "own_net.py").write_text(
        "from torch import nn\n\n\ndef make(channels, classes, width=3):\n"
        "    return nn.Sequential(nn.Flatten(), nn.Linear(64, width), nn.ReLU(), nn.Linear(width, classes))\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    model = {"name": "own_net:make", "width": 5, "selection": {"k": 3}}
    assert study(model=model).configs()["base"]["model"] == model
    assert isinstance(_parts.OwnNetwork.model_validate(model).selection, _parts.Selection)


def test_what_cannot_be_selected_is_said_before_anything_is_trained(tmp_path, monkeypatch):
    (tmp_path / "odd_made.py").write_text(
        "from torch import nn\n\n\ndef make(channels, classes):\n"
        "    return nn.Sequential(nn.Flatten(1, 2), nn.Conv1d(8, 4, 1), nn.Flatten(), nn.Linear(32, classes))\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    for model, text in (
        ({"name": "lenet300", "selection": {"leave": ["head"]}}, "leave names 'head', and the network has no module"),
        ({"name": "odd_made:make", "selection": {"k": 2}}, "'1' is a Conv1d, whose weights cannot be selected"),
    ):
        made = Study(study(model=model), store=tmp_path / "s.db")
        torch.manual_seed(1)
        with pytest.raises(SeedwiseError, match=text):
            made.run(workers=1)
        drawn = torch.rand(1)
        torch.manual_seed(1)
        assert torch.equal(drawn, torch.rand(1)), "the caller's generator is where it was"
