"""From a network to a selecting one and back."""

import copy
import warnings

import pytest
import torch
from torch import nn

from seedwise.selection import SelectConv2d, SelectLinear, collapse, select_weights


def network():
    return nn.Sequential(
        nn.Conv2d(3, 6, 3, padding=1, stride=2),
        nn.BatchNorm2d(6),
        nn.ReLU(),
        nn.Conv2d(6, 6, 3, groups=2, padding="same", padding_mode="reflect"),
        nn.Dropout(0.3),
        nn.Flatten(),
        nn.Linear(6 * 16, 5),
    )


def test_every_layer_selects_and_only_scores_are_left_to_train():
    model = network()
    kept = copy.deepcopy(model.state_dict())
    selecting = select_weights(model, 4, seed=1)
    assert [type(m) for m in selecting] == [
        SelectConv2d, nn.BatchNorm2d, nn.ReLU, SelectConv2d, nn.Dropout, nn.Flatten, SelectLinear
    ]  # fmt: skip
    assert {name: tuple(p.shape) for name, p in selecting.named_parameters()} == {
        "0.scores": (4, 162),
        "3.scores": (4, 162),
        "6.scores": (4, 480),
    }
    assert selecting[3].groups == 2
    assert selecting[3].padding_mode == "reflect"
    assert all(torch.equal(kept[name], value) for name, value in model.state_dict().items()), "the model is not changed"
    x = torch.randn(2, 3, 8, 8)
    assert selecting(x).shape == model(x).shape


def test_candidates_do_not_depend_on_k_and_every_layer_has_its_own():
    few, many = (select_weights(nn.Sequential(nn.Linear(9, 9), nn.Linear(9, 9)), k, seed=1) for k in (2, 8))
    assert torch.equal(few[0].candidates, many[0].candidates[:2])
    assert not torch.equal(few[0].candidates, few[1].candidates)
    assert not torch.equal(few[0].scores, few[1].scores)


def test_what_is_left_is_trained_as_usual():
    model = select_weights(network(), 4, seed=1, leave=["1", "6"])
    names = [name for name, _ in model.named_parameters()]
    assert names == ["0.scores", "1.weight", "1.bias", "3.scores", "6.weight", "6.bias"]


@pytest.mark.parametrize("store", [True, False])
@pytest.mark.parametrize("mode", ["greedy", "probabilistic"])
def test_the_collapsed_network_gives_the_same_bits(mode, store):
    model = select_weights(network(), 5, seed=1, mode=mode, store_weights=store)
    optimizer = torch.optim.SGD(model.parameters(), lr=1.0)
    x = torch.randn(8, 3, 8, 8)
    for _ in range(3):
        optimizer.zero_grad()
        model(x).square().mean().backward()
        optimizer.step()
    draws = int(model[0].draws)
    model.eval()
    plain = collapse(model)
    assert torch.equal(plain(x), model(x))
    assert [type(m) for m in plain] == [type(m) for m in network()]
    assert {n: p.shape for n, p in plain.named_parameters()} == {
        "0.weight": (6, 3, 3, 3),
        "3.weight": (6, 3, 3, 3),
        "6.weight": (5, 96),
    }
    assert draws == (3 if mode == "probabilistic" else 0)
    assert model[0].draws == draws
    model[1].running_mean.fill_(7)
    assert not torch.equal(plain[1].running_mean, model[1].running_mean), "nothing is shared"


def test_a_probabilistic_network_collapses_to_its_highest_scores_or_to_a_draw():
    model = select_weights(nn.Linear(40, 30), 4, seed=1, mode="probabilistic")
    best = collapse(model).weight
    assert torch.equal(best, collapse(select_weights(nn.Linear(40, 30), 4, seed=1)).weight)
    drawn = [collapse(model, seed=seed).weight for seed in (1, 1, 2)]
    assert torch.equal(drawn[0], drawn[1])
    assert not torch.equal(drawn[0], drawn[2])
    assert not torch.equal(drawn[0], best)
    in_pool = (model.candidates == drawn[0].flatten()).any(0)
    assert in_pool.all()
    always = select_weights(nn.Linear(40, 30), 4, seed=1, mode="probabilistic", sample_in_eval=True).eval()
    x = torch.randn(2, 40)
    assert torch.equal(collapse(always)(x), always(x))
    anew = select_weights(nn.Linear(40, 30), 4, seed=1, mode="probabilistic", sample_in_eval="every_pass").eval()
    first = anew(x)
    assert torch.equal(collapse(anew)(x), first)
    second = anew(x)
    assert not torch.equal(second, first)
    assert torch.equal(anew.eval()(x), first)
    assert model.training, "the mode of the model is not touched"


def test_one_candidate_is_allowed_and_said_once():
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        select_weights(network(), 1, seed=1)
    assert [str(w.message) for w in said] == ["k = 1 leaves nothing to choose: the weights are fixed at random"]


class Tied(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Linear(3, 3), nn.Linear(3, 3)
        self.b.weight = self.a.weight


class Raw(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(3, 3)
        self.scale = nn.Parameter(torch.ones(3))


@pytest.mark.parametrize(
    ("model", "options", "text"),
    [
        (nn.Sequential(nn.Linear(2, 2), nn.LSTM(2, 2)), {}, "'1' is a LSTM, whose weights cannot be selected"),
        (nn.Sequential(nn.Conv1d(2, 2, 1)), {}, "'0' is a Conv1d"),
        (nn.Sequential(nn.Embedding(2, 2), nn.Linear(2, 2)), {}, r"leave=\['0'\]"),
        (nn.Sequential(nn.ReLU()), {}, "no nn.Linear or nn.Conv2d"),
        (Tied(), {}, "'b' and 'a' share their weight"),
        (Raw(), {}, "'the network' is a Raw"),
        (nn.Linear(2, 2), {"k": 0}, "k is 0"),
        (nn.Linear(2, 2), {"seed": -1}, "seed is -1"),
        (nn.Sequential(nn.Linear(2, 2)), {"leave": ["head"]}, "no module of that name: 0"),
    ],
)
def test_what_cannot_be_selected(model, options, text):
    with pytest.raises(ValueError, match=text):
        select_weights(model, **{"k": 2, "seed": 1, **options})


def test_what_cannot_be_collapsed():
    with pytest.raises(ValueError, match="no selecting layer"):
        collapse(nn.Linear(2, 2))
    with pytest.raises(ValueError, match="nothing to draw"):
        collapse(select_weights(nn.Linear(2, 2), 2, seed=1), seed=1)


def test_selected_and_left_parts_collapse_together():
    model = select_weights(network(), 3, seed=1, leave=["6"]).eval()
    x = torch.randn(2, 3, 8, 8)
    plain = collapse(model)
    assert torch.equal(plain(x), model(x))
    assert torch.equal(plain[6].bias, model[6].bias)
