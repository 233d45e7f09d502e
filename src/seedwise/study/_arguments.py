"""The command line of a program whose loop trains: what may have changed the runs and stands in no config."""

from __future__ import annotations

import re
import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

_LAUNCHERS: Final = {
    "IPython", "accelerate", "colab_kernel_launcher", "coverage", "debugpy", "ipykernel", "ipykernel_launcher",
    "ipython", "jupyter", "py", "pytest", "torchrun",
}  # fmt: skip
"""Programs whose arguments are not the user's."""

_RANK: Final = {"local-rank"}
"""What launchers add to the arguments of the user's program."""


def command_line() -> dict[str, str]:
    """Return the arguments of the running program by name (``argument 1``, ... without one); none of a launcher's."""
    main = sys.modules.get("__main__")
    started_as = getattr(getattr(main, "__spec__", None), "name", None) or Path(sys.argv[0] if sys.argv else "").stem
    if started_as.partition(".")[0] in _LAUNCHERS or not hasattr(main, "__file__"):
        return {}
    return {name: value for name, value in parsed(sys.argv[1:]) if _bare(name) not in _RANK}


def parsed(words: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield (name, value) of every argument: ``--lr 5`` and ``--lr=5`` alike, a switch with an empty value.

    A switch before an argument without a name takes it for its value: only a parser that knows the options could tell.

    Example:
        >>> list(parsed(["--lr", "5", "--fast", "--decay=.1", "data"]))
        [('--lr', '5'), ('--fast', ''), ('--decay', '.1'), ('argument 1', 'data')]

    """
    words = list(words)
    found: dict[str, str] = {}
    count = 0
    while words:
        word = words.pop(0)
        if _is_option(word):
            name, equals, value = word.partition("=")
            if not equals and words and not _is_option(words[0]):
                value = words.pop(0)
        else:
            count += 1
            name, value = f"argument {count}", word
        found[name] = f"{found[name]} {value}" if name in found else value
    yield from found.items()


def differing(
    recorded: Mapping[str, Any],
    now: Mapping[str, str],
    own: Mapping[str, Any],
    config: Mapping[str, Any],
    ignored: Collection[str] = (),
) -> list[str]:
    """Return the names of the arguments that differ from the recorded ones and may have changed the run.

    Args:
        recorded: ``{"given": the command line of old, "own": what ``replicates`` was called with}``.
        now: the command line.
        own: what ``replicates`` is called with; an argument that is one of these now and was then is accounted for,
            unless it is one by chance: of another name, while what was passed on is what it was.
        config: the run's; an argument with the name of a key, at any depth, is accounted for.
        ignored: names that do not count.

    """
    given = recorded.get("given", {})
    keys = set(_keys(config))
    left_out = {_bare(name) for name in ignored}
    found = []
    for name in dict.fromkeys([*given, *now]):
        accounted = any(
            str(own[key]) == now.get(name, str(own[key]))
            and str(before) == given.get(name, str(before))
            and (key == "n" or _bare(key) == _bare(name) or str(own[key]) != str(before))
            for key, before in recorded.get("own", {}).items()
            if key in own
        )
        if given.get(name) != now.get(name) and not accounted and _bare(name) not in left_out | keys:
            found.append(name)
    return found


def shown(names: Sequence[str], values: Mapping[str, str]) -> str:
    """Return arguments as they were typed; those that were not given are said not to have been."""
    texts = [
        f"no {name}"
        if name not in values
        else values[name]
        if name.startswith("argument ")
        else f"{name} {values[name]}".strip()
        for name in names
    ]
    return ", ".join(texts)


def _is_option(word: str) -> bool:
    return word.startswith("-") and not re.fullmatch(r"-(\d.*|\.\d.*|)", word)


def _bare(name: str) -> str:
    return name.lstrip("-").replace("_", "-")


def _keys(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        yield from map(_bare, map(str, value))
        for inner in value.values():
            yield from _keys(inner)
    elif isinstance(value, (list, tuple)):
        for inner in value:
            yield from _keys(inner)
