"""``run --until resolved`` and ``recommend``: studies that grow, and what they say to take."""

from __future__ import annotations

from pathlib import Path

import pytest

from seedwise.statistics.verdicts.recommendation import Candidate
from seedwise.study import Study, parse_study

from .conftest import FUNCTION, STUDY, run_cli

UNTIL = "until: {question: spread, effect: 0.5, looks: [12, 24, 36]}\n"
RECOMMEND = STUDY.replace("  wild: {config: {name: wild}}\n", "").replace("replicates: 12", "replicates: 24")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "cli_project.py").write_text(FUNCTION)
    (tmp_path / "tiny.yaml").write_text(RECOMMEND)
    return tmp_path


def test_a_study_grows_until_it_is_resolved(folder: Path) -> None:
    (folder / "tiny.yaml").write_text(RECOMMEND.replace("replicates: 24\n", UNTIL))
    done = run_cli(["run", "tiny.yaml", "--until", "resolved"], folder)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0].startswith("looks at 12, 24, 36 runs per method: a ratio of SDs of 0.5 is found with probability")
    assert lines[1].startswith("look 1 of 3, at 12 of at most 36 runs per method")
    assert lines[2].startswith("stopped at look 2 of 3, at 24 of at most 36 runs per method")
    assert "24 replicates" in done.stdout
    assert "When did the study stop, and why?" in (folder / "tiny.html").read_text()

    again = run_cli(["run", "tiny.yaml", "--until", "resolved"], folder)
    assert again.stdout.splitlines()[1:3] == lines[1:3]
    refused = run_cli(["run", "tiny.yaml"], folder)
    assert refused.returncode == 2
    assert refused.stderr == "seedwise: tiny.db was looked at while it grew: go on with --until resolved\n"


@pytest.mark.parametrize(
    ("study", "options", "message"),
    [
        (RECOMMEND, [], "--until resolved takes an 'until:' in the study file"),
        (RECOMMEND + UNTIL, ["--replicates", "5"], "decides the replicates itself"),
        (RECOMMEND + "until: {looks: [5, 10]}\n", [], "until.looks"),
        (RECOMMEND + "until: {looks: [20, 10]}\n", [], "must rise"),
        (RECOMMEND.replace("  steady: {config: {name: steady}}\n", "") + UNTIL, [], "give the study a second method"),
    ],
)
def test_what_cannot_grow_is_refused_in_one_line(folder: Path, study: str, options: list[str], message: str) -> None:
    (folder / "tiny.yaml").write_text(study)
    done = run_cli(["run", "tiny.yaml", "--until", "resolved", *options], folder)
    assert done.returncode == 2
    assert message in done.stderr
    assert done.stderr.count("\n") == 1


def test_the_steady_method_is_recommended_and_confirmed(folder: Path) -> None:
    early = run_cli(["recommend", "tiny.yaml"], folder)
    assert early.returncode == 2
    assert "there is no store" in early.stderr
    assert run_cli(["run", "tiny.yaml"], folder).returncode == 0
    done = run_cli(["recommend", "tiny.yaml", "--confirm", "20"], folder)
    assert done.returncode == 0, done.stderr
    first, second = done.stdout.splitlines()
    assert first.startswith("steady: the SD is 9")
    assert first.endswith("selected, optimistic")
    assert second.startswith("confirmed by 20 fresh runs each: steady: the SD is ")
    by_churn = run_cli(["recommend", "tiny.yaml", "--inference", "1", "--confirm", "20"], folder)
    assert by_churn.stdout.count("\n") == 1, "its classes are drawn at random: no churn is less, and nothing confirmed"
    said = "none is resolved as steadier by churn of 1 for at most 1 times the inference of a plain run; the nearest, "
    assert by_churn.stdout.startswith(said + "steady: not resolved: two runs disagree on ")
    cheap = run_cli(["recommend", "tiny.db", "--training", "1e-9"], folder)
    costs = "none: nothing that was compared with the base costs at most 1e-09 times the training of a plain run"
    assert cheap.stdout.splitlines() == ["tiny", costs, "tiny-confirm", costs], "the store has two studies by now"
    wrong = run_cli(["recommend", "tiny.db", "--inference", "0"], folder)
    assert (wrong.returncode, wrong.stderr.count("\n")) == (2, 1)
    assert "inference 0 must be greater than 0" in wrong.stderr
    shown = run_cli(["show", "tiny.db"], folder).stdout
    assert "20 replicates" in shown  # the fresh runs lie in the same store, as a study of their own


def test_none_is_recommended_where_none_is_resolved(folder: Path) -> None:
    (folder / "tiny.yaml").write_text(
        RECOMMEND.replace("steady: {config: {name: steady}}", "wild: {config: {name: wild}}")
    )
    assert run_cli(["run", "tiny.yaml"], folder).returncode == 0
    done = run_cli(["recommend", "tiny.yaml", "--confirm", "20"], folder)
    assert done.returncode == 0
    assert done.stdout.startswith("none: no reduction is resolved")
    assert done.stdout.count("\n") == 1


def test_fresh_runs_of_one_task_have_the_methods_of_that_task(tmp_path: Path) -> None:
    spec = parse_study(
        "name: s\ntask: {dataset: digits}\nmodel: small_cnn\n"
        "train: {epochs: 3, batch_size: 64, optimizer: {name: sgd, lr: 0.1}}\n"
        "methods: {base: {}, vml: {loss: vml}, clf: {loss: clf}}\n"
        "tasks:\n  a: {methods: {vml: {epochs: 1}, clf: {epochs: 2}}}\n  b: {model: {width: 4}}\n"
    )
    candidate = Candidate("vml", "not known", None, None, method="vml", task="a")
    (part,) = Study(spec, store=tmp_path / "s.db").confirmation(candidate, 20).spec.by_task().values()
    assert {name: config["train"]["epochs"] for name, config in part.configs().items()} == {"base": 3, "vml": 1}
