from seedwise.statistics import Look, Question, answer, compare_study, runs_to_resolve

from .cells import RNG, cell

CELLS = [cell("base", 0.9 + 0.01 * RNG.normal(size=12)), cell("new", 0.9 + 0.009 * RNG.normal(size=12))]
SHOWN = [one.shown for one in CELLS]


def test_a_study_is_compared_in_percent_with_its_margin_and_has_a_plan() -> None:
    found = answer(CELLS, "base", Question(sd_ratio=0.8, factor=1.5, margin=0.01))
    assert list(found.rows) == compare_study(SHOWN, base="base", factor=1.5, margin={"digits": 1.0})
    assert found.plan == runs_to_resolve(found.rows, sd_ratio=0.8, power=0.8, margin={"digits": 1.0})


def test_a_look_is_at_its_own_limit_without_equivalence_and_without_a_plan() -> None:
    look = Look("spread", looks=(6, 12), limits=(0.003, 0.049), look=0)
    found = answer(CELLS, "base", Question(factor=1.5), look)
    assert found.plan is None
    assert list(found.rows) == compare_study(SHOWN, base="base", alpha=0.003)
