"""A run's name."""

import hashlib
import json

import pytest

from seedwise.errors import SeedwiseError
from seedwise.run import Numerics, Run, RunSpec, digest_of

CONFIG = {"lr": 0.1, "model": {"width": 4, "depth": 2}}


def name(config=CONFIG, seeds=None, numerics=None, function="my.train:train"):
    return RunSpec(function, config, seeds or {}, numerics or Numerics()).id


def test_against_hashlib():
    text = (
        '{"config":{"lr":0.1,"model":{"depth":2,"width":4}},"function":"my.train:train",'
        '"numerics":{"precision":"bf16"},"schema":1,"seeds":{"init":1,"repeat":2}}'
    )
    expected = hashlib.sha256(text.encode()).hexdigest()[:16]
    assert name(seeds={"repeat": 2, "init": 1, "shuffle": 0}, numerics=Numerics(precision="bf16")) == expected


def test_what_changes_nothing_is_not_in_the_name():
    assert name({"model": {"depth": 2, "width": 4}, "lr": 0.1}) == name()
    assert name(seeds={"init": 0, "dropout": 0}) == name()
    assert name(numerics=Numerics("float32", False, True, 1)) == name()


def test_what_decides_the_bits_is_in_the_name():
    names = [
        name(),
        name({**CONFIG, "lr": 0.2}),
        name({**CONFIG, "model": {"width": 4}}),
        name(function="my.train:other"),
        *(name(seeds={source: seed}) for source in ("init", "shuffle", "repeat") for seed in (1, 2)),
        name(numerics=Numerics(precision="bf16")),
        name(numerics=Numerics(compile=True)),
        name(numerics=Numerics(deterministic=False)),
        name(numerics=Numerics(threads=2)),
    ]
    assert len(set(names)) == len(names)


def test_the_content_is_json_that_gives_the_spec_back():
    spec = RunSpec("my.train:train", CONFIG, {"init": 1, "shuffle": 0}, Numerics(threads=2))
    again = RunSpec.from_content(json.loads(json.dumps(spec.content)))
    assert again.id == spec.id
    assert again.numerics == spec.numerics
    assert again.seeds == {"init": 1}


OLD_ULP = {"schema": 1, "function": "my.train:train", "config": CONFIG, "seeds": {"init": 1, "ulp": 3}}


def test_a_seed_that_means_something_else_is_another_name():
    """Also for a function of one's own, which may call ``nudge_one_weight``."""
    spec = RunSpec("my.train:train", CONFIG, {"init": 1, "ulp": 3})
    assert spec.content == {**OLD_ULP, "revisions": {"ulp": 2}}
    again = RunSpec.from_content(json.loads(json.dumps(spec.content)))
    assert again.id == spec.id
    assert Run(again, {}).seeds["ulp"] == 3
    without = RunSpec("my.train:train", CONFIG, {"init": 1, "ulp": 0})
    assert without.content == {**OLD_ULP, "seeds": {"init": 1}}


def test_a_run_of_older_seeds_keeps_its_name_and_is_not_trained():
    old = RunSpec.from_content(OLD_ULP)
    assert old.id == digest_of(OLD_ULP) == "aefea5f17b16b0c0"
    line = (
        "the 'ulp' seed of run aefea5f17b16b0c0 means revision 1 of that source, and this seedwise has 2: plan the "
        "study again, which gives the run another id"
    )
    with pytest.raises(SeedwiseError, match=line):
        Run(old, {})


@pytest.mark.parametrize(
    ("seeds", "numerics", "deterministic"),
    [
        ({}, Numerics(), True),
        ({"hardware": 0}, Numerics(), True),
        ({"hardware": 1}, Numerics(), False),
        ({}, Numerics(deterministic=False), False),
    ],
)
def test_nondeterministic_kernels_only_where_hardware_varies(seeds, numerics, deterministic):
    assert RunSpec("f:f", {}, seeds, numerics).deterministic is deterministic


def test_a_value_that_json_has_not_is_no_name():
    with pytest.raises(ValueError, match="not JSON compliant"):
        digest_of({"lr": float("nan")})


@pytest.mark.parametrize("numerics", [Numerics(), Numerics(precision="bf16", threads=2)])
def test_other_seeds_give_the_name_that_the_content_gives(numerics):
    """Each name is that of a digest of the whole text, whatever was hashed before."""
    unseeded = RunSpec("my.train:train", CONFIG, {}, numerics)
    for seeds in (
        {"init": 1},
        {"init": 2, "shuffle": 0},
        {},
        {"split": 3, "init": 1},
        {"init": 1, "split": 4},
        {"a": -1},
    ):
        spec = unseeded.with_seeds(seeds)
        text = json.dumps(spec.content, sort_keys=True, separators=(",", ":"))
        assert spec.id == hashlib.sha256(text.encode()).hexdigest()[:16] == RunSpec(*fields_of(spec)).id
        assert spec == RunSpec("my.train:train", CONFIG, seeds, numerics)


def fields_of(spec):
    return spec.function, spec.config, spec.seeds, spec.numerics, spec.revisions
