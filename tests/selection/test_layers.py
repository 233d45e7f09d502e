"""Selecting layers against a plain reference, and what they have in common with torch's own."""

import copy
import math

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from seedwise.selection import SelectConv2d, SelectLinear, select_weights, selection_stats

LINEAR = {"in_features": 5, "out_features": 4}
CONV = {"in_channels": 3, "out_channels": 4, "kernel_size": 3, "padding": 1}
KINDS = [(SelectLinear, LINEAR, (6, 5)), (SelectConv2d, CONV, (2, 3, 6, 6))]


def candidates_of(layer):
    """The candidates (k, n), read one at a time through the forward pass of a copy."""
    probe = copy.deepcopy(layer).eval()
    found = []
    for j in range(layer.k):
        with torch.no_grad():
            probe.scores.zero_()
            probe.scores[j] = 1
            found.append(probe.chosen_weight().flatten())
    return torch.stack(found)


@pytest.mark.parametrize("store", [True, False])
@pytest.mark.parametrize(("kind", "shape", "size"), KINDS)
def test_the_gradient_of_a_score_is_that_of_the_weight_times_its_candidate(kind, shape, size, store):
    layer = kind(**shape, k=7, seed=3, store_weights=store).double()
    x = torch.randn(size, dtype=torch.float64, requires_grad=True)
    y = layer(x)
    seen = torch.randn_like(y)
    (y * seen).sum().backward()

    candidates = candidates_of(layer)
    scores = layer.scores.tolist()
    best = [max(range(7), key=lambda j: scores[j][i]) for i in range(candidates.shape[1])]
    weight = torch.stack([candidates[j, i] for i, j in enumerate(best)]).view(layer.weight_shape).requires_grad_()
    x2 = x.detach().clone().requires_grad_()
    plain = F.linear(x2, weight) if kind is SelectLinear else F.conv2d(x2, weight, padding=1)
    (plain * seen).sum().backward()

    torch.testing.assert_close(y, plain, rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(x.grad, x2.grad, rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(layer.scores.grad, weight.grad.flatten() * candidates, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("mode", ["greedy", "probabilistic"])
@pytest.mark.parametrize(("kind", "shape", "size"), KINDS)
def test_stored_and_regenerated_candidates_train_to_the_same_bits(kind, shape, size, mode):
    states = []
    for store in (True, False):
        torch.manual_seed(0)
        layer = kind(**shape, k=9, seed=2**62 + 5, mode=mode, store_weights=store)
        optimizer = torch.optim.SGD(layer.parameters(), lr=0.5, momentum=0.9)
        for _ in range(5):
            optimizer.zero_grad()
            layer(torch.randn(size)).square().mean().backward()
            optimizer.step()
        states.append(layer.state_dict())
    assert states[0].keys() == states[1].keys()
    assert all(torch.equal(states[0][name], states[1][name]) for name in states[0])


def test_parts_make_the_same_candidates_as_the_whole():
    """Larger than the blocks in which candidates are made and scores compared."""
    kept, made = (SelectLinear(700, 200, k=3, seed=1, store_weights=store) for store in (True, False))
    with torch.no_grad():
        kept.scores.copy_(torch.randn_like(kept.scores))
        made.scores.copy_(kept.scores)
    expected = kept.candidates[kept.scores.argmax(0), torch.arange(700 * 200)].view(200, 700)
    assert torch.equal(kept.chosen_weight(), expected)
    assert torch.equal(made.chosen_weight(), expected)
    gradient = torch.randn(200, 700)
    for layer in (kept, made):
        layer.chosen_weight().backward(gradient)
        assert torch.equal(layer.scores.grad, kept.candidates * gradient.flatten())


def test_of_equal_scores_the_first_wins():
    layer = SelectLinear(50, 40, k=5, seed=1)
    with torch.no_grad():
        layer.scores.copy_(torch.randint(0, 3, layer.scores.shape))
    first = (layer.scores == layer.scores.amax(0)).float().argmax(0)
    assert torch.equal(layer.chosen_weight().flatten(), layer.candidates.gather(0, first[None])[0])


@pytest.mark.parametrize("store", [True, False])
def test_no_optimizer_moves_a_candidate(store):
    model = select_weights(nn.Sequential(nn.Linear(6, 5), nn.ReLU(), nn.Linear(5, 2)), 4, seed=1, store_weights=store)
    before = [candidates_of(layer) for layer in (model[0], model[2])]
    assert [name for name, _ in model.named_parameters()] == ["0.scores", "2.scores"]
    for make in (torch.optim.SGD, torch.optim.AdamW):
        optimizer = make(model.parameters(), lr=1.0, weight_decay=0.5)
        for _ in range(3):
            optimizer.zero_grad()
            model(torch.randn(8, 6)).square().sum().backward()
            optimizer.step()
    for layer, was in zip((model[0], model[2]), before, strict=True):
        assert torch.equal(candidates_of(layer), was)
        assert not any(buffer.requires_grad for buffer in layer.buffers())


@pytest.mark.parametrize("init", ["glorot", "sigma"])
def test_ranges_of_both_initialisations(init):
    # fan_in + fan_out of a 3 x 3 convolution: 9 (in + out)
    for layer, fans, share in (
        (SelectLinear(200, 100, k=8, init=init, seed=1), 300, 0.1),
        (SelectConv2d(30, 40, 3, k=8, init=init, seed=1), 9 * 70, 1.0),
    ):
        bound, top = (
            (math.sqrt(6 / fans),) * 2 if init == "glorot" else (math.sqrt(2 / fans), share * math.sqrt(2 / fans))
        )
        weights, scores = layer.candidates, layer.scores.detach()
        assert weights.abs().max() <= bound * (1 + 1e-6)
        assert weights.min() < -0.999 * bound
        assert weights.max() > 0.999 * bound
        assert weights.std().item() == pytest.approx(bound / math.sqrt(3), rel=0.01)
        assert scores.min() >= 0
        assert scores.min() < 0.001 * top
        assert 0.999 * top < scores.max() <= top * (1 + 1e-6)
        assert scores.mean().item() == pytest.approx(top / 2, rel=0.01)


def test_probabilistic_draws_follow_the_softmax_of_the_scores():
    n, k = 20_000, 4
    layer = SelectLinear(n, 1, k=k, seed=1, mode="probabilistic", draw_seed=7)
    logits = torch.tensor([0.0, 1.0, -1.0, 0.5])
    with torch.no_grad():
        layer.scores.copy_(logits[:, None].expand(k, n))
    x = torch.ones(1, n)
    drawn = []
    for _ in range(2):
        drawn.append(layer.index(True, layer.passes))
        layer(x)
    expected = n * logits.softmax(0).double()
    for index in drawn:
        seen = torch.bincount(index, minlength=k).double()
        assert ((seen - expected) ** 2 / expected).sum() < 16.3  # the 99.9 % point of chi-square with 3 degrees
    # Two draws are independent: they agree as often as the sum of squared probabilities says.
    agree = (drawn[0] == drawn[1]).double().mean().item()
    p = logits.softmax(0).square().sum().item()
    assert abs(agree - p) < 4 * math.sqrt(p * (1 - p) / n)


def test_draws_are_a_function_of_their_seed_and_of_how_often_was_drawn():
    def outputs(draw_seed, skip=0):
        layer = SelectLinear(30, 20, k=4, seed=1, mode="probabilistic", draw_seed=draw_seed)
        layer.draws += skip
        return [layer(torch.ones(1, 30)).detach() for _ in range(3)]

    torch.manual_seed(0)
    first = outputs(1)
    torch.manual_seed(1)  # the global generator has no say
    assert all(torch.equal(a, b) for a, b in zip(first, outputs(1), strict=True))
    assert torch.equal(outputs(1, skip=1)[0], first[1])
    assert not torch.equal(first[0], first[1])
    assert not torch.equal(outputs(2)[0], first[0])


def test_evaluation_takes_the_highest_scores_unless_it_is_asked_to_draw():
    layer = SelectLinear(30, 20, k=4, seed=1, mode="probabilistic")
    twin = SelectLinear(30, 20, k=4, seed=1)
    x = torch.randn(3, 30)
    assert torch.equal(layer.eval()(x), twin(x))
    assert layer.draws == 0
    drawing = SelectLinear(30, 20, k=4, seed=1, mode="probabilistic", sample_in_eval=True).eval()
    assert not torch.equal(drawing(x), twin(x))
    assert torch.equal(drawing(x), drawing(x))
    assert drawing.draws == 0


def test_every_pass_of_an_evaluation_draws_anew_and_every_evaluation_the_same():
    layer = SelectLinear(30, 20, k=4, seed=1, mode="probabilistic", sample_in_eval="every_pass")
    once = SelectLinear(30, 20, k=4, seed=1, mode="probabilistic", sample_in_eval=True).eval()
    x = torch.randn(3, 30)

    def evaluation(count):
        layer.eval()
        return [layer(x).detach() for _ in range(count)]

    first = evaluation(4)
    assert len({tuple(y.flatten().tolist()) for y in [*first, once(x)]}) == 5
    torch.manual_seed(3)
    assert all(torch.equal(a, b) for a, b in zip(first[:2], evaluation(2), strict=True))
    assert all(torch.equal(a, b) for a, b in zip(first, evaluation(4), strict=True))
    # Evaluations move nothing in training, and after a step of training others are drawn.
    assert layer.draws == 0
    twin = SelectLinear(30, 20, k=4, seed=1, mode="probabilistic")
    assert torch.equal(layer.train()(x), twin(x))
    assert not torch.equal(evaluation(1)[0], first[0])
    # The state holds what an evaluation needs, and not how far one has come.
    other = SelectLinear(30, 20, k=4, seed=1, mode="probabilistic", sample_in_eval="every_pass").eval()
    other(x)
    other.load_state_dict(layer.state_dict())
    assert torch.equal(other.eval()(x), evaluation(1)[0])


def test_passes_draw_by_the_softmax_of_the_scores_and_apart():
    n, k, passes = 50, 3, 400
    layer = SelectLinear(n, 1, k=k, seed=1, mode="probabilistic", draw_seed=7, sample_in_eval="every_pass").eval()
    logits = torch.tensor([0.0, 1.0, -1.0])
    with torch.no_grad():
        layer.scores.copy_(logits[:, None].expand(k, n))
    drawn = []
    for _ in range(passes):
        drawn.append(layer.index(False, layer.passes))
        layer(torch.ones(1, n))
    indices = torch.stack(drawn)
    expected = n * passes * logits.softmax(0).double()
    seen = torch.bincount(indices.flatten(), minlength=k).double()
    assert ((seen - expected) ** 2 / expected).sum() < 13.8  # the 99.9 % point of chi-square with 2 degrees
    agree = (indices[1:] == indices[:-1]).double().mean().item()
    p = logits.softmax(0).square().sum().item()
    assert abs(agree - p) < 4 * math.sqrt(p * (1 - p) / indices[1:].numel())


@pytest.mark.parametrize("store", [True, False])
def test_a_state_holds_the_seed_in_place_of_the_candidates(store):
    options = {"k": 4, "mode": "probabilistic", "store_weights": store}
    layer, other = (SelectConv2d(3, 5, 3, seed=seed, **options) for seed in (1, 2))
    x = torch.randn(2, 3, 8, 8)
    layer(x)
    state = layer.state_dict()
    assert sum(value.numel() for value in state.values()) == 4 * 135 + 135 + 2
    other.load_state_dict(state)
    other.draw_seed = layer.draw_seed
    for _ in range(2):
        assert torch.equal(layer(x), other(x))


def test_the_seeds_of_weights_scores_and_draws_are_apart():
    def parts(**seeds):
        layer = SelectLinear(9, 7, k=3, mode="probabilistic", **seeds)
        scores = layer.scores.detach()
        index = layer.index(True, layer.passes)
        return layer.candidates, scores, index

    base = parts(seed=1, scores_seed=1, draw_seed=1)
    for changed, which in (("seed", 0), ("scores_seed", 1), ("draw_seed", 2)):
        other = parts(**{"seed": 1, "scores_seed": 1, "draw_seed": 1, changed: 2})
        equal = [torch.equal(a, b) for a, b in zip(base, other, strict=True)]
        # Another score is another choice, whatever is drawn.
        assert equal[: 2 + (which != 1)] == [k != which for k in range(2 + (which != 1))]


def test_copies_half_precision_and_channels_last():
    model = select_weights(nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(), nn.Conv2d(8, 4, 1)), 4, seed=1)
    x = torch.randn(2, 3, 8, 8)
    assert torch.equal(copy.deepcopy(model)(x), model(x))
    expected = model(x)
    last = copy.deepcopy(model).to(memory_format=torch.channels_last)
    torch.testing.assert_close(last(x.to(memory_format=torch.channels_last)), expected)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        half = model(x)
        half.float().square().mean().backward()
    assert half.dtype == torch.bfloat16
    torch.testing.assert_close(half.float(), expected, rtol=0.05, atol=0.02)
    assert model[0].scores.grad.dtype == torch.float32
    assert model[0].scores.grad.abs().sum() > 0


@pytest.mark.parametrize(
    "options",
    [
        {"stride": 2, "padding": 1},
        {"dilation": 2, "padding": "same"},
        {"groups": 2},
        {"padding": 2, "padding_mode": "circular"},
    ],
)
def test_a_convolution_takes_all_options_of_torchs_own(options):
    layer = SelectConv2d(4, 6, 3, k=3, seed=1, **options)
    plain = nn.Conv2d(4, 6, 3, bias=False, **options)
    with torch.no_grad():
        plain.weight.copy_(layer.chosen_weight())
    x = torch.randn(2, 4, 9, 9)
    assert torch.equal(layer(x), plain(x))


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"k": 0}, "k is 0: each connection needs 1 or more candidates"),
        ({"k": -2}, "k is -2"),
        ({"k": 2.0}, "k is 2.0"),
        ({"k": True}, "k is True"),
        ({"bias": True}, "no bias"),
        ({"mode": "random"}, "use one of greedy, probabilistic"),
        ({"init": "he"}, "use one of glorot, sigma"),
        ({"sample_in_eval": "always"}, "sample_in_eval is 'always': use one of False, True, every_pass"),
        ({"seed": -1}, "seed is -1: it must be an integer from 0"),
        ({"seed": 2**63}, "seed is"),
        ({"scores_seed": 0.5}, "scores_seed is 0.5"),
        ({"draw_seed": True}, "draw_seed is True"),
    ],
)
@pytest.mark.parametrize(("kind", "shape", "size"), KINDS)
def test_mistakes(kind, shape, size, options, text):
    with pytest.raises(ValueError, match=text):
        kind(**shape, **{"seed": 1, **options})


def test_one_candidate_is_a_random_feature():
    layer = SelectLinear(5, 4, k=1, seed=1)
    before = layer(torch.ones(1, 5))
    before.sum().backward()
    with torch.no_grad():
        layer.scores.sub_(10 * layer.scores.grad)
    assert torch.equal(layer(torch.ones(1, 5)), before)
    assert selection_stats(layer).entropy == 0


@pytest.mark.filterwarnings("ignore:.*should not be instantiated:DeprecationWarning")  # torch.compile's own doing
def test_compiled_gives_the_same():
    layer = SelectLinear(40, 30, k=5, seed=1, mode="probabilistic", store_weights=False)
    twin = copy.deepcopy(layer)
    compiled = torch.compile(twin, backend="aot_eager")
    x = torch.randn(3, 40)
    for _ in range(2):
        layer.zero_grad()
        twin.zero_grad()
        a, b = layer(x), compiled(x)
        torch.testing.assert_close(a, b)
        a.square().sum().backward()
        b.square().sum().backward()
        torch.testing.assert_close(layer.scores.grad, twin.scores.grad)
    assert twin.draws == 2
