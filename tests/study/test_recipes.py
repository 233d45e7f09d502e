"""The recipes: every scale is a study, and a smoke scale runs on real images."""

import pytest
import yaml

from seedwise.study import Study, parse_study, plan, recipe_names, recipe_text

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


@pytest.mark.parametrize("name", recipe_names())
def test_the_first_line_says_what_it_is(name):
    first = recipe_text(name).splitlines()[0]
    assert first.startswith("# ")
    assert first.endswith((".", "?"))


def test_the_papers_protocol_is_that_of_the_full_scale():
    spec = study("vml-table1", "full")
    config = spec.configs()["vml"]
    assert config["model"] == {"name": "resnet14"}
    assert config["train"] == {
        "epochs": 200,
        "batch_size": 512,
        "optimizer": {"name": "sgd", "lr": 0.4, "momentum": 0.9, "weight_decay": 5e-4},
        "schedule": {"name": "cosine"},
        "loss": {"name": "vml"},
    }
    assert {(p.method, p.regime): p.sd for p in spec.published}["vml", "augment"] == 0.043
    table2 = study("vml-table2", "full")
    assert len(table2.by_task()) == 8
    assert len(plan(table2)) == 8 * 3 * 20
    task = table2.by_task()["cifar100-vgg16"]
    assert task.metrics[0].chance == 0.01
    assert task.configs()["base"]["task"] == {"dataset": "cifar100"}


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

    few = {"task": {**spec.task, "train_examples": 400}, "replicates": 1}
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
