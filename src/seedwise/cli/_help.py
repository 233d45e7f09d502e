"""What the help of a command says: one line, an example, its options in groups, and then the details."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from typer.models import OptionInfo

QUESTIONS: Final[tuple[tuple[str, str], ...]] = (
    ("Is one of these results really better?", "seedwise compare results.csv"),
    ("A paper's means ± SDs: is it chance?", "seedwise compare table.csv --summary"),
    ("How many seeds do I need?", "seedwise power"),
    ("How much of my result is the seed?", "seedwise run study.yaml"),
    ("Which source of randomness causes it?", "seedwise attribute study.yaml"),
    ("What makes training steadier?", "seedwise recommend study.yaml"),
    ("Which settings make a method steadier?", "seedwise tune study.yaml"),
    ("Is my training reproducible at all?", "seedwise doctor train.py"),
    ("Is the new commit worse than noise?", "seedwise gate new.csv --base base.csv"),
    ("Do the papers' claims hold?", "seedwise recipes"),
    ("What does all of this look like?", "seedwise demo"),
)
"""Which command answers which question."""

EXIT_CODES: Final = (
    "Exit codes: 0 all is well; 1 some runs failed, doctor found different bits, or gate a regression; 2 a mistake in "
    "what was typed or in the study file; 3 the code has changed since runs were finished; 4 the disk is full, not "
    "writable or a file is damaged; 5 gate finds no equivalence; 130 stopped by Ctrl-C."
)

GROUPS: Final[Mapping[str, str]] = {
    "What is trained": "scale replicates until retrain accept_changed_code retry_failed dry_run blocks vary method "
    "trials confirm checks epochs",
    "Where it is trained": "workers device runs_per_device shard data_dir executor queue slurm nodes cancel address "
    "num_cpus num_gpus working_dir idle grace",
    "What a run is": "by methods metric seed name task tasks where step best fold test_share item summary n decimal "
    "unit chance higher_is_better lower_is_better",
    "What is asked": "training inference base unpaired sd_ratio power factor margin threshold normalize alpha "
    "comparisons correlation mean sd",
    "What is written": "output form table tables compact overwrite as_json store folder",
}
"""Options by what they are about, in the order in which the help shows them."""
_PLACES: Final = {name: group for group, names in GROUPS.items() for name in names.split()}
_FORMS: Final[Mapping[Any, str]] = {
    int: "N", int | None: "N", float: "X", float | None: "X", str: "TEXT", str | None: "TEXT", Path: "PATH",
    Path | None: "PATH",
}  # fmt: skip
"""How a value is called; what a number may be stands in its help."""


def described(command: Callable[..., None], example: str) -> tuple[str, str]:
    """Return the help of a command and what follows its options, and sort its options into groups."""
    for name, parameter in inspect.signature(command, eval_str=True).parameters.items():
        command.__annotations__[name] = parameter.annotation  # evaluated once, so that what is set here stays
        for one in getattr(parameter.annotation, "__metadata__", ()):
            if isinstance(one, OptionInfo):
                one.rich_help_panel = _PLACES.get(name)
                one.metavar = one.metavar or _FORMS.get(parameter.annotation.__origin__)
    first, *rest = (" ".join(part.split()) for part in inspect.cleandoc(command.__doc__ or "").split("\n\n"))
    return f"{first}\n\nExample: {example}", "\n\n".join(rest)


def questions() -> str:
    """Return which command answers which question, a line each."""
    width = max(len(question) for question, _ in QUESTIONS)
    lines = [f"  {question:<{width}}  {command}" for question, command in QUESTIONS]
    return "\n".join(
        [
            "Know how much of your result is the seed. Make it less. Prove it.",
            "",
            *lines,
            "",
            "All commands: seedwise --help. One of them: seedwise compare --help.",
        ]
    )
