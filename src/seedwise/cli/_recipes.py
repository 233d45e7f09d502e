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
        first = text.partition("\n")[0].lstrip("# ")
        scales = yaml.safe_load(text).get("scales", {})
        shown = f"  [dim]--scale {' | '.join([*scales, 'full'])}[/dim]" if scales else ""
        out.print(f"[bold]{name}[/bold]{shown}\n    {first}", soft_wrap=True)
