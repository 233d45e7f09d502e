"""The site: every public name has its entry, and formulas of docstrings become TeX."""

import importlib.util
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

import seedwise
from seedwise import losses, statistics

DOCS = Path(__file__).parents[2] / "docs"


def module(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, DOCS / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    found = importlib.util.module_from_spec(spec)
    sys.modules[name] = found
    spec.loader.exec_module(found)
    return found


@pytest.fixture(scope="module")
def api() -> ModuleType:
    return module("python_api")


def test_every_public_name_is_on_the_page_of_its_package(api: ModuleType) -> None:
    assert (seedwise, seedwise.integrations) == api.PACKAGES
    pages = api.pages((seedwise,))  # the others import Lightning and transformers, which takes long
    for package in (seedwise, losses, statistics):  # written with __all__, whatever the script takes for public
        text = "".join(page for name, page in pages.items() if name.startswith(package.__name__))
        for name in package.__all__:
            assert re.search(rf":: {package.__name__}\.{name}\b", text), name
    folder = Path(seedwise.__file__).parent
    packages = {path.parent.name for path in folder.glob("[a-z]*/__init__.py")} - {"cli", "integrations"}
    assert {name.split(".")[1] for name in pages if "." in name} >= packages
    for found in api.modules((seedwise,)):
        text = "".join(page for name, page in pages.items() if name.startswith(found.__name__))
        for name in api.public_names(found):
            assert f":: {found.__name__}.{name}\n" in text or f"``{name}`` is :py:obj:`" in text, name


def test_a_name_of_two_packages_is_described_once(api: ModuleType) -> None:
    assert "``Run`` is :py:obj:`seedwise.Run`." in api.pages((seedwise,))["seedwise.run"]


def test_a_constant_without_a_docstring_is_an_error(api: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api, "_constants", lambda home: {"ALL": ""})
    with pytest.raises(LookupError, match="ALL has no docstring"):
        api._docstring_of_constant("seedwise.randomness", "ALL")


TYPED = """One line.

    not a formula::

Text with l:

    d     = l - m_t        in the first step
    s_ref = max(s, eps)    if gamma >= 1

and, in a list,

- item

      sqrt(2 (1 - rho))

Args:
    x: text.

        no formula
"""


def test_formulas_are_found_before_the_sections_of_a_docstring() -> None:
    formulas = module("formulas")
    lines = TYPED.replace("    not a formula::", "Code::\n\n    a = 1\n    b = 2").split("\n")
    found = ["\n".join(lines[part]).strip().split("\n")[0] for part in formulas.blocks(lines)]
    assert found == ["d     = l - m_t        in the first step", "sqrt(2 (1 - rho))"]


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("p^(tau-1) / x_ij", r"p^{\tau -1} / x_{ij}"),
        ("sum_i y_i A_i", r"\sum _{i} y_{i} A_{i}"),
        ("sqrt(1/m + (a))", r"\sqrt{1/m + (a)}"),
        ("t_{1-a/2, n-2}", r"t_{1-a/2, n-2}"),
        ("z_i,past <= s_-i", r"z_{i,\text{past}} \le  s_{-i}"),
        ("softmax(z)_c", r"\operatorname{softmax}(z)_{c}"),
        ("x if |d| < D", r"x\text{ if }|d| < D"),
        ("x,   first-order effect of `name`", r"x, \quad \text{first-order effect of }\text{name}"),
        ("q = sd_method", r"q = \text{sd_method}"),
        ("d -+ t v1", r"d \mp  t v_{1}"),
    ],
)
def test_a_formula_in_tex(typed: str, expected: str) -> None:
    assert module("formulas").tex([f"    {typed}"]) == expected


def test_lines_are_aligned_at_their_signs_of_equality() -> None:
    found = module("formulas").tex(["    a   = b     so", "    c_d = e", "          f     if g", "    name    h"])
    rows = [r"a & = b \quad \text{so}", r"c_{d} & = e", r"& \quad f \quad \text{if }g", r"\text{name} & \quad h"]
    assert found == r"\begin{aligned}" + r" \\ ".join(rows) + r"\end{aligned}"


def test_the_contents_of_the_site_are_the_index() -> None:
    index = (DOCS / "index.md").read_text(encoding="utf-8")
    assert re.findall(r"^## (.*)$", index, flags=re.MULTILINE) == [
        "Start", "How to", "Train differently", "Explanation", "Results", "Reference",
    ]  # fmt: skip
