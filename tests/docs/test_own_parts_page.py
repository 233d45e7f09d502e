"""docs/own-parts.md and docs/reference.md: what they show runs, and the reference is that of the declarations."""

import importlib.util
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest
import torch
import yaml
from sklearn.metrics import balanced_accuracy_score
from typer.main import get_command

from seedwise import registry
from seedwise.cli import app
from seedwise.losses import PlaceboLoss
from seedwise.run import Run
from seedwise.study import check_study, plan
from seedwise.training import TrainerConfig
from seedwise.training._loop import Trainer
from seedwise.training._tasks import load_task

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/own-parts.md").read_text(encoding="utf-8")
BASE = {
    "name": "s",
    "task": {"dataset": "digits"},
    "model": "small_cnn",
    "train": {"epochs": 2, "batch_size": 64, "optimizer": {"name": "sgd", "lr": 0.1}},
}
CORNERS, SEA, BALANCED, CAUTIOUS, POLYNOMIAL, DECLARED = re.findall(r"```python\n(.*?)```", PAGE, flags=re.DOTALL)


@pytest.fixture
def parts(monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "examples")
    texts = {"corners": CORNERS, "sea": SEA, "balanced": BALANCED, "cautious": CAUTIOUS}
    for name, text in {**texts, "polynomial": POLYNOMIAL, "declared": DECLARED}.items():
        module = ModuleType(name)
        monkeypatch.setitem(sys.modules, name, module)
        exec(text, vars(module))
    yield
    for name in ("focal", "lion", "digits16", "macro_f1", "tides"):
        sys.modules.pop(name, None)


def trainer_of(**changes):
    spec = check_study({**BASE, **changes})
    return {
        run.link.method: Trainer(Run(run.spec, config), load_task(config.task, "cpu"))
        for run in plan(spec)
        for config in [TrainerConfig.model_validate(run.spec.config)]
    }


@pytest.mark.parametrize("text", re.findall(r"```yaml\n(.*?)```", PAGE, flags=re.DOTALL))
def test_study_files_can_be_read_and_trained(parts, text):
    given = yaml.safe_load(text)
    for trainer in trainer_of(**{**given, "replicates": 1}).values():
        assert trainer.step(next(trainer.batches(0))).isfinite()


def test_the_corners_are_told_apart(parts):
    corners = sys.modules["corners"].corners
    dataset = corners(noise=0)
    assert dataset.size == corners.declared.size
    for image, label in zip(dataset.test.images, dataset.test.labels.tolist(), strict=True):
        squares = [image[:6, :6], image[:6, 6:], image[6:, :6], image[6:, 6:]]
        assert [bool(square.any()) for square in squares] == [k == label for k in range(4)]


def test_balanced_accuracy_is_that_of_scikit_learn(parts):
    logits, labels = torch.randn(50, 3, generator=torch.Generator().manual_seed(0)), torch.arange(50) % 5 % 3
    found = sys.modules["balanced"].balanced(logits, labels).item()
    assert found == pytest.approx(balanced_accuracy_score(labels, logits.argmax(1)))


def test_the_controller_multiplies_the_gradient_by_its_factor(parts):
    cautious = sys.modules["cautious"].Cautious(lambda output, target: output, caution=0.25)
    leaf = torch.tensor(3.0, requires_grad=True)
    total = cautious(leaf, None)
    total.backward()
    assert total.item() == pytest.approx(0.75 * 3**0.75)
    assert leaf.grad.item() == pytest.approx(0.75 * 3**-0.25) == cautious.last_factor.item()
    assert cautious(torch.tensor(torch.nan), None).isnan()
    assert cautious.steps == 1
    assert cautious.epoch_summary()["active_share"] == 1
    PlaceboLoss(cautious, seed=0)


@pytest.mark.parametrize("name", ["polynomial:polynomial", "declared:Polynomial"])
def test_the_schedules_run(parts, name):
    (trainer,) = trainer_of(train={**BASE["train"], "schedule": {"name": name, "power": 2}}, replicates=1).values()
    steps = 2 * trainer.steps
    assert [trainer.lr_factor(step) for step in range(steps)] == pytest.approx(
        [(1 - k / steps) ** 2 for k in range(steps)]
    )


@pytest.fixture(scope="module")
def reference():
    spec = importlib.util.spec_from_file_location("reference_of_docs", ROOT / "docs/reference.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_registry_is_in_the_reference(reference):
    tables = {kind: t for kind, t in vars(registry).items() if kind.isupper() and isinstance(t, dict)}
    assert len(tables) > 15
    page = reference.page()
    for kind, table in tables.items():
        for name in table:
            assert f"### {name}\n" in page or f"\n| `{name}` |" in page, f"{name} of {kind}"


def test_pages_are_made_from_the_code(reference):
    pages = reference.pages()
    assert {file.name for file in pages} == {"reference.md", "study-keys.md", "command-line.md", "glossary.md"}
    for file, text in pages.items():
        assert file.read_text(encoding="utf-8") == text, "type: python docs/reference.py"


def test_the_keys_of_the_commented_study_file_are_in_the_reference(reference):
    text = (ROOT / "src/seedwise/cli/study.yaml").read_text(encoding="utf-8")
    keys = set(re.findall(r"^(?:  )?(?:# )?(\w+): ", text, flags=re.MULTILINE)) - {"base", "vml", "clf", "placebo"}
    keys -= {"digits", "function", "config", "study", "files"}  # words of comments; of a function of one's own
    assert {"keep", "epochs", "question", "validation", "limits"} <= keys
    page = next(text for file, text in reference.pages().items() if file.name == "study-keys.md")
    assert [key for key in sorted(keys) if f"| `{key}` |" not in page] == []


def test_every_option_of_every_command_is_on_the_page(reference):
    text = next(text for file, text in reference.pages().items() if file.name == "command-line.md")
    for name, one in get_command(app).commands.items():
        assert f"## seedwise {name}" in text
        section = text.partition(f"## seedwise {name}\n")[2].partition("\n## ")[0]
        shown = [parameter for parameter in one.params if not getattr(parameter, "hidden", False)]
        for option in (option for parameter in shown for option in parameter.opts if option.startswith("--")):
            assert option in section, f"{option} of {name}"
