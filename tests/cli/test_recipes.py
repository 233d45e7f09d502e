"""Recipes on the command line: the list, the choice of a scale, and the cost that is said before training."""

from tests.nursery import nursery

STUDY = """
name: tiny
task: {dataset: digits, train_examples: 100, test_examples: 50}
model: {name: small_cnn, width: 2}
train: {epochs: 2, batch_size: 50, optimizer: {name: sgd, lr: 0.1}}
scales:
  small: {replicates: 3, train: {epochs: 1}}
"""


def seedwise(folder, *words):
    return nursery().run(["-m", "seedwise", *words], cwd=folder, timeout=240)


def test_recipes_are_listed_with_their_scales(tmp_path):
    shown = seedwise(tmp_path, "recipes").stdout
    assert "vml-table1  --scale smoke | small | full\n    VML, table 1: which source" in shown
    assert "digits\n    Does a stabilising loss" in shown


def test_a_scale_is_chosen_by_name(tmp_path):
    (tmp_path / "study.yaml").write_text(STUDY)
    none = seedwise(tmp_path, "run", "study.yaml")
    assert none.returncode == 2
    assert none.stderr == "seedwise: study.yaml comes in several scales: choose one of --scale small, --scale full\n"
    wrong = seedwise(tmp_path, "run", "study.yaml", "--scale", "smal")
    assert wrong.returncode == 2
    assert "unknown scale 'smal': did you mean 'small'?" in wrong.stderr


def test_the_cost_is_said_before_training(tmp_path):
    (tmp_path / "study.yaml").write_text(STUDY)
    done = seedwise(tmp_path, "run", "study.yaml", "--scale", "small")
    assert done.returncode == 0, done.stderr
    first = done.stdout.splitlines()[0]
    assert first.startswith("3 of 3 runs to train: about ")
    assert "of one worker" in first
    assert (tmp_path / "tiny-small.db").exists()
