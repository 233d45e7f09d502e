import numpy as np
import pytest

from seedwise.statistics import CellReactivity, reactivity
from seedwise.statistics.comparison.reactivity import reactivities

EPOCHS = 30


def series(runs: int, seed: int, *, leads: bool) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    moves = rng.normal(size=(runs, EPOCHS))
    answers = np.roll(moves, 1, axis=1) if leads else rng.normal(size=moves.shape)
    return 1 + 0.01 * moves.cumsum(1), answers.cumsum(1)


def test_p_is_corrected_over_the_cells_and_read() -> None:
    moving, still, few = series(12, 1, leads=True), series(12, 2, leads=False), series(3, 3, leads=True)
    first, nothing, second, third = reactivities([moving, None, still, few])
    assert nothing is None
    assert isinstance(first, CellReactivity)
    assert isinstance(second, CellReactivity)
    assert isinstance(third, CellReactivity)
    assert [first.reading, second.reading, third.reading] == ["moves", "not resolved", "too few runs"]
    raw = [reactivity(*one).p_value for one in (moving, still, few)]
    order = np.argsort(raw)
    expected, largest = [0.0] * 3, 0.0
    for rank, k in enumerate(order):
        largest = max(largest, min(1.0, (3 - rank) * raw[k]))
        expected[k] = largest
    assert [first.p_adjusted, second.p_adjusted, third.p_adjusted] == pytest.approx(expected)


def test_a_lambda_that_is_set_has_none_and_a_short_training_a_reason() -> None:
    lam, loss = series(5, 1, leads=True)
    set_once = np.repeat([[0.0] * 10 + [0.1] * 20], 5, axis=0)
    nothing, why = reactivities([(set_once, loss), (lam[:, :4], loss[:, :4])])
    assert nothing is None
    assert isinstance(why, str)
    assert "at least 7" in why
