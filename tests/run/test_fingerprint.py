"""Which code trained, and whether it is still the same."""

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

import seedwise
from seedwise.run import Run, RunCode, RunSpec, changed_files, execute, load_function, present_code
from seedwise.run._fingerprint import TRAINING_CODE

FILES = {
    "__init__.py": "",
    "train.py": "from {name} import used\n"
    "def train(run):\n    from {name} import lazy\n    run.finish(accuracy=lazy.VALUE)\n",
    "lazy.py": "VALUE = 0.5\n",
    "used.py": "VALUE = 0.5\n",
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
    return {name: digest for name, digest in code.items() if name.partition("/")[0] != "seedwise"}


def trained(function, config=None):
    spec = RunSpec(function, config or {}, {})
    code = RunCode(spec)
    with code.watched():
        train = load_function(function)
    record = execute(Run(spec, dict(spec.config), code=code), train)
    assert record.status == "finished", record.error
    return record.code


def test_ours_counts_by_its_number_and_is_listed_by_file():
    root = Path(seedwise.__file__).parent
    code = RunCode(RunSpec("seedwise.training:train", {}, {})).files()
    assert code.pop("seedwise") == str(TRAINING_CODE)
    assert code["seedwise/training/_loop.py"] == hashlib.sha256((root / "training/_loop.py").read_bytes()).hexdigest()
    rooms = ("losses", "selection", "randomness", "data", "models", "run", "training")
    assert set(code) == {f"seedwise/{room}/{file.name}" for room in rooms for file in (root / room).glob("*.py")}


def test_an_upgrade_of_ours_changes_nothing_and_a_raised_number_does():
    before = {"seedwise/run/_gone.py": "0", "seedwise/run/_run.py": "0"}
    assert changed_files({"seedwise": str(TRAINING_CODE), **before}) == []
    assert changed_files({"seedwise": str(TRAINING_CODE + 1), **before}) == ["seedwise"]
    # Records from before there was a number hold files alone, and were made by what number 1 stands for.
    assert changed_files(before) == ([] if TRAINING_CODE == 1 else ["seedwise"])


def test_theirs_is_what_the_function_imports_and_what_was_imported_while_it_ran(package):
    code = trained("user_pack.train:train")
    assert set(theirs(code)) == {f"user_pack/{file}" for file in ("__init__.py", "train.py", "lazy.py", "used.py")}
    assert changed_files(code) == []


def test_a_package_without_init_is_followed(tmp_path, forget):
    folder = make(tmp_path, "user_spaces", {name: text for name, text in FILES.items() if name != "__init__.py"})
    code = trained("user_spaces.train:train")
    assert set(theirs(code)) == {f"user_spaces/{file}" for file in ("train.py", "lazy.py", "used.py")}
    assert changed_files(code) == []
    (folder / "lazy.py").write_text("VALUE = 0.75\n")
    assert changed_files(code) == ["user_spaces/lazy.py"]


def test_a_module_beside_the_function_counts(tmp_path, forget):
    (tmp_path / "user_helper.py").write_text("import user_deeper\nVALUE = 1\n")
    (tmp_path / "user_deeper.py").write_text("VALUE = 1\n")
    (tmp_path / "user_module.py").write_text("import user_helper\ndef train(run):\n    run.finish(accuracy=1)\n")
    code = trained("user_module:train")
    assert set(theirs(code)) == {"user_module.py", "user_helper.py", "user_deeper.py"}
    (tmp_path / "user_deeper.py").write_text("VALUE = 2\n")
    assert changed_files(code) == ["user_deeper.py"]


@pytest.mark.parametrize("file", ["train.py", "lazy.py", "used.py"])
def test_an_edit_is_noticed(package, file):
    code = trained("user_pack.train:train")
    (package / "unused.py").write_text("VALUE = 1\n")
    assert changed_files(code) == []
    old = (package / file).read_text()
    (package / file).write_text(f'"""Documented."""  # and commented\n\n{old}\n# twice\n')
    assert changed_files(code) == []
    (package / file).write_text(old + "CHANGED = True\n")
    assert changed_files(code) == [f"user_pack/{file}"]
    (package / file).write_text(old)
    assert changed_files(code) == []


def test_digests_of_older_records_are_compared_as_they_were_made(package):
    recorded = {"user_pack/lazy.py": hashlib.sha256((package / "lazy.py").read_bytes()).hexdigest()}
    assert changed_files(recorded) == []
    (package / "lazy.py").write_text((package / "lazy.py").read_text() + "# a comment\n")
    assert changed_files(recorded) == ["user_pack/lazy.py"]


def test_a_deleted_file_is_noticed(package):
    code = trained("user_pack.train:train")
    (package / "lazy.py").unlink()
    assert changed_files(code) == ["user_pack/lazy.py"]
    assert present_code(code)["user_pack/lazy.py"] == ""


def test_nothing_is_imported_to_find_changes(package):
    recorded = {"user_pack/lazy.py": "0"}
    assert changed_files(recorded) == ["user_pack/lazy.py"]
    assert not any(name.startswith("user_pack") for name in sys.modules)


def test_a_package_that_is_gone_has_changed():
    assert changed_files({"no_such_pack/train.py": "0"}) == ["no_such_pack/train.py"]
    assert theirs(RunCode(RunSpec("no_such_pack.train:train", {}, {})).files()) == {}


METHODS = {
    "by statement": "def train(run):\n"
    "    if run.config['which'] == 'a':\n        from user_a import f\n"
    "    else:\n        from user_b import f\n    run.finish(accuracy=f())\n",
    "by name": "import importlib\ndef train(run):\n"
    "    f = importlib.import_module('user_' + run.config['which']).f\n    run.finish(accuracy=f())\n",
    "kept": "import functools, importlib\n@functools.cache\ndef load(which):\n"
    "    return importlib.import_module('user_' + which).f\n"
    "def train(run):\n    run.finish(accuracy=load(run.config['which'])())\n",
    "by hand": "import importlib.util, pathlib\ndef train(run):\n"
    "    path = pathlib.Path(__file__).with_name(f\"user_{run.config['which']}.py\")\n"
    "    spec = importlib.util.spec_from_file_location('by_hand', path)\n"
    "    module = importlib.util.module_from_spec(spec)\n    spec.loader.exec_module(module)\n"
    "    run.finish(accuracy=module.f())\n",
}


@pytest.mark.parametrize("order", ["aabb", "bbaa", "abab", "baba"])
@pytest.mark.parametrize("way", METHODS)
def test_two_methods_in_one_process_count_their_own_files_in_any_order(tmp_path, forget, way, order):
    (tmp_path / "user_methods.py").write_text(METHODS[way])
    for which in "ab":
        (tmp_path / f"user_{which}.py").write_text("import user_shared\ndef f():\n    return 1\n")
    (tmp_path / "user_shared.py").write_text("")
    for which in order:
        code = theirs(trained("user_methods:train", {"which": which}))
        expected = {"user_methods.py", f"user_{which}.py"} | (set() if way == "by hand" else {"user_shared.py"})
        assert set(code) >= expected
        assert f"user_{'b' if which == 'a' else 'a'}.py" not in code


def test_modules_that_a_package_loads_by_itself_count_also_for_later_runs(tmp_path, forget):
    loads = "import importlib, pkgutil\nfor m in pkgutil.iter_modules(__path__):\n"
    loads += "    importlib.import_module(f'{__name__}.{m.name}')\n"
    make(tmp_path, "user_registry", {"__init__.py": loads, "one.py": "X = 1\n", "two.py": "X = 2\n"})
    (tmp_path / "user_first.py").write_text("import user_registry\ndef train(run):\n    run.finish(accuracy=1)\n")
    (tmp_path / "user_second.py").write_text("import user_registry\ndef train(run):\n    run.finish(accuracy=1)\n")
    files = {f"user_registry/{name}.py" for name in ("__init__", "one", "two")}
    assert set(theirs(trained("user_first:train"))) == files | {"user_first.py"}
    assert set(theirs(trained("user_second:train"))) == files | {"user_second.py"}


def test_what_an_older_run_had_loaded_counts_only_where_it_is_reached(tmp_path, forget):
    for which in "ab":
        text = "def train(run):\n    import user_common\n    run.finish(accuracy=1)\n"
        (tmp_path / f"user_{which}_train.py").write_text(text)
    (tmp_path / "user_common.py").write_text("")
    assert set(theirs(trained("user_a_train:train"))) == {"user_a_train.py", "user_common.py"}
    assert set(theirs(trained("user_b_train:train"))) == {"user_b_train.py", "user_common.py"}


def test_a_module_edited_after_it_was_loaded_counts_as_what_was_loaded(tmp_path, forget):
    (tmp_path / "user_edited.py").write_text(
        "def train(run):\n    import user_late, pathlib\n"
        "    pathlib.Path(user_late.__file__).write_text('VALUE = 2')\n    run.finish(accuracy=1)\n"
    )
    (tmp_path / "user_late.py").write_text("VALUE = 1\n")
    assert changed_files(trained("user_edited:train")) == ["user_late.py"]


def test_a_module_that_is_found_only_by_the_users_own_path_is_named_in_full(tmp_path, forget, monkeypatch):
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "user_elsewhere.py").write_text("VALUE = 1\n")
    (tmp_path / "user_paths.py").write_text(
        "import pathlib, sys\nsys.path.insert(0, str(pathlib.Path(__file__).parent / 'lib'))\n"
        "import user_elsewhere\ndef train(run):\n    run.finish(accuracy=1)\n"
    )
    path = list(sys.path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    spec = RunSpec("user_paths:train", {}, {})
    code = RunCode(spec, path)
    with code.watched():
        load_function(spec.function)
    files = theirs(code.files())
    assert set(files) == {"user_paths.py", "lib/user_elsewhere.py"}
    assert present_code(files, path).items() >= files.items()


def test_an_editable_install_with_a_finder_of_its_own_is_the_users(tmp_path, forget, monkeypatch):
    source = tmp_path / "checkout" / "src"
    source.mkdir(parents=True)
    folder = make(source, "user_editable", FILES)

    class Finder:
        @staticmethod
        def find_spec(name, path=None, target=None):
            import importlib.util

            if name == "user_editable":
                return importlib.util.spec_from_file_location(
                    name, folder / "__init__.py", submodule_search_locations=[str(folder)]
                )
            return None

    monkeypatch.setattr(sys, "meta_path", [*sys.meta_path, Finder])
    code = theirs(trained("user_editable.train:train"))
    assert "user_editable/lazy.py" in code
    (folder / "lazy.py").write_text("VALUE = 0.75\n")
    assert changed_files(code) == ["user_editable/lazy.py"]


SCRIPT = """
import json
from seedwise.run import RunCode, RunSpec, changed_files
from user_part import VALUE

code = RunCode(RunSpec("user_script:train", {}, {})).files()
assert changed_files(code) == []
print(json.dumps([name for name in code if name.partition("/")[0] != "seedwise"]))
"""


def test_a_script_is_the_module_that_others_would_import(tmp_path):
    (tmp_path / "user_script.py").write_text(SCRIPT)
    (tmp_path / "user_part.py").write_text("VALUE = 1\n")
    done = subprocess.run([sys.executable, tmp_path / "user_script.py"], capture_output=True, text=True, check=True)
    assert sorted(json.loads(done.stdout)) == ["user_part.py", "user_script.py"]
