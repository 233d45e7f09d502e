"""VML against the paper's equations in plain Python."""

import itertools
import math
import random
from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F

from seedwise.losses import VarianceMinimizerLoss, huber, huber_slope

DEFAULTS = {
    "lambda_base": 0.1,
    "alpha": 0.05,
    "beta": 0.2,
    "delta": 0.2,
    "warmup_steps": 200,
    "lambda_min": 0.0,
    "lambda_max": 2.0,
    "gamma": 1.0,
    "penalty_weight": 1.0,
    "eps": 1e-8,
    "delta_mode": "absolute",
}


def by_the_book(losses, **options):
    """Total, gradient factor, lambda and the state after each step, in Python floats."""
    p = {**DEFAULTS, **options}
    m = s = s_ref = 0.0
    for t, loss in enumerate(losses, start=1):
        if t == 1:
            m = loss
        d = loss - m
        s = (1 - p["beta"]) * s + p["beta"] * abs(d)
        m = (1 - p["alpha"]) * m + p["alpha"] * loss
        if t == p["warmup_steps"]:
            s_ref = max(s, p["eps"])
        lam = 0.0
        if t >= p["warmup_steps"]:
            excess = max(s - p["gamma"] * s_ref, 0.0) if p["gamma"] > 1 else s
            gain = excess / (s_ref + p["eps"])
            lam = min(max(p["lambda_base"] * gain, p["lambda_min"]), p["lambda_max"])
        threshold = p["delta"] * {"absolute": 1.0, "sigma": s, "sigma_ref": s_ref}[p["delta_mode"]]
        if abs(d) <= threshold and threshold > 0:
            rho, slope = d * d / (2 * threshold), d / threshold
        else:
            rho, slope = abs(d) - threshold / 2, math.copysign(1.0, d) if d else 0.0
        weight = p["penalty_weight"] * lam
        yield loss + weight * rho, 1 + weight * slope, lam, (m, s, s_ref)


def rough_losses(steps, seed):
    """A falling loss with noise that swells and ebbs, and a spike now and then."""
    draw = random.Random(seed)
    for t in range(steps):
        noise = 0.3 * (1 + math.sin(t / 15)) * draw.gauss(0, 1)
        yield 2.5 * math.exp(-t / 120) + noise + (3.0 if draw.random() < 0.02 else 0.0)


def as_leaf(loss):
    return torch.tensor(loss, dtype=torch.float32, requires_grad=True)


def follow(vml, losses):
    """The same four things from the module, fed with the losses themselves."""
    for loss in losses:
        leaf = as_leaf(loss)
        total = vml(leaf, None)
        total.backward()
        state = (vml.baseline.item(), vml.volatility.item(), vml.reference.item())
        yield total.item(), leaf.grad.item(), vml.last_lambda.item(), state


def given(**options):
    return VarianceMinimizerLoss(lambda output, target: output, **options)


@pytest.mark.parametrize(
    "options",
    [
        *(
            {"delta_mode": mode, "gamma": gamma, "delta": delta, "warmup_steps": 30, "lambda_base": 0.8}
            for mode, (gamma, delta) in itertools.product(
                ("absolute", "sigma", "sigma_ref"), ((1.0, 0.2), (1.0, 1.7), (1.3, 0.2))
            )
        ),
        {},
        {"warmup_steps": 2, "lambda_base": 5.0},  # the upper clip, and factors below 0
        {
            "warmup_steps": 5,
            "lambda_base": 0.1,
            "gamma": 2.0,
            "lambda_min": 0.25,
            "lambda_max": 0.6,
            "penalty_weight": 0.5,
        },
        {"warmup_steps": 3, "alpha": 1.0, "beta": 1.0, "lambda_base": 0.3, "eps": 0.05},
    ],
    ids=str,
)
def test_follows_the_paper_for_hundreds_of_steps(options):
    losses = list(rough_losses(500, seed=7))
    factors = []
    for got, expected in zip(follow(given(**options), losses), by_the_book(losses, **options), strict=True):
        assert got[:3] == pytest.approx(expected[:3], rel=2e-4, abs=2e-5)
        assert got[3] == pytest.approx(expected[3], rel=2e-4, abs=2e-5)
        factors.append(expected[1])
    assert min(factors) < 1 < max(factors)


def test_the_defaults_are_those_of_the_paper():
    vml = VarianceMinimizerLoss()
    assert {name: getattr(vml.options, name) for name in DEFAULTS} == DEFAULTS
    assert vml.options.gradient == "through"


def test_the_first_deviation_is_zero_and_the_penalty_begins_at_the_warmup_step():
    vml = given(warmup_steps=3, lambda_min=0.5)
    steps = list(follow(vml, [4.0, 5.0, 6.0, 7.0]))
    assert [lam for _, _, lam, _ in steps] == [0.0, 0.0, 0.5, 0.5]
    assert steps[0][3] == (4.0, 0.0, 0.0)
    assert [reference > 0 for _, _, _, (_, _, reference) in steps] == [False, False, True, True]


def test_a_constant_loss_has_no_penalty_in_any_mode():
    for mode in ("absolute", "sigma", "sigma_ref"):
        for dtype in (torch.float32, torch.float64):
            vml = given(warmup_steps=2, lambda_min=1.0, delta_mode=mode)
            for _ in range(5):
                leaf = torch.tensor(1.5, dtype=dtype, requires_grad=True)
                total = vml(leaf, None)
                total.backward()
                assert (total.item(), leaf.grad.item()) == (1.5, 1.0)


def test_a_threshold_of_zero_gives_slope_one():
    vml = given(warmup_steps=2, lambda_min=0.5, lambda_max=0.5, delta_mode="sigma_ref", eps=1e-30, delta=1e-30)
    assert [factor for _, factor, _, _ in follow(vml, [1.0, 1.0, 3.0, 0.0])] == [1.0, 1.0, 1.5, 0.5]


def test_the_reference_is_at_least_eps():
    options = {"warmup_steps": 3, "eps": 0.05}
    losses = [1.0, 1.0, 1.0, 1.3, 0.8]
    got = list(follow(given(**options), losses))
    assert got[2][3][2] == pytest.approx(0.05)
    for step, expected in zip(got, by_the_book(losses, **options), strict=True):
        assert step[:3] == pytest.approx(expected[:3], rel=1e-5)


def test_above_the_mean_amplifies_and_below_it_can_reverse():
    strong = {"warmup_steps": 2, "lambda_min": 1.5, "lambda_max": 1.5}
    assert [f for _, f, _, _ in follow(given(**strong), [1.0, 1.0, 9.0])][-1] == pytest.approx(2.5)
    assert [f for _, f, _, _ in follow(given(**strong), [1.0, 1.0, -9.0])][-1] == pytest.approx(-0.5)


def test_stopped_changes_the_value_and_never_the_gradient():
    through, stopped = given(warmup_steps=2), given(warmup_steps=2, gradient="stopped")
    losses = list(rough_losses(50, seed=3))
    seen = list(zip(follow(through, losses), follow(stopped, losses), strict=True))
    assert all(a[0] == b[0] and a[2:] == b[2:] for a, b in seen)
    assert all(b[1] == 1.0 for _, b in seen)
    assert any(abs(a[1] - 1.0) > 0.05 for a, _ in seen)
    assert stopped.last_factor == 1
    assert stopped.epoch_summary()["factor_sd"] == 0


def test_stopped_trains_to_the_same_bits_as_the_base_loss():
    def trained(loss):
        torch.manual_seed(0)
        model = torch.nn.Linear(5, 3)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.5, momentum=0.9)
        for _ in range(30):
            inputs, target = torch.randn(8, 5), torch.randint(0, 3, (8,))
            optimizer.zero_grad()
            loss(model(inputs), target).backward()
            optimizer.step()
        return model.weight.detach()

    base = trained(F.cross_entropy)
    assert torch.equal(trained(VarianceMinimizerLoss(warmup_steps=2, gradient="stopped")), base)
    assert torch.equal(trained(VarianceMinimizerLoss(warmup_steps=2, penalty_weight=0)), base)
    assert not torch.equal(trained(VarianceMinimizerLoss(warmup_steps=2)), base)


@pytest.mark.parametrize("delta", [1e-3, 0.2, 1.0, 5.0])
def test_huber_is_smooth_l1_with_beta_delta(delta):
    deviation = torch.linspace(-3, 3, 121, dtype=torch.float64)
    expected = F.smooth_l1_loss(deviation, torch.zeros_like(deviation), reduction="none", beta=delta)
    torch.testing.assert_close(huber(deviation, delta), expected)
    torch.testing.assert_close(huber(deviation, torch.tensor(delta, dtype=torch.float64)), expected)
    slope = [d / delta if abs(d) <= delta else math.copysign(1, d) for d in deviation.tolist()]
    torch.testing.assert_close(huber_slope(deviation, delta), torch.tensor(slope, dtype=torch.float64))


@pytest.mark.parametrize("delta", [0.0, 1e-45, 1e-40, 1e-30])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("threshold", [float, lambda delta: torch.tensor(delta, dtype=torch.float32)])
def test_huber_at_a_threshold_of_nearly_nothing_is_the_absolute_value(delta, dtype, threshold):
    deviation = torch.tensor([-2.0, -1e-20, 0.0, 1e-8, 300.0, 1e30], dtype=dtype, requires_grad=True)
    value = huber(deviation, threshold(delta))
    torch.testing.assert_close(value, deviation.detach().abs(), rtol=1e-6, atol=0)
    value.sum().backward()
    sign = torch.tensor([-1.0, -1.0, 0.0, 1.0, 1.0, 1.0], dtype=dtype)
    torch.testing.assert_close(deviation.grad, sign, rtol=1e-6, atol=0)
    torch.testing.assert_close(huber_slope(deviation.detach(), threshold(delta)), sign, rtol=1e-6, atol=0)


@pytest.mark.parametrize("delta", [0.0, 0.2, 1.0])
def test_huber_gradcheck(delta):
    deviation = torch.tensor([-2.0, -0.7, -0.1, 0.05, 0.5, 3.0], dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda d: huber(d, delta), deviation)
    assert torch.autograd.gradgradcheck(lambda d: huber(d, delta), deviation)
    torch.testing.assert_close(
        torch.autograd.grad(huber(deviation, delta).sum(), deviation)[0], huber_slope(deviation.detach(), delta)
    )


def test_the_penalty_at_fixed_state_gradcheck():
    warmed = given(warmup_steps=2, lambda_base=0.7)
    for loss in (1.0, 1.6, 0.9):
        warmed(as_leaf(loss), None)
    state = {name: value.clone() for name, value in warmed.state_dict().items()}

    def total(loss):
        warmed.load_state_dict(state)
        return warmed(loss, None)

    for start in (0.2, 0.95, 1.05, 2.0):
        leaf = torch.tensor(start, dtype=torch.float64, requires_grad=True)
        # lambda moves with the loss but is a constant to the gradient: hold it while differences are taken.
        warmed.options = replace(warmed.options, lambda_min=0.7, lambda_max=0.7)
        assert torch.autograd.gradcheck(total, leaf, eps=1e-5, atol=1e-4)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"lambda_base": -0.1}, ValueError, "lambda_base must be a finite number at least 0, got -0.1"),
        ({"lambda_base": math.nan}, ValueError, "lambda_base must be a finite number"),
        ({"lambda_base": "0.1"}, TypeError, "lambda_base must be a number, got '0.1'"),
        ({"lambda_base": True}, TypeError, "lambda_base must be a number"),
        ({"alpha": 0}, ValueError, "alpha must be a finite number above 0 and at most 1, got 0"),
        ({"alpha": 1.01}, ValueError, "alpha"),
        ({"beta": 0.0}, ValueError, "beta"),
        ({"beta": -1}, ValueError, "beta"),
        ({"delta": 0}, ValueError, "delta must be a finite number above 0, got 0"),
        ({"delta": math.inf}, ValueError, "delta"),
        ({"warmup_steps": 1}, ValueError, "warmup_steps must be at least 2, got 1"),
        ({"warmup_steps": 2.5}, TypeError, "warmup_steps must be a whole number, got 2.5"),
        ({"lambda_min": -1}, ValueError, "lambda_min"),
        ({"lambda_min": 3.0}, ValueError, "lambda_min 3.0 must not exceed lambda_max 2.0"),
        ({"gamma": 0.9}, ValueError, "gamma must be a finite number at least 1"),
        ({"penalty_weight": -1}, ValueError, "penalty_weight"),
        ({"eps": 0}, ValueError, "eps"),
        ({"delta_mode": "sigmaref"}, ValueError, "got 'sigmaref'; did you mean 'sigma_ref'"),
        ({"delta_mode": 3}, ValueError, "delta_mode must be one of 'absolute', 'sigma', 'sigma_ref', got 3"),
        ({"gradient": "stop"}, ValueError, "did you mean 'stopped'"),
    ],
    ids=str,
)
def test_impossible_parameters_are_refused(options, error, message):
    with pytest.raises(error, match=message):
        VarianceMinimizerLoss(**options)


def test_the_limits_themselves_are_allowed():
    vml = VarianceMinimizerLoss(lambda_base=0, alpha=1, beta=1, warmup_steps=2, lambda_max=0, gamma=1, penalty_weight=0)
    assert (vml.options.alpha, vml.options.warmup_steps, vml.options.lambda_max) == (1, 2, 0)


@pytest.mark.parametrize("function", [huber, huber_slope])
def test_a_negative_threshold_is_refused(function):
    with pytest.raises(ValueError, match=r"delta must be a finite number at least 0, got -0\.1"):
        function(torch.zeros(1), -0.1)
