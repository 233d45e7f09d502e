"""A study without a study file."""

from __future__ import annotations

import functools
import os
from pathlib import Path

import numpy as np
import pytest
import torch

import seedwise
from seedwise.errors import SeedwiseError
from seedwise.run import Keep
from seedwise.study import Store
from seedwise.study._cells import cells_of
from tests.nursery import nursery

replicates = functools.partial(seedwise.replicates, quiet=True)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "study.db"


def finish(run, predictions: bool = False) -> int:
    """Train: the accuracy is the seed of ``init`` in percent."""
    if predictions:
        logits = run.randomness.numpy("init", "logits").normal(size=(4, 3))
        run.save_predictions(logits, np.zeros(4, np.int64))
    run.log(0, loss=1.0)
    run.finish(accuracy=run.seeds["init"] / 100)
    return run.seeds["init"]


def stored(path: Path) -> list[tuple]:
    with Store(path) as store:
        return [(run.link.method, run.link.replicate, run.status, run.metrics) for run in store.runs()]


def test_each_replicate_is_yielded_once_with_its_seeds(path):
    assert [finish(run) for run in replicates(3, store=path)] == [1, 2, 3]
    assert stored(path) == [("base", r, "finished", {"test/accuracy": (1 + r) / 100}) for r in range(3)]
    assert [finish(run) for run in replicates(3, store=path)] == []
    assert [finish(run) for run in replicates(5, store=path)] == [4, 5]


def test_the_sources_that_vary_are_named_by_the_caller(path):
    runs = [dict(run.seeds) for run in replicates(2, vary=["shuffle", "init"], store=path) if finish(run)]
    assert [(s["init"], s["shuffle"], s.get("dropout", 0)) for s in runs] == [(1, 1, 0), (2, 2, 0)]
    with Store(path) as store:
        assert {run.link.regime for run in store.runs()} == {"shuffle+init"}


def test_where_nothing_varies_runs_are_told_apart_by_name_alone(path):
    drawn = []
    for run in replicates(2, vary="none", store=path):
        drawn.append(run.randomness.numpy("init", "w").uniform())
        run.finish(accuracy=0.5)
    assert drawn[0] == drawn[1]
    with Store(path) as store:
        assert [run.content["seeds"] for run in store.runs()] == [{"repeat": 1}, {"repeat": 2}]


def test_fresh_seeds(path):
    assert [finish(run) for run in replicates(2, first_replicate=3, store=path)] == [4, 5]
    assert [replicate for _, replicate, *_ in stored(path)] == [3, 4]


def test_a_body_that_raises_leaves_its_run_interrupted_and_the_next_call_goes_on(path):
    def body() -> None:
        for run in replicates(3, store=path):
            if run.seeds["init"] == 2:
                raise KeyboardInterrupt
            finish(run)

    with pytest.raises(KeyboardInterrupt):
        body()
    assert [status for *_, status, _ in stored(path)] == ["finished", "interrupted", "pending"]
    assert [finish(run) for run in replicates(3, store=path)] == [2, 3]
    assert [status for *_, status, _ in stored(path)] == ["finished"] * 3


def test_a_body_that_breaks_leaves_its_run_interrupted(path):
    for run in replicates(2, store=path):
        assert run.seeds["init"] == 1
        break
    assert [status for *_, status, _ in stored(path)] == ["interrupted", "pending"]


def test_a_stopped_run_goes_on_from_its_checkpoint(path):
    def body(stop: bool) -> list[int]:
        epochs = []
        for run in replicates(1, store=path, checkpoint_seconds=1e-9):
            saved = run.checkpoint.load() or {"epoch": -1}
            for epoch in range(saved["epoch"] + 1, 4):
                epochs.append(epoch)
                run.log(epoch, loss=float(epoch))
                run.checkpoint.save(epoch)
                if stop and epoch == 1:
                    raise RuntimeError
            run.finish(accuracy=0.5)
        return epochs

    with pytest.raises(RuntimeError):
        body(stop=True)
    assert body(stop=False) == [2, 3]
    with Store(path) as store:
        (run,) = store.runs()
        assert run.resumed_from == [2]
        assert [row["loss"] for row in store.series([run.run_id])[run.run_id]] == [0, 1, 2, 3]


def test_a_body_that_forgets_to_finish_is_a_crash_and_said(path):
    for run in replicates(1, store=path):
        run.log(0, loss=1.0)
    with Store(path) as store:
        (run,) = store.runs()
    assert run.status == "crashed"
    assert run.error.endswith("returned without calling run.finish(...)")


def test_a_metric_that_is_not_finite_is_a_divergence_and_not_tried_again(path):
    for run in replicates(1, store=path):
        run.finish(accuracy=float("inf"))
    assert stored(path) == [("base", 0, "diverged", {"test/accuracy": None})]
    assert list(replicates(1, store=path)) == []


def test_methods_are_paired_and_keep_their_order(path):
    for method, lr in (("base", 0.1), ("a", 0.2)):
        for run in replicates(2, method=method, config={"lr": lr}, store=path):
            assert run.config == {"lr": lr}
            finish(run)
    with Store(path) as store:
        cells = cells_of(store, "study")
    assert [cell.method for cell in cells] == ["base", "a"]
    assert [cell.values.tolist() for cell in cells] == [[0.01, 0.02]] * 2


def test_a_method_that_is_another_by_content_is_refused(path):
    for run in replicates(1, config={"lr": 0.1}, store=path):
        finish(run)
    with pytest.raises(SeedwiseError, match=r"methods 'b' and 'base' of 'study' have the same config.*config=\{"):
        list(replicates(1, method="b", config={"lr": 0.1}, store=path))


@pytest.mark.parametrize("n", [0, -1, 2.0, True, "3"])
def test_an_impossible_number_is_refused_at_once(path, n):
    with pytest.raises(SeedwiseError, match="pass a number of replicates of 1 or more"):
        replicates(n, store=path)
    assert not path.exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"vary": "shufle"}, "unknown regime 'shufle': did you mean 'shuffle'"),
        ({"vary": ["init", "shufle"]}, "unknown regime 'shufle': did you mean 'shuffle'"),
        ({"vary": ["init", "init"]}, "names a source twice"),
        ({"first_replicate": -1}, "first_replicate is -1"),
        ({"config": {"path": Path()}}, "config may hold finite numbers, text"),
        ({"config": {"lr": float("nan")}}, "config may hold finite numbers, text"),
    ],
)
def test_impossible_options_are_refused_at_once(path, options, message):
    with pytest.raises(SeedwiseError, match=message):
        replicates(2, store=path, **options)
    assert not path.exists()


def test_a_store_in_use_is_refused(path):
    runs = replicates(2, store=path)
    next(runs)
    with pytest.raises(SeedwiseError, match="another process is running this study"):
        next(replicates(2, store=path))
    runs.close()
    assert [finish(run) for run in replicates(2, store=path)] == [1, 2]


def test_predictions_and_weights_are_kept_as_asked(path):
    keep = Keep(predictions="full", weights="final")
    expected = {}
    for run in replicates(2, store=path, keep=keep):
        expected[run.id] = run.randomness.numpy("init", "logits").normal(size=(4, 3))
        run.save_weights({"w": torch.full((2,), 3.0)})
        finish(run, predictions=True)
    with Store(path) as store:
        kept = store.predictions(expected)
    assert set(kept) == set(expected)
    for run_id, logits in expected.items():
        np.testing.assert_array_equal(kept[run_id].logits, logits.astype(np.float32), strict=True)
        assert kept[run_id].predicted.tolist() == logits.argmax(1).tolist()
        weights = torch.load(path.with_suffix(".d") / "weights" / f"{run_id}-final.pt", weights_only=True)
        assert weights["w"].tolist() == [3.0, 3.0]


def test_torch_is_deterministic_and_single_threaded_inside_and_as_before_outside(path):
    before = (torch.are_deterministic_algorithms_enabled(), torch.get_num_threads())
    assert not before[0]
    for run in replicates(1, store=path):
        assert (torch.are_deterministic_algorithms_enabled(), torch.get_num_threads()) == (True, 1)
        finish(run)
    assert (torch.are_deterministic_algorithms_enabled(), torch.get_num_threads()) == before


PROGRAM = """
import sys
import seedwise

for run in seedwise.replicates(2, store=sys.argv[1], changed_code=sys.argv[2]):
    run.finish(accuracy=run.seeds["init"] / 100)
    print("trained", run.seeds["init"])
"""


def program_in(folder: Path, text: str, **environment: str):
    """Return a function that runs a program with arguments, and gives its printed lines and errors."""
    program = folder / "program.py"
    program.write_text(text)
    env = {**os.environ, **environment}

    def run(*words: object) -> tuple[list[str], str]:
        done = nursery().run([program, *words], env=env, timeout=240)
        assert "Traceback" not in done.stderr, done.stderr
        return done.stdout.splitlines(), done.stderr

    return run


def test_a_program_that_changed_stops_until_told_what_to_do(path, tmp_path):
    run = program_in(tmp_path, PROGRAM)
    nothing = f"seedwise: nothing to train in {path}: of 'base' there are 2 finished\n"
    assert run(path, "stop")[0] == ["trained 1", "trained 2"]
    program_in(tmp_path, PROGRAM + "# a comment\n")
    assert run(path, "stop")[1].startswith(nothing)
    program_in(tmp_path, PROGRAM + "EDITED = 1\n")
    out, err = run(path, "stop")
    assert out == []
    assert err == (
        "seedwise: the code that trains has changed since 2 of the finished runs were trained (program.py): "
        'changed_code="retrain" trains them again and keeps the old results, changed_code="accept" keeps them as they '
        "are (for one start of the program: SEEDWISE_CHANGED_CODE=accept python ...)\n"
    )
    assert run(path, "accept")[1].startswith(nothing)
    assert run(path, "stop")[1].startswith(nothing)
    program_in(tmp_path, PROGRAM + "EDITED = 2\n")
    out, err = run(path, "retrain")
    assert out == ["trained 1", "trained 2"]
    assert "2 runs trained (2 of them again): 2 finished" in err
    with Store(path) as store:
        assert [run.attempt for run in store.runs()] == [1, 1]


def test_the_environment_says_for_one_start_what_is_done_about_changed_code(path, tmp_path):
    program_in(tmp_path, PROGRAM)(path, "stop")

    def edited(**environment: str):
        return program_in(tmp_path, PROGRAM + "EDITED = 1\n", **environment)(path, "stop")

    assert edited(SEEDWISE_CHANGED_CODE="acept")[1] == (
        "seedwise: SEEDWISE_CHANGED_CODE=acept: did you mean 'accept'? pass one of stop, retrain, accept\n"
    )
    assert edited(SEEDWISE_CHANGED_CODE="retrain")[0] == ["trained 1", "trained 2"]
    assert edited()[0] == []


def test_what_is_refused_leaves_the_plan_as_it_was(path, tmp_path):
    assert len(program_in(tmp_path, PROGRAM)(path, "stop")[0]) == 2
    assert "replicates(2" in PROGRAM
    out, err = program_in(tmp_path, PROGRAM.replace("replicates(2", "replicates(4") + "EDITED = 1\n")(path, "stop")
    assert out == []
    assert "the code that trains has changed" in err
    with Store(path) as store:
        assert [run.link.replicate for run in store.runs()] == [0, 1]


def test_a_module_beside_the_program_and_one_that_the_loop_uses_count(path, tmp_path):
    (tmp_path / "helper.py").write_text("VALUE = 0.5\n")
    (tmp_path / "late.py").write_text("VALUE = 0.5\n")
    text = """
import sys
import seedwise

def main():
    from helper import VALUE
    for run in seedwise.replicates(2, store=sys.argv[1]):
        import late
        run.finish(accuracy=VALUE)
main()
"""
    run = program_in(tmp_path, text)
    assert "2 runs trained" in run(path)[1]
    for name in ("helper.py", "late.py"):
        before = (tmp_path / name).read_text()
        (tmp_path / name).write_text("VALUE = 0.25\n")
        assert f"({name})" in run(path)[1]
        (tmp_path / name).write_text(before)
    assert "nothing to train" in run(path)[1]


ARGUMENTS = """
import argparse
import os
import seedwise

parser = argparse.ArgumentParser()
parser.add_argument("store")
parser.add_argument("--lr", type=float, default=0.1)
parser.add_argument("--weight-decay", type=float, default=0.0)
parser.add_argument("--runs", type=int, default=2)
parser.add_argument("--verbose", action="store_true")
parser.add_argument("--local-rank", type=int, default=0)
args = parser.parse_args()
for run in seedwise.replicates(
    args.runs, store=args.store, config={"lr": args.lr}, ignore_args=["--verbose"], changed_code=os.environ["CHANGED"]
):
    run.finish(accuracy=args.weight_decay)
    print("trained", run.seeds["init"])
"""


def test_arguments_that_no_config_names_are_not_lost(path, tmp_path):
    run, accept, retrain = (program_in(tmp_path, ARGUMENTS, CHANGED=way) for way in ("stop", "accept", "retrain"))
    trained = ["trained 1", "trained 2"]
    assert run(path, "--weight-decay", ".5")[0] == trained
    assert "nothing to train" in run(path, "--weight-decay=.5", "--verbose", "--local-rank=1")[1]
    out, err = run(path, "--weight-decay", ".7")
    assert out == []
    assert err.startswith(
        f"seedwise: 2 finished runs of 'base' in {path} were trained with --weight-decay .5, and now there is "
        "--weight-decay .7: "
    )
    for way in ("config={", 'changed_code="retrain"', 'changed_code="accept"'):
        assert way in err
    assert "no --weight-decay" in run(path)[1]
    assert run(path, "--weight-decay", ".5", "--runs", "3")[0] == ["trained 3"], "more replicates are no change"
    assert "--weight-decay .5" in run(path, "--runs", "4")[1]
    assert run(path, "--lr", "5", "--weight-decay", ".5")[0] == trained, "what config names makes other runs"

    assert "nothing to train" in accept(path, "--weight-decay", ".7", "--runs", "3")[1]
    assert "nothing to train" in run(path, "--weight-decay", ".7", "--runs", "3")[1], "what was accepted stays so"
    assert "--weight-decay .8" in run(path, "--weight-decay", ".8")[1]
    assert retrain(path, "--weight-decay", ".9")[0] == trained


def test_a_run_says_that_hashes_were_not_fixed(path, tmp_path):
    text = """
import os, sys
os.environ["PYTHONHASHSEED"] = "0"  # too late
sys.modules["torch"] = None  # which takes longer to import than all else, and draws no hashes
import seedwise
for run in seedwise.replicates(1, store=sys.argv[1], quiet=True):
    run.finish(accuracy=0.5)
"""
    program_in(tmp_path, text, PYTHONHASHSEED="random")(path)
    with Store(path) as store:
        assert [note.partition(":")[0] for note in store.runs()[0].notes] == ["PYTHONHASHSEED was not fixed"]
    for seed in ("0", "7"):
        fixed = tmp_path / f"fixed{seed}.db"
        program_in(tmp_path, text, PYTHONHASHSEED=seed)(fixed)
        with Store(fixed) as store:
            assert store.runs()[0].notes == []


def test_what_a_body_changes_is_put_back_and_noted(path):
    drawn = []
    for run in replicates(2, store=path):
        drawn.append((torch.rand(1).item(), np.random.rand(), torch.get_default_dtype()))  # noqa: NPY002
        torch.set_default_dtype(torch.float64)
        run.finish(accuracy=0.5)
    assert drawn[0] == drawn[1]
    assert drawn[0][2] is torch.float32 is torch.get_default_dtype()
    with Store(path) as store:
        observed = store.observed(run.run_id for run in store.runs())
    assert [one.outside for one in observed.values()] == [["numpy", "torch"]] * 2
    assert [one.left for one in observed.values()] == [
        ["left torch's default dtype changed; it was put back for the next run"]
    ] * 2
