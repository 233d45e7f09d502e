"""Every parameter is in one group, with the group's learning rate and weight decay."""

import pytest
import torch
from pydantic import TypeAdapter
from torch import nn

from seedwise.models import resnet14, small_cnn
from seedwise.training._optim import build_optimizer
from seedwise.training._parts import AnyOptimizer

ALL = ["bias", "norm", "weight"]
config_of = TypeAdapter(AnyOptimizer).validate_python


class Mixed(nn.Module):
    def __init__(self):
        super().__init__()
        self.token = nn.Parameter(torch.zeros(3))
        self.layer_norm = nn.LayerNorm(3)
        self.group_norm = nn.GroupNorm(1, 3)
        self.rms_norm = nn.RMSNorm(3)
        self.embedding = nn.Embedding(2, 3)
        self.tied = self.embedding


def kinds_by_hand(model):
    kinds = {}
    for module in model.modules():
        norm = isinstance(module, (nn.BatchNorm1d, nn.BatchNorm2d, nn.LayerNorm, nn.GroupNorm, nn.RMSNorm))
        for name, parameter in module.named_parameters(recurse=False):
            kinds[parameter] = "bias" if name == "bias" else "norm" if norm else "weight"
    return kinds


@pytest.mark.parametrize("model", [resnet14(3, 10), small_cnn(1, 10), Mixed(), nn.BatchNorm1d(3)])
@pytest.mark.parametrize("groups", [[], [["bias"]], [["bias", "norm"]], [["norm"], ["bias"]], [["weight"], ALL[:2]]])
@pytest.mark.parametrize("kind", ["sgd", "adamw"])
def test_every_parameter_is_in_the_group_of_its_kind(model, groups, kind):
    config = config_of(
        {
            "name": kind,
            "lr": 0.1,
            "weight_decay": 0.25,
            "groups": [{"kinds": g, "lr_scale": 2 + k, "weight_decay": k} for k, g in enumerate(groups)],
        }
    )
    optimizer = build_optimizer(config, model)
    expected = {}
    for parameter, name in kinds_by_hand(model).items():
        listed = [k for k, group in enumerate(groups) if name in group]
        expected[parameter] = (2.0 + listed[0], float(listed[0])) if listed else (1.0, 0.25)
    found = [
        (parameter, (group["lr_scale"], group["weight_decay"]))
        for group in optimizer.param_groups
        for parameter in group["params"]
    ]
    assert len(found) == len(expected) == len(list(model.parameters()))
    assert dict(found) == expected


def test_a_group_without_weight_decay_has_that_of_the_optimizer():
    config = config_of({"name": "sgd", "lr": 0.1, "weight_decay": 0.5, "groups": [{"kinds": ["bias"], "lr_scale": 2}]})
    assert [g["weight_decay"] for g in build_optimizer(config, small_cnn(1, 10)).param_groups] == [0.5, 0.5]


def test_a_kind_may_stand_in_one_group_only():
    groups = [{"kinds": ["bias", "norm"]}, {"kinds": ["norm"]}]
    with pytest.raises(ValueError, match="every kind of parameter may stand in one group only"):
        config_of({"name": "sgd", "lr": 0.1, "groups": groups})


@pytest.mark.parametrize(
    ("options", "theirs"),
    [
        (
            {"name": "sgd", "momentum": 0.9, "weight_decay": 0.01, "nesterov": True},
            lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9, weight_decay=0.01, nesterov=True),
        ),
        ({"name": "sgd"}, lambda p: torch.optim.SGD(p, lr=0.1)),
        (
            {"name": "adamw", "betas": [0.8, 0.9], "weight_decay": 0.3},
            lambda p: torch.optim.AdamW(p, lr=0.1, betas=(0.8, 0.9), weight_decay=0.3),
        ),
        ({"name": "adamw"}, lambda p: torch.optim.AdamW(p, lr=0.1)),
        (
            {"name": "adam", "betas": [0.8, 0.9], "weight_decay": 0.3},
            lambda p: torch.optim.Adam(p, lr=0.1, betas=(0.8, 0.9), weight_decay=0.3),
        ),
    ],
)
def test_options_reach_the_optimizer(options, theirs):
    config = config_of({"lr": 0.1, **options})
    ends = []
    for build in (lambda model: build_optimizer(config, model), lambda model: theirs(model.parameters())):
        torch.manual_seed(0)
        model = nn.Linear(3, 2)
        optimizer = build(model)
        for _ in range(5):
            optimizer.zero_grad()
            model(torch.ones(4, 3)).square().sum().backward()
            optimizer.step()
        ends.append(torch.cat([p.detach().flatten() for p in model.parameters()]))
    torch.testing.assert_close(*ends)
