"""Which methods are levels of a factor: said in the file or by a loop, kept in the store, read from old stores."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

import seedwise
from seedwise.errors import SeedwiseError
from seedwise.study import Method, Store, cells_of, check_study, description_of, parse_study, plan, study_results

from ..toy_project import before_checksums

STUDY = {
    "name": "s",
    "task": {"dataset": "digits"},
    "model": "lenet300",
    "train": {"epochs": 1, "batch_size": 64, "optimizer": {"name": "sgd", "lr": 0.1}},
    "methods": {"base": None, "two": {"model": {"selection": {"k": 2}}}},
}
SAID = {"base": None, "two": {"factor": {"k": 2}, "model": {"selection": {"k": 2}}}}


def levels(spec):
    return [(method.name, method.factor, method.level) for method in spec.methods.values()]


def test_a_method_says_its_factor_and_level():
    two = check_study({**STUDY, "methods": SAID}).methods["two"]
    assert two == Method("two", {"model": {"selection": {"k": 2}}}, factor="k", level=2)
    assert levels(check_study(STUDY)) == [("base", None, None), ("two", None, None)]


def test_a_factor_is_no_part_of_a_runs_name():
    said, silent = (plan(check_study({**STUDY, "methods": methods})) for methods in (SAID, STUDY["methods"]))
    assert [planned.spec.id for planned in said] == [planned.spec.id for planned in silent]


def test_a_sweep_makes_levels_whose_values_keep_their_types():
    spec = check_study({**STUDY, "sweep": {"base": {"optimizer.lr": [0.2, 1], "clip_gradient": [None]}}})
    assert levels(spec)[2:] == [
        ("lr=0.2", "lr", 0.2), ("lr=1", "lr", 1), ("clip_gradient=None", "clip_gradient", None)
    ]  # fmt: skip
    assert levels(check_study(spec.model_dump(mode="json", exclude_unset=True))) == levels(spec)


@pytest.mark.parametrize("given", [2, [], {}, {"k": 2, "j": 3}, {"k": [2]}, {"k": float("nan")}, {2: "k"}])
def test_a_factor_is_a_name_with_one_value(given):
    with pytest.raises(SeedwiseError, match=r"study: methods: two: factor is .* such as factor: \{k: 2\}$"):
        check_study({**STUDY, "methods": {"base": {}, "two": {"factor": given}}})


def test_two_methods_are_not_the_same_level():
    with pytest.raises(SeedwiseError, match="methods: 'two' and 'zwei' are the same level of 'k': change one"):
        check_study({**STUDY, "methods": SAID | {"zwei": {"factor": {"k": 2}, "optimizer": {"lr": 0.2}}}})


def test_a_task_changes_no_factor():
    tasks = {"a": {}, "b": {"methods": {"two": {"factor": {"k": 3}}}}}
    with pytest.raises(SeedwiseError, match=r"tasks\.b\.methods\.two: a factor holds for all tasks: write it under"):
        check_study({**STUDY, "methods": SAID, "tasks": tasks})
    spec = check_study({**STUDY, "methods": SAID, "tasks": {"a": {}, "b": {"methods": {"two": {"epochs": 2}}}}})
    assert levels(spec.by_task()["b"]) == [("base", None, None), ("two", "k", 2)]


def test_factor_and_level_travel_from_the_file_to_the_cells(project):
    methods = {"base": {}, "a": {"factor": {"depth": 4}, "config": {"epochs": 4}}, "b=5": {"config": {"epochs": 5}}}
    study = project.study(methods=methods, replicates=1)
    study.run(workers=1)
    with Store(study.store_path) as store:
        (results,) = study_results(store)
    assert [(c.method, c.factor, c.level) for c in results.cells] == [
        ("base", None, None), ("a", "depth", 4), ("b=5", None, None)
    ]  # fmt: skip


def test_a_store_from_before_factors_were_kept_has_them_in_the_names(project):
    study = project.study(methods={"base": {}, "epochs=4": {"config": {"epochs": 4}}}, replicates=1)
    described = {key: value for key, value in study.describe().items() if key != "factors"}
    with Store(study.store_path, write=True) as store:
        store.write_plan("toy", described, study.plan())
    with Store(study.store_path) as store:
        assert [(c.factor, c.level) for c in cells_of(store, "toy")] == [(None, None), ("epochs", "4")]


def test_a_loop_says_the_factor_of_its_method(tmp_path):
    path = tmp_path / "loop.db"
    for method, factor in (("base", None), ("two", {"k": 2}), ("k=4", None)):
        for run in seedwise.replicates(
            1, method=method, factor=factor, config={"method": method}, store=path, quiet=True
        ):
            run.finish(accuracy=0.5)
    with Store(path) as store:
        assert [(c.method, c.factor, c.level) for c in cells_of(store, "loop")] == [
            ("base", None, None), ("two", "k", 2), ("k=4", None, None)
        ]  # fmt: skip
    with pytest.raises(SeedwiseError, match="factor is 2: write the factor's name and the value"):
        next(iter(seedwise.replicates(1, method="three", factor=2, store=path)))  # type: ignore[arg-type]


def test_a_loop_goes_on_with_a_store_from_before_factors_were_kept(tmp_path):
    path = tmp_path / "loop.db"
    for method in ("base", "k=2"):
        for run in seedwise.replicates(1, method=method, config={"method": method}, store=path, quiet=True):
            run.finish(accuracy=0.5)
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("UPDATE seedwise_studies SET description = json_remove(description, '$.factors')")
    before_checksums(path)
    for run in seedwise.replicates(
        1, method="four", factor={"k": 4}, config={"method": "four"}, store=path, quiet=True
    ):
        run.finish(accuracy=0.5)
    with Store(path) as store:
        description = description_of("loop", store.studies()["loop"])
    assert description.factor_of("k=2") == ("k", "2")
    assert description.factor_of("four") == ("k", 4)


@pytest.mark.parametrize(
    ("recipe", "factors"),
    [("slot-machines", {"greedy-k", "drawn-k"}), ("weight-selection", {"k"})],
)
def test_recipes_say_their_factors(recipe, factors):
    from seedwise.study import recipe_text

    methods = parse_study(recipe_text(recipe), scale="full").methods
    assert {method.factor for method in methods.values()} == {None, *factors}
    assert all(m.name == f"{m.factor}={m.level}" for m in methods.values() if m.factor is not None)
