"""Which code trained, and whether it is still the same."""

import hashlib
import subprocess
import sys
from pathlib import Path

import pytest

import seedwise
from seedwise.run import Run, RunSpec, changed_files, execute, load_function, loaded_code

FILES = {
    "__init__.py": "",
    "train.py": "def train(run):\n    from {name} import lazy\n    run.finish(accuracy=lazy.VALUE)\n",
    "lazy.py": "VALUE = 0.5\n",
    "unused.py": "VALUE = 0.25\n",
}


def make(root, name, files):
    (root / name).mkdir()
    for file, text in files.items():
        (root / name / file).write_text(text.replace("{name}", name))
    return root / name


@pytest.fixture
def forget(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    before = set(sys.modules)
    yield
    for name in set(sys.modules) - before:
        if name.startswith("user_"):
            del sys.modules[name]


@pytest.fixture
def package(tmp_path, forget):
    return make(tmp_path, "user_pack", FILES)


def theirs(code):
    return {name: digest for name, digest in code.items() if not name.startswith("seedwise/")}


def sha256(file):
    return hashlib.sha256(file.read_bytes()).hexdigest()


def trained(function):
    return execute(Run(RunSpec(function, {}, {}), {}), load_function(function)).code


def test_ours_is_every_file_of_the_rooms_that_train():
    root = Path(seedwise.__file__).parent
    code = loaded_code("seedwise.training:train")
    rooms = ("losses", "selection", "randomness", "data", "models", "run", "training")
    expected = {f"seedwise/{room}/{file.name}": sha256(file) for room in rooms for file in (root / room).glob("*.py")}
    assert code == expected
    assert "seedwise/training/_loop.py" in code
    assert changed_files(code, "seedwise.training:train") == []


def test_theirs_is_every_module_of_the_package_loaded_when_the_run_ends(package):
    code = theirs(trained("user_pack.train:train"))
    files = ("__init__.py", "train.py", "lazy.py")
    assert code == {f"user_pack/{file}": sha256(package / file) for file in files}


def test_a_package_without_init_is_followed(tmp_path, forget):
    folder = make(tmp_path, "user_spaces", {name: text for name, text in FILES.items() if name != "__init__.py"})
    code = trained("user_spaces.train:train")
    assert theirs(code) == {f"user_spaces/{file}": sha256(folder / file) for file in ("train.py", "lazy.py")}
    assert changed_files(code, "user_spaces.train:train") == []
    (folder / "lazy.py").write_text("VALUE = 0.75\n")
    assert changed_files(code, "user_spaces.train:train") == ["user_spaces/lazy.py"]


def test_a_single_module_is_followed(tmp_path, forget):
    file = tmp_path / "user_module.py"
    file.write_text("def train(run):\n    run.finish(accuracy=1)\n")
    assert theirs(trained("user_module:train")) == {"user_module.py": sha256(file)}


@pytest.mark.parametrize("file", ["train.py", "lazy.py", "__init__.py"])
def test_an_edit_is_noticed(package, file):
    code = trained("user_pack.train:train")
    (package / "unused.py").write_text("VALUE = 1\n")
    assert changed_files(code, "user_pack.train:train") == []
    old = (package / file).read_text()
    (package / file).write_text(old + "# changed\n")
    assert changed_files(code, "user_pack.train:train") == [f"user_pack/{file}"]
    (package / file).write_text(old)
    assert changed_files(code, "user_pack.train:train") == []


def test_a_deleted_file_is_noticed(package):
    code = trained("user_pack.train:train")
    (package / "lazy.py").unlink()
    assert changed_files(code, "user_pack.train:train") == ["user_pack/lazy.py"]


def test_ours_is_compared_too():
    code = {**loaded_code("seedwise.training:train"), "seedwise/run/_gone.py": "0", "seedwise/run/_run.py": "0"}
    assert changed_files(code, "seedwise.training:train") == ["seedwise/run/_run.py", "seedwise/run/_gone.py"]


def test_nothing_is_imported_to_find_changes(package):
    recorded = {"user_pack/lazy.py": "0"}
    assert changed_files(recorded, "user_pack.train:train") == ["user_pack/lazy.py"]
    assert not any(name.startswith("user_pack") for name in sys.modules)


def test_a_package_that_is_gone_has_changed():
    assert changed_files({"no_such_pack/train.py": "0"}, "no_such_pack.train:train") == ["no_such_pack/train.py"]
    assert theirs(loaded_code("no_such_pack.train:train")) == {}


SCRIPT = """
from seedwise.run import changed_files, loaded_code

code = loaded_code("user_script:train")
assert changed_files(code, "user_script:train") == []
print(*(name for name in code if not name.startswith("seedwise/")))
"""


def test_a_script_is_the_module_that_others_would_import(tmp_path):
    script = tmp_path / "user_script.py"
    script.write_text(SCRIPT)
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["user_script.py"]
