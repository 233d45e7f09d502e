"""The examples: they run, they repeat to the last bit, and adopting a loop takes ten lines."""

from __future__ import annotations

import argparse
import difflib
import importlib
import math
import shutil
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from sklearn.metrics import f1_score, fbeta_score

import seedwise
from seedwise.errors import SeedwiseError
from seedwise.reporting import results_of
from seedwise.study import Store, study_results
from tests.nursery import nursery

EXAMPLES = Path(__file__).parents[2] / "examples"


def run(program: str, folder: Path, *arguments: str) -> str:
    done = nursery().run([EXAMPLES / program, *arguments], cwd=folder, timeout=240)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout


def code(file: str, *, function: str | None = None) -> list[str]:
    """Return the lines of a file, or of the body of its loop, without blank ones and docstrings of one line."""
    text = (EXAMPLES / file).read_text()
    if function is not None:
        text = textwrap.dedent(text[text.index("\n", text.index(f"def {function}(")) :].split("\n\n\n")[0])
    return [line for line in text.splitlines() if line.strip() and not line.strip().startswith('"""')]


def changed(before: list[str], after: list[str]) -> int:
    """Return how many lines were changed, added or removed; a line that is replaced counts once."""
    return sum(
        max(i2 - i1, j2 - j1)
        for tag, i1, i2, j1, j2 in difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
        if tag != "equal"
    )


def test_counting_changed_lines():
    assert changed(["a", "b", "c"], ["a", "b", "c"]) == 0
    assert changed(["a", "b", "c"], ["a", "x", "c", "d"]) == 2
    assert changed(["a", "b", "c"], ["c"]) == 2


def test_a_plain_loop_is_adopted_with_ten_lines():
    plain = code("plain_loop.py")
    assert 0 < changed(plain, code("with_seedwise.py")) <= 10


def test_a_plain_loop_becomes_a_function_with_ten_lines():
    # A function needs no loop over seeds around it, so that everything moves to the left: compared without indentation.
    plain = [line.strip() for line in code("plain_loop.py", function="main")]
    own = [line.strip() for line in code("my_project/train.py", function="train")]
    assert len(plain) == 10
    assert 0 < changed(plain, own) <= 10


def test_the_plain_loop_runs(tmp_path):
    out = run("plain_loop.py", tmp_path, "--seeds", "1", "--epochs", "2")
    assert out.count("epoch") == 2
    assert 0.5 < float(out.split("accuracy")[1]) <= 1


def test_runs_that_agree_more(tmp_path):
    arguments = ("agreeing.py", tmp_path, "--seeds", "2", "--epochs", "3")
    run(*arguments)

    def found():
        return {method: contents(tmp_path / "study.db", method) for method in ("base", "distilled", "packed")}

    before = found()
    logits = [runs[0][2] for runs in before.values()]
    assert logits[0] != logits[1] != logits[2] != logits[0]
    run(*arguments)
    assert found() == before


def contents(path: Path, method: str = "base") -> list[tuple]:
    """Return what a store knows of the replicates of a method: name by name, bit by bit."""
    with Store(path) as store:
        runs = [run for run in store.runs() if run.link.method == method]
        assert [(run.link.replicate, run.status, run.attempt) for run in runs] == [
            (0, "finished", 0),
            (1, "finished", 0),
        ]
        series = store.series([run.run_id for run in runs])
        logits = store.predictions(series)
    return [(run.metrics, series[run.run_id], logits[run.run_id].logits.tolist()) for run in runs]


@pytest.fixture(scope="module")
def adopted(tmp_path_factory):
    """The store of the adopted loop: two replicates of two epochs, at once."""
    folder = tmp_path_factory.mktemp("adopted")
    run("with_seedwise.py", folder, "--seeds", "2", "--epochs", "2")
    return folder / "study.db"


def test_the_adopted_loop_trains_two_different_networks(adopted):
    first, second = contents(adopted)
    assert 0.5 < first[0]["test/accuracy"] <= 1
    assert len(first[1]) == 2
    assert np.shape(first[2]) == (360, 10)
    assert first[1:] != second[1:]


def test_the_adopted_loop_stopped_and_started_again_gives_the_same(adopted, tmp_path):
    run("with_seedwise.py", tmp_path, "--seeds", "1", "--epochs", "2")
    run("with_seedwise.py", tmp_path, "--seeds", "2", "--epochs", "2")
    assert contents(tmp_path / "study.db") == contents(adopted)


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_the_loader_example_gives_the_same_with_any_number_of_workers(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(EXAMPLES)
    loader = importlib.import_module("with_loader")
    found = []
    for workers in (0, 2):
        folder = tmp_path / str(workers)
        folder.mkdir()
        monkeypatch.chdir(folder)
        loader.main(argparse.Namespace(data="digits", seeds=2, epochs=2, lr=0.1, workers=workers))
        found.append(contents(folder / "study.db"))
        with Store(folder / "study.db") as store:
            observed = store.observed(run.run_id for run in store.runs()).values()
        assert {tuple(one.drawn) for one in observed} == {("augment", "dropout", "init", "shuffle")}
        assert all(one.outside == [] and one.left == [] for one in observed)
    assert found[0] == found[1]
    assert 0.2 < found[0][0][0]["test/accuracy"] <= 1
    sys.modules.pop("with_loader")


@pytest.fixture
def my_project(tmp_path):
    """A copy of the project, shortened; its module is called ``train`` and must not meet another."""
    shutil.copytree(EXAMPLES / "my_project", tmp_path / "my_project", ignore=shutil.ignore_patterns("__pycache__"))
    path = tmp_path / "my_project" / "study.yaml"
    text = path.read_text()
    assert "config: {epochs: 10}" in text
    path.write_text(text.replace("config: {epochs: 10}", "config: {epochs: 2}"))
    yield path
    sys.modules.pop("train", None)


def test_the_project_runs_from_its_study_file_and_gives_the_same(my_project, adopted):
    study = seedwise.Study.from_yaml(my_project, replicates=2)
    assert study.run(workers=2).counts == {"finished": 4}
    with Store(study.store_path) as store:
        configs = {run.link.method: run.content["config"] for run in store.runs()}
    # What a method overrides reaches the function; its own default is left out of the run's name.
    assert configs == {"base": {"epochs": 2}, "small_steps": {"epochs": 2, "lr": 0.02}}
    assert contents(study.store_path) == contents(adopted)
    assert contents(study.store_path, "small_steps") != contents(adopted)
    assert [(cell.method, cell.predictions.shape) for cell in study.cells()] == [
        ("base", (2, 360)),
        ("small_steps", (2, 360)),
    ]


def test_the_projects_config_is_checked_by_its_own_model(my_project):
    my_project.write_text(my_project.read_text().replace("lr: 0.02", "lr: -1"))
    with pytest.raises(SeedwiseError, match=r"methods\.small_steps\.config\.lr is -1: input should be greater than 0"):
        seedwise.Study.from_yaml(my_project)


@pytest.fixture
def shortened(tmp_path, monkeypatch):
    """A copy of the examples beside each other, their studies of two epochs and two replicates."""
    for file in EXAMPLES.glob("*.*"):
        text = file.read_text()
        if file.suffix == ".yaml":
            assert "epochs: 20\n" in text
            assert "replicates: 10\n" in text
            text = text.replace("epochs: 20\n", "epochs: 2\n").replace("replicates: 10\n", "replicates: 2\n")
        (tmp_path / file.name).write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    yield tmp_path
    for name in ("cautious", "focal", "lion", "digits16", "macro_f1", "tides"):
        sys.modules.pop(name, None)


def test_a_focal_loss_and_its_placebo_are_studied(shortened):
    study = seedwise.Study.from_yaml(shortened / "focal.yaml")
    assert study.run(workers=1).counts == {"finished": 8}
    with Store(study.store_path) as store:
        runs = [run for run in store.runs() if run.link.replicate == 0]
        series = store.series([run.run_id for run in runs])
        last = {run.link.method: series[run.run_id][-1] for run in runs}
    # The placebo draws its factors from those of earlier steps of the same controller.
    for method in ("batch", "placebo"):
        assert 0.1 < last[method]["train/factor_min"] < last[method]["train/factor_max"] < 2
    assert "train/factor_mean" not in last["focal"]
    assert len({last[method]["test/loss"] for method in ("base", "focal", "batch", "placebo")}) == 4


def test_an_own_loss_its_placebo_and_its_learning_rate_control_take_25_lines(shortened):
    yaml = [line for line in code("cautious.yaml") if not line.startswith("#")]
    assert len(code("cautious.py")) + len(yaml) <= 25
    study = seedwise.Study.from_yaml(shortened / "cautious.yaml")
    assert study.run(workers=1).counts == {"finished": 8}
    with Store(study.store_path) as store:
        runs = {run.link.method: run.run_id for run in store.runs() if run.link.replicate == 0}
        series = store.series(runs.values())
    first, last = ({method: series[i][k] for method, i in runs.items()} for k in (0, -1))
    # The loss is large at first, which makes the factor .9 l ** -.1 small; with training the factor grows.
    assert first["cautious"]["train/factor_mean"] < last["cautious"]["train/factor_mean"]
    assert 0.5 < last["placebo"]["train/factor_min"] < last["placebo"]["train/factor_max"]
    # The control gives the mean factor of an epoch to the learning rate of the next; nothing else of it differs.
    assert (first["slower"]["lr"], last["base"]["lr"]) == (0.1, 0.1)
    assert first["slower"]["test/loss"] == first["base"]["test/loss"]
    assert last["slower"]["lr"] == pytest.approx(0.1 * first["cautious"]["train/factor_mean"], rel=0.05)
    assert len({last[method]["test/loss"] for method in runs}) == 4


def test_lion_is_studied(shortened):
    study = seedwise.Study.from_yaml(shortened / "lion.yaml")
    assert study.run(workers=1).counts == {"finished": 4}
    assert {run.link.method for run in Store(study.store_path).runs()} == {"adamw", "lion"}


def test_an_own_dataset_is_studied_and_read_out(shortened):
    study = seedwise.Study.from_yaml(shortened / "digits16.yaml")
    assert study.estimate().bytes > 0
    assert study.run(workers=1).counts == {"finished": 4}
    cells = study.cells()
    assert {(cell.task, cell.method, cell.readout) for cell in cells} == {
        ("digits16", method, readout) for method in ("base", "vml") for readout in ("plain", "crop25")
    }
    assert all(cell.predictions.shape == (2, 450) for cell in cells)
    assert min(cell.values.min() for cell in cells) > 0.5


def test_an_own_series_is_forecast(shortened):
    study = seedwise.Study.from_yaml(shortened / "tides.yaml")
    assert study.run(workers=1).counts == {"finished": 4}
    cells = study.cells()
    assert {(cell.task, cell.method, cell.metric.name) for cell in cells} == {
        ("tides-24", method, "test/mse") for method in ("base", "vml")
    }
    # In the unit of the standardised values, in which the mean of all rows errs by about 1.
    assert 0 < max(cell.values.max() for cell in cells) < 0.5
    with study.open() as store:
        (results,) = study_results(store)
        assert list(results.parts[0].forecasts.variables) == ["height"]


@pytest.mark.parametrize(("name", "speed", "hours"), [("M2", 28.984104, 12.4206012), ("O1", 13.943035, 25.8193417)])
def test_tides_come_back_after_their_period(shortened, name, speed, hours):
    """Periods of Schureman 1940, table 2, in mean solar hours."""
    from tides import TIDES, tides

    assert TIDES[name][0] == speed
    assert 360 / speed == pytest.approx(hours, abs=1e-5)
    still = tides(days=60, weather=0.0)
    assert still["surge"].abs().max() == 0
    spectrum = np.abs(np.fft.rfft(still["height"])) / len(still) * 2
    at = round(len(still) / hours)
    assert spectrum[at - 1 : at + 2].max() > 0.6 * TIDES[name][1]


def test_macro_f1_is_studied_and_reported(shortened):
    study = seedwise.Study.from_yaml(shortened / "macro_f1.yaml")
    assert study.run(workers=1).counts == {"finished": 4}
    cells = study.cells()
    assert [(cell.method, cell.readout, cell.metric.name, cell.metric.unit) for cell in cells] == [
        ("base", "plain", "test/macro_f1", "share"),
        ("snapshots", "plain", "test/macro_f1", "share"),
        ("snapshots", "snapshots", "test/macro_f1", "share"),
    ]
    with study.open() as store:
        (results,) = study_results(store)
        for run in store.runs():
            kept = store.predictions([run.run_id])[run.run_id]
            expected = f1_score(kept.labels, kept.logits.argmax(1), average="macro")
            assert run.metrics["test/macro_f1"] == pytest.approx(expected, abs=1e-12)
    assert "macro_f1" in results_of(results.description, results.cells).table.columns


@pytest.mark.parametrize("beta", [1.0, 2.0])
def test_macro_f1_is_that_of_scikit_learn(shortened, beta):
    from macro_f1 import macro_f1

    generator = torch.Generator().manual_seed(0)
    # Class 4 is nowhere, class 3 is never predicted.
    logits, labels = torch.randn(200, 5, generator=generator), torch.randint(0, 4, (200,), generator=generator)
    logits[:, 3:] = -9
    expected = fbeta_score(labels, logits.argmax(1), beta=beta, average="macro", labels=range(5), zero_division=0)
    assert macro_f1(logits, labels, beta=beta).item() == pytest.approx(expected)


def test_the_focal_loss_against_its_formula(shortened):
    from focal import BatchFocal, focal

    generator = torch.Generator().manual_seed(0)
    logits, labels = torch.randn(6, 4, generator=generator, dtype=torch.float64), torch.tensor([0, 1, 2, 3, 0, 1])
    p = [math.exp(row[k]) / sum(map(math.exp, row)) for row, k in zip(logits.tolist(), labels.tolist(), strict=True)]
    assert focal(gamma=3.0)(logits, labels).item() == pytest.approx(sum((1 - q) ** 3 * -math.log(q) for q in p) / 6)
    batch = BatchFocal(gamma=3.0)
    leaf, plain = logits.clone().requires_grad_(), logits.clone().requires_grad_()
    total = batch(leaf, labels)
    total.backward()
    cross_entropy = sum(-math.log(q) for q in p) / 6
    assert total.item() == pytest.approx((1 - math.exp(-cross_entropy)) ** 3 * cross_entropy)
    F.cross_entropy(plain, labels).backward()
    torch.testing.assert_close(leaf.grad, batch.last_factor * plain.grad, rtol=1e-6, atol=1e-9, check_dtype=False)


def test_lion_against_its_formula(shortened):
    from lion import Lion

    weight = torch.tensor([1.0, -2.0, 0.5], dtype=torch.float64, requires_grad=True)
    optimizer = Lion([weight], lr=0.1, beta1=0.5, beta2=0.75, weight_decay=0.2)
    w, m = np.array([1.0, -2.0, 0.5]), np.zeros(3)
    for gradient in ([1.0, -1.0, 0.5], [-0.1, 3.0, -0.5], [-4.0, 0.1, 0.0]):
        weight.grad = torch.tensor(gradient, dtype=torch.float64)
        optimizer.step()
        g = np.array(gradient)
        w = w - 0.1 * (np.sign(0.5 * m + 0.5 * g) + 0.2 * w)
        m = 0.75 * m + 0.25 * g
        np.testing.assert_allclose(weight.detach().numpy(), w)
