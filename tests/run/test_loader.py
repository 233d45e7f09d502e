"""The order depends on the shuffle seed and the epoch, an example on the augment seed, the epoch and the example."""

from __future__ import annotations

import itertools
import random

import numpy as np
import pytest
import torch
from scipy import stats
from torch.utils.data import (
    BatchSampler,
    DataLoader,
    DistributedSampler,
    IterableDataset,
    RandomSampler,
    SequentialSampler,
    Subset,
    TensorDataset,
    WeightedRandomSampler,
    default_collate,
)

from seedwise.errors import SeedwiseError
from seedwise.run import Run, RunSpec


class Noisy:
    """Examples that are nothing but draws from the three global generators."""

    def __init__(self, size: int = 24) -> None:
        self.size = size

    def __len__(self) -> int:
        return self.size

    def __getitem__(self, k: int) -> tuple[int, float, float, float]:
        assert type(k) is int
        return k, random.random(), np.random.random(), torch.rand((), dtype=torch.float64).item()  # noqa: NPY002


def mixup(items):
    batch = default_collate(items)
    share = random.random() + np.random.random() + torch.rand((), dtype=torch.float64).item()  # noqa: NPY002
    return [*batch, torch.full((len(items),), share, dtype=torch.float64)]


def new_run(**seeds) -> Run:
    return Run(RunSpec("my.train:train", {}, seeds), {})


def rows(batches) -> list[tuple]:
    """Return the examples of an epoch in their order."""
    return [row for batch in batches for row in zip(*[column.tolist() for column in batch], strict=True)]


def epoch_of(dataset, epoch=0, batch_size=4, seeds=(), **options) -> list[tuple]:
    return rows(new_run(**dict(seeds)).loader(dataset, batch_size, **options).epoch(epoch))


def states():
    return random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state().tolist()  # noqa: NPY002


def test_each_epoch_has_an_order_of_its_own_and_every_example_once():
    loader = new_run(shuffle=3).loader(Noisy(), 4)
    orders = [[row[0] for row in rows(loader.epoch(epoch))] for epoch in range(4)]
    assert all(sorted(order) == list(range(24)) for order in orders)
    assert len(set(map(tuple, orders))) == 4
    assert len(loader) == 6


def test_an_epoch_is_the_same_whatever_came_before():
    loader = new_run(shuffle=3, augment=2).loader(Noisy(), 4, collate_fn=mixup)
    first = [rows(loader.epoch(epoch)) for epoch in range(3)]
    torch.rand(5)
    assert rows(loader.epoch(1)) == first[1]
    # A loop that was stopped and starts again at epoch 2.
    assert epoch_of(Noisy(), 2, seeds={"shuffle": 3, "augment": 2}, collate_fn=mixup) == first[2]


def test_without_shuffling_the_order_is_that_of_the_dataset():
    run = new_run(shuffle=3)
    loader = run.loader(Noisy(), 5, shuffle=False)
    assert [[row[0] for row in rows(loader.epoch(epoch))] for epoch in range(2)] == [list(range(24))] * 2
    assert "shuffle" not in run.randomness.drawn


@pytest.mark.parametrize(
    "options", [{"batch_size": 5}, {"batch_size": 24}, {"shuffle": False}, {"seeds": {"shuffle": 9}}]
)
def test_what_is_drawn_for_an_example_depends_on_neither_order_nor_batch(options):
    plain = epoch_of(Noisy(), 1)
    other = epoch_of(Noisy(), 1, **options)
    assert dict(enumerate(sorted(plain))) == dict(enumerate(sorted(other)))
    assert (plain == other) == (options.keys() == {"batch_size"})


def test_each_source_moves_its_own_draws_and_no_others():
    def drawn(**seeds):
        found = epoch_of(Noisy(), 1, seeds=seeds, collate_fn=mixup)
        batches = [row[4] for row in found[::4]]
        return [row[0] for row in found], {row[0]: row[1:4] for row in found}, batches

    order, examples, batches = drawn()
    other_order, same_examples, same_batches = drawn(shuffle=1)
    assert (other_order != order, same_examples == examples, same_batches == batches) == (True, True, True)
    same_order, other_examples, other_batches = drawn(augment=1)
    assert same_order == order
    changed = zip(examples.values(), map(other_examples.get, examples), strict=True)
    assert all(a != b for one, two in changed for a, b in zip(one, two, strict=True))
    assert all(a != b for a, b in zip(batches, other_batches, strict=True))
    assert drawn(init=1, dropout=1, split=1) == (order, examples, batches)


def test_loaders_of_other_names_have_other_streams():
    one, two = (epoch_of(Noisy(), name=name) for name in ("train", "unlabelled"))
    assert [row[0] for row in one] != [row[0] for row in two]
    assert not {row[1] for row in one} & {row[1] for row in two}


def test_a_loop_without_workers_goes_on_drawing_as_if_nothing_had_been_fetched():
    before = states()
    loader = new_run().loader(Noisy(), 4, collate_fn=mixup)
    for _ in loader.epoch(0):
        assert states() == before
    assert states() == before


def test_cuda_is_not_started_by_fetching(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    monkeypatch.setattr(torch.cuda, "_lazy_init", lambda: pytest.fail("CUDA was started"))
    assert len(epoch_of(Noisy())) == 24


def test_what_was_drawn_is_known_to_the_run():
    run = new_run()
    assert rows(run.loader(TensorDataset(torch.arange(6)), 2).epoch(0))
    assert run.randomness.drawn == {"shuffle"}
    assert rows(run.loader(Noisy(), 2, shuffle=False).epoch(0))
    assert run.randomness.drawn == {"shuffle", "augment"}
    mixed = new_run()
    assert rows(mixed.loader(TensorDataset(torch.arange(6)), 2, collate_fn=mixup).epoch(0))
    assert mixed.randomness.drawn == {"shuffle", "augment"}
    assert mixed.randomness.reseeded == {}


def test_a_dataset_that_seeds_the_generators_itself_is_told_on():
    class Seeding(Noisy):
        def __getitem__(self, k):
            torch.manual_seed(42)
            np.random.seed(0)  # noqa: NPY002
            return k, torch.rand(()).item()

    run = new_run()
    found = rows(run.loader(Seeding(), 4).epoch(0))
    assert len({row[1] for row in found}) == 1
    assert run.randomness.reseeded == {"augment": {"numpy", "torch"}}


def test_torchs_seed_may_be_passed_on_to_the_others():
    class PassingOn(Noisy):
        def __getitem__(self, k):
            random.seed(torch.initial_seed() % 2**32)
            np.random.seed(torch.initial_seed() % 2**32)  # noqa: NPY002
            return super().__getitem__(k)

    run = new_run()
    found = rows(run.loader(PassingOn(), 4).epoch(0))
    assert len({row[2] for row in found}) == 24
    assert run.randomness.reseeded == {}


def test_a_dataset_that_only_draws_for_some_examples():
    class Rarely(Noisy):
        def __getitem__(self, k):
            return k, random.random() if k == 17 else 0.5

    plain, other = epoch_of(Rarely(), batch_size=1), epoch_of(Rarely(), batch_size=24, seeds={"shuffle": 5})
    assert sorted(plain) == sorted(other)
    assert dict(plain)[17] != dict(epoch_of(Rarely(), seeds={"augment": 1}))[17]


class OfItsOwn(Noisy):
    """Draws from a generator that it keeps, and from one that it makes without a seed."""

    def __init__(self) -> None:
        super().__init__()
        self.rng = np.random.default_rng(0)

    def __getitem__(self, k):
        return k, self.rng.random(), np.random.default_rng().random(), random.Random(torch.initial_seed()).random()


def test_generators_of_the_datasets_own_start_from_the_example_too():
    plain = epoch_of(OfItsOwn(), batch_size=4)
    assert sorted(plain) == sorted(epoch_of(OfItsOwn(), batch_size=7, seeds={"shuffle": 5}))
    other = {k: draws for k, *draws in epoch_of(OfItsOwn(), seeds={"augment": 1})}
    assert all(a != b for k, *draws in plain for a, b in zip(draws, other[k], strict=True))
    dataset, untouched = OfItsOwn(), OfItsOwn()
    epoch_of(dataset)
    assert dataset.rng.random() == untouched.rng.random()


class MakesOneWhenNeeded(Noisy):
    """Keeps a generator that is not there before the first example is asked for."""

    rng = None

    def __init__(self, make=np.random.default_rng) -> None:
        super().__init__()
        self.make = make

    def __getitem__(self, k):
        if self.rng is None:
            self.rng = self.make()
        return k, self.rng.random()


class MakesOneLate(MakesOneWhenNeeded):
    def __getitem__(self, k):
        return super().__getitem__(k) if k > 11 else (k, random.random())


@pytest.mark.parametrize("kind", [MakesOneWhenNeeded, MakesOneLate])
def test_a_generator_that_is_made_when_it_is_first_needed_starts_from_the_example_too(kind):
    plain = epoch_of(kind(), batch_size=4)
    assert sorted(plain) == sorted(epoch_of(kind(), batch_size=7, seeds={"shuffle": 5}))
    assert len({row[1] for row in plain}) == 24
    other = dict(epoch_of(kind(), seeds={"augment": 1}))
    assert all(other[k] != drawn for k, drawn in plain)
    loader = new_run().loader(kind(), 4)
    found = [sorted(rows(loader.epoch(epoch))) for epoch in (0, 1, 0)]
    assert found[0] == found[2] == sorted(plain)
    assert not {row[1] for row in found[0]} & {row[1] for row in found[1]}


@pytest.mark.parametrize("make", [random.Random, lambda: np.random.default_rng(0)])
def test_whatever_it_is_seeded_with(make):
    plain = epoch_of(MakesOneWhenNeeded(make), batch_size=4)
    assert sorted(plain) == sorted(epoch_of(MakesOneWhenNeeded(make), batch_size=24))
    assert dict(plain) != dict(epoch_of(MakesOneWhenNeeded(make), seeds={"augment": 1}))


def test_a_generator_that_is_made_and_not_drawn_from_is_no_draw():
    class Unused(MakesOneWhenNeeded):
        def __getitem__(self, k):
            return (super().__getitem__(k)[0],) if self.rng is None else (k,)

    run = new_run()
    assert len(rows(run.loader(Unused(), 4).epoch(0))) == 24
    assert run.randomness.drawn == {"shuffle"}


class OnlyReadsTheSeed(Noisy):
    def __getitem__(self, k):
        return k, np.random.default_rng(torch.initial_seed()).random()


def test_a_dataset_that_only_reads_torchs_seed():
    assert sorted(epoch_of(OnlyReadsTheSeed())) == sorted(epoch_of(OnlyReadsTheSeed(), batch_size=9, shuffle=False))
    assert len({row[1] for row in epoch_of(OnlyReadsTheSeed())}) == 24


class Batched(Noisy):
    """A dataset that is faster when it is asked for a whole batch."""

    asked = ()

    def __getitems__(self, numbers):
        assert all(type(k) is int for k in numbers)
        self.asked = (*self.asked, len(numbers))
        return [self[k] for k in numbers]


class Quiet(Batched):
    def __getitem__(self, k):
        return (k,)


def test_a_dataset_that_draws_nothing_is_asked_for_whole_batches():
    quiet = Quiet()
    assert sorted(epoch_of(quiet, batch_size=6)) == [(k,) for k in range(24)]
    assert quiet.asked == (6, 6, 6, 6)


def test_a_dataset_that_draws_is_asked_for_one_example_at_a_time():
    batched = Batched()
    assert epoch_of(batched, batch_size=6) == epoch_of(Noisy(), batch_size=6)
    assert batched.asked == (6,), "until it was seen to draw"
    assert epoch_of(Subset(Noisy(), range(24))) == epoch_of(Noisy())


def test_without_batches_examples_come_one_by_one():
    loader = new_run().loader(Noisy(), batch_size=None)
    assert [tuple(example) for example in loader.epoch(2)] == epoch_of(Noisy(), 2)
    converted = new_run().loader([np.ones(2), np.zeros(2)], batch_size=None)
    assert all(isinstance(example, torch.Tensor) for example in converted.epoch(0))


def test_a_loader_of_ones_own_gives_the_same():
    run = new_run(shuffle=2)
    loader = DataLoader(**run.loader_arguments(Noisy(), collate_fn=mixup), batch_size=4)
    before = states()
    for epoch in (1, 0):
        loader.sampler.set_epoch(epoch)
        assert rows(loader) == epoch_of(Noisy(), epoch, seeds={"shuffle": 2}, collate_fn=mixup)
    assert states() == before
    assert run.randomness.drawn == {"shuffle", "augment"}
    with pytest.raises(SeedwiseError, match="which epoch"):
        next(iter(loader))  # a forgotten set_epoch would repeat the order
    # The batches of a sampler of one's own over ours.
    arguments = run.loader_arguments(Noisy(), collate_fn=None)
    order = arguments.pop("sampler")
    order.set_epoch(0)
    arguments["collate_fn"] = default_collate
    own = DataLoader(**arguments, batch_sampler=BatchSampler(order, 4, drop_last=False))
    assert rows(own) == epoch_of(Noisy(), seeds={"shuffle": 2})


def test_what_a_sampler_of_ones_own_draws_comes_from_the_shuffle_stream():
    def numbers(**seeds):
        sampler = WeightedRandomSampler([1.0] * 12 + [0.0] * 12, 40)
        loader = new_run(**seeds).loader(Noisy(), 4, sampler=sampler)
        return [rows(loader.epoch(epoch)) for epoch in (0, 1)]

    first, second = numbers()
    assert numbers() == [first, second]
    assert max(row[0] for row in first) < 12
    assert len(first) == 40
    # An example that comes more than once is augmented anew each time, as its first, second, ... time in any order.
    assert len({row[1] for row in first}) == 40
    other = numbers(shuffle=1)[0]
    assert [row[0] for row in other] != [row[0] for row in first]
    by_example = {}
    for row in first:
        by_example.setdefault(row[0], []).append(row[1:])
    for k, times in itertools.groupby(sorted(other, key=lambda row: row[0]), lambda row: row[0]):
        both = list(zip(by_example.get(k, []), [row[1:] for row in times], strict=False))
        assert all(a == b for a, b in both)


def test_a_sampler_with_a_generator_of_its_own_is_shuffled_by_the_run():
    generator = torch.Generator().manual_seed(7)
    start = generator.get_state()
    orders = {
        seed: [
            [
                row[0]
                for row in epoch_of(
                    Noisy(), e, seeds={"shuffle": seed}, sampler=RandomSampler(range(24), generator=generator)
                )
            ]
            for e in (0, 1, 0)
        ]
        for seed in (1, 2)
    }
    assert all(first == again != second for first, second, again in orders.values())
    assert orders[1][0] != orders[2][0]
    assert torch.equal(generator.get_state(), start)


def test_a_sampler_that_makes_its_generator_in_the_first_epoch_gives_the_same_orders_after_a_stop():
    class Lazy:
        rng = None

        def __iter__(self):
            if self.rng is None:
                self.rng = np.random.default_rng()
            return iter(self.rng.permutation(24).tolist())

    def orders(*epochs):
        loader = new_run(shuffle=2).loader(Noisy(), 4, sampler=Lazy())
        return [[row[0] for row in rows(loader.epoch(epoch))] for epoch in epochs]

    first, second = orders(0, 1)
    assert orders(1) == [second] != [first]


def test_a_sampler_that_seeds_itself_is_told_on():
    class Stubborn:
        def __iter__(self):
            torch.manual_seed(0)
            return iter(torch.randperm(4).tolist())

    run = new_run()
    assert sorted(row[0] for row in rows(run.loader(Noisy(4), 2, sampler=Stubborn()).epoch(0))) == [0, 1, 2, 3]
    assert run.randomness.reseeded == {"shuffle": {"torch (0)"}}


def test_batches_of_ones_own():
    batches = [[0, 1, 2], [3], [4, 5]]
    loader = new_run().loader(Noisy(6), batch_sampler=batches, collate_fn=mixup)
    assert len(loader) == 3
    found = [rows([batch]) for batch in loader.epoch(0)]
    assert [[row[0] for row in batch] for batch in found] == batches
    assert sorted(row[:4] for batch in found for row in batch) == sorted(epoch_of(Noisy(6)))
    assert len({row[4] for batch in found for row in batch}) == 3
    shuffled = BatchSampler(RandomSampler(range(6)), 2, drop_last=False)
    orders = [[row[0] for row in epoch_of(Noisy(6), epoch, 1, batch_sampler=shuffled)] for epoch in (0, 0, 1)]
    assert orders[0] == orders[1] != orders[2]


@pytest.mark.parametrize("drop_last", [False, True])
@pytest.mark.parametrize("size", [24, 26])
def test_ranks_divide_one_order(size, drop_last):
    whole = epoch_of(Noisy(size), 1, batch_size=8, drop_last=drop_last)
    parts = [epoch_of(Noisy(size), 1, batch_size=2, rank=rank, world_size=4, drop_last=drop_last) for rank in range(4)]
    assert len({len(part) for part in parts}) == 1
    # Step by step the batches of all ranks together are the batch of one process.
    together = [row for step in zip(*parts, strict=True) for row in step]
    assert together[: len(whole)] == whole
    assert together[len(whole) :] == whole[: len(together) - len(whole)]
    assert len(together) == (24 if drop_last else -(-size // 4) * 4)
    loader = new_run().loader(Noisy(size), 2, rank=3, world_size=4, drop_last=drop_last)
    assert len(loader) == len(list(loader.epoch(0)))


def test_ranks_put_batches_together_with_other_draws():
    first, second = (epoch_of(Noisy(), collate_fn=mixup, rank=rank, world_size=2) for rank in (0, 1))
    assert not {row[4] for row in first} & {row[4] for row in second}


def test_orders_of_seeds_and_epochs_are_uniform_and_independent():
    # All 24 orders of 4 examples are equally frequent, and so are all pairs of first examples of neighbours.
    def order(seed, epoch):
        sampler = new_run(shuffle=seed).loader_arguments(range(4))["sampler"]
        sampler.set_epoch(epoch)
        return tuple(map(int, sampler))

    found = [[order(seed, epoch) for epoch in range(4)] for seed in range(600)]
    places = {order: k for k, order in enumerate(itertools.permutations(range(4)))}
    counts = np.bincount([places[order] for row in found for order in row], minlength=24)
    assert stats.chisquare(counts).pvalue > 1e-3
    firsts = np.array([[order[0] for order in row] for row in found])
    for one, two in ((firsts[:-1], firsts[1:]), (firsts[:, :-1], firsts[:, 1:])):
        table = np.bincount((4 * one + two).ravel(), minlength=16).reshape(4, 4)
        assert stats.chi2_contingency(table).pvalue > 1e-3


def test_what_is_drawn_for_examples_is_uniform_and_independent():
    found = [epoch_of(Noisy(500), epoch, 500, seeds={"augment": 7}, shuffle=False) for epoch in range(4)]
    draws = np.array(found)[..., 1:]
    assert len(np.unique(draws)) == draws.size
    assert all(stats.kstest(draws[..., k].ravel(), "uniform").pvalue > 1e-3 for k in range(3))
    cells = (4 * draws).astype(int)
    pairs = [
        (cells[:-1], cells[1:]),  # epochs
        (cells[:, :-1], cells[:, 1:]),  # examples
        *[(cells[..., j], cells[..., k]) for j, k in ((0, 1), (0, 2), (1, 2))],  # generators
    ]
    for one, two in pairs:
        table = np.bincount((4 * one + two).ravel(), minlength=16).reshape(4, 4)
        assert stats.chi2_contingency(table).pvalue > 1e-3


def test_numpy_and_torch_do_not_draw_the_same():
    # Both are Mersenne twisters: from one number, np.random.randint(0, 2) and torch.randint(0, 2) give the same bits.
    class Coins(Noisy):
        def __getitem__(self, k):
            return np.random.randint(0, 2), torch.randint(0, 2, ()).item()  # noqa: NPY002

    found = np.array(epoch_of(Coins(1000), batch_size=1000))
    assert 420 < (found[:, 0] == found[:, 1]).sum() < 580


class Endless(IterableDataset):
    def __iter__(self):
        return itertools.count()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda run: run.loader(Endless()), r"got Endless, .*pass a dataset with __len__ and __getitem__"),
        (lambda run: run.loader(iter([1])), r"got list_iterator, .*pass a dataset with __len__ and __getitem__"),
        (lambda run: run.loader(DataLoader([1])), r"pass its dataset, run.loader\(loader.dataset"),
        (lambda run: run.loader(Noisy(), 2, num_worker=2), r"no option 'num_worker': did you mean 'num_workers'\?"),
        (lambda run: run.loader(Noisy(), 2, generator=torch.Generator()), "leave generator= out"),
        (lambda run: run.loader(Noisy(), 2, in_order=False), "leave it out"),
        (lambda run: run.loader(Noisy(), 2, persistent_workers=True), "persistent_workers option needs num_workers"),
        (lambda run: run.loader(Noisy(), 0), "batch_size should be a positive integer"),
        (lambda run: run.loader(Noisy(), 2, batch_sampler=[[1]]), "leave sampler=, batch_size= and drop_last= out"),
        (lambda run: run.loader(Noisy(), 2, rank=1), "give both, or neither"),
        (lambda run: run.loader(Noisy(), 2, rank=2, world_size=2), "ranks are 0 to world_size - 1"),
        (lambda run: run.loader(Noisy(), 2, sampler=DistributedSampler(Noisy(), 2, 0)), "among the ranks itself"),
        (
            lambda run: list(run.loader(Noisy(), 2)),
            r"which epoch.*'for batch in loader.epoch\(epoch\):'",
        ),
        (lambda run: run.loader(Noisy(), 2).epoch(-1), "epochs are counted from 0"),
        (lambda run: list(run.loader(Noisy(), 2, sampler=[3, 24]).epoch(0)), r"the sampler gave 24: .* 0 to 23"),
        (lambda run: list(run.loader(Noisy(), 2, sampler=["a"]).epoch(0)), r"the sampler gave 'a': .* 0 to 23"),
        (lambda run: list(DataLoader(run.loader_arguments(Noisy())["dataset"])), "pass the sampler of"),
    ],
)
def test_mistakes_are_one_line_that_says_what_to_type(call, message):
    with pytest.raises(SeedwiseError, match=message):
        call(new_run())


def test_an_epoch_that_was_not_asked_for_is_not_repeated_in_silence():
    loader = new_run().loader(Noisy(), 4)
    loader.set_epoch(0)
    assert rows(loader) == epoch_of(Noisy())
    with pytest.raises(SeedwiseError, match="which epoch"):
        list(loader)


def test_a_loader_may_be_made_for_every_epoch():
    run = new_run()
    assert [rows(run.loader(Noisy(), 4).epoch(epoch)) for epoch in (0, 1)] == [epoch_of(Noisy(), e) for e in (0, 1)]
    assert len(run.draws) == 1, "no shared memory for each of them"


def test_iterators_of_two_epochs_do_not_mix():
    loader = new_run().loader(Noisy(), 4, collate_fn=mixup)
    one, two = loader.epoch(0), loader.epoch(1)
    mixed = list(zip(one, two, strict=True))
    assert rows(first for first, _ in mixed) == epoch_of(Noisy(), 0, collate_fn=mixup)
    assert rows(second for _, second in mixed) == epoch_of(Noisy(), 1, collate_fn=mixup)


def test_a_sequential_sampler_is_no_shuffling():
    run = new_run()
    loader = run.loader(Noisy(), 4, sampler=SequentialSampler(Noisy()))
    assert rows(loader.epoch(0)) == epoch_of(Noisy(), shuffle=False)
    assert run.randomness.drawn == {"augment"}
