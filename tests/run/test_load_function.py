"""From ``module:function`` to a function and its configuration."""

import sys

import pydantic
import pytest

from seedwise.errors import SeedwiseError
from seedwise.run import Run, configure, load_function


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A user's package; its modules are forgotten afterwards."""
    folder = tmp_path / "userpack"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    (folder / "good.py").write_text("number = 3\ndef train(run): ...\n")
    (folder / "needs.py").write_text("import a_library_that_is_missing\n")
    (folder / "broken.py").write_text("raise ValueError('bad constant')\n")
    (folder / "syntax.py").write_text("def train(:\n")
    monkeypatch.syspath_prepend(tmp_path)
    yield folder
    for name in [name for name in sys.modules if name.partition(".")[0] == "userpack"]:
        del sys.modules[name]


def test_a_function_is_imported(package):
    function = load_function("userpack.good:train")
    assert function.__module__ == "userpack.good"
    assert function.__name__ == "train"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (
            "userpack.good.train",
            "'userpack.good.train' does not name a function: write 'my_package.my_module:my_function'",
        ),
        ("userpack.good:", "does not name a function"),
        (":train", "does not name a function"),
        ("", "does not name a function"),
        (
            "no_such_pack:train",
            "there is no module 'no_such_pack' for the function 'no_such_pack:train': run seedwise from",
        ),
        ("no_such_pack.sub:train", "there is no module 'no_such_pack' for the function"),
        ("userpack.other:train", "there is no module 'userpack.other' for the function"),
        ("userpack.good.deeper:train", "there is no module 'userpack.good.deeper' for the function"),
        (
            "userpack.needs:train",
            "'userpack.needs' needs the module 'a_library_that_is_missing', which is not installed",
        ),
        ("userpack.broken:train", "'userpack.broken' does not import: ValueError: bad constant"),
        ("userpack.syntax:train", "'userpack.syntax' does not import: SyntaxError: "),
        ("userpack.good:test", "there is no function 'test' in 'userpack.good'"),
        ("userpack.good:number", "there is no function 'number' in 'userpack.good'"),
    ],
)
def test_a_mistake_is_one_line(package, name, message):
    with pytest.raises(SeedwiseError) as caught:
        load_function(name)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


class Config(pydantic.BaseModel):
    lr: float
    width: int = 8


def annotated(run: Run[Config]):
    """Has its own model."""


def with_dict(run: Run[dict]):
    """Takes what it gets."""


def plain(run):
    """Says nothing."""


def unresolvable(run: "Run[NoSuchName]"):  # noqa: F821
    """Its annotation names nothing."""


def test_a_function_with_a_model_gets_its_instance():
    assert configure(annotated, {"lr": 1}) == Config(lr=1.0, width=8)


def test_a_wrong_configuration_is_the_models_error():
    with pytest.raises(pydantic.ValidationError, match="lr"):
        configure(annotated, {"width": 3})


@pytest.mark.parametrize("function", [with_dict, plain, unresolvable])
def test_a_function_without_a_model_gets_its_own_dict(function):
    config = {"lr": 1}
    configured = configure(function, config)
    assert configured == {"lr": 1}
    configured["lr"] = 2
    assert config == {"lr": 1}
