"""``seedwise recipes``."""

from __future__ import annotations

from typing import Final

NAME: Final = "recipes"
EXAMPLE: Final = "seedwise recipes"


def command() -> None:
    """List the experiments that run by name, with their scales: seedwise run recipe:NAME --scale small."""
    from seedwise.study import recipe_names, recipe_text
    from seedwise.study._yaml import load_yaml
    from seedwise.terminal import console

    out = console()
    for name in recipe_names():
        text = recipe_text(name)
        out.print(name, style="bold", end="")
        scales = load_yaml(text, name).get("scales", {})
        out.print(f"  --scale {' | '.join([*scales, 'full'])}" if scales else "", style="dim", soft_wrap=True)
        out.print(f"    {text.partition(chr(10))[0].lstrip('# ')}")
