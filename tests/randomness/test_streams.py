"""A stream is named by (source, seed, key) and by nothing else."""

import hashlib

import numpy as np
import pytest
import torch

from seedwise.randomness import ALL, PARTS, SOURCES, Randomness

DRAWN = [source for source in SOURCES if source not in PARTS]
SEEDS = {"init": 1, "shuffle": 3, "augment": 2**40, "dropout": 5}
STREAMS = [
    # source, key, the text that is hashed, the stream's integer
    ("init", ("weights",), '["init", 1, "weights"]', 6227647823366035332),
    ("shuffle", ("order", 0), '["shuffle", 3, "order", 0]', 1815571400442456075),
    ("shuffle", ("order", 1), '["shuffle", 3, "order", 1]', 1688948292570498906),
    ("augment", ("table", 0), '["augment", 1099511627776, "table", 0]', 8885878457756383947),
    ("dropout", ("masks", 14), '["dropout", 5, "masks", 14]', 478554338295357729),
    ("split", ("validation",), '["split", 0, "validation"]', 6556580518574493563),
]


def sequence(text):
    return np.random.SeedSequence(int.from_bytes(hashlib.sha256(text.encode()).digest()[:16], "little"))


@pytest.mark.parametrize(("source", "key", "text", "integer"), STREAMS)
def test_a_stream_starts_from_the_digest_of_its_name(source, key, text, integer):
    randomness = Randomness(SEEDS)
    expected = np.random.Generator(np.random.PCG64(sequence(text))).integers(0, 2**32, 100)
    assert np.array_equal(randomness.numpy(source, *key).integers(0, 2**32, 100), expected)
    assert randomness.integer(source, *key) == integer
    draws = torch.rand(100, generator=randomness.generator(source, *key))
    assert torch.equal(draws, torch.rand(100, generator=torch.Generator().manual_seed(integer)))


@pytest.mark.parametrize(("source", "key", "text", "integer"), STREAMS)
def test_the_integer_is_63_bits_of_the_sequence(source, key, text, integer):
    low, high = (int(word) for word in sequence(text).generate_state(2, np.uint32))
    assert integer == (high * 2**32 + low) // 2


def test_a_stream_does_not_depend_on_earlier_draws():
    fresh = {
        (source, epoch): Randomness(SEEDS).numpy(source, "x", epoch).random() for source in ALL for epoch in (0, 1)
    }
    randomness = Randomness(SEEDS)
    generators = {}
    for name in reversed(fresh):
        generators[name] = randomness.numpy(name[0], "x", name[1])
        randomness.numpy("init", "other").random(1000)
        randomness.generator("dropout", "other")
    assert {name: generator.random() for name, generator in generators.items()} == fresh


def test_every_part_of_the_name_matters():
    streams = [
        Randomness({"init": seed}).integer(source, *key)
        for seed in (0, 1, 2**32)
        for source in ("init",)
        for key in ((), ("a",), ("b",), ("a", 0), ("a", 1), ("a", "1"), ("a", 2**32), ("a", 0, 1), ("a", 1, 0))
    ] + [Randomness({s: 1}).integer(s, "a") for s in DRAWN if s != "init"]
    assert len(set(streams)) == len(streams)


def test_changing_one_seed_leaves_the_other_sources_alone():
    base = Randomness(SEEDS)
    for changed in DRAWN:
        other = Randomness({**SEEDS, changed: 99})
        moved = [source for source in DRAWN if other.integer(source, "x") != base.integer(source, "x")]
        assert moved == [changed]


def test_a_source_left_out_has_seed_0_and_repeat_draws_nothing():
    assert Randomness().seeds == dict.fromkeys(SOURCES, 0)
    assert Randomness({"repeat": 7}).seeds == Randomness().seeds
    assert Randomness().integer("init") == Randomness({"init": np.int64(0)}).integer("init")


@pytest.mark.parametrize("seed", [-1, True, False, 1.0, "1", None])
def test_a_seed_that_is_no_integer_from_0_is_refused(seed):
    with pytest.raises(ValueError, match=r"the seed of 'init' is .*: it must be an integer of 0 or more"):
        Randomness({"init": seed})


def test_an_unknown_source_is_refused_with_the_closest_one():
    with pytest.raises(ValueError, match=r"'shufle' is not a source.*did you mean 'shuffle'"):
        Randomness({"shufle": 1})
    with pytest.raises(ValueError, match=r"'augmentation' is not a source.*use one of init, shuffle"):
        Randomness().numpy("augmentation")
    with pytest.raises(ValueError, match="'repeat' is not a source"):
        Randomness({"repeat": 1}).integer("repeat")


def test_parts_of_the_initialisation_vary_with_it_or_alone():
    def streams(**seeds):
        randomness = Randomness(seeds)
        return [randomness.integer("init", part, "x") for part in ("weights", "scores", "other")]

    base = streams(init=3)
    assert streams(init=3, weights=0, scores=0) == base
    for seeds, same in (
        ({"init": 4}, [False, False, False]),
        ({"init": 3, "weights": 1}, [False, True, True]),
        ({"init": 3, "scores": 1}, [True, False, True]),
    ):
        assert [a == b for a, b in zip(streams(**seeds), base, strict=True)] == same
    name = '["init", 3, "weights", "x", {"part": 5}]'
    expected = sequence(name).generate_state(1, np.uint64)[0] >> np.uint64(1)
    assert streams(init=3, weights=5)[0] == expected
    assert len({tuple(streams(init=i, weights=w)) for i in (0, 1) for w in (0, 1)}) == 4


@pytest.mark.parametrize("part", PARTS)
def test_a_part_is_drawn_from_as_a_purpose_of_the_whole(part):
    with pytest.raises(ValueError, match=f"'{part}' is a part of 'init': draw from 'init' for the purpose"):
        Randomness().numpy(part)
