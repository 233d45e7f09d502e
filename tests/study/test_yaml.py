"""What a study file may hold: YAML 1.2 scalars, keys once, and no more than a study can be."""

import time
from pathlib import Path

import pytest

from seedwise.errors import SeedwiseError
from seedwise.study import Study

GOOD = """name: s
task: {dataset: digits}
model: small_cnn
train: {epochs: 2, batch_size: 64, optimizer: {name: sgd, lr: 0.1}}
"""


def bomb() -> str:
    lines = ["a0: &a0 [x,x,x,x,x,x,x,x,x,x]"]
    lines += [f"a{k}: &a{k} [{','.join([f'*a{k - 1}'] * 10)}]" for k in range(1, 9)]
    return GOOD + "\n".join(lines)


CASES = {
    "a timestamp": (GOOD + "source: !!timestamp 1\n", "could not determine a constructor"),
    "a python object": (GOOD + "source: !!python/name:os.system\n", "could not determine a constructor"),
    "a time of day for a number": (GOOD.replace("epochs: 2", "epochs: 1:30"), "train.epochs is '1:30'"),
    "lists in lists": (GOOD + f"published: {'[' * 400}{']' * 400}\n", "nested more than 60 deep"),
    "lists in lists without end": (GOOD + f"published: {'[' * 4000}{']' * 4000}\n", "nested too deeply"),
    "aliases of aliases": (bomb(), "stands for more than"),
    "what holds itself": (GOOD + "source: &a [*a]\n", "holds itself"),
    "numbers twice": (GOOD + "methods: {1: {}, 1: {}}\n", "the key 1 is given twice"),
    "booleans twice": (GOOD + "methods: {true: {}, True: {}}\n", "the key True is given twice"),
    "numbers that are equal": (GOOD + "methods: {1: {}, 1.0: {}}\n", "the key 1.0 is given twice"),
    "a number that is true": (GOOD + "methods: {1: {}, true: {}}\n", "the key True is given twice"),
    "a number and its text": (GOOD + "methods: {1: {}, '1': {}}\n", "the key '1' is given twice"),
    "nothing twice": (GOOD + "methods: {~: {}, null: {}}\n", "the key None is given twice"),
    "two merges": (GOOD + "methods: {a: &a {}, b: {<<: *a, <<: *a}}\n", "the key '<<' is given twice"),
    "twice in a list": (GOOD + "seeds: [{init: 1, init: 2}]\n", "the key 'init' is given twice"),
    "a number for a key": (GOOD + "3: 3\n", "the key 3 in the study file is no text: write it in quotes"),
    "a number for a method": (GOOD + "methods: {1.5: {}}\n", "the key 1.5 in methods is no text: write it in quotes"),
    "nothing for an option": (GOOD + "methods: {a: {~: 1}}\n", "the key None in methods.a is no text"),
    "no boolean": (GOOD + "source: !!bool x\n", "line 5: not valid YAML: 'x' is no bool"),
    "no number": (GOOD + "source: !!int x\n", "line 5: not valid YAML: 'x' is no int"),
    "no mapping": (GOOD + "source: !!map x\n", "line 5: not valid YAML: 'key: value' lines are needed"),
    "half a sign": (GOOD + 'source: "\\ud800"\n', "is no str"),
    "a number for a dataset": (
        GOOD.replace("digits", "3.4"),
        "unknown dataset '3.4' in task: allowed: digits, digits_odd",
    ),
    "a number that names a dataset": (GOOD.replace("digits", "{name: 4}"), "unknown name '4' in task.dataset"),
    "a list for a dataset": (GOOD.replace("digits", "[1]"), "unknown dataset '[1]'"),
    "a list as a key": (GOOD + "? [a, b]\n: 1\n", "a key is one word or number"),
    "scales that are a number": (GOOD + "scales: 3\n", "scales holds a name for each scale"),
    "a scale named by a number": (GOOD + "scales: {1: {}}\n", "scales holds a name for each scale"),
    "a scale that is a number": (GOOD + "scales: {smoke: 3}\n", "scales holds a name for each scale"),
    "too many methods": (GOOD + "methods:\n" + "".join(f"  m{k}: {{}}\n" for k in range(1500)), "at most 1000"),
    "a device for a file": (
        GOOD.replace("digits", "{csv: /dev/zero}").replace("small_cnn", "dlinear").replace("sgd", "adam"),
        "/dev/zero is no regular file",
    ),
    "a name too long for a file": (GOOD.replace("digits", "{csv: " + "x" * 5000 + "}"), "File name too long"),
    "no number of replicates": (GOOD + f"first_replicate: {10**30}\n", "less than or equal to 1000000000"),
    "no number of runs": (GOOD + f"published: [{{method: base, n: {10**400}, sd: 1}}]\n", "less than or equal to"),
    "too many digits": (GOOD.replace("epochs: 2", f"epochs: {'9' * 5000}"), "is no int"),
    "a long key twice": (GOOD + f"{'k ' * 400}: 1\n" * 2, "is given twice"),
    "a long name": (GOOD + f"methods: {{{'m' * 900}: {{}}}}\n", "at most 80 characters"),
    "a long sweep": (GOOD + f"sweep: {{base: {{loss: [{'x' * 4000}]}}}}\n", "at most 80 characters"),
    "a long readout": (GOOD + f"readouts: [{'x' * 4000}]\n", "allowed: plain"),
    "a long function": (GOOD.replace("{name: sgd, lr: 0.1}", f"'{'x' * 4000}:f'"), "there is no module"),
    "a long list for a factor": (GOOD + f"methods: {{a: {{factor: {[*range(2000)]}}}}}\n", "factor: {k: 2}"),
    "a long list of looks": (GOOD + f"until: {{looks: {[*range(2000, 10, -1)]}}}\n", "must rise"),
    "a long value": (GOOD.replace("epochs: 2", f"epochs: {'9' * 3000}x"), "..."),
}


@pytest.mark.parametrize("case", CASES)
def test_one_line_at_once_instead_of_a_traceback_or_a_hang(case: str) -> None:
    text, part = CASES[case]
    began = time.process_time()
    with pytest.raises(SeedwiseError) as caught:
        Study.from_text(text)
    assert time.process_time() - began < 20
    assert part in str(caught.value)
    message = str(caught.value)
    assert "\n" not in message
    assert len(message) < 700
    # Nothing of more than 200 characters is repeated.
    assert not any(text[k : k + 201] in message for k in range(len(text) - 200)), (
        "more than 200 characters are repeated"
    )


def test_words_and_numbers_mean_what_yaml_1_2_says() -> None:
    text = GOOD + "methods: {base: {}, no: {optimizer: {lr: 1e-3}}, on: {optimizer: {lr: .5}}}\nsource: 2024-01-01\n"
    spec = Study.from_text(text).spec
    assert list(spec.methods) == ["base", "no", "on"]
    assert spec.configs()["no"]["train"]["optimizer"]["lr"] == 0.001
    assert spec.source == "2024-01-01"


@pytest.mark.parametrize("path", ["/dev/zero", "large.yaml"])
def test_a_file_larger_than_a_study_is_not_read_to_its_end(path: str, tmp_path: Path) -> None:
    with (tmp_path / "large.yaml").open("wb") as file:
        file.truncate(1 << 40)  # takes no room
    with pytest.raises(SeedwiseError, match="has more than 10 MB: name the study file"):
        Study.from_yaml(tmp_path / path)


def test_a_study_file_may_begin_with_a_byte_order_mark(tmp_path: Path) -> None:
    (tmp_path / "s.yaml").write_text(GOOD, encoding="utf-8-sig")
    assert Study.from_yaml(tmp_path / "s.yaml").spec.name == "s"


def test_what_is_a_mistake_twice_in_json_is_one_in_a_config_of_ones_own() -> None:
    own = "name: s\ntask: {metric: a}\ntrain: {function: 'os:getcwd', config: {table: {1: a, 2: b}}}\n"
    assert Study.from_text(own).spec.configs()["base"] == {"table": {1: "a", 2: "b"}}
    with pytest.raises(SeedwiseError, match="the key '1' is given twice"):
        Study.from_text(own.replace("2:", "'1':"))
