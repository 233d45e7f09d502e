"""The same spec gives the same bits, whatever was trained before it and in whichever process."""

import json
import os
import subprocess
import sys

import pytest

SPECS = {
    "base": ({"init": 1, "shuffle": 1, "augment": 1, "dropout": 1}, {}),
    "vml": ({"dropout": 2}, {"loss": {"name": "vml", "warmup_steps": 5}}),
    "placebo": ({"dropout": 2}, {"loss": {"name": "placebo", "controller": {"name": "vml", "warmup_steps": 5}}}),
    "adamw": ({"init": 3}, {"optimizer": {"name": "adamw", "lr": 0.003}, "validation": {"fraction": 0.2}}),
    "swa": ({"init": 3}, {"averaging": {"name": "swa", "start": 0.5}, "clip_gradient": 0.5}),
    "sam": ({"dropout": 2}, {"averaging": {"name": "ema", "decay": 0.9}, "sharpness": {"rho": 0.05}}),
}

FRESH = """
import json, sys
from seedwise.run import Run, RunSpec, configure, execute
from seedwise.training import train

found = {}
for name, content in json.loads(sys.argv[1]).items():
    spec = RunSpec.from_content(content)
    record = execute(Run(spec, configure(train, spec.config)), train)
    found[name] = [record.weights_sha256, record.metrics]
print(json.dumps(found))
"""


def bits(record):
    assert record.status == "finished", record.error
    return [record.weights_sha256, record.metrics]


@pytest.fixture(scope="module")
def in_order(trained):
    return {name: bits(trained(seeds, **options)) for name, (seeds, options) in SPECS.items()}


def test_specs_differ(in_order):
    assert len({sha256 for sha256, _ in in_order.values()}) == len(SPECS)


def test_in_another_order(trained, in_order):
    for name in reversed(SPECS):
        seeds, options = SPECS[name]
        assert bits(trained(seeds, **options)) == in_order[name], name


def test_in_a_fresh_process_with_other_threads(new_run, in_order):
    contents = {name: new_run(seeds, **options).spec.content for name, (seeds, options) in SPECS.items()}
    done = subprocess.run(
        [sys.executable, "-c", FRESH, json.dumps(contents)],
        env={**os.environ, "OMP_NUM_THREADS": "2", "PYTHONHASHSEED": "7"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout) == in_order


@pytest.mark.parametrize("optimizer", [{"name": "sgd", "lr": 0.1, "momentum": 0.9}, {"name": "adamw", "lr": 0.003}])
def test_a_penalty_of_weight_0_is_the_base(trained, optimizer):
    seeds = {"init": 4, "shuffle": 4, "augment": 4, "dropout": 4}

    def with_loss(loss):
        return bits(trained(seeds, loss=loss, optimizer=optimizer))

    base = with_loss("cross_entropy")
    assert with_loss({"name": "vml", "warmup_steps": 5, "penalty_weight": 0}) == base
    assert with_loss({"name": "clf", "lambda_s": 0, "lambda_v": 0}) == base
    assert with_loss({"name": "vml", "warmup_steps": 5, "lambda_base": 1}) != base
