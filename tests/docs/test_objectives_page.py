"""docs/objectives.md: its code runs, and it names every loss of classes, and no other."""

import re
from pathlib import Path

from seedwise.registry import OBJECTIVES, resolve
from seedwise.study import recipe_names

PAGE = (Path(__file__).parents[2] / "docs/objectives.md").read_text(encoding="utf-8")


def test_the_code_runs() -> None:
    (code,) = re.findall(r"```python\n(.*?)```", PAGE, flags=re.DOTALL)
    found: dict[str, object] = {}
    exec(code, found)
    assert found["loss"].requires_grad  # type: ignore[attr-defined]
    assert found["saf"].epoch == 1  # type: ignore[attr-defined]


def test_every_loss_has_a_row() -> None:
    rows = re.findall(r"^\| `(\w+)", PAGE, flags=re.MULTILINE)
    of_classes = {name for name, entry in OBJECTIVES.items() if "classification" in resolve(entry.options).learns}
    assert set(rows) == of_classes - {"cross_entropy"} | {"ens_loss", "saf"}


def test_the_recipes_are_there() -> None:
    assert set(re.findall(r"`recipe:([\w-]+)`", PAGE)) <= set(recipe_names())
