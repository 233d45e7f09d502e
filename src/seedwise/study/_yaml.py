"""YAML as study files have it: plain scalars as in YAML 1.2, every key once, and no larger than a study can be."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, Final

import yaml

from seedwise.errors import SeedwiseError, shown

_LONGEST: Final = 10_000_000
"""Bytes of a file."""
_DEEPEST: Final = 60
_LARGEST: Final = 500_000
"""Values of a file, those that aliases repeat counted each time."""
_CORE: Final = "tag:yaml.org,2002:"


def read_yaml(path: Path) -> str:
    """Return the text of a YAML file, or of a pipe.

    Raises:
        SeedwiseError: one line, if it is larger than a study can be, or no text.
        OSError: if it cannot be read.

    """
    with path.open("rb") as file:
        raw = file.read(_LONGEST + 1)
    if len(raw) > _LONGEST:
        raise SeedwiseError(f"{path} has more than {_LONGEST // 1_000_000} MB: name the study file (.yaml)")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise SeedwiseError(f"cannot read {path}: it is no text; name the study file (.yaml)") from None


def load_yaml(text: str, source: str) -> Any:
    """Return what a text holds.

    Numbers and words mean what YAML 1.2 says: ``no`` and ``on`` are names, ``1:30`` is no number, and dates are text.

    Args:
        text: YAML.
        source: its name in error messages.

    Raises:
        SeedwiseError: one line, for what is not YAML, a key that is given twice, or a file that is nested too deeply or
            grows too large by its aliases.

    Example:
        >>> load_yaml("{a: no, b: 010, c: 1e-4, d: 1:30, e: 2024-01-01}", "study.yaml")
        {'a': 'no', 'b': 10, 'c': 0.0001, 'd': '1:30', 'e': '2024-01-01'}

    """
    try:
        loader = _Loader(text)
        try:
            node = loader.get_single_node()
            if node is None:
                return None
            _check_size(node, source)
            return loader.construct_document(node)
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        line = f", line {error.problem_mark.line + 1}" if error.problem_mark else ""
        problem = error.problem or error.context
        hint = "; is a line indented as its neighbors are?" if "block" in str(problem) else ""
        raise SeedwiseError(f"{source}{line}: not valid YAML: {problem}{hint}") from None
    except RecursionError:
        raise SeedwiseError(f"{source}: not valid YAML: nested too deeply") from None
    except yaml.YAMLError as error:
        raise SeedwiseError(f"{source}: not valid YAML: {str(error).splitlines()[0]}") from None


def _check_size(root: yaml.Node, source: str) -> None:
    """Refuse a document before it is built: a few lines of aliases can stand for more than fits into memory."""
    sizes: dict[int, int] = {}
    open_: set[int] = set()

    def size(node: yaml.Node, depth: int) -> int:
        if id(node) in sizes:
            return sizes[id(node)]
        if depth > _DEEPEST or id(node) in open_:
            line = node.start_mark.line + 1
            what = "holds itself" if id(node) in open_ else f"is nested more than {_DEEPEST} deep"
            raise SeedwiseError(f"{source}, line {line}: this {what}")
        open_.add(id(node))
        inner: list[yaml.Node] = []
        if isinstance(node, yaml.MappingNode):
            inner = [part for pair in node.value for part in pair]
        elif isinstance(node, yaml.SequenceNode):
            inner = node.value
        found = sizes[id(node)] = 1 + sum(size(part, depth + 1) for part in inner)
        open_.discard(id(node))
        return found

    if size(root, 0) > _LARGEST:
        raise SeedwiseError(f"{source} stands for more than {_LARGEST} values, its aliases written out: leave some out")


class _Loader(yaml.SafeLoader):
    """Safe YAML in which a key given twice is a mistake."""

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        try:
            return super().construct_object(node, deep)
        except (ValueError, KeyError, TypeError):  # what a tag says it is, and is not
            kind, value = node.tag.rpartition(":")[2], shown(node.value)
            raise yaml.constructor.ConstructorError(None, None, f"{value} is no {kind}", node.start_mark) from None

    def construct_scalar(self, node: yaml.ScalarNode | yaml.MappingNode) -> Any:
        text = super().construct_scalar(node)
        text.encode()  # "\\ud800" is half a sign, which no file can hold
        return text

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        if not isinstance(node, yaml.MappingNode):
            raise yaml.constructor.ConstructorError(None, None, "'key: value' lines are needed", node.start_mark)
        seen: set[Any] = set()
        for key_node, _ in node.value:
            # What '<<' brings in may be given again.
            key = "<<" if key_node.tag == f"{_CORE}merge" else self.construct_object(key_node, deep=True)
            if isinstance(key, list | dict):
                raise yaml.constructor.ConstructorError(None, None, "a key is one word or number", key_node.start_mark)
            same = {key} if isinstance(key, str) else {key, json.dumps(key)}  # 1, 1.0 and '1' are one key of JSON
            if not seen.isdisjoint(same):
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {shown(key)} is given twice", key_node.start_mark
                )
            seen |= same
        return super().construct_mapping(node, deep)

    def construct_integer(self, node: yaml.ScalarNode) -> int:
        text = self.construct_scalar(node)
        return int(text, 16 if "x" in text else 8 if "o" in text else 10)


_Loader.yaml_implicit_resolvers = {}
for _kind, _pattern, _letters in (
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("bool", r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    ("int", r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", list("-+0123456789")),
    ("float", r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?", list("-+.0123456789")),
    ("float", r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)", list("-+.")),
    ("merge", "<<", ["<"]),
):
    _Loader.add_implicit_resolver(f"{_CORE}{_kind}", re.compile(f"^(?:{_pattern})$"), _letters)
_Loader.yaml_constructors = {
    tag: made
    for tag, made in yaml.SafeLoader.yaml_constructors.items()
    if tag in {None, *(f"{_CORE}{kind}" for kind in ("null", "bool", "float", "str", "seq", "map"))}
}
_Loader.add_constructor(f"{_CORE}int", _Loader.construct_integer)
