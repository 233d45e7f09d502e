"""Methods whose runs share an artifact: marked in the tables, with the spread between artifacts."""

import numpy as np
import pytest

from seedwise.reporting import results_of
from seedwise.reporting._findings import findings_of
from seedwise.reporting._main_table import main_table
from seedwise.statistics.spreads.between import between_spread
from seedwise.study._artifacts import artifacts_in

from .samples import BASE, cell, description, section

DRAW = np.random.default_rng(8)
WARM = {f"warm{k}": {"warm_start": {"epochs": 1, "artifact": k}} for k in range(3)}
VALUES = {name: 0.97 + 0.01 * k + 0.002 * DRAW.normal(size=12) for k, name in enumerate(WARM)}
DESCRIBED = description(artifacts=artifacts_in({"methods": {"base": {}, **WARM}}))


def found(*names: str):
    return results_of(DESCRIBED, [cell("base", BASE), *(cell(name, VALUES[name]) for name in names)])


def test_the_sd_of_a_method_with_an_artifact_is_called_conditional_in_every_table() -> None:
    results = found("warm0")
    for table in (results.table, results.narrow, results.numbers):
        name, spread = (table.columns.index(column) for column in ("method", "SD [95 %]"))
        spreads = {row[name]: row[spread] for row in table.rows}
        assert spreads["warm0"].endswith("] conditional")
        assert spreads["base"].endswith("]")
    study = section([cell("base", BASE), cell("warm0", VALUES["warm0"])], description=DESCRIBED)
    (place,) = main_table(findings_of(study).material).places
    rows = [place.base, *(row for block in (*place.resolved, *place.others, *place.behind) for row in block.rows)]
    assert {row.name: row.note for row in rows} == {"base": "", "warm0": "conditional"}


def test_one_artifact_says_nothing_of_others() -> None:
    (sentence,) = [reason for reason in found("warm0").reasons if "artifact" in reason]
    assert sentence.startswith("warm0: all runs share artifact 0, and its SD is conditional on it; ")


def test_of_two_the_difference_of_their_means_is_given() -> None:
    (sentence,) = [reason for reason in found("warm0", "warm1").reasons if "artifact" in reason]
    apart = 100 * np.mean(VALUES["warm1"] - VALUES["warm0"])
    assert f"their means lie {apart:.2f} [" in sentence.replace("lie .", "lie 0.")
    assert sentence.endswith("] points apart, and the SD between artifacts takes a third")


def test_of_three_the_sd_between_them_is_given() -> None:
    (sentence,) = [reason for reason in found(*WARM).reasons if "artifact" in reason]
    sd = between_spread([100 * values for values in VALUES.values()])
    assert sentence.startswith("warm0, warm1 and warm2: each SD is conditional on its artifact; ")
    assert f"the SD between these 3 is {sd.estimate:.2f} [" in sentence.replace("is .", "is 0.")
    assert "] points (12 paired runs each)" in sentence


@pytest.mark.parametrize("finished", [0, 2])
def test_without_runs_of_equal_seeds_nothing_is_estimated(finished: int) -> None:
    status = ("finished",) * finished + ("crashed",) * (12 - finished)
    broken = cell("warm1", np.where(np.arange(12) < finished, VALUES["warm1"], np.nan), status=status)
    results = results_of(DESCRIBED, [cell("base", BASE), cell("warm0", VALUES["warm0"]), broken])
    assert any(reason.endswith("takes 3 finished runs with equal seeds") for reason in results.reasons)
