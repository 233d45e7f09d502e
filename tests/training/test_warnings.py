"""What does not fit the length of a training is said."""

import pytest

from seedwise.run import execute
from seedwise.training import TrainerConfig, _loop, steps_of, train, warnings_of
from seedwise.training._tasks import load_task


def config_of(task="digits", model="small_cnn", **train):
    return TrainerConfig.model_validate(
        {
            "task": {"dataset": task} if isinstance(task, str) else task,
            "model": model,
            "train": {"epochs": 12, "batch_size": 64, "optimizer": {"name": "sgd", "lr": 0.1}, **train},
        }
    )


def ema(decay, debias=True):
    return config_of(averaging={"name": "ema", "decay": decay, "debias": debias})


@pytest.mark.parametrize(
    ("decay", "steps", "line"),
    [
        # A fifth of 276 steps is 55.2; decays of .98 and .99 look back over 50 and 100.
        (0.98, 276, None),
        (0.99, 276, "the average looks back over 100 steps, and there are 276: set decay to 0.98 or less"),
        (0.999, 276, "the average looks back over 1000 steps, and there are 276: set decay to 0.98 or less"),
        # Exactly a fifth.
        (0.9, 50, None),
        (0.95, 100, None),
        (0.9, 49, "the average looks back over 10 steps, and there are 49: set decay to 0.8 or less"),
        (0.9999, 97_800, None),
        (0.99998, 97_800, "the average looks back over 50000 steps, and there are 97800: set decay to 0.99994 or less"),
        (0.9, 6, "the average looks back over 10 steps, and there are 6: set decay to 0.1 or less"),
        (0.9, 5, "the average looks back over 10 steps, and there are 5: train longer, or leave out averaging"),
    ],
)
def test_a_window_of_more_than_a_fifth_of_the_steps(decay, steps, line):
    assert warnings_of(ema(decay), steps) == ([] if line is None else [line])


@pytest.mark.parametrize("steps", [6, 7, 11, 50, 97, 276, 12_345])
def test_the_decay_that_is_named_fits(steps):
    (line,) = warnings_of(ema(0.99999), steps)
    named = float(line.split("set decay to ")[1].split()[0])
    assert 0 < named < 1
    assert 1 / (1 - named) <= steps / 5 * (1 + 1e-9)
    assert warnings_of(ema(named), steps) == []


def test_the_initial_weights_in_an_average_that_is_not_debiased():
    (line,) = warnings_of(ema(0.999, debias=False), 276)  # .999 to the power of 276 is .759
    assert line == (
        "the average looks back over 1000 steps, and there are 276; 76% of it are the initial weights: "
        "set decay to 0.98 or less"
    )


@pytest.mark.parametrize(
    ("loss", "warned"),
    [
        ({"name": "vml"}, True),
        ({"name": "vml", "warmup_steps": 139}, True),
        ({"name": "vml", "warmup_steps": 138}, False),
        ({"name": "placebo", "controller": "vml"}, True),
        ({"name": "lr_control", "controller": "vml"}, True),
        ({"name": "clf"}, False),
        ("cross_entropy", False),
    ],
)
def test_a_warm_up_of_more_than_half_of_the_steps(loss, warned):
    warmup = loss.get("warmup_steps", 200) if isinstance(loss, dict) else None
    expected = [f"the penalty warms up for {warmup} of 276 steps: set warmup_steps to about 13"]
    assert warnings_of(config_of(loss=loss), 276) == (expected if warned else [])


def test_the_run_notes_all_of_them(trained):
    record = trained(averaging={"name": "ema", "decay": 0.9}, loss={"name": "vml", "warmup_steps": 24})
    assert record.notes == [
        "the penalty warms up for 24 of 46 steps: set warmup_steps to about 2",
        "the average looks back over 10 steps, and there are 46; 1% of it are the initial weights: "
        "set decay to 0.8 or less",
    ]


@pytest.mark.parametrize(
    ("task", "options"),
    [
        ("digits", {}),
        ({"dataset": "digits", "train_examples": 100}, {"batch_size": 7}),
        ("digits", {"validation": {"fraction": 0.1}, "epochs": 5, "batch_size": 16}),
    ],
)
def test_the_steps_are_those_that_are_taken(task, options, new_run):
    config = config_of(task, **options)
    run = new_run(epochs=1)
    run.config = config
    trainer = _loop.Trainer(run, load_task(config.task, "cpu"))
    assert steps_of(config) == config.train.epochs * len(list(trainer.batches(0)))


def test_the_steps_of_data_that_are_not_there(monkeypatch, tmp_path):
    monkeypatch.setenv("SEEDWISE_DATA", str(tmp_path))
    assert steps_of(config_of("cifar10")) == 12 * 782  # 50 000 images are 781.25 batches of 64
    assert steps_of(config_of("cifar10", validation={"fraction": 0.1})) is None


def test_rounded_weights_hide_one_unit_in_the_last_place(trained):
    """What the note says is so: of 3 such runs the training losses are those of the undisturbed one."""
    losses = set()
    for seed in range(4):
        record = trained({"ulp": seed}, epochs=1, numerics={"precision": "bf16"})
        losses.add(record.series[0]["train/loss"])
        noted = [note for note in record.notes if "the source 'ulp' changes next to nothing" in note]
        assert len(noted) == (seed > 0)
    assert len(losses) == 1
    assert not any("ulp" in note for note in trained({"ulp": 1}, epochs=1).notes)


def test_a_run_notes_what_is_said_before(new_run):
    run = new_run(averaging={"name": "ema", "decay": 0.9})
    assert execute(run, train).notes == warnings_of(run.config, steps_of(run.config)) != []
