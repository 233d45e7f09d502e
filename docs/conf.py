"""The documentation as a site: ``make docs``. The pages are those of this folder, as they are read on GitHub."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NewType

import numpy.typing
from docutils import nodes
from docutils.utils.math.latex2mathml import tex2mathml
from pygments.lexers.special import TextLexer
from sphinx.application import Sphinx
from sphinx.highlighting import lexers

import seedwise

# One name, where its definition takes three lines.
numpy.typing.ArrayLike = NewType("ArrayLike", object)  # type: ignore[misc]
numpy.typing.ArrayLike.__module__ = "numpy.typing"

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))
import formulas  # noqa: E402
import python_api  # noqa: E402

project = "seedwise"
author = "The seedwise developers"
project_copyright = f"2026, {author}"
version = release = seedwise.__version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
root_doc = "index"
myst_heading_anchors = 4
# The name of a class alone may be that of two packages: it then leads to the first.
suppress_warnings = ["ref.python"]
highlight_language = "none"  # of blocks that name no language: what is typed or printed
lexers["csv"] = TextLexer()

default_role = "py:obj"
add_module_names = False
autodoc_typehints = "description"
autodoc_typehints_description_target = "documented"
autodoc_member_order = "bysource"
napoleon_use_ivar = True
napoleon_use_rtype = False

html_theme = "furo"
html_title = f"seedwise {release}"
html_show_sourcelink = False
html_math_renderer = "mathml"
html_static_path = ["_static"]
html_css_files = ["site.css"]

_LISTED = re.compile(r"\[([^\]]+)\]\(([\w/-]+)\.md\)")
_SEVERAL = re.compile(r"^ +\w+(, \w+)+:(?= )")
_LIMITS = re.compile(r"(?:~?typing\.)?Annotated\[((?:[^\[\],]|\[[^\]]*\])+)(?:, \('\w+', [^()]*\))+\]")
_OUTSIDE_OF_CODE = re.compile(r"(``.*?``|`.*?`)")


def contents(app: Sphinx, page: str, source: list[str]) -> None:
    """Make the site's contents from the tables of the index, and those of the Python API from its packages."""
    if page == root_doc:
        source[0] += "".join(_contents_of(part) for part in re.split(r"^## ", source[0], flags=re.MULTILINE)[1:])
    elif page == "python-api":
        names = sorted(file.stem for file in python_api.FOLDER.glob("*.rst") if not file.stem.startswith(_SPLIT))
        source[0] += _toctree(":maxdepth: 1", [f"api/{name}" for name in names])


_SPLIT = "seedwise.statistics."


def _contents_of(part: str) -> str:
    title, _, text = part.partition("\n")
    first_columns = [line.split("|")[1] for line in text.splitlines() if line.startswith("| ")]
    return _toctree(
        f":hidden:\n:caption: {title}",
        [f"{name} <{page}>" for cell in first_columns for name, page in _LISTED.findall(cell)],
    )


def _toctree(options: str, entries: list[str]) -> str:
    return "\n".join(["", "```{toctree}", options, "", *entries, "```", ""])


def docstring(app: Sphinx, what: str, name: str, value: Any, options: Any, lines: list[str]) -> None:
    """Make formulas of a docstring's blocks, and let the signs of its prose stand for themselves."""
    at, found = 0, []
    for formula in formulas.blocks(lines):
        found += _prose(lines[at : formula.start])
        indent = " " * (min(len(line) - len(line.lstrip()) for line in lines[formula] if line.strip()) - 4)
        found += [f"{indent}.. math:: {formulas.tex(lines[formula])}", ""]
        at = formula.stop
    lines[:] = [*found, *_prose(lines[at:])]
    # The text before a colon would be taken for a type, of what is returned and of properties.
    for before, line in enumerate(lines[1:]):
        if lines[before] == "Returns:":
            lines[before + 1] = f"    : {line.strip()}"
    if what in ("property", "attribute") and lines:
        lines[0] = f": {lines[0]}"


def types(app: Sphinx, what: str, name: str, value: Any, options: Any, lines: list[str]) -> None:
    """Shorten the names of our types to their last part, and let a _ at the end stand for itself."""
    for at, line in enumerate(lines):
        if line.startswith(":vartype "):
            lines[at] = _escaped(re.sub(r"\bseedwise\.", "~seedwise.", _LIMITS.sub(r"\1", line)))


def limits(app: Sphinx, domain: str, kind: str, content: Any) -> None:
    """Leave the limits of options out of their types; their descriptions say them."""
    signature = content.parent[0]
    name = f"{signature.get('module')}.{signature.get('fullname')}"
    annotations = app.env.current_document.autodoc_annotations.get(name, {})
    annotations.update({parameter: _LIMITS.sub(r"\1", kind) for parameter, kind in annotations.items()})


def skipped(app: Sphinx, what: str, name: str, value: Any, skip: bool, options: Any) -> bool | None:
    """Leave out the members of named tuples: they are described with the class."""
    return True if (getattr(value, "__doc__", None) or "").startswith("Alias for field number") else None


def _prose(lines: list[str]) -> Iterator[str]:
    for line in lines:
        # Sphinx takes all but the last of several names for a type, unless they are one word.
        parts = _OUTSIDE_OF_CODE.split(_SEVERAL.sub(lambda names: names[0].replace(", ", ","), line))
        is_prose = not line.lstrip().startswith((">>>", "...", ".. "))
        yield "".join(_escaped(part) if is_prose and at % 2 == 0 else part for at, part in enumerate(parts))


def _escaped(text: str) -> str:
    return re.sub(r"(?<=\w)_(?!\w)|\|", r"\\\g<0>", text)


def inline_formula(self: Any, node: Any) -> None:
    """Write a formula in MathML, which browsers draw by themselves."""
    self.body.append(tex2mathml(node.astext()))
    raise nodes.SkipNode


def formula(self: Any, node: Any) -> None:
    """Write a formula on lines of its own."""
    self.body.append(f'<div class="math">{tex2mathml(node.astext(), as_block=True)}</div>')
    raise nodes.SkipNode


def opened_in_place(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: Any) -> None:
    """Open reports in the browser, where Sphinx would save them as files."""
    context["body"] = re.sub(r' download=""( href="[^"]+\.html")', r"\1", context.get("body", ""))


def setup(app: Sphinx) -> None:
    """Connect these functions."""
    python_api.write()
    app.add_html_math_renderer("mathml", (inline_formula, None), (formula, None))
    app.connect("source-read", contents)
    app.connect("autodoc-process-docstring", docstring, priority=400)
    app.connect("autodoc-process-docstring", types, priority=600)  # after napoleon
    app.connect("autodoc-skip-member", skipped)
    app.connect("object-description-transform", limits, priority=400)  # before autodoc adds them
    app.connect("html-page-context", opened_in_place)
