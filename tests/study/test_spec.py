"""Mistakes in a study file, each answered by one line: where, what is allowed, the closest match."""

from __future__ import annotations

from pathlib import Path

import pytest

import seedwise
from seedwise.errors import SeedwiseError
from seedwise.study import parse_study
from seedwise.study._study_file import check_study

BUILTIN = """
name: s
task: {dataset: digits}
model: small_cnn
train: {epochs: 3, batch_size: 64, optimizer: {name: sgd, lr: 0.1}}
methods: {base: {}, vml: {loss: {name: vml, warmup_steps: 5}}}
replicates: 3
"""
OWN = """
name: s
train: {function: "mine:train", config: {epochs: 3}}
methods: {base: {}, other: {config: {epochs: 4}}}
"""
MINE = """
from pydantic import BaseModel
from seedwise import Run

class Layer(BaseModel, extra="forbid"):
    width: int = 3

class Config(BaseModel, extra="forbid"):
    epochs: int
    lr: float = 0.1
    layer: Layer = Layer()

def train(run: Run[Config]) -> None: ...
def untyped(run): ...
number = 3
"""

VML = "loss: {name: vml, warmup_steps: 5}"
MISTAKES = [
    # what stands in the file, what stands there instead, what the line must say
    ("epochs: 3", "epoch: 3", ["unknown key 'epoch' in train", "did you mean 'epochs'?", "batch_size"]),
    ("replicates: 3", "replicats: 3", ["unknown key 'replicats' in the study file", "did you mean 'replicates'?"]),
    (
        "name: vml",
        "name: vlm",
        ["unknown loss 'vlm' in methods.vml", "did you mean 'vml'?", "cross_entropy", "placebo"],
    ),
    ("digits", "digit", ["unknown dataset 'digit' in task", "did you mean 'digits'?"]),
    ("small_cnn", "smal_cnn", ["unknown model 'smal_cnn'", "did you mean 'small_cnn'?", "resnet14"]),
    ("small_cnn", "{name: small_cnn, widht: 3}", ["unknown key 'widht' in model", "did you mean 'width'?", "dropout"]),
    ("model: small_cnn\n", "", ["model is missing"]),
    ("replicates: 3", "regimes: [al]", ["unknown regime 'al'", "did you mean 'all'?", "hardware"]),
    ("replicates: 3", "regimes: [init+shufle]", ["unknown regime 'shufle'", "did you mean 'shuffle'?"]),
    ("replicates: 3", "regimes: [init+init]", ["regimes.0", "'init+init' names a source twice"]),
    ("replicates: 3", "regimes: [all, all]", ["a regime is listed twice"]),
    ("replicates: 3", "regimes: []", ["regimes is []", "at least 1"]),
    ("replicates: 3", "base: bas", ["unknown base 'bas'", "did you mean 'base'?", "vml"]),
    ("replicates: 3", "replicates: 0", ["replicates is 0", "greater than or equal to 1"]),
    ("replicates: 3", "replicates: -3", ["replicates is -3", "greater than or equal to 1"]),
    ("replicates: 3", "replicates: 2.5", ["replicates is 2.5", "integer"]),
    ("replicates: 3", "replicates: many", ["replicates is 'many'", "integer"]),
    ("replicates: 3", "replicates: true", ["replicates is True", "integer"]),
    ("replicates: 3", "first_replicate: -1", ["first_replicate is -1"]),
    ("epochs: 3", "epochs: ten", ["train.epochs is 'ten'", "integer"]),
    ("epochs: 3", "epochs: 0", ["train.epochs is 0", "greater than or equal to 1"]),
    ("lr: 0.1", "lr: 0", ["train.optimizer.lr is 0", "greater than 0"]),
    ("lr: 0.1", "lr: .nan", ["train.optimizer.lr is nan", "finite"]),
    ("lr: 0.1", "lr: 0.1, momentum: 1.5", ["train.optimizer.momentum is 1.5", "less than 1"]),
    ("name: sgd", "name: sdg", ["unknown optimizer 'sdg' in train", "did you mean 'sgd'?", "adamw"]),
    ("name: sgd, ", "", ["train.optimizer needs a name"]),
    ("epochs: 3", "epochs: 3, schedule: cosin", ["unknown schedule 'cosin' in train", "did you mean 'cosine'?"]),
    ("epochs: 3", "epochs: 3, precision: fp16", ["unknown precision 'fp16' in train", "float32", "bf16"]),
    ("epochs: 3", "epochs: 3, validation: {fraction: 1.5}", ["train.validation.fraction is 1.5", "less than 1"]),
    ("warmup_steps: 5", "warmup_steps: 1", ["methods.vml.loss.warmup_steps is 1", "greater than or equal to 2"]),
    ("warmup_steps: 5", "lambda_min: 3", ["methods.vml.loss", "lambda_min 3.0 must not exceed lambda_max 2.0"]),
    ("warmup_steps: 5", "gradient: throu", ["unknown gradient 'throu' in methods.vml.loss", "did you mean 'through'?"]),
    (VML, "los: vml", ["unknown key 'los' in methods.vml", "did you mean 'loss'?"]),
    (VML, "los: vml", ["sharpness, ", "model, factor"]),
    (VML, "lr: 0.2", ["unknown key 'lr' in methods.vml: 'lr' belongs to optimizer: {lr: 0.2}"]),
    (VML, "alpha: 0.2", ["unknown key 'alpha' in methods.vml: 'alpha' belongs to loss: {alpha: 0.2}"]),
    (
        "epochs: 3",
        "epochs: 3, device: cuda",
        ["unknown key 'device' in train: it is an option of seedwise run: --device cuda"],
    ),
    ("epochs: 3", "epochs: 3, lr: 0.2", ["unknown key 'lr' in train: 'lr' belongs to optimizer: {lr: 0.2}"]),
    (
        "replicates: 3",
        "power: 0.9",
        ["unknown key 'power' in the study file: 'power' belongs to question: {power: 0.9}"],
    ),
    (VML, "threads: 2", ["methods.vml", "'threads' holds for the whole study", "under 'train'"]),
    (VML, "loss: {name: placebo, controller: clf}", ["methods.vml.loss", "variance term", "set lambda_v: 0"]),
    (VML, "loss: {name: placebo, controller: cff}", ["unknown controller 'cff' in methods.vml.loss", "'clf'"]),
    (VML, "loss: {name: clf, start_epoch: 3, end_epoch: 2}", ["methods.vml.loss", "end_epoch 2", "start_epoch 3"]),
    (f"{{{VML}}}", "5", ["methods.vml is 5", "dictionary"]),
    ("methods: {base", "methods: {ba se", ["methods.ba se"]),
    ("methods: {base", "methods: {1", ["the key 1 in methods is no text"]),
    ("name: s\n", "", ["name is missing"]),
    ("name: s\n", "name: s/t\n", ["name is 's/t'"]),
    ("name: s\n", "name: s\nname: t\n", ["line 3", "the key 'name' is given twice"]),
    ("epochs: 3", "epochs: 3, epochs: 4", ["line 5", "the key 'epochs' is given twice"]),
    ("replicates: 3", "seeds: [{init: 1}, {init: 1}]", ["seeds", "listed twice", "count as two samples"]),
    ("replicates: 3", "seeds: [{init: 1}, {shuffle: 0, init: 1}]", ["seeds", "listed twice"]),
    ("replicates: 3", "seeds: [{init: 1}]\nreplicates: 2", ["either 'seeds' or 'regimes' and 'replicates'"]),
    ("replicates: 3", "seeds: [{init: 1}]\nregimes: [all]", ["either 'seeds' or 'regimes' and 'replicates'"]),
    ("replicates: 3", "seeds: [{int: 1}]", ["seeds", "unknown source 'int'", "did you mean 'init'?"]),
    ("replicates: 3", "seeds: [{init: -1}]", ["seeds.0.init is -1"]),
    ("replicates: 3", "keep: {predictions: logit}", ["unknown predictions 'logit' in keep", "'logits16'", "full"]),
    ("replicates: 3", "question: {power: 80}", ["question.power is 80", "less than 1"]),
    ("replicates: 3", "limits: {seconds: 0}", ["limits.seconds is 0", "greater than 0"]),
    ("replicates: 3", "checkpoint: {every_epochs: 0}", ["checkpoint.every_epochs is 0"]),
    ("task: {dataset: digits}", "task: digits", ["task is 'digits'", "dictionary"]),
]
OWN_MISTAKES = [
    ("{epochs: 3}", "{epochs: ten}", ["train.config.epochs is 'ten'", "integer"]),
    ("{epochs: 4}", "{epochs: ten}", ["methods.other.config.epochs is 'ten'", "integer"]),
    ("{epochs: 3}", "{epoch: 3}", ["unknown key 'epoch' in train.config", "did you mean 'epochs'?", "lr"]),
    ("{epochs: 3}", "{epochs: 3, layer: {widht: 3}}", ["unknown key 'widht' in train.config.layer", "'width'"]),
    (", config: {epochs: 3}", "", ["train.config.epochs is missing"]),
    ("config: {epochs: 3}", "config: 5", ["train.config is 5"]),
    ("config: {epochs: 3}", "confg: {epochs: 3}", ["unknown key 'confg' in train", "did you mean 'config'?"]),
    ("config: {epochs: 4}", "confg: {epochs: 4}", ["unknown key 'confg' in methods.other", "did you mean 'config'?"]),
    ("mine:train", "mine:trian", ["there is no function 'trian' in 'mine'"]),
    ("mine:train", "mine:number", ["there is no function 'number' in 'mine'"]),
    ("mine:train", "mine", ["'mine' does not name a function", "my_module:my_function"]),
    ("mine:train", "absent:train", ["there is no module 'absent'", "install its package"]),
    ("mine:train", "broken:train", ["'broken' does not import", "ZeroDivisionError"]),
    ("mine:train", "needy:train", ["'needy' needs the module 'absent_too'", "not installed"]),
    ("name: s\n", "name: s\nmodel: small_cnn\n", ["has no 'model'", "config"]),
    ("name: s\n", "name: s\ntask: {dataset: digits}\n", ["unknown key 'dataset' in task", "metric"]),
    ('mine:train", config: {epochs: 3}', 'mine:untyped", config: {day: .inf}', ["train.config", "numbers, text"]),
    ('mine:train", config: {epochs: 3}', 'mine:untyped", config: {lr: .inf}', ["train.config", "finite"]),
]


def complaint(path: Path) -> str:
    with pytest.raises(SeedwiseError) as caught:
        seedwise.Study.from_yaml(path)
    return str(caught.value)


@pytest.mark.parametrize(("right", "wrong", "parts"), MISTAKES, ids=[wrong or right for right, wrong, _ in MISTAKES])
def test_a_mistake_is_named_in_one_line(right, wrong, parts, tmp_path):
    assert right in BUILTIN
    parse_study(BUILTIN)  # the mistake is the only one
    path = tmp_path / "study.yaml"
    path.write_text(BUILTIN.replace(right, wrong, 1))
    line = complaint(path)
    assert "\n" not in line
    assert line.startswith(str(path))
    assert [part for part in parts if part not in line] == []


@pytest.fixture
def own(tmp_path):
    (tmp_path / "mine.py").write_text(MINE)
    (tmp_path / "broken.py").write_text("1 / 0")
    (tmp_path / "needy.py").write_text("import absent_too")
    (tmp_path / "study.yaml").write_text(OWN)
    return tmp_path / "study.yaml"


@pytest.fixture(autouse=True)
def _fresh_modules(monkeypatch):
    import sys

    for name in ("mine", "broken", "needy"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    yield
    for name in ("mine", "broken", "needy"):
        sys.modules.pop(name, None)


@pytest.mark.parametrize(
    ("right", "wrong", "parts"), OWN_MISTAKES, ids=[wrong or right for right, wrong, _ in OWN_MISTAKES]
)
def test_a_mistake_around_an_own_function_is_named_in_one_line(right, wrong, parts, own):
    assert right in OWN
    seedwise.Study.from_yaml(own)
    own.write_text(OWN.replace(right, wrong, 1))
    line = complaint(own)
    assert "\n" not in line
    assert line.startswith(str(own))
    assert [part for part in parts if part not in line] == []


@pytest.mark.parametrize(
    ("content", "part"),
    [
        (b"", "is empty"),
        (b"# nothing but a comment\n", "is empty"),
        (b"- a\n- b\n", "'key: value' lines, not list"),
        (b"hello", "'key: value' lines, not str"),
        (b"a: [", "not valid YAML"),
        (b"a: 'open", "not valid YAML"),
        (b"[" * 5000, "nested too deeply"),
        (b"\x00\x01\x02", "not valid YAML"),
        (bytes(range(256)), "cannot read"),
        (b"!!python/object/apply:os.system ['true']", "not valid YAML"),
    ],
)
def test_what_is_no_study_file_is_refused_in_one_line(content, part, tmp_path):
    path = tmp_path / "study.yaml"
    path.write_bytes(content)
    line = complaint(path)
    assert part in line
    assert str(path) in line
    assert "\n" not in line


def test_a_missing_file_and_a_folder_are_refused(tmp_path):
    assert "there is no study file" in complaint(tmp_path / "none.yaml")
    assert "cannot read" in complaint(tmp_path)


def test_a_mistake_that_several_methods_share_is_reported_where_it_was_made():
    with pytest.raises(SeedwiseError, match=r"train\.optimizer\.lr is -1"):
        parse_study(BUILTIN.replace("lr: 0.1", "lr: -1"))


def test_further_mistakes_are_counted():
    with pytest.raises(SeedwiseError, match=r"\(and 1 more mistake\)"):
        parse_study(BUILTIN.replace("epochs: 3", "epochs: 0").replace("lr: 0.1", "lr: 0"))


def test_a_key_that_a_typing_error_made_another_of_is_one_mistake():
    with pytest.raises(SeedwiseError, match=r"did you mean 'batch_size'\?") as caught:
        parse_study(BUILTIN.replace("batch_size:", "batchsize:"))
    assert "more mistake" not in str(caught.value)
    with pytest.raises(SeedwiseError, match=r"\(and 1 more mistake\)"):
        parse_study(BUILTIN.replace("batch_size:", "batchsize:").replace("epochs: 3, ", ""))


@pytest.mark.parametrize(
    ("given", "wrong"), [("name: sgd", "name: sgdd"), ("small_cnn", "small_cn"), ("digits", "digit")]
)
def test_what_is_allowed_includes_parts_of_ones_own(given, wrong):
    with pytest.raises(SeedwiseError, match='or "module:name" of your own'):
        parse_study(BUILTIN.replace(given, wrong))


def test_a_program_is_no_study_file(tmp_path):
    assert f"'python {tmp_path / 'train.py'}' starts it" in complaint(tmp_path / "train.py")


def test_a_line_that_is_indented_otherwise_is_hinted_at():
    with pytest.raises(SeedwiseError, match="is a line indented as its neighbors are"):
        parse_study("name: s\ntrain:\n  epochs: 3\n other: 5\n")


def test_words_that_yaml_takes_for_booleans_stay_words():
    study = parse_study(BUILTIN.replace("{base: {}", "{no: {}, on: {loss: vml}, y: {loss: clf}"))
    assert list(study.methods) == ["no", "on", "y", "vml"]


def test_true_and_false_stay_booleans():
    study = parse_study(BUILTIN.replace("digits}", "digits, augment: false}"))
    assert study.configs()["base"]["task"] == {"dataset": "digits", "augment": False}


@pytest.mark.parametrize(("text", "value"), [("1e-4", 1e-4), ("2E+1", 20.0), ("1.5e-3", 0.0015), ("0.25", 0.25)])
def test_numbers_with_an_exponent_are_numbers(text, value):
    study = parse_study(BUILTIN.replace("lr: 0.1", f"lr: {text}"))
    assert study.configs()["base"]["train"]["optimizer"]["lr"] == value


def test_a_merge_key_brings_in_defaults_that_may_be_given_again(own):
    own.write_text(
        'name: s\ntrain: {function: "mine:train", config: &base {epochs: 3, lr: 0.5}}\n'
        "methods: {base: {}, other: {config: {<<: *base, lr: 0.25}}}\n"
    )
    study = seedwise.Study.from_yaml(own)
    assert study.spec.configs()["other"] == {"epochs": 3, "lr": 0.25}


def test_a_group_with_another_name_replaces_the_whole_group():
    study = parse_study(
        BUILTIN.replace(VML, "optimizer: {name: adamw, lr: 0.01}").replace("0.1}", "0.1, momentum: 0.5}")
    )
    assert study.configs()["vml"]["train"]["optimizer"] == {"name": "adamw", "lr": 0.01}


def test_a_group_with_the_same_name_is_changed_in_parts():
    study = parse_study(BUILTIN.replace(VML, "optimizer: {lr: 0.01}").replace("0.1}", "0.1, momentum: 0.5}"))
    assert study.configs()["vml"]["train"]["optimizer"] == {"name": "sgd", "lr": 0.01, "momentum": 0.5}


def test_changes_take_the_place_of_what_the_file_says(tmp_path):
    path = tmp_path / "study.yaml"
    path.write_text(BUILTIN)
    assert seedwise.Study.from_yaml(path, replicates=7).spec.replicates == 7
    assert seedwise.Study.from_yaml(path, replicates=None).spec.replicates == 3
    with pytest.raises(SeedwiseError, match="replicates is 0"):
        seedwise.Study.from_yaml(path, replicates=0)


def test_the_first_method_is_the_base_unless_the_file_says_otherwise():
    assert parse_study(BUILTIN).base_method == "base"
    assert parse_study(BUILTIN + "base: vml\n").base_method == "vml"


def test_without_a_test_a_study_is_about_validation_data():
    text = BUILTIN.replace("{dataset: digits}", "{dataset: digits, test: none}")
    found = parse_study(text.replace("epochs: 3,", "epochs: 3, validation: {fraction: 0.1},"))
    recorded = ["accuracy", "loss", "brier", "ece"]
    assert [metric.name for metric in found.learns.metrics] == [f"validation/{name}" for name in recorded]
    assert found.learns.metrics[0].chance == 0.1


TASKS = (
    BUILTIN
    + """
tasks:
  short: {methods: {vml: {epochs: 1, loss: {warmup_steps: 7}}}}
  other: {model: {width: 4}, train: {epochs: 2}}
"""
)


def test_a_task_changes_a_method_and_the_others_do_not():
    parts = parse_study(TASKS).by_task()
    found = {
        (task, method): config["train"] for task, part in parts.items() for method, config in part.configs().items()
    }
    assert {key: train["epochs"] for key, train in found.items()} == {
        ("short", "base"): 3,
        ("short", "vml"): 1,
        ("other", "base"): 2,
        ("other", "vml"): 2,
    }
    assert found["short", "vml"]["loss"] == {"name": "vml", "warmup_steps": 7}
    assert found["other", "vml"]["loss"] == {"name": "vml", "warmup_steps": 5}


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("vml: {epochs: 1", "vlm: {epochs: 1", "unknown method 'vlm' in tasks.short.methods: did you mean 'vml'?"),
        ("epochs: 1", "epochs: 0", "with the task 'short': methods.vml.epochs is 0: "),
        ("width: 4", "width: 0", "with the task 'other': model.width is 0: "),
    ],
)
def test_a_mistake_of_a_task_names_it(old, new, said):
    with pytest.raises(SeedwiseError) as caught:
        parse_study(TASKS.replace(old, new))
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"methods": {f"m{k}": {} for k in range(900)}, "base": "other"}, "allowed: m0, m1, "),
        ({"methods": {"x" * 5000: {}}}, "methods.xxx"),
        ({"model": {"name": "x" * 5000}}, "allowed: small_cnn"),
    ],
)
def test_a_message_is_short_however_much_was_written(changes, line):
    train = {"epochs": 1, "batch_size": 64, "optimizer": {"name": "sgd", "lr": 0.1}}
    given = {"name": "a", "task": {"dataset": "digits"}, "model": "small_cnn", "train": train}
    with pytest.raises(SeedwiseError) as caught:
        check_study(given | changes)
    assert line in str(caught.value)
    assert len(str(caught.value)) < 420
