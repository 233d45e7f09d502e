"""The figures on calibration.md that say where tests do not hold, against other draws."""

import re
from pathlib import Path

import numpy as np
import pytest

from seedwise.statistics import spread_ratio

PAGE = Path(__file__).parents[2] / "docs" / "calibration.md"


def false_alarms() -> dict[str, dict[str, float]]:
    lines = PAGE.read_text(encoding="utf-8").split("<!-- false alarms -->\n")[1].split("\n\n")[0].splitlines()
    cells = [[text.strip() for text in line.strip("|").split("|")] for line in lines if not line.startswith("|---")]
    return {row[0]: dict(zip(cells[0][1:], map(float, row[1:]), strict=True)) for row in cells[1:]}


@pytest.mark.parametrize("runs", ["50 / 10", "10 / 50", "paired 10"])
def test_false_alarms_of_an_exponential_base(runs: str) -> None:
    sizes = [int(n) for n in re.findall(r"\d+", runs)]
    studies, rng = 1000, np.random.default_rng(77)
    p = [
        spread_ratio(rng.normal(size=sizes[0]), rng.exponential(size=sizes[-1]), paired="paired" in runs).p_value
        for _ in range(studies)
    ]
    stated = false_alarms()["normal / exponential"][runs] / 100
    assert np.mean(np.array(p) < 0.05) == pytest.approx(stated, abs=3 * np.sqrt(stated * (1 - stated) / studies))
