"""docs/ways-to-train.md: its blocks run."""

import re
from pathlib import Path

import yaml

from seedwise.study import check_study, description_of

PAGE = (Path(__file__).parents[2] / "docs/ways-to-train.md").read_text(encoding="utf-8")


def test_the_methods_with_artifacts_are_a_study_in_which_they_differ_in_nothing_else():
    (text,) = re.findall(r"```yaml\n(.*?)```", PAGE, flags=re.DOTALL)
    given = {
        "name": "s", "task": {"dataset": "digits"}, "model": "small_cnn", "replicates": 3,
        "train": {"epochs": 2, "batch_size": 64, "optimizer": {"name": "sgd", "lr": 0.1}}, **yaml.safe_load(text),
    }  # fmt: skip
    assert set(check_study(given).methods) == {"base", "warm0", "warm1", "warm2"}
    artifacts = description_of("s", {"spec": given, "metrics": {}}).artifacts
    assert {name: one.number for name, one in artifacts.items()} == {"warm0": "0", "warm1": "1", "warm2": "2"}
    assert len({one.rest for one in artifacts.values()}) == 1


def test_both_widths_are_found(capsys):
    (text,) = re.findall(r"```python\n(.*?)```", PAGE, flags=re.DOTALL)
    assert "torch.rand(64," in text
    exec(text.replace("torch.rand(64,", "torch.rand(2,"), {})
    by_operations, by_seconds, is_equal = capsys.readouterr().out.split()
    assert by_operations == "8"
    assert 1 <= int(by_seconds) <= 16
    assert is_equal in ("True", "False")
