"""From a study file to weights: a method that does nothing gives the base's bits, on however many workers."""

from __future__ import annotations

import pytest

from seedwise.study import Store, Study

TEXT = """
name: honest
task: {dataset: digits, train_examples: 400}
model: small_cnn
train: {epochs: 2, batch_size: 64, optimizer: {name: sgd, lr: 0.1, momentum: 0.9}}
methods:
  base: {}
  nothing: {loss: {name: vml, penalty_weight: 0, warmup_steps: 5}}
  vml: {loss: {name: vml, warmup_steps: 5}}
replicates: 4
"""


@pytest.fixture(scope="module")
def digests(tmp_path_factory):
    """The digests by method and replicate, trained by one worker and by two."""
    found = {}
    for workers in (1, 2):
        folder = tmp_path_factory.mktemp("honest")
        study = Study.from_text(TEXT, store=folder / "honest.db")
        assert study.run(workers=workers).counts == {"finished": 12}
        with Store(study.store_path) as store:
            found[workers] = {(run.link.method, run.link.replicate): run.weights_sha256 for run in store.runs()}
    return found


def test_vml_without_its_penalty_is_the_base_bit_by_bit(digests):
    base = [digests[1]["base", r] for r in range(4)]
    assert [digests[1]["nothing", r] for r in range(4)] == base
    # So that equal digests mean something: other seeds and the penalty itself do change the bits.
    vml = [digests[1]["vml", r] for r in range(4)]
    assert len({*base, *vml}) == 8
    assert all(len(digest) == 64 for digest in base)


def test_the_number_of_workers_does_not_change_a_bit(digests):
    assert len(digests[1]) == 12
    assert digests[2] == digests[1]
