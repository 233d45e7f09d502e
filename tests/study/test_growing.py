"""A study that grows until its question is resolved, from Python."""

from __future__ import annotations

import pytest

from seedwise.errors import SeedwiseError
from seedwise.statistics import Interim
from seedwise.study import Grown, Study

TRAIN = """
def train(run):
    noise = run.randomness.numpy("init", str(run.config)).normal()
    run.finish(accuracy=0.9 + noise * run.config.get("scale", 0.01))
"""
STUDY = """
name: growing
train: {function: "noisy_to_grow:train"}
methods: {base: {}, steady: {config: {scale: 0.001}}, as_wild: {config: {scale: 0.01, named: wild}}}
until: {question: spread, effect: 0.5, looks: [10, 12]}
"""


def grown(tmp_path, text: str = STUDY, **options) -> tuple[Grown, list[Interim]]:
    (tmp_path / "noisy_to_grow.py").write_text(TRAIN)
    (tmp_path / "growing.yaml").write_text(text)
    seen: list[Interim] = []
    return Study.from_yaml(tmp_path / "growing.yaml").run_until(workers=1, on_look=seen.append, **options), seen


def test_it_grows_to_its_last_look_where_a_comparison_stays_open(tmp_path):
    found, seen = grown(tmp_path)
    assert [one.look.looks[one.look.look] for one in seen] == [10, 12]
    assert found.interim == seen[-1]
    assert found.outcome.counts == {"finished": 36}
    assert found.study.spec.replicates == 12
    assert "as_wild" in [one.method for one in seen[-1].comparisons if not one.resolved]


def test_it_stops_where_all_is_resolved_and_trains_nothing_the_second_time(tmp_path):
    text = STUDY.replace(", as_wild: {config: {scale: 0.01, named: wild}}", "").replace("[10, 12]", "[10, 12, 15]")
    found, seen = grown(tmp_path, text)
    assert found.interim is not None
    assert found.interim.resolved
    assert len(seen) < 3
    again, seen_again = grown(tmp_path, text)
    assert (again.outcome.trained, again.interim, seen_again) == (0, found.interim, seen)
    assert again.study.was_looked_at()


def test_a_study_without_until_cannot_grow(tmp_path):
    with pytest.raises(SeedwiseError, match="takes an 'until:' in the study file"):
        grown(tmp_path, STUDY.partition("until:")[0])


COUNTED = """
import pathlib


def train(run):
    with pathlib.Path(__file__).with_name("begun").open("a") as begun:
        begun.write(f"{run.seeds['init']}\\n")
    if run.config.get("bad"):
        raise RuntimeError("as planned")
    run.finish(accuracy=0.9 + 0.001 * run.randomness.numpy("init", "x").normal())
"""


@pytest.mark.parametrize(("option", "again"), [("retry_failed", 10), ("retrain", 20)])
def test_what_is_to_be_trained_again_is_trained_again_once(tmp_path, option, again):
    (tmp_path / "counted.py").write_text(COUNTED)
    (tmp_path / "c.yaml").write_text(
        "name: c\ntrain: {function: 'counted:train'}\nmethods: {base: {}, bad: {config: {bad: 1}}}\n"
        "until: {question: spread, effect: 0.5, looks: [10, 12]}\n"
    )
    begun = tmp_path / "begun"
    Study.from_yaml(tmp_path / "c.yaml").run_until(workers=1)
    assert len(begun.read_text().split()) == 24
    Study.from_yaml(tmp_path / "c.yaml").run_until(workers=1, **{option: True})
    assert len(begun.read_text().split()) == 24 + again
