"""Generators that other people's code draws from are found, seeded, watched and restored."""

from __future__ import annotations

import functools
import random
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from numpy.random import default_rng

from seedwise.randomness import BorrowedGenerators

MODULES_OWN = np.random.default_rng(3)


class Holder:
    def __init__(self, **parts):
        self.__dict__.update(parts)


def in_a_closure(generator):
    def draw():
        return generator.random()

    return draw


def of_the_module():
    return MODULES_OWN.random()


PLACES = {
    "an attribute": lambda g: Holder(rng=g),
    "a part's attribute": lambda g: Holder(transform=Holder(rng=g)),
    "a list of steps": lambda g: Holder(steps=[Holder(), Holder(rng=g)]),
    "a dict in a tuple": lambda g: ({"rng": g},),
    "a closure": lambda g: Holder(draw=in_a_closure(g)),
    "a partial function": lambda g: functools.partial(print, file=g),
    "a bound method": lambda g: Holder(draw=g.manual_seed if isinstance(g, torch.Generator) else g.random),
    "a module of torch": lambda g: torch.nn.Sequential(torch.nn.Identity(), in_torch(g)),
}

KINDS = {
    "random.Random": (lambda: random.Random(0), lambda g: g.random(), "python"),
    "Generator": (lambda: np.random.default_rng(0), lambda g: g.random(), "numpy"),
    "Generator of a twister": (lambda: np.random.Generator(np.random.MT19937(0)), lambda g: g.random(), "numpy"),
    "RandomState": (lambda: np.random.RandomState(0), lambda g: g.standard_normal(), "numpy"),
    "BitGenerator": (lambda: np.random.Philox(0), lambda g: g.random_raw(), "numpy"),
    "torch.Generator": (torch.Generator, lambda g: torch.rand((), generator=g).item(), "torch"),
}


def in_torch(generator):
    module = torch.nn.Identity()
    module.generator = generator
    return module


@pytest.mark.parametrize("kind", KINDS)
def test_a_generator_that_is_held_is_seeded_watched_and_restored(kind):
    make, draw, library = KINDS[kind]
    held, alike = make(), make()
    borrowed = BorrowedGenerators(Holder(rng=held, other=make()))
    with borrowed.seeded() as seed:
        seed(5)
        first = [draw(held) for _ in range(3)]
        seed(6)
        other = [draw(held) for _ in range(3)]
        seed(5)
        assert [draw(held) for _ in range(3)] == first
    assert not set(first) & set(other)
    with borrowed.watched() as moved:
        pass
    assert moved == []
    with borrowed.watched() as moved:
        draw(held)
    assert moved == [library]
    assert [draw(held) for _ in range(3)] == [draw(alike) for _ in range(3)]


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("kind", ["random.Random", "Generator", "torch.Generator"])
def test_a_generator_is_found_wherever_it_is_held(kind, place):
    make, draw, library = KINDS[kind]
    held = make()
    borrowed = BorrowedGenerators(PLACES[place](held))
    with borrowed.watched() as moved:
        draw(held)
    assert moved == [library]


def test_two_generators_that_are_held_do_not_draw_the_same():
    one, two = np.random.RandomState(0), np.random.RandomState(0)
    with BorrowedGenerators([one, two]).seeded() as seed:
        seed(5)
        drawn = [one.rand(), two.rand(), np.random.rand()]  # noqa: NPY002
    assert len(set(drawn)) == 3


def test_a_generator_of_the_functions_module_is_found():
    before = MODULES_OWN.bit_generator.state
    with BorrowedGenerators(of_the_module).seeded() as seed:
        seed(5)
        first = of_the_module()
        seed(5)
        assert of_the_module() == first
    assert MODULES_OWN.bit_generator.state == before


class ItsModuleHasOne:
    def draw(self):
        return MODULES_OWN.random()


def test_a_generator_of_the_classes_module_is_found():
    with BorrowedGenerators(ItsModuleHasOne()).watched() as moved:
        ItsModuleHasOne().draw()
    assert moved == ["numpy"]


UNSEEDED = {
    "default_rng, by its own name": lambda: default_rng().random(),
    "default_rng": lambda: np.random.default_rng().random(),
    "RandomState": lambda: np.random.RandomState().rand(),
    "PCG64DXSM": lambda: np.random.PCG64DXSM().random_raw(),
    "SeedSequence": lambda: int(np.random.SeedSequence().generate_state(1)[0]),
}


@pytest.mark.parametrize("name", UNSEEDED)
def test_generators_of_numpy_that_are_made_without_a_seed(name):
    draw = UNSEEDED[name]
    borrowed = BorrowedGenerators(None)
    with borrowed.seeded() as seed:
        seed(5)
        first, second = draw(), draw()
        seed(5)
        assert draw() == first
        seed(6)
        third = draw()
    assert len({first, second, third}) == 3
    with borrowed.watched() as moved:
        draw()
    assert moved == ["numpy"]
    assert draw() != draw(), "outside the block numpy asks the operating system again"


def test_a_generator_that_is_seeded_with_torchs_seed():
    borrowed = BorrowedGenerators(None)
    with borrowed.seeded() as seed:
        seed(2**62 + 5)
        first = np.random.default_rng(torch.initial_seed()).random()
        seed(6)
        assert np.random.default_rng(torch.initial_seed()).random() != first
    with borrowed.watched() as moved:
        np.random.default_rng(torch.initial_seed())
    assert moved == ["torch"]


@pytest.mark.parametrize(
    ("draw", "drawn", "reseeded"),
    [
        (lambda held: None, [], []),
        (lambda held: held.random(), ["others"], []),
        (lambda held: default_rng(), ["others"], []),
        (lambda held: random.random(), ["python"], []),
        (lambda held: np.random.seed(torch.initial_seed() % 2**32), ["numpy"], []),  # noqa: NPY002
        (lambda held: torch.manual_seed(3), ["torch"], ["torch (3)"]),
        (lambda held: np.random.seed(3), ["numpy"], ["numpy"]),  # noqa: NPY002
    ],
)
def test_what_became_of_them_in_a_block_that_starts_from_a_seed(draw, drawn, reseeded):
    held = np.random.default_rng(0)
    state = random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state().tolist()  # noqa: NPY002
    with BorrowedGenerators([held]).started_from(2**62 + 1) as fate:
        draw(held)
    assert (fate.drawn, fate.reseeded) == (drawn, reseeded)
    assert held.random() == np.random.default_rng(0).random()
    assert state == (random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state().tolist())  # noqa: NPY002


class OfItsClass:
    rng = random.Random(0)


def test_a_generator_of_the_class_is_found():
    with BorrowedGenerators(OfItsClass()).watched() as moved:
        OfItsClass.rng.random()
    assert moved == ["python"]


def test_the_second_of_two_normal_draws_is_seen_too():
    np.random.standard_normal()  # noqa: NPY002 - numpy draws two and keeps one, so that the next draw moves no bits
    with BorrowedGenerators(None).watched() as moved:
        first = np.random.standard_normal()  # noqa: NPY002
    assert moved == ["numpy"]
    assert np.random.standard_normal() == first  # noqa: NPY002


def test_numpy_and_torch_get_other_bits():
    with BorrowedGenerators(None).seeded() as seed:
        bits = []
        for value in range(0, 2**63, 2**63 // 500):
            seed(value + 12345)
            bits.append((np.random.randint(0, 2), int(torch.randint(0, 2, ()))))  # noqa: NPY002
    same = sum(one == two for one, two in bits)
    assert 200 < same < 300


def test_what_cannot_be_seeded_is_left_alone():
    system = random.SystemRandom()
    nothing = Holder(system=system, default=torch.default_generator, numbers=list(range(1000)), tensor=torch.zeros(3))
    with BorrowedGenerators(nothing).watched() as moved:
        system.random()
    assert moved == []


def held_by(holder) -> int:
    return len(BorrowedGenerators(holder)._generators) - len(BorrowedGenerators(None)._generators)


def test_numbers_and_words_are_no_places_to_search_in():
    many = [list(range(k, k + 100)) for k in range(1000, 11_000, 100)]
    assert held_by(SimpleNamespace(rng=random.Random(0), searched_first=many)) == 1


def test_a_search_ends_in_circles_and_in_long_lists():
    holder = SimpleNamespace(many=[SimpleNamespace(rng=random.Random(0)) for _ in range(101)])
    holder.itself = holder
    assert held_by(holder) == 0
    holder.many.pop()
    assert held_by(holder) == 100
