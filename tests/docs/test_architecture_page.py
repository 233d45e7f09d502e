"""docs/architecture.md names places that are there."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
PACKAGES = {path.name for path in (ROOT / "src/seedwise").iterdir() if (path / "__init__.py").exists()}


def test_every_file_that_the_page_names_is_there() -> None:
    named = re.findall(r"`((?:[a-z_]+/)?_?[a-z_]+\.py)`", PAGE) + re.findall(r"│  ([a-z]+/_[a-z]+\.py)", PAGE)
    files = [name for name in named if "mine" not in name]
    assert len(files) > 12
    missing = [name for name in files if not any((ROOT / place / name).exists() for place in ("src/seedwise", "."))]
    assert missing == []


def test_every_package_is_in_the_table() -> None:
    rows = [line.split("|")[1] for line in PAGE.splitlines() if line.startswith("| `")]
    listed = {name for row in rows for name in re.findall(r"`([a-z]+)`", row)}
    assert listed == PACKAGES - {"recipes"}
