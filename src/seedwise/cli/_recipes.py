"""``seedwise recipes``."""

from __future__ import annotations

from typing import Final

NAME: Final = "recipes"


def command() -> None:
    """List the experiments that run by name, with their scales: seedwise run recipe:NAME --scale small."""
    import yaml

    from seedwise.cli._console import console
    from seedwise.study import recipe_names, recipe_text

    out = console()
    for name in recipe_names():
        text = recipe_text(name)
        out.print(name, style="bold", end="")
        scales = yaml.safe_load(text).get("scales", {})
        out.print(f"  --scale {' | '.join([*scales, 'full'])}" if scales else "", style="dim", soft_wrap=True)
        out.print(f"    {text.partition(chr(10))[0].lstrip('# ')}", soft_wrap=True)
