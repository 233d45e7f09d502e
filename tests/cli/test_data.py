"""Studies of image datasets: where their files are looked for, and what is said before anything is trained."""

from pathlib import Path

import pytest

from seedwise.data import data_dir
from seedwise.study import Store

from .conftest import run_cli

DATA = data_dir()
STUDY = """
name: images
task: {dataset: mnist, train_examples: 100}
model: {name: small_cnn, width: 1}
train: {epochs: 1, batch_size: 50, optimizer: {name: sgd, lr: 0.1}}
replicates: 1
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "images.yaml").write_text(STUDY)
    (tmp_path / "empty").mkdir()
    monkeypatch.delenv("SEEDWISE_DATA", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "empty"))
    return tmp_path


def records(folder: Path) -> list[str]:
    with Store(folder / "images.db") as store:
        return [run.status for run in store.runs("images")]


@pytest.mark.parametrize("command", ["run", "doctor"])
def test_missing_data_is_one_line_before_any_run(command: str, folder: Path) -> None:
    done = run_cli([command, "images.yaml"], folder)
    assert done.returncode == 2
    assert "took" not in done.stdout
    assert done.stderr.startswith("seedwise: mnist is not in ")
    assert "type 'seedwise data fetch mnist', or name the folder that holds MNIST/raw with --data-dir" in done.stderr
    assert done.stderr.count("\n") == 1
    if command == "run":
        assert records(folder) == ["pending"]


def test_the_folder_that_was_named_is_the_one_to_fetch_into(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    named = run_cli(["run", "images.yaml", "--data-dir", "empty"], folder)
    monkeypatch.setenv("SEEDWISE_DATA", str(folder / "empty"))
    for done in (named, run_cli(["run", "images.yaml"], folder)):
        assert done.returncode == 2
        assert f"type 'seedwise data fetch mnist --data-dir {folder}/empty'" in done.stderr


def test_a_damaged_file_is_one_line_before_any_run(folder: Path) -> None:
    place = folder / "there/mnist"
    place.mkdir(parents=True)
    for part in ("train", "t10k"):
        for kind in ("images-idx3", "labels-idx1"):
            (place / f"{part}-{kind}-ubyte").write_bytes(b"no digits")
    done = run_cli(["run", "images.yaml", "--data-dir", "there"], folder)
    assert (done.returncode, done.stdout) == (4, "")
    assert done.stderr.startswith(f"seedwise: {place}/train-images-idx3-ubyte is damaged or not of mnist")
    assert done.stderr.count("\n") == 1
    assert records(folder) == ["pending"]


def test_a_dry_run_needs_no_data(folder: Path) -> None:
    done = run_cli(["run", "images.yaml", "--dry-run"], folder)
    assert done.returncode == 0, done.stderr
    assert "runs:  1 (1 pending)" in done.stdout
    assert "data:  mnist is not in" in done.stdout
    assert "bytes: about" in done.stdout
    assert "time:  unknown without the data" in done.stdout


def test_a_dry_run_of_forecasts_says_which_data_are_missing(folder: Path) -> None:
    done = run_cli(["run", "recipe:etth1-accuracy", "--scale", "small", "--dry-run"], folder)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()[-3:]
    assert lines[0].startswith("data:  etth1 is not in ")
    assert "(no ETT-small/ETTh1.csv): type 'seedwise data fetch etth1'" in lines[0]
    assert lines[1:] == ["bytes: unknown without the data", "time:  unknown without the data"]
    assert "without torch" not in run_cli(["run", "recipe:etth1-accuracy", "--scale", "small"], folder).stdout


@pytest.mark.skipif(not (DATA / "MNIST/raw").is_dir(), reason=f"mnist is not in {DATA}")
def test_a_study_of_published_images(folder: Path) -> None:
    done = run_cli(["run", "images.yaml", "--data-dir", str(DATA)], folder)
    assert done.returncode == 0, done.stderr
    assert records(folder) == ["finished"]
    # What is finished needs no data.
    done = run_cli(["run", "images.yaml", "--data-dir", "empty"], folder)
    assert done.returncode == 0, done.stderr
