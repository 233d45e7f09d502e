"""The smooth ReLU against its formula, and networks in which it takes the place of ReLU."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from seedwise.data import Size
from seedwise.errors import SeedwiseError
from seedwise.models import MODELS, SmeLU, smelu
from seedwise.models._smelu import CallsOfReLU
from seedwise.registry import NETWORKS
from seedwise.training import TrainerConfig, build_network, check_parts

TRAIN = {"epochs": 1, "batch_size": 64, "optimizer": {"name": "sgd", "lr": 0.1}}


def formula(x, beta):
    return np.where(x <= -beta, 0.0, np.where(x >= beta, x, (x + beta) ** 2 / (4 * beta)))


@pytest.mark.parametrize("beta", [0.1, 1.0, 2.5])
def test_it_is_the_formula(beta):
    x = np.concatenate([np.linspace(-4, 4, 401), [-beta, beta, 0.0, -1e30, 1e30]])
    found = smelu(torch.from_numpy(x), beta).numpy()
    np.testing.assert_allclose(found, formula(x, beta), rtol=1e-14, atol=1e-15)
    assert not found[x <= -beta].any(), "exactly 0 on the left"


@pytest.mark.parametrize("beta", [0.5, 1.0])
def test_the_gradient_is_that_of_the_formula(beta):
    x = torch.linspace(-3, 3, 50, dtype=torch.float64).add(1e-3).requires_grad_()
    assert torch.autograd.gradcheck(lambda v: smelu(v, beta), (x,))
    assert torch.autograd.gradgradcheck(lambda v: smelu(v, beta), (x,))
    smelu(x, beta).sum().backward()
    expected = np.interp(x.detach().numpy(), [-beta, beta], [0.0, 1.0])
    np.testing.assert_allclose(x.grad.numpy(), expected, atol=1e-15)


def test_with_a_narrow_bend_it_is_relu():
    x = torch.randn(1000)
    torch.testing.assert_close(smelu(x, 1e-6), F.relu(x))


@pytest.mark.parametrize("beta", [0, -1.0])
def test_a_bend_has_a_width(beta):
    with pytest.raises(ValueError, match="greater than 0"):
        SmeLU(beta)
    with pytest.raises(ValueError, match="greater than 0"):
        network("small_cnn", {"beta": beta})


def part(name, smelu):
    study = {"task": {"dataset": "cifar10"}, "model": {"name": name, "smelu": smelu}, "train": TRAIN}
    return TrainerConfig.of_study_file(study).model


def network(name, smelu):
    torch.manual_seed(0)
    return build_network(part(name, smelu), Size(train=1, test=1, classes=10, image=(3, 32, 32)))


@pytest.mark.parametrize("name", MODELS)
def test_it_takes_the_place_of_every_relu_of_every_network(name):
    assert name in NETWORKS
    plain, smooth = network(name, None), network(name, {"beta": 0.5})
    assert smooth.state_dict().keys() == plain.state_dict().keys()
    assert all(
        torch.equal(a, b) for a, b in zip(smooth.state_dict().values(), plain.state_dict().values(), strict=True)
    )
    there = [module.beta for module in smooth.modules() if isinstance(module, SmeLU)]
    assert there == [0.5] * sum(isinstance(module, nn.ReLU | nn.ReLU6) for module in plain.modules())
    assert there
    x = torch.randn(2, 3, 32, 32)
    with CallsOfReLU() as calls, torch.no_grad():
        smooth.eval()(x)
    assert calls.count == 0


def test_the_default_is_a_bend_of_one_and_no_smelu_names_no_run():
    assert part("small_cnn", {}) == part("small_cnn", {"beta": 1.0})
    assert part("small_cnn", {}).model_dump(exclude_defaults=True) == {"name": "small_cnn", "smelu": {}}
    assert part("small_cnn", None).model_dump(exclude_defaults=True) == {"name": "small_cnn"}


OWN = """
import torch
from torch import nn
class Called(nn.Module):
    def __init__(self, in_channels, num_classes, modules=True):
        super().__init__()
        self.linear = nn.Linear(64, num_classes)
        self.relu = nn.ReLU() if modules else None
    def forward(self, x):
        x = torch.relu(x.flatten(1))
        return self.linear(x if self.relu is None else self.relu(x))
def with_modules(in_channels, num_classes):
    return nn.Sequential(nn.Flatten(), nn.ReLU(), nn.Linear(64, num_classes))
"""


@pytest.mark.parametrize(
    ("model", "line"),
    [
        ({"name": "own_relu:with_modules"}, None),
        ({"name": "own_relu:Called"}, "it calls relu 1 times as a function: write a torch.nn.ReLU for each"),
        (
            {"name": "own_relu:Called", "modules": False},
            "there is no torch.nn.ReLU to take the place of: write one for every relu that is called",
        ),
    ],
)
def test_of_a_network_of_ones_own_a_module_is_replaced_and_a_call_is_named(tmp_path, monkeypatch, model, line):
    (tmp_path / "own_relu.py").write_text(OWN)
    monkeypatch.syspath_prepend(tmp_path)
    config = {"task": {"dataset": "digits"}, "model": {**model, "smelu": {}}, "train": TRAIN}
    if line is None:
        check_parts(config, "cpu")
        return
    with pytest.raises(SeedwiseError) as caught:
        check_parts(config, "cpu")
    assert str(caught.value) == f"model.smelu of '{model['name']}': {line}"
