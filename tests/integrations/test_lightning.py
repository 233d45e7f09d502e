"""Lightning's trainer with a run: replay, one source at a time, a kill, predictions, the example."""

import argparse
import importlib
import os
import signal
from types import SimpleNamespace

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from seedwise.errors import SeedwiseError
from seedwise.losses import CLFLoss
from seedwise.run import weights_sha256
from seedwise.store import Store

pytestmark = pytest.mark.filterwarnings("ignore")  # Lightning's advice on the number of workers, and its own imports

EPOCHS, SIZE = 4, 48


class Noisy(torch.utils.data.Dataset):
    """Numbered examples with noise from the global generators of torch and numpy."""

    def __len__(self):
        return SIZE

    def __getitem__(self, k):
        x = torch.sin(torch.arange(8.0) * (k + 1))
        noise = torch.rand(8) + np.random.uniform()  # noqa: NPY002
        return x + 0.1 * noise, int(x.sum() > 0), k, noise


@pytest.fixture(scope="module")
def lightning():
    return pytest.importorskip("lightning.pytorch")


@pytest.fixture(scope="module")
def train(lightning):
    """Return a function that trains a run and returns what it drew from each source, and the weights at its end."""
    callbacks = importlib.import_module("seedwise.integrations.lightning")

    class Module(lightning.LightningModule):
        def __init__(self, late):
            super().__init__()
            self.late = late
            self.loss = CLFLoss(lambda_v=0.01)
            self.order, self.noise, self.masks = [], {}, []
            if not late:
                self.build()

        def build(self):
            self.network = nn.Sequential(
                nn.Linear(8, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(0.3), nn.Linear(8, 2)
            )
            self.start = weights_sha256(self.network.state_dict())

        def configure_model(self):
            if self.late and not hasattr(self, "network"):
                self.build()

        def training_step(self, batch, step):
            x, y, ids, noise = batch
            self.order.append((self.current_epoch, ids.tolist()))
            self.noise |= {(self.current_epoch, k): v.tolist() for k, v in zip(ids.tolist(), noise, strict=True)}
            self.masks.append((self.current_epoch, F.dropout(torch.ones(8)).tolist()))
            loss = self.loss(self.network(x), y)
            self.log("train/loss", loss, on_step=False, on_epoch=True)
            return loss

        def test_step(self, batch, step):
            x, y, ids = batch[:3]
            return {"logits": self.network(x), "labels": y, "ids": ids + 100}

        def configure_optimizers(self):
            optimizer = torch.optim.Adam(self.parameters(), 0.01)
            return [optimizer], [torch.optim.lr_scheduler.StepLR(optimizer, 2, 0.5)]

    class Kill(lightning.Callback):
        def __init__(self, epoch):
            self.epoch = epoch

        def on_train_batch_start(self, trainer, pl_module, batch, batch_idx):
            if trainer.current_epoch == self.epoch and batch_idx == 1:
                os.kill(os.getpid(), signal.SIGKILL)

    def train(run, *, late=False, kill=None, workers=0, test=False):
        callback = callbacks.RunCallback(run)
        with run.randomness.scope("init"):
            module = Module(late)
        trainer = lightning.Trainer(
            max_epochs=EPOCHS,
            accelerator="cpu",
            logger=False,
            enable_progress_bar=False,
            enable_model_summary=False,
            callbacks=[callback, *([] if kill is None else [Kill(kill)])],
        )
        trainer.fit(module, run.loader(Noisy(), batch_size=12, num_workers=workers), ckpt_path=callback.resume())
        if test:
            trainer.test(module, torch.utils.data.DataLoader(Noisy(), batch_size=20), verbose=False)
        return {
            "init": module.start,
            "shuffle": module.order,
            "augment": module.noise,
            "dropout": module.masks,
            "end": weights_sha256(module.state_dict()),
        }

    return train


@pytest.fixture(scope="module")
def seeds():
    return {"init": 1, "shuffle": 2, "augment": 3, "dropout": 4}


def test_a_run_is_repeated_to_the_last_bit(train, make_run, seeds):
    runs = [make_run(**seeds) for _ in range(2)]
    first, second = map(train, runs)
    assert first == second
    assert runs[0].series == runs[1].series
    assert [row["epoch"] for row in runs[0].series] == list(range(EPOCHS))
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
def test_killed_and_gone_on_with_gives_the_same_bits(train, make_run, killed, seeds, kill, workers):
    whole = train(make_run(**seeds))
    killed(train, make_run("run.checkpoint", **seeds), kill=kill, workers=workers)
    run = make_run("run.checkpoint", **seeds)
    rest = train(run, workers=workers)
    assert rest["end"] == whole["end"]
    assert rest["shuffle"] == [row for row in whole["shuffle"] if row[0] >= kill]
    assert rest["augment"] == {key: noise for key, noise in whole["augment"].items() if key[0] >= kill}
    assert rest["dropout"] == [row for row in whole["dropout"] if row[0] >= kill]
    assert run.checkpoint.resumed_from == ([kill] if kill else [])
    assert [row["epoch"] for row in run.series] == list(range(EPOCHS))


def test_predictions_of_the_test_are_kept_with_their_ids(train, make_run, seeds):
    run = make_run(**seeds)
    train(run, test=True)
    (kept,) = run.predictions
    assert kept.ids.tolist() == list(range(100, 100 + SIZE))
    assert kept.labels.tolist() == [Noisy()[k][1] for k in range(SIZE)]
    assert kept.predicted.tolist() == kept.logits.argmax(1).tolist()
    assert run.weights_sha256 is not None


def test_global_generators_are_as_they_were(train, make_run, seeds):
    state = torch.get_rng_state()
    train(make_run(**seeds), test=True)
    assert torch.equal(torch.get_rng_state(), state)


def test_several_devices_are_refused(lightning, make_run):
    callback = importlib.import_module("seedwise.integrations.lightning").RunCallback(make_run())
    with pytest.raises(SeedwiseError, match=r"a trainer on 2 devices: .*pass devices=1"):
        callback.setup(SimpleNamespace(world_size=2), None, "fit")


def test_the_example_runs_and_its_store_is_a_study(lightning, examples, tmp_path, monkeypatch):
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
