"""Lightning's trainer with a run: replay, one source at a time, a kill, predictions, the example."""

import argparse
import importlib
import signal
from types import SimpleNamespace

import pytest
import torch

from seedwise.errors import SeedwiseError
from seedwise.store import Store

from .trainings import STOPPED_LINE, stopped, train_until_killed

pytestmark = pytest.mark.filterwarnings("ignore")  # Lightning's advice on the number of workers, and its own imports


@pytest.fixture(scope="module")
def training():
    pytest.importorskip("lightning.pytorch")
    return importlib.import_module("tests.integrations.lightning_training")


@pytest.fixture(scope="module")
def train(training):
    """Return a function that trains a run and returns what it drew from each source, and the weights at its end."""
    return training.train


@pytest.fixture(scope="module")
def seeds():
    return {"init": 1, "shuffle": 2, "augment": 3, "dropout": 4}


def test_a_run_is_repeated_to_the_last_bit(training, train, make_run, seeds):
    runs = [make_run(**seeds) for _ in range(2)]
    first, second = map(train, runs)
    assert first == second
    assert runs[0].series == runs[1].series
    assert [row["epoch"] for row in runs[0].series] == list(range(training.EPOCHS))
    assert {"train/loss", "loss/factor_mean", "loss/active_share"} <= set(runs[0].series[-1])
    assert runs[0].series[0]["loss/active_share"] == 0  # CLF knows no previous epoch in the first
    assert runs[0].series[1]["loss/active_share"] == 1
    assert runs[0].randomness.drawn == {"init", "shuffle", "augment", "dropout"}
    assert not runs[0].randomness.reseeded


@pytest.mark.parametrize("source", ["init", "shuffle", "augment", "dropout"])
def test_one_source_moves_what_it_is_for_and_nothing_else(train, make_run, seeds, source):
    before, after = train(make_run(**seeds)), train(make_run(**{**seeds, source: 9}))
    moved = {name for name in before if before[name] != after[name]}
    assert moved == {source, "end"}
    if source == "augment":
        assert before[source].keys() == after[source].keys()
        assert all(before[source][key] != after[source][key] for key in before[source])


def test_what_is_built_in_configure_model_comes_from_init(train, make_run, seeds):
    starts = [train(make_run(init=seed), late=True)["init"] for seed in (1, 1, 2)]
    assert starts[0] == starts[1] != starts[2]


@pytest.mark.parametrize(("kill", "workers"), [(0, 0), (1, 0), (3, 2)])
def test_killed_and_gone_on_with_gives_the_same_bits(training, train, make_run, tmp_path, seeds, kill, workers):
    whole = train(make_run(**seeds))
    train_until_killed("lightning", tmp_path / "run.checkpoint", seeds, kill=kill, workers=workers)
    run = make_run("run.checkpoint", **seeds)
    rest = train(run, workers=workers)
    assert rest["end"] == whole["end"]
    assert rest["shuffle"] == [row for row in whole["shuffle"] if row[0] >= kill]
    assert rest["augment"] == {key: noise for key, noise in whole["augment"].items() if key[0] >= kill}
    assert rest["dropout"] == [row for row in whole["dropout"] if row[0] >= kill]
    assert run.checkpoint.resumed_from == ([kill] if kill else [])
    assert [row["epoch"] for row in run.series] == list(range(training.EPOCHS))


def test_the_trainer_saves_only_when_a_checkpoint_is_due(training, train, make_run, seeds, monkeypatch):
    saved = []
    save = training.lightning.Trainer.save_checkpoint
    monkeypatch.setattr(
        training.lightning.Trainer, "save_checkpoint", lambda *args: (saved.append(args[0].current_epoch), save(*args))
    )
    run = make_run("run.checkpoint", **seeds)
    run.checkpoint.every_epochs = 3
    train(run)
    assert saved == [2]
    assert run.checkpoint.load()["epoch"] == 2
    train(make_run(**seeds))
    assert saved == [2]


def test_predictions_of_the_test_are_kept_with_their_ids(training, train, make_run, seeds):
    run = make_run(**seeds)
    train(run, test=True)
    (kept,) = run.predictions
    assert kept.ids.tolist() == list(range(100, 100 + training.SIZE))
    assert kept.labels.tolist() == [training.Noisy()[k][1] for k in range(training.SIZE)]
    assert kept.predicted.tolist() == kept.logits.argmax(1).tolist()
    assert run.weights_sha256 is not None


def test_global_generators_are_as_they_were(train, make_run, seeds):
    state = torch.get_rng_state()
    train(make_run(**seeds), test=True)
    assert torch.equal(torch.get_rng_state(), state)


def test_several_devices_are_refused(training, make_run):
    callback = importlib.import_module("seedwise.integrations.lightning").RunCallback(make_run())
    with pytest.raises(SeedwiseError, match=r"a trainer on 2 devices: .*pass devices=1"):
        callback.setup(SimpleNamespace(world_size=2), None, "fit")


def test_the_best_checkpoint_is_that_of_the_users_own_callback(training, make_run, tmp_path, seeds):
    lightning = training.lightning

    class Watched(training.Module):
        def validation_step(self, batch, step):
            self.log("valid", float(len(batch[0]) - self.current_epoch % 2))

    def trained(*own):
        callback = importlib.import_module("seedwise.integrations.lightning").RunCallback(make_run(**seeds))
        trainer = lightning.Trainer(
            max_epochs=3, accelerator="cpu", logger=False, enable_progress_bar=False, enable_model_summary=False,
            callbacks=[callback, *own],
        )  # fmt: skip
        loader = torch.utils.data.DataLoader(training.Noisy(), batch_size=16)
        module = Watched(late=False)
        trainer.fit(module, callback.run.loader(training.Noisy(), batch_size=16), loader)
        return trainer, module, loader

    best = lightning.callbacks.ModelCheckpoint(tmp_path, monitor="valid", save_top_k=1)
    trainer, module, loader = trained(best)
    trainer.test(module, loader, ckpt_path="best", verbose=False)
    assert "epoch=1" in best.best_model_path
    trainer, module, loader = trained()
    with pytest.raises(SeedwiseError, match=r"ckpt_path='best' needs a ModelCheckpoint"):
        trainer.test(module, loader, ckpt_path="best", verbose=False)


def test_ctrl_c_stops_the_loop_with_one_line(training, tmp_path):
    done = stopped("lightning", tmp_path)
    assert done.returncode == -signal.SIGINT, done.stderr
    assert "Traceback" not in done.stderr
    assert done.stderr.splitlines()[-1].startswith(STOPPED_LINE), done.stderr


def test_the_example_runs_and_its_store_is_a_study(training, examples, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    example = importlib.import_module("lightning_loop")
    for loss in ("base", "vml"):
        example.main(argparse.Namespace(seeds=2, epochs=1, lr=0.1, loss=loss, workers=0))
    with Store(tmp_path / "study.db") as store:
        runs = store.runs()
    assert [(run.status, run.link.method) for run in runs] == [
        ("finished", method) for method in ("base", "base", "vml", "vml")
    ]
    assert all(run.metrics["test/accuracy"] > 0.2 for run in runs)


def test_the_example_of_runs_that_agree_more(training, examples, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    example = importlib.import_module("agreeing_lightning")

    def predictions(seeds):
        example.main(argparse.Namespace(seeds=seeds, epochs=2))
        with Store(tmp_path / "study.db") as store:
            runs = store.runs()
            kept = store.predictions([run.run_id for run in runs])
        assert [(run.status, run.link.method) for run in runs] == [
            ("finished", method) for method in ("base", "distilled", "packed") for _ in range(seeds)
        ]
        assert all(run.metrics["test/accuracy"] > 0.5 for run in runs)
        return [kept[run.run_id].logits.tolist() for run in runs]

    first = predictions(2)
    assert all(one != other for k, one in enumerate(first) for other in first[:k])
    (tmp_path / "study.db").unlink()
    assert predictions(1) == first[::2], "with the same seeds, the same bits"
