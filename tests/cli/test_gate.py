"""``gate``: a regression told from the noise of seeds."""

from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from .conftest import run_cli

BASE = [0.911, 0.913, 0.909, 0.914, 0.912]
NO_TORCH = ("torch", "sklearn")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("gate")
    for name, values in {"base": BASE, "new": [0.900, 0.902, 0.899], "same": [0.912, 0.910, 0.913]}.items():
        (path / f"{name}.csv").write_text("seed,acc\n" + "".join(f"{k},{v}\n" for k, v in enumerate(values)))
    (path / "two.csv").write_text("method,seed,acc\na,0,.9\na,1,.91\na,2,.92\nb,0,.9\nb,1,.91\nb,2,.92\n")
    return path


def test_one_run_against_the_prediction_interval(folder: Path) -> None:
    mean, sd, n = np.mean(BASE), np.std(BASE, ddof=1), len(BASE)
    limit = mean - stats.t.ppf(0.95, n - 1) * sd * np.sqrt(1 + 1 / n)
    for value, code, word in ((limit - 1e-5, 1, "regression: acc"), (limit + 1e-5, 0, "no regression: acc")):
        done = run_cli(["gate", f"{value:.7f}", "--base", "base.csv"], folder, block=NO_TORCH)
        assert (done.returncode, done.stderr) == (code, "")
        assert done.stdout.splitlines()[1].startswith(word)
    assert done.stdout.startswith("base: 1 method x 5 seeds, metric acc")
    assert "of 100 uses where nothing is worse 5 raise an alarm" in done.stdout


def test_folds_are_no_noise_of_seeds(folder: Path) -> None:
    (folder / "folds.csv").write_text("fold,acc\n" + "".join(f"{k},{v}\n" for k, v in enumerate(BASE)))
    for new, base in (("folds.csv", "base.csv"), ("0.9", "folds.csv")):
        done = run_cli(["gate", new, "--base", base], folder)
        assert done.returncode == 2
        assert "no independent runs: keep one fold of folds.csv (--where)" in done.stderr


def test_several_runs_against_welch(folder: Path) -> None:
    done = run_cli(["gate", "new.csv", "--base", "base.csv"], folder)
    p = stats.ttest_ind([0.900, 0.902, 0.899], BASE, equal_var=False, alternative="less").pvalue
    assert done.returncode == 1
    assert p < 0.001
    assert "p < .001, higher is better" in done.stdout
    assert run_cli(["gate", "same.csv", "--base", "base.csv"], folder).returncode == 0


def test_with_a_margin_equivalence_has_to_be_shown(folder: Path) -> None:
    assert run_cli(["gate", "same.csv", "--base", "base.csv", "--margin", "0.01"], folder).returncode == 0
    done = run_cli(["gate", "same.csv", "--base", "base.csv", "--margin", "0.0005"], folder)
    assert done.returncode == 5
    assert "equivalence within .05 points is not shown" in done.stdout


def test_of_a_loss_lower_is_better(folder: Path) -> None:
    (folder / "loss.csv").write_text("seed,loss\n0,.31\n1,.30\n2,.32\n3,.31\n")
    assert run_cli(["gate", "0.5", "--base", "loss.csv"], folder).returncode == 1
    assert run_cli(["gate", "0.1", "--base", "loss.csv"], folder).returncode == 0


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (["0.9", "--base", "two.csv"], "two.csv holds 2 methods on 1 tasks"),
        (["91.1", "--base", "base.csv"], "in percent and in fractions (0.914, 91.1)"),
        (["nope.csv", "--base", "base.csv"], "there is no file nope.csv"),
        (["0.9", "--base", "base.csv", "--metric", "ac"], "did you mean 'acc'?"),
    ],
)
def test_mistakes_are_one_line(folder: Path, arguments: list[str], part: str) -> None:
    done = run_cli(["gate", *arguments], folder)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert part in done.stderr
