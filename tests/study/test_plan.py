"""Which runs a study consists of, and what names them."""

from __future__ import annotations

import hashlib
import json

import pytest

from seedwise.errors import SeedwiseError
from seedwise.study import Link, parse_study, plan

BASE = """
name: s
task: {dataset: digits}
model: small_cnn
train: {epochs: 3, batch_size: 64, optimizer: {name: sgd, lr: 0.1}}
methods: {base: {}, vml: {loss: {name: vml, warmup_steps: 5}}}
replicates: 3
"""


def planned(text: str):
    return plan(parse_study(text))


def ids(text: str) -> list[str]:
    return [p.spec.id for p in planned(text)]


def seeds(text: str) -> list[dict[str, int]]:
    return [dict(p.spec.seeds) for p in planned(text) if p.link.method == "base"]


def regime(text: str) -> str:
    return BASE.replace("replicates: 3", f"replicates: 2\nregimes: [{text}]")


@pytest.mark.parametrize(
    ("text", "varied"),
    [
        ("all", ["init", "shuffle", "augment", "dropout"]),
        ("init", ["init"]),
        ("shuffle+init", ["init", "shuffle"]),
        ("ulp", ["ulp"]),
        ("hardware", ["hardware"]),
        ("none", ["repeat"]),
    ],
)
def test_a_varied_source_has_seed_1_plus_r(text, varied):
    assert seeds(regime(text)) == [dict.fromkeys(varied, 1), dict.fromkeys(varied, 2)]


def test_replicate_r_of_every_method_has_the_same_seeds():
    by_replicate = {}
    for p in planned(BASE):
        by_replicate.setdefault(p.link.replicate, []).append((p.link.method, dict(p.spec.seeds)))
    assert sorted(by_replicate) == [0, 1, 2]
    for r, members in by_replicate.items():
        assert [method for method, _ in members] == ["base", "vml"]
        assert all(s == dict.fromkeys(["init", "shuffle", "augment", "dropout"], 1 + r) for _, s in members)


def test_replicates_come_one_after_the_other_with_all_methods():
    assert [(p.link.replicate, p.link.method) for p in planned(BASE)] == [
        (r, method) for r in range(3) for method in ("base", "vml")
    ]


def test_a_link_says_where_a_run_stands():
    assert planned(BASE)[1].link == Link("s", "digits", "vml", "all", group=0, replicate=0)


def test_every_run_of_a_study_has_a_name_of_its_own():
    names = ids(regime("all, init, shuffle, none"))
    assert len(set(names)) == len(names) == 4 * 2 * 2


def test_first_replicate_gives_fresh_seeds():
    fresh = planned(BASE + "first_replicate: 3\n")
    assert [p.link.replicate for p in fresh] == [3, 3, 4, 4, 5, 5]
    assert [p.spec.seeds["init"] for p in fresh] == [4, 4, 5, 5, 6, 6]
    assert not {p.spec.id for p in fresh} & set(ids(BASE))


def test_more_replicates_keep_the_runs_that_are_there():
    assert ids(BASE.replace("replicates: 3", "replicates: 5"))[:6] == ids(BASE)


def test_seeds_can_be_given_one_by_one():
    text = BASE.replace("replicates: 3", "seeds: [{init: 7}, {init: 7, shuffle: 2}, {repeat: 1}]")
    assert seeds(text) == [{"init": 7}, {"init": 7, "shuffle": 2}, {"repeat": 1}]
    assert [p.link.replicate for p in planned(text)] == [0, 0, 1, 1, 2, 2]


def test_given_seeds_equal_to_those_of_a_regime_are_the_same_run():
    text = BASE.replace("replicates: 3", "seeds: [{init: 2, shuffle: 0}]")
    assert ids(text) == ids(regime("init"))[2:]


def test_a_regime_has_one_name():
    for text in ("init+shuffle+augment+dropout+hardware", "hardware+all", "all+hardware"):
        assert {p.link.regime for p in planned(regime(text))} == {"all+hardware"}
    assert {p.link.regime for p in planned(regime("dropout+augment+shuffle+init"))} == {"all"}


def test_two_by_two_spells_out_four_regimes():
    for text in ("regimes: two-by-two", "regimes: [two-by-two]"):
        found = planned(BASE.replace("replicates: 3", f"replicates: 1\n{text}"))
        by_regime = {p.link.regime: dict(p.spec.seeds) for p in found}
        algorithmic = dict.fromkeys(["init", "shuffle", "augment", "dropout"], 1)
        assert by_regime == {
            "all": algorithmic,
            "hardware": {"hardware": 1},
            "all+hardware": {**algorithmic, "hardware": 1},
            "none": {"repeat": 1},
        }
        assert [p.spec.deterministic for p in found if p.link.method == "base"] == [True, False, False, True]


def test_fixed_values_repeat_a_regime_at_other_values_of_the_fixed_seeds():
    one = regime("init, all, none, split")
    three = planned(one + "\nfixed_values: 3")
    in_group = {}
    for p in three:
        if p.link.method == "base":
            in_group.setdefault((p.link.regime, p.link.group), []).append(dict(p.spec.seeds))
    # All sources vary in one group only; group 0 is what one fixed value gives.
    assert sorted(in_group) == [("all", 0)] + [(r, g) for r in ("init", "none", "split") for g in range(3)]
    assert {p.spec.id for p in planned(one)} == {p.spec.id for p in three if p.link.group == 0}
    others = ["shuffle", "augment", "dropout"]
    assert [s["init"] for s in in_group["init", 2]] == [200_001, 200_002]
    assert all(s == {"init": s["init"], **dict.fromkeys(others, 2)} for s in in_group["init", 2])
    # What varies only when named has one fixed value: the published examples.
    assert all(set(s) == {"init", *others, "split"} for s in in_group["split", 1])
    assert all("split" not in s for s in in_group["none", 1])
    names = [p.spec.id for p in three]
    assert len(set(names)) == len(names)


def test_out_of_bootstrap_needs_a_bootstrap():
    text = regime("split, init").replace("{dataset: digits}", "{dataset: digits, test: out_of_bootstrap}")
    with pytest.raises(SeedwiseError, match=r"regime 'init' does not vary 'split'.*add '\+split'"):
        planned(text)
    assert len(planned(text.replace("split, init", "split, init+split"))) == 8


@pytest.mark.parametrize(
    "extra",
    [
        "keep: {predictions: labels, weights: final}",
        "evaluate: {every_epoch: false}",
        "checkpoint: {every_epochs: 1, every_seconds: 1}",
        "limits: {seconds: 5, retries: 0}",
        "question: {sd_ratio: 0.5}",
        "base: vml",
    ],
)
def test_what_does_not_change_a_training_does_not_change_its_name(extra):
    assert ids(BASE + extra + "\n") == ids(BASE)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("name: s\n", "name: renamed\n"),
        ("vml: {loss", "stabilised: {loss"),
        ("{name: vml, warmup_steps: 5}", "{name: vml, warmup_steps: 5, gamma: 1.0}"),  # its default
        ("model: small_cnn", "model: {name: small_cnn, dropout: 0.25}"),  # its default
        ("epochs: 3", "epochs: 3, schedule: constant, deterministic: true, threads: 1"),
    ],
)
def test_names_of_methods_and_options_at_their_default_do_not_change_a_name(before, after):
    assert ids(BASE.replace(before, after)) == ids(BASE)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("epochs: 3", "epochs: 4"),
        ("lr: 0.1", "lr: 0.1, momentum: 0.9"),
        ("epochs: 3", "epochs: 3, precision: bf16"),
        ("epochs: 3", "epochs: 3, threads: 2"),
        ("epochs: 3", "epochs: 3, deterministic: false"),
        ("digits}", "digits, augment: false}"),
        ("small_cnn", "{name: small_cnn, width: 8}"),
    ],
)
def test_what_changes_a_training_changes_its_name(before, after):
    assert not set(ids(BASE.replace(before, after))) & set(ids(BASE))


def test_a_name_is_the_hash_of_what_is_written_here():
    """Written out, so that a default or the form of the content cannot change unnoticed."""
    train = {"epochs": 3, "batch_size": 64, "optimizer": {"name": "sgd", "lr": 0.1}}
    content = {
        "schema": 1,
        "function": "seedwise.training:train",
        "config": {"task": {"dataset": "digits"}, "model": {"name": "small_cnn"}, "train": train},
        "seeds": {"init": 1, "shuffle": 1, "augment": 1, "dropout": 1},
    }
    vml = content | {
        "config": content["config"] | {"train": train | {"loss": {"name": "vml", "warmup_steps": 5}}},
        "numerics": {"threads": 2},
    }
    assert ids(BASE)[0] == sha256(content)
    assert ids(BASE.replace("epochs: 3", "epochs: 3, threads: 2"))[1] == sha256(vml)


def sha256(content: object) -> str:
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def test_an_own_function_is_named_by_its_config(project):
    study = project.study(
        train={"function": "toy:train", "config": {"epochs": 2}}, methods={"base": None, "b": {"config": {"at": 0}}}
    )
    seeds = dict.fromkeys(["init", "shuffle", "augment", "dropout"], 1)
    expected = [
        sha256({"schema": 1, "function": "toy:train", "config": config, "seeds": seeds})
        for config in ({"epochs": 2}, {"epochs": 2, "at": 0})
    ]
    assert [p.spec.id for p in study.plan()] == expected


@pytest.mark.parametrize(
    ("changes", "runs"),
    [
        ("replicates: 100000\nfixed_values: 1000\nregimes: [init]", 200_000_000),
        ("replicates: 100000\nregimes: [all, init]", 400_000),
        ("replicates: 60000\ntasks: {a: {}, b: {task: {dataset: cifar10}}}", 240_000),
    ],
)
def test_more_runs_than_fit_into_memory_are_refused_before_they_are_planned(changes, runs):
    with pytest.raises(SeedwiseError, match=f"these are {runs} runs, and a study has at most 200000: take fewer"):
        planned(BASE.replace("replicates: 3", changes))


def test_groups_of_a_regime_that_varies_all_are_counted_once():
    assert len(planned(BASE.replace("replicates: 3", "replicates: 500\nfixed_values: 1000\nregimes: [all]"))) == 1000
