"""Help as plain text: options in groups, nothing cut, no blanks at the ends of lines, the same in every typer."""

from __future__ import annotations

from typing import Any, Final

from typer.core import TyperCommand, TyperGroup

from seedwise.cli._help import GROUPS

WIDEST: Final = 100
"""Longer lines are hard to read, however wide the window."""

_ARGUMENTS, _OTHERS = "Arguments", "Others"
_ORDER: Final = (_ARGUMENTS, *GROUPS, _OTHERS)


class _PlainHelp:
    """What commands and groups of them share; the types of contexts have no public name in all versions of typer."""

    def collect_usage_pieces(self: Any, ctx: Any) -> list[str]:
        """Return what stands behind the name of a command in the line on its usage."""
        return ["[OPTIONS]", *(_named(one) for one in self.get_params(ctx) if one.param_type_name == "argument")]

    def format_options(self: Any, ctx: Any, formatter: Any) -> None:
        """Write arguments and options, each group below its name."""
        for group, rows in self.grouped_options(ctx).items():
            _write_rows(formatter, group, rows)

    def grouped_options(self: Any, ctx: Any) -> dict[str, list[tuple[str, str]]]:
        """Return the names and helps of arguments and options, by group."""
        groups: dict[str, list[tuple[str, str]]] = {group: [] for group in _ORDER}
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx)
            if record is not None:
                is_argument = parameter.param_type_name == "argument"
                name = _named(parameter) if is_argument else record[0]
                group = _ARGUMENTS if is_argument else getattr(parameter, "rich_help_panel", None) or _OTHERS
                text = record[1].replace("\\[", "[")  # typer 0.16 writes brackets for rich here, too
                groups[group].append((name, " ".join(text.split())))
        return groups


class PlainCommand(_PlainHelp, TyperCommand):
    """A command."""


class PlainGroup(_PlainHelp, TyperGroup):
    """Commands below a name."""

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """Return what stands behind the name in the line on its usage."""
        del ctx
        return ["COMMAND ..."]

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write the commands, each with its first line, and the options below."""
        found = [(name, self.get_command(ctx, name)) for name in self.list_commands(ctx)]
        rows = [(name, " ".join((one.help or "").split("\n\n")[0].split())) for name, one in found if one is not None]
        _write_rows(formatter, "Commands", rows)
        super().format_options(ctx, formatter)


def _write_rows(formatter: Any, title: str, rows: list[tuple[str, str]]) -> None:
    if rows:
        with formatter.section(title):
            formatter.write_dl(rows)


def _named(argument: Any) -> str:
    name = str(argument.metavar or argument.human_readable_name)
    return name if argument.required or name.startswith("[") else f"[{name}]"
