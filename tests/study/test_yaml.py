"""What a study file may hold: YAML 1.2 scalars, keys once, and no more than a study can be."""

import time

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
    "numbers twice": (GOOD + "methods: {1: {}, 1: {}}\n", "the key '1' is given twice"),
    "booleans twice": (GOOD + "methods: {true: {}, True: {}}\n", "the key 'True' is given twice"),
    "a list as a key": (GOOD + "? [a, b]\n: 1\n", "a key is one word or number"),
    "scales that are a number": (GOOD + "scales: 3\n", "scales holds a name for each scale"),
    "a scale that is a number": (GOOD + "scales: {smoke: 3}\n", "scales holds a name for each scale"),
    "too many methods": (GOOD + "methods:\n" + "".join(f"  m{k}: {{}}\n" for k in range(1500)), "at most 1000"),
    "a device for a file": (
        GOOD.replace("digits", "{csv: /dev/zero}").replace("small_cnn", "dlinear").replace("sgd", "adam"),
        "/dev/zero is no regular file",
    ),
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
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 600


def test_words_and_numbers_mean_what_yaml_1_2_says() -> None:
    text = GOOD + "methods: {base: {}, no: {optimizer: {lr: 1e-3}}, on: {optimizer: {lr: .5}}}\nsource: 2024-01-01\n"
    spec = Study.from_text(text).spec
    assert list(spec.methods) == ["base", "no", "on"]
    assert spec.configs()["no"]["train"]["optimizer"]["lr"] == 0.001
    assert spec.source == "2024-01-01"
