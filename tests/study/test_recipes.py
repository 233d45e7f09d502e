"""The recipes: every scale is a study, and a smoke scale runs on real images."""

import pytest
import yaml

from seedwise.study import Store, Study, parse_study, plan, recipe_names, recipe_text

SCALES = [
    (name, scale) for name in recipe_names() for scale in (*yaml.safe_load(recipe_text(name)).get("scales", {}), "full")
]


def study(name, scale):
    text = recipe_text(name)
    return parse_study(text, name, scale if "scales" in yaml.safe_load(text) else None)


@pytest.mark.parametrize(("name", "scale"), SCALES, ids=str)
def test_every_scale_is_a_study_of_its_own(name, scale):
    spec = study(name, scale)
    assert spec.name == (name if scale == "full" else f"{name}-{scale}")
    runs = plan(spec)
    assert len({run.spec.id for run in runs}) == len(runs)
    assert {run.link.method for run in runs} == set(spec.methods)
    if scale != "full":
        full = {run.spec.id: run.link.task for run in plan(study(name, "full"))}
        shared = {run.link.task for run in runs if run.spec.id in full}
        # Small scales of forecasts leave out tasks, and train the others as they are.
        assert shared <= ({*full.values()} if (scale, "etth1" in name) == ("small", True) else set())


def test_only_the_full_scale_is_the_published_setting():
    assert study("vml-table1", "full").published_setting
    assert not study("vml-table1", "small").published_setting
    # All of the data, the published networks and lengths, for fewer tasks.
    assert study("etth1-accuracy", "small").published_setting
    small = {"name": "s", "train": {"function": "json:dumps"}, "published": [{"method": "base", "mean": 1.0}]}
    assert parse_study(yaml.safe_dump(small)).published_setting  # without scales, the user's own claim


@pytest.mark.parametrize(("name", "scale"), SCALES, ids=str)
def test_every_class_has_an_example_to_train_on_and_one_to_hold_out(name, scale):
    for part in study(name, scale).by_task().values():
        for config in part.configs().values():
            size = part.learns.size  # none of a time series
            fraction = (config["train"].get("validation") or {}).get("fraction")
            if size and fraction:
                of_a_class = config["task"].get("train_examples", size.train) // size.classes
                assert 0 < round(fraction * of_a_class) < of_a_class


@pytest.mark.parametrize("name", recipe_names())
def test_the_first_line_says_what_it_is(name):
    first = recipe_text(name).splitlines()[0]
    assert first.startswith("# ")
    assert first.endswith((".", "?"))


def test_the_papers_protocol_is_that_of_the_full_scale():
    spec = study("vml-table1", "full")
    config = spec.configs()["vml"]
    assert config["model"] == {"name": "resnet14", "width": 64}
    assert config["train"] == {
        "epochs": 200,
        "batch_size": 512,
        "optimizer": {"name": "sgd", "lr": 0.4, "momentum": 0.9, "weight_decay": 5e-4},
        "schedule": {"name": "cosine"},
        "loss": {"name": "vml"},
    }
    assert {(p.method, p.regime): p.sd for p in spec.published}["vml", "augment"] == 0.043
    for name in ("vml-table3", "vml-table4", "vml-ablation"):
        assert study(name, "full").configs()["base"]["model"] == config["model"]
    # The narrow one cannot have the accuracy of this paper: it is that of the paper whose numbers it has.
    assert study("summers-dinneen", "full").configs()["base"]["model"] == {"name": "resnet14"}
    table2 = study("vml-table2", "full")
    assert len(table2.by_task()) == 8
    assert len(plan(table2)) == 8 * 3 * 20
    task = table2.by_task()["cifar100-vgg16"]
    assert task.learns.metrics[0].chance == 0.01
    assert task.configs()["base"]["task"] == {"dataset": "cifar100"}


def test_jordans_runs_are_those_of_his_program():
    config = study("jordan", "full").configs()["base"]
    assert config["model"] == {"name": "resnet9_ffcv"}
    assert config["train"] == {
        "epochs": 64,
        "batch_size": 500,
        "optimizer": {"name": "sgd", "lr": 0.5, "momentum": 0.9, "weight_decay": 5e-4},
        "schedule": {"name": "linear"},
    }


def test_slot_machines_have_the_settings_of_their_authors_program():
    parts = study("slot-machines", "full").by_task()
    configs = {(task, name): config for task, part in parts.items() for name, config in part.configs().items()}
    epochs = {key: config["train"]["epochs"] for key, config in configs.items()}
    rates = {key: config["train"]["optimizer"]["lr"] for key, config in configs.items()}
    for task in parts:
        shorter = 20 if task in ("lenet", "vgg16") else 0
        assert epochs[task, "learned"] == 240 - shorter
        assert rates[task, "learned"] == 0.01
        for k in (2, 4, 8, 16, 32):
            assert epochs[task, f"greedy-k={k}"] == 140 - shorter
            assert epochs[task, f"drawn-k={k}"] == 180 - shorter
            assert rates[task, f"greedy-k={k}"] == (0.1 if k <= 8 else 0.01)
            assert rates[task, f"drawn-k={k}"] == (25 if task == "conv6" else 50)
            assert configs[task, f"drawn-k={k}"]["model"]["selection"]["sample_in_eval"] == "every_pass"
        # Both kinds of weights have the same network, and neither biases nor scales of batch norms.
        learned = configs[task, "learned"]["model"]
        assert learned["bias"] is False
        assert learned["init"] == "glorot"
        if task.startswith("conv"):
            assert (learned["padding"], learned["dropout"]) == (False, 0.5)
            assert (learned["padding"], learned["dropout"]) == tuple(
                configs[task, "drawn-k=2"]["model"][key] for key in ("padding", "dropout")
            )
    assert configs["vgg16", "learned"]["model"]["affine"] is False
    assert configs["vgg16", "greedy-k=2"]["train"]["optimizer"]["weight_decay"] == 1e-4
    assert configs["conv2", "learned"]["task"] == {
        "dataset": "cifar10",
        "augment": "flip",
        "normalise": {
            "mean": [255 * 0.4914, 255 * 0.4822, 255 * 0.4465],
            "std": pytest.approx([255 * 0.247, 255 * 0.243, 255 * 0.261]),
        },
    }
    assert configs["lenet", "learned"]["task"] == {
        "dataset": "mnist",
        "augment": False,
        "normalise": {"mean": [0], "std": [255]},
    }


def test_weight_selection_takes_the_networks_of_the_slot_machines_and_no_dropout():
    slots = study("slot-machines", "full").by_task()
    for task, part in study("weight-selection", "full").by_task().items():
        ours, theirs = part.configs()["learned"], slots[task].configs()["learned"]
        assert ours["model"] == {key: value for key, value in theirs["model"].items() if key != "dropout"}
        assert ours["train"] == {
            "epochs": 100,
            "batch_size": 128,
            "optimizer": {"name": "sgd", "lr": 0.01, "momentum": 0.9},
        }
        assert "normalise" not in ours["task"]


def test_the_ablation_changes_one_parameter_at_a_time():
    configs = study("vml-ablation", "full").configs()
    assert len(configs) == 2 + 5 * 4
    assert configs["delta=0.5"]["train"] == configs["base"]["train"] | {"loss": {"name": "vml", "delta": 0.5}}
    assert configs["warmup_steps=400"]["train"]["loss"] == {"name": "vml", "warmup_steps": 400}
    for scale, own, longest in (("small", 40, 160), ("smoke", 4, 16)):
        configs = study("vml-ablation", scale).configs()
        assert configs["delta=0.5"]["train"]["loss"] == {"name": "vml", "warmup_steps": own, "delta": 0.5}
        assert configs[f"warmup_steps={longest}"]["train"]["loss"]["warmup_steps"] == longest


def test_searches_hold_clfs_weights_and_window_and_tune_the_base_too():
    for name, scale in (("clf-tune-digits", "full"), ("clf-tune-cifar", "full"), ("clf-tune-cifar", "small")):
        spec = study(name, scale)
        epochs = spec.configs()["base"]["train"]["epochs"]
        assert {"loss.lambda_s", "loss.lambda_v", "loss.start_epoch", "loss.end_epoch"} == set(spec.tune.space)
        # Every window lies within the training, and none is empty.
        assert spec.tune.space["loss.start_epoch"].high < spec.tune.space["loss.end_epoch"].low
        assert spec.tune.space["loss.end_epoch"].high == epochs
        assert spec.tune.tune_base
        assert "optimizer.lr" in spec.tune.base_space


def test_smoke_runs_on_real_images(published, tmp_path):
    published("cifar10")
    spec = study("vml-table1", "smoke")
    outcome = Study(spec.model_copy(update={"regimes": ["all"]}), store=tmp_path / "smoke.db").run(workers=2)
    assert outcome.counts == {"finished": 9}


def test_smoke_runs_on_a_hundred_real_classes(published, tmp_path):
    published("cifar100")
    spec = study("clf-cifar", "smoke")
    methods = {name: spec.methods[name] for name in ("base", "clf")}
    task = {"cifar100-resnet14": spec.tasks["cifar100-resnet14"]}
    run = Study(spec.model_copy(update={"tasks": task, "methods": methods}), store=tmp_path / "smoke.db")
    assert run.run(workers=1).counts == {"finished": 2}
    with Store(run.store_path) as store:
        found = store.predictions([stored.run_id for stored in store.runs()])
    assert len(found) == 2
    for predictions in found.values():
        # Two of each class.
        assert sorted(predictions.labels.tolist()) == sorted([*range(100), *range(100)])


def test_slot_machines_draw_and_learn_on_real_images(published, tmp_path):
    published("cifar10")
    spec = study("slot-machines", "smoke")
    methods = {name: spec.methods[name] for name in ("learned", "greedy-k=2", "drawn-k=2")}
    task = {"conv2": spec.tasks["conv2"]}
    few = {**spec.task, "train_examples": 100, "test_examples": 100}
    study_of_three = Study(
        spec.model_copy(update={"tasks": task, "methods": methods, "task": few}), store=tmp_path / "smoke.db"
    )
    assert study_of_three.run(workers=1).counts == {"finished": 3}


def test_all_methods_have_the_settings_of_the_digits(tmp_path):
    spec = study("methods-digits", "full")
    configs = spec.configs()
    digits = study("digits", "full").configs()
    assert {name: configs[name] for name in digits} == digits
    base = configs["base"]["train"]
    changed = {name: {k: v for k, v in c["train"].items() if base.get(k) != v} for name, c in configs.items()}
    assert {name: list(keys) for name, keys in changed.items()} == {
        "base": [],
        "ema": ["averaging"],
        "swa": ["averaging"],
        "snapshots": ["snapshots"],
        "sam": ["sharpness"],
        "smoothing": ["loss"],
        "clipping": ["clip_gradient"],
        **{name: ["loss"] for name in ("vml", "clf", "placebo", "lr_vml", "lr_clf")},
    }
    assert changed["lr_vml"]["loss"]["controller"] == changed["placebo"]["loss"]["controller"] == changed["vml"]["loss"]
    steps = 12 * 23
    assert configs["ema"]["train"]["averaging"]["decay"] ** steps < 0.01

    few = {"task": {**spec.task, "train_examples": 200}, "replicates": 1}
    outcome = Study(spec.model_copy(update=few), store=tmp_path / "methods.db").run(workers=2)
    assert outcome.counts == {"finished": 12}


def test_tables_of_snapshots_have_five_cycles_at_every_scale():
    for name, epochs in (("vml-table4", 200), ("summers-dinneen-table2", 500)):
        for scale in ("smoke", "small", "full"):
            config = study(name, scale).configs()["snapshots"]["train"]
            # As their program does; the paper on VML names no warm-up.
            warmup = {"warmup": "every_cycle"} if name == "summers-dinneen-table2" else {}
            assert config["snapshots"] == {"cycles": 5, **warmup}
        assert config["epochs"] == epochs
    assert study("vml-table4", "full").configs()["vml"] == study("vml-table3", "full").configs()["vml"]
    theirs = study("summers-dinneen-table2", "full").configs()["base"]
    assert theirs == study("summers-dinneen", "full").configs()["base"]
