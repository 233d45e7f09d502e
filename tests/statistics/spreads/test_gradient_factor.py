import numpy as np
import pytest

from seedwise.statistics.spreads.gradient_factor import gradient_factor


def test_epochs_are_put_together_as_if_every_step_had_been_kept() -> None:
    steps = np.random.default_rng(0).normal(1.1, 0.2, size=(4, 6, 50))  # runs, epochs, steps
    found = gradient_factor(
        {
            "train/factor_mean": steps.mean(2), "train/factor_sd": steps.std(2), "train/factor_min": steps.min(2),
            "train/factor_max": steps.max(2), "train/active_share": (steps > 1).mean(2),
        }
    )  # fmt: skip
    assert found is not None
    expected = [(steps > 1).mean(), steps.mean(), steps.std(), steps.min(), steps.max()]
    assert [found.active, found.mean, found.sd, found.low, found.high] == pytest.approx(expected)


def test_a_loss_without_a_factor_has_none() -> None:
    assert gradient_factor({"train/loss": [[1.0]]}) is None
