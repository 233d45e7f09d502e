"""Algorithmic sources only, implementation only, both, neither: on a CPU the last two controls do not vary at all."""

from __future__ import annotations

from seedwise.reporting import render
from seedwise.study import Store, Study, study_results

TEXT = """
name: square
task: {dataset: digits, train_examples: 400}
model: small_cnn
train: {epochs: 1, batch_size: 64, optimizer: {name: sgd, lr: 0.1, momentum: 0.9}}
regimes: two-by-two
replicates: 3
"""


def test_the_control_has_no_spread_and_implementation_none_on_a_cpu(tmp_path):
    study = Study.from_text(TEXT, store=tmp_path / "square.db")
    assert study.run(workers=2).counts == {"finished": 12}
    with Store(study.store_path) as store:
        runs = store.runs()
        page = render(study_results(store), command="seedwise report square.db")
    digests = {
        regime: [r.weights_sha256 for r in runs if r.link.regime == regime]
        for regime in dict.fromkeys(r.link.regime for r in runs)
    }
    assert list(digests) == ["all", "hardware", "all+hardware", "none"]
    # Runs of the same seeds have the same bits, and only these.
    assert len(set(digests["none"])) == len(set(digests["hardware"])) == 1
    assert digests["none"][0] == digests["hardware"][0]
    assert len(set(digests["all"])) == 3
    assert digests["all"] == digests["all+hardware"]
    assert digests["none"][0] not in digests["all"]
    spreads = {cell.regime: float(cell.values.std()) for cell in study.cells()}
    assert spreads["none"] == spreads["hardware"] == 0 < spreads["all"]
    assert "changes nothing on a CPU" in page
