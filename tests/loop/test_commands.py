"""The commands on the store of a loop: each works, or says in one line what to type."""

from __future__ import annotations

import re

import numpy as np
import pytest
from typer.testing import CliRunner

import seedwise
from seedwise.cli import app
from seedwise.errors import SeedwiseError
from seedwise.study import Store, attribution_results


def train(run) -> None:
    scale = run.config.get("scale", 100)
    init, shuffle = (run.randomness.numpy(source, "draw", scale).normal() for source in ("init", "shuffle"))
    run.log(0, loss=init)
    run.finish(accuracy=0.9 + (0.02 * init + 0.01 * shuffle) * scale / 100)


def command(*words: object) -> str:
    done = CliRunner().invoke(app, list(map(str, words)))
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == 0, done.output
    return done.output


def accuracies(path, method: str) -> np.ndarray:
    with Store(path) as opened:
        runs = [run for run in opened.runs() if run.link.method == method and run.link.replicate < 30]
    return np.array([run.metrics["test/accuracy"] for run in runs])


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """Two methods of thirty runs, of which the second is far steadier, and one run that was interrupted."""
    path = tmp_path_factory.mktemp("loop") / "loop.db"
    for method, config in (("base", {}), ("steady", {"scale": 10})):
        for run in seedwise.replicates(
            30, method=method, config=config, vary=["init", "shuffle"], store=path, quiet=True
        ):
            train(run)
    return path


def test_show_and_report(store, tmp_path):
    drawn = {method: 100 * accuracies(store, method) for method in ("base", "steady")}
    rows = [line.split() for line in command("show", store).splitlines()[2:4]]
    assert [row[:4] for row in rows] == [[name, "30", "0", f"{x.mean():.2f}"] for name, x in drawn.items()]
    assert [row[5] for row in rows] == [f"{x.std(ddof=1):.2f}".removeprefix("0") for x in drawn.values()]
    command("report", store, "-o", tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text()
    cells = re.findall(r"<td[^>]*>([^<]*)", page)
    assert {f"{x.mean():.2f} %" for x in drawn.values()} <= {cell.strip() for cell in cells}
    assert "To run it again" not in page  # there is no study file to run


def test_recommend_takes_the_store(store):
    sds = [accuracies(store, method).std(ddof=1) for method in ("base", "steady")]
    smaller = 100 * (1 - sds[1] / sds[0])
    assert command("recommend", store).startswith(f"steady: the SD is {smaller:.0f} % smaller")
    with pytest.raises(SeedwiseError, match=r"in test_commands.py add study=\.\.\., first_replicate=\.\.\. and n=50"):
        command("recommend", store, "--confirm", 50)


def test_recommend_says_what_a_store_of_one_method_lacks(tmp_path):
    path = tmp_path / "one.db"
    for run in seedwise.replicates(2, store=path, quiet=True):
        train(run)
    with pytest.raises(SeedwiseError, match=r"add another with seedwise\.replicates\(\.\.\., method=\.\.\.\)$"):
        command("recommend", path)


def test_status_names_the_program_that_goes_on(tmp_path):
    path = tmp_path / "s.db"
    for _ in seedwise.replicates(2, store=path, quiet=True):
        break
    out = command("status", path)
    assert "base (all): 1 interrupted, 1 pending" in out
    assert "next: start test_commands.py again" in out


def test_doctor_names_the_program(store):
    with pytest.raises(SeedwiseError, match=r"not .*loop\.db: seedwise doctor test_commands\.py$"):
        command("doctor", store)


def test_attribute_says_what_to_add_and_then_attributes(store, capsys):
    with pytest.raises(
        SeedwiseError, match=r"in test_commands\.py add attribute=True to seedwise\.replicates\(n, \.\.\.\)"
    ):
        command("attribute", store)
    trained = 0
    for run in seedwise.replicates(15, vary=["init", "shuffle"], attribute=True, store=store):
        train(run)
        trained += 1
    # Two runs of each block of four are replicates that are there already.
    assert trained == 30
    assert f"'base' in {store}: 30 runs trained, 30 from before: 60 finished" in capsys.readouterr().err
    said = command("attribute", store)
    assert said.startswith("loop, base: init + shuffle, 15 blocks, 60 runs\n")
    assert "no shares of the variance of accuracy: 30 pairs a source, and below 50 they say little" in said
    advice = "in test_commands.py pass replicates(25, attribute=True): n counts blocks"
    assert f"they say little: {advice}" in " ".join(said.split())
    assert "--blocks" not in said
    assert "--blocks" not in store.with_suffix(".html").read_text()
    with pytest.raises(SeedwiseError, match=rf"--blocks is for training, .*: {re.escape(advice)}$"):
        command("attribute", store, "--blocks", 25)
    with pytest.raises(SeedwiseError, match=r"--method is for training, .*pass replicates\(n, attribute=True\)"):
        command("attribute", store, "--method", "base")
    with Store(store) as opened:
        (found,) = attribution_results(opened)
    assert (found.study, found.sources, found.blocks, found.runs) == ("loop", ("init", "shuffle"), 15, 60)
    assert found.provenance.again is None
    # The accuracy is a sum of independent terms with variances 4 and 1.
    assert found.values is not None, found.reasons
    for effect, share in zip(found.values.effects, (0.8, 0.2), strict=True):
        assert effect.total.low < share < effect.total.high


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n": 2}, r"attribute=True: 2 blocks: .*at least 3; pass more with replicates\(3, attribute=True\)$"),
        ({"vary": ["init"]}, "attribute=True: .*2"),
        ({"vary": ["init", "hardware"]}, "attribute=True: no seed holds 'hardware' fixed"),
    ],
)
def test_designs_that_cannot_be_are_refused(tmp_path, options, message):
    asked = {"n": 3, "vary": ["init", "shuffle"], **options}
    with pytest.raises(SeedwiseError, match=message):
        seedwise.replicates(asked.pop("n"), attribute=True, store=tmp_path / "s.db", **asked)
