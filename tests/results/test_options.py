"""The options of ``compare``, declared once."""

import inspect
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from seedwise import SeedwiseError, compare
from seedwise.cli import app
from seedwise.results import CompareOptions

FRAME = pd.DataFrame({"base": ["1,234", "2,345", "3,456"], "new": ["4,567", "5,678", "6,789"]})


def test_the_decimal_sign_of_texts_is_an_option_in_python_too() -> None:
    with pytest.raises(SeedwiseError, match=r"is .1,234. 1234 or 1\.234"):
        compare(FRAME)
    assert compare(FRAME, decimal=",").rows[0].mean == pytest.approx((1.234 + 2.345 + 3.456) / 3)
    assert compare(FRAME, decimal=".").rows[0].mean == pytest.approx((1234 + 2345 + 3456) / 3)
    with pytest.raises(SeedwiseError, match="--decimal is ';'"):
        compare(FRAME, decimal=";")  # type: ignore[arg-type]


def test_every_option_is_in_python_in_its_docstring_and_on_the_command_line() -> None:
    names = list(CompareOptions.__dataclass_fields__)
    assert list(inspect.signature(compare).parameters) == ["data", *names]
    assert [name for name in names if f"\n    {name}: " not in (compare.__doc__ or "")] == []
    shown = CliRunner().invoke(app, ["compare", "--help"], env={"COLUMNS": "200", "TERMINAL_WIDTH": "200"}).output
    assert [name for name in names if f"--{name.replace('_', '-')} " not in shown] == []


def test_a_mistaken_option_is_named_after_the_function() -> None:
    with pytest.raises(TypeError, match="unexpected keyword argument 'metrix'"):
        compare(FRAME, metrix="accuracy")  # type: ignore[call-arg]


@pytest.mark.parametrize(
    ("given", "part"),
    [
        (["--where", "a=1", "--where", "a=2"], "--where names the column 'a' twice"),
        (["--where", "a"], "write COLUMN=VALUE"),
        (["--lower-is-better", "--higher-is-better"], "exclude each other"),
        (["--decimal", "x"], "--decimal is 'x'"),
    ],
)
def test_mistakes_on_the_command_line(tmp_path: Path, given: list[str], part: str) -> None:
    FRAME.to_csv(tmp_path / "wide.csv", index=False)
    done = CliRunner().invoke(app, ["compare", str(tmp_path / "wide.csv"), *given])
    assert isinstance(done.exception, SeedwiseError)
    assert part in str(done.exception)
