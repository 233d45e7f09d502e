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
    ("option", "value", "part"),
    [
        ("sd_ratio", 2, "--sd-ratio is 2: pass a number above 0 and below 1 (sd_ratio=...)"),
        ("power", 1.0, "--power is 1: pass a number above 0 and below 1"),
        ("factor", 1, "--factor is 1: pass a number above 1"),
        ("margin", 0, "--margin is 0: pass a number above 0"),
        ("margin", float("nan"), "--margin is nan"),
        ("margin", "1", "--margin is '1': pass a number above 0"),
        ("test_share", 0, "--test-share is 0: pass a number above 0 and below 1"),
        ("test_share", 0.5, "--test-share is about folds, and no column is called fold"),
    ],
)
@pytest.mark.parametrize("summary", [False, True])
def test_an_option_out_of_its_limits_or_place_is_a_line(option: str, value: float, part: str, summary: bool) -> None:
    frame = pd.DataFrame({"method": ["base", "new"] * 3, "seed": [0, 0, 1, 1, 2, 2], "acc": [0.1, 0.2, 0.3] * 2})
    if summary:
        frame = pd.DataFrame({"method": ["base", "new"], "mean": [1.0, 2.0], "sd": [0.1, 0.2], "n": 5})
        part = part if "pass a" in part or "nan" in part else "and --test-share is about runs: leave one out"
    with pytest.raises(SeedwiseError) as caught:
        compare(frame, summary=summary, **{option: value})  # type: ignore[arg-type]
    assert part in str(caught.value)


@pytest.mark.parametrize(
    ("option", "limits"),
    [
        ("sd-ratio", "above 0 and below 1."),
        ("power", "above 0 and below 1."),
        ("factor", "above 1."),
        ("margin", "above 0."),
    ],
)
def test_the_limits_of_what_is_asked_are_in_the_help(option: str, limits: str) -> None:
    shown = " ".join(CliRunner().invoke(app, ["compare", "--help"]).output.split())
    assert limits in shown.partition(f"--{option} ")[2].partition(" --")[0]


def test_a_threshold_is_asked_about_as_in_a_study() -> None:
    values = [0.5, 0.51, 0.52, 0.53, 0.54, 0.55, 0.56, 0.6]
    frame = pd.DataFrame({"method": ["base", "new"] * 4, "seed": [0, 0, 1, 1, 2, 2, 3, 3], "acc": values})
    assert "a run is worse than 55<" in compare(frame, threshold=0.55).to_html()


@pytest.mark.parametrize("given", [{"chance": 0}, {"chance": 0.0}, {"test_share": 0.1}, {"seed": ""}])
def test_an_option_of_runs_with_a_value_of_0_is_given_too(given: dict[str, object]) -> None:
    with pytest.raises(SeedwiseError, match="is about runs: leave one out"):
        compare(FRAME, summary=True, n=5, **given)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("given", "part"),
    [
        (["--sd-ratio", "2"], "--sd-ratio is 2: pass a number above 0"),
        (["--summary", "--n", "5", "--chance", "0"], "--chance is about runs"),
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
