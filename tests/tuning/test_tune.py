"""``seedwise tune`` from end to end, with a function that needs no training."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter

import pytest

from seedwise.errors import ChangedCodeError, SeedwiseError
from seedwise.study import Silent, Store, Study
from seedwise.tuning import Tuner, search_results
from tests.nursery import environment_of_families, nursery

NOISE = {"config.noise": {"low": 0.05, "high": 1.0}}


def trials_of(path):
    with Store(path) as store:
        return store.studies()["tiny-trials"]["tuning"], store.runs("tiny-trials"), store.runs("tiny-fresh")


def test_a_real_effect_is_found_confirmed_and_reported(project, cli):
    project.write({"space": NOISE, "trials": 12, "objective": {"name": "churn", "floor": 0.5}, "method": "other"})
    done = cli(project.folder, "tune", "tiny.yaml", "--workers", "1")
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("\ntrial-") == 11
    assert "less churn: two runs disagree on" in done.stdout
    tuning, runs, fresh = trials_of(project.folder / "tiny.db")
    settings = tuning["settings"]
    assert settings[tuning["chosen"]]["params"]["config.noise"] == min(
        s["params"]["config.noise"] for s in settings.values() if s["params"]
    )
    # Paired: every trial has the seeds 1 to 4. Fresh seeds are those of nobody before.
    assert {run.content["seeds"]["init"] for run in runs} == {1, 2, 3, 4}
    assert {run.link.method for run in fresh} == {"base", "tuned"}
    assert not {run.content["seeds"]["init"] for run in fresh} & set(range(1, 21))
    html = (project.folder / "tiny.html").read_text()
    for text in ("tiny-trials", "tiny-fresh", "optimism", "The base was not tuned", "Which parameter matters?"):
        assert text in html
    shown = cli(project.folder, "show", "tiny.db", block=("torch", "optuna"))
    assert shown.returncode == 0, shown.stderr
    assert "optimism" in shown.stdout
    assert "tiny-trials: 52 runs" in cli(project.folder, "status", "tiny.db").stdout
    assert cli(project.folder, "export", "tiny.db", "-o", "tables", block=("torch", "optuna")).returncode == 0
    assert (project.folder / "tables" / "tiny-trials-tuning.csv").exists()

    # Once more: nothing is trained, and the same is said.
    asked = (project.folder / "asked.txt").read_text()
    again = cli(project.folder, "tune", "tiny.yaml", "--json")
    assert (project.folder / "asked.txt").read_text() == asked
    said = json.loads(again.stdout)
    assert said["chosen"] == tuning["chosen"]
    assert said["gains"]["search"]["churn"] - said["gains"]["test"]["churn"] == pytest.approx(said["optimism"]["churn"])
    assert len(said["trials"]) == 13


def killed(project, after):
    """Start the search, kill its process group after so many runs, and return whether it was that far and going."""
    process = nursery().popen(families=True)(
        [sys.executable, "-m", "seedwise", "tune", "tiny.yaml", "--workers", "2"],
        cwd=project.folder,
        env={**environment_of_families(), "TUNE_PAUSE": "0.05"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    asked = project.folder / "asked.txt"
    deadline = time.monotonic() + 120
    while not (reached := asked.exists() and asked.read_text().count("\n") >= after) and time.monotonic() < deadline:
        time.sleep(0.02)
    going = reached and process.poll() is None
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    return going


@pytest.mark.skipif(sys.platform != "linux", reason="kills process groups")
def test_killed_twice_it_goes_on_as_if_nothing_had_been(project, tmp_path_factory):
    tune = {"space": NOISE, "trials": 6, "method": "base", "fresh": 3}
    project.write(tune, methods={"base": {}})
    assert killed(project, after=6)
    assert killed(project, after=16)
    Tuner(Study.from_yaml(project.folder / "tiny.yaml"), workers=1).run()
    tuning, runs, fresh = trials_of(project.folder / "tiny.db")
    assert all(run.status == "finished" for run in runs)
    assert len(tuning["settings"]) == 7

    elsewhere = project.folder / "undisturbed.db"
    Tuner(Study.from_yaml(project.folder / "tiny.yaml", store=elsewhere), workers=1).run()
    undisturbed, others, other_fresh = trials_of(elsewhere)
    assert tuning["settings"] == undisturbed["settings"]
    assert tuning["chosen"] == undisturbed["chosen"]
    for mine, theirs in ((runs, others), (fresh, other_fresh)):
        assert [(run.link, run.run_id, run.metrics) for run in mine] == [
            (run.link, run.run_id, run.metrics) for run in theirs
        ]


def test_runs_that_fail_count_and_trials_without_any_are_failed(project, cli):
    project.write(
        {
            "space": {"config.fail": [0.0, 0.3, 0.9]},
            "trials": 6,
            "sampler": "random",
            "objective": {"name": "sd", "floor": 0.1},
        },
    )
    done = cli(project.folder, "tune", "tiny.yaml", "--workers", "1", "--json")
    assert done.returncode == 1  # some runs failed
    said = json.loads(done.stdout)
    by = {}
    for trial in said["trials"][1:]:
        by.setdefault(trial["params"]["config.fail"], trial)
    assert by[0.9]["state"] == "failed"
    assert by[0.9]["mean"] is None
    half = by[0.3]
    assert (half["state"], half["failed"]) == ("finished", 2)
    assert half["mean"] < 0.6  # two of four at the chance of .2
    assert half["sd"] > 0.3
    assert said["chosen"] == by[0.0]["name"]


def test_equal_settings_share_their_runs(project):
    study = project.study({"space": {"config.noise": [0.2, 0.4]}, "trials": 6, "sampler": "random", "fresh": 3})
    Tuner(study, workers=1).run()
    asked = (project.folder / "asked.txt").read_text().splitlines()
    assert len(asked) == len(set(asked)) == 4 * 3 + 6  # the base, two settings, and the fresh runs


def test_nothing_reaches_the_floor(project, cli):
    project.write({"space": NOISE, "trials": 3, "objective": {"name": "sd", "floor": 0.999}})
    done = cli(project.folder, "tune", "tiny.yaml", "--workers", "1")
    assert done.returncode == 1
    assert "nothing is chosen: no trial reached the floor" in done.stdout
    assert "fresh" not in (project.folder / "tiny.html").read_text().split("Where and how was it trained?")[0]


def test_the_base_gets_as_many_trials_over_its_own_space(project, cli):
    tune = {"space": NOISE, "tune_base": True, "base_space": {"config.noise": {"low": 0.01, "high": 0.05}}, "trials": 3}
    project.write({**tune, "objective": {"name": "sd", "floor": 0.1}})
    done = cli(project.folder, "tune", "tiny.yaml", "--workers", "1", "--json")
    said = json.loads(done.stdout)
    assert said["tuned_base"]
    assert [t["name"] for t in said["trials"]] == [
        "base",
        *[f"{p}-{k}" for p in ("trial", "base-trial") for k in range(3)],
    ]
    assert said["chosen_base"].startswith("base-trial")
    assert "the base was tuned too, with 3 trials of its own" in cli(project.folder, "show", "tiny.db").stdout


def test_a_sweep_is_a_search_without_optuna(project, cli):
    project.write({"trials": 1}, sweep={"base": {"config.noise": [0.1, 1.0]}})
    done = cli(project.folder, "tune", "tiny.yaml", "--workers", "1", "--json", block=("optuna",))
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert [trial["name"] for trial in said["trials"]] == ["base", "other", "noise=0.1", "noise=1.0"]
    assert said["chosen"] == "noise=0.1"


def test_other_settings_are_no_continuation(project):
    Tuner(project.study({"space": NOISE, "trials": 3, "fresh": 3}), workers=1).run()
    more = project.study({"space": NOISE, "trials": 6, "fresh": 3})
    Tuner(more, trials=4, workers=1).run()
    changed = project.study({"space": NOISE, "seed": 1})
    with pytest.raises(SeedwiseError, match="begun with another seed: restore it"):
        Tuner(changed, workers=1).run()


def test_a_search_may_live_in_another_database(project):
    url = f"sqlite:///{project.folder}/trials.sqlite"
    study = project.study({"space": NOISE, "trials": 3, "fresh": 3, "storage": url})
    Tuner(study, workers=1).run()
    rows = sqlite3.connect(project.folder / "trials.sqlite").execute("select count(*) from trials").fetchone()
    assert rows == (3,)
    tables = sqlite3.connect(study.store_path).execute("select name from sqlite_master where type = 'table'")
    assert all(name.startswith("seedwise_") for (name,) in tables)
    bad = project.study({"space": NOISE, "storage": "nonsense"}, name="bad")
    with pytest.raises(SeedwiseError, match=r"tune.storage is no URL: write driver://"):
        Tuner(bad, workers=1).run()


def test_changed_code_names_the_ways_on_that_a_search_has(project):
    Tuner(project.study({"space": NOISE, "trials": 1, "fresh": 3}), workers=1).run()
    source = project.folder / "tuned_project.py"
    source.write_text(source.read_text().replace("0.9 + 0.02", "0.9 + 0.01"))
    study = project.study({"space": NOISE, "trials": 2, "fresh": 3})
    with pytest.raises(ChangedCodeError) as caught:
        Tuner(study, workers=1).run()
    assert str(caught.value).startswith("the code that trains has changed since ")
    assert "--accept-changed-code keeps them as they are; to train all of it again, begin with another name" in str(
        caught.value
    )
    assert "--retrain" not in str(caught.value)
    Tuner(study, workers=1, accept_changed_code=True).run()
    assert len(trials_of(study.store_path)[0]["settings"]) == 3


class Notes(Silent):
    """What the user is told."""

    def __init__(self):
        self.lines = []

    def note(self, text):
        self.lines.append(text)


@pytest.fixture(scope="module")
def on_digits(tmp_path_factory):
    """The built-in trainer tuned on digits: the store, and what the user was told."""
    path = tmp_path_factory.mktemp("digits") / "tiny.db"
    study = Study.from_text(
        """
        name: tiny
        task: {dataset: digits, train_examples: 300, test_examples: 50}
        model: {name: small_cnn, width: 2}
        train: {epochs: 1, batch_size: 50, optimizer: {name: sgd, lr: 0.1}, validation: {fraction: 0.2}}
        methods: {base: {}, vml: {loss: vml}}
        tune:
          space: {optimizer.lr: [0.05, 0.1]}
          objective: {name: churn, floor: 0}
          trials: 2
          replicates: 3
          batch: 1
          fresh: 3
        """,
        store=path,
    )
    notes = Notes()
    Tuner(study, workers=1, progress=notes).run()
    return path, notes.lines


def test_no_trial_sees_the_test_set(on_digits):
    """Trials have no metric of the test set, fresh runs have both."""
    path, _ = on_digits
    _, runs, fresh = trials_of(path)
    assert runs
    assert fresh
    assert all("validation/accuracy" in run.metrics for run in runs)
    assert not any(name.startswith("test/") for run in runs for name in run.metrics)
    assert all("test/accuracy" in run.metrics and "validation/accuracy" in run.metrics for run in fresh)
    with Store(path) as store:
        assert store.predictions([run.run_id for run in runs], logits=False) == {}
        kept = store.predictions([run.run_id for run in runs], "validation", logits=False)
    assert {len(one.labels) for one in kept.values()} == {60}  # a fifth of the 300


def test_a_likely_mistake_of_every_trial_is_said_once(on_digits):
    _, lines = on_digits
    (line,) = [line for line in lines if "the penalty warms up for" in line]
    assert line.startswith("trial-0: ")


def test_pruned_trials_have_fewer_runs_and_are_never_chosen(project):
    tune = {
        "space": {"config.noise": {"low": 0.05, "high": 1.0}}, "sampler": "random", "trials": 12, "replicates": 6,
        "pruner": "median", "objective": {"name": "churn", "floor": 0.1}, "fresh": 3, "batch": 1,
    }  # fmt: skip
    study = project.study(tune)
    chosen = Tuner(study, workers=1).run().chosen
    tuning, runs, _ = trials_of(study.store_path)
    states = {name: one["state"] for name, one in tuning["settings"].items()}
    pruned = [name for name, state in states.items() if state == "pruned"]
    assert pruned
    counts = Counter(run.link.method for run in runs)
    assert all(3 <= counts[name] < 6 for name in pruned)
    assert all(counts[name] == 6 for name in states if name not in pruned)
    assert states[chosen] == "finished"
    # Every noise above that of the median of the others makes more churn, on the same seeds.
    noise = {name: tuning["settings"][name]["params"]["config.noise"] for name in states if name != "base"}
    assert min(noise, key=noise.get) == chosen
    assert min(noise[name] for name in pruned) > noise[chosen]


def test_two_objectives_end_with_the_steadiest_that_reaches_the_floor(project):
    space = {"config.noise": [0.1, 0.5], "config.shift": [-0.05, 0.0, 0.02]}
    tune = {"space": space, "objective": ["mean", "churn"], "sampler": "random", "trials": 20, "fresh": 3}
    study = project.study(tune)
    tuned = Tuner(study, workers=1).run()
    with Store(study.store_path) as store:
        (results,) = search_results(store)
    by = {tuple(trial.params.values()): trial for trial in results.trials if trial.params}
    assert len(by) == 6
    # Churn does not depend on the shift, the mean on little else: one setting beats all others in both.
    assert {values for values, trial in by.items() if trial.front} == {(0.1, 0.02)}
    assert results.trials[0].params == {}
    assert results.chosen == tuned.chosen
    assert by[0.1, -0.05].short
    assert results.trial(tuned.chosen).params == {"config.noise": 0.1, "config.shift": 0.02}


def test_runs_that_failed_by_a_mistake_are_tried_again_when_asked(project):
    (project.folder / "broken").touch()
    study = project.study({"space": NOISE, "trials": 1, "fresh": 3, "objective": {"name": "sd", "floor": 0.1}})
    with pytest.raises(SeedwiseError, match="every run of the base 'base' failed; why: seedwise status"):
        Tuner(study, workers=1).run()
    (project.folder / "broken").unlink()
    with pytest.raises(SeedwiseError, match="every run of the base"):
        Tuner(study, workers=1).run()
    tuned = Tuner(study, workers=1, retry_failed=True).run()
    assert (tuned.chosen, tuned.failed) == ("trial-0", 0)
