"""The papers' experiments as study files."""

from __future__ import annotations

from importlib import resources

from seedwise.errors import SeedwiseError
from seedwise.study._error_messages import mistake


def recipe_names() -> list[str]:
    """Return the names of all recipes."""
    folder = resources.files("seedwise").joinpath("recipes")
    return sorted(entry.name.removesuffix(".yaml") for entry in folder.iterdir() if entry.name.endswith(".yaml"))


def recipe_text(name: str) -> str:
    """Return the study file of a recipe.

    Raises:
        SeedwiseError: if there is none of that name.

    """
    names = recipe_names()
    if name not in names:
        raise SeedwiseError(mistake("recipe", name, names))
    return resources.files("seedwise").joinpath("recipes", f"{name}.yaml").read_text(encoding="utf-8")
