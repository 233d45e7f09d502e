"""SAF against a plain book of past logits, kept in numpy."""

import io
import math

import numpy as np
import pytest
import torch
from scipy.special import log_softmax, logsumexp, softmax

from seedwise.losses import CompSumLoss, TrajectoryLoss, past_distance

EXAMPLES, CLASSES, T = 6, 3, 2.0


def new(base=None, **options):
    options = {"weight": 0.7, "temperature": T, "start_epoch": 2, "epochs_back": 2, **options}
    return TrajectoryLoss(base, examples=EXAMPLES, classes=CLASSES, **options)


def epoch_of(epoch):
    """Two batches: every example once, in an order of the epoch; example 5 is not seen in epoch 1."""
    random = np.random.default_rng(epoch)
    order = random.permutation(EXAMPLES)
    logits = random.normal(scale=3, size=(EXAMPLES, CLASSES))
    batches = [order[:4], order[4:]]
    return [ids[(ids != 5) | (epoch != 1)] for ids in batches], logits


def expected(epochs):
    book, values = {}, []
    for epoch in range(epochs):
        batches, logits = epoch_of(epoch)
        for ids in batches:
            if not len(ids):
                continue
            total = np.mean([logsumexp(logits[i]) - logits[i, i % CLASSES] for i in ids])
            for i in ids:
                past = book.get((epoch - 2, i))
                if past is not None and epoch >= 2:
                    q = softmax(past / T)
                    kl = (q * (np.log(q) - log_softmax(logits[i] / T))).sum()
                    total += 0.7 * T**2 * kl / len(ids)
            book |= {(epoch, i): logits[i] for i in ids}
            values.append(total)
    return values


def run(loss, first, last):
    values = []
    for epoch in range(first, last):
        batches, logits = epoch_of(epoch)
        for ids in batches:
            if len(ids):
                leaf = torch.tensor(logits[ids], requires_grad=True)
                values.append(loss(leaf, torch.tensor(ids % CLASSES), torch.tensor(ids)))
                values[-1].backward()
                assert leaf.grad.isfinite().all()
        loss.on_epoch_end()
    return [value.item() for value in values]


def test_it_is_the_distance_from_the_same_example_two_epochs_ago():
    np.testing.assert_allclose(run(new(), 0, 7), expected(7), rtol=1e-6)  # the ring is float32


def test_a_restored_state_continues_exactly():
    whole = run(new(), 0, 6)
    loss = new()
    before = run(loss, 0, 3)
    file = io.BytesIO()
    torch.save(loss.state_dict(), file)
    file.seek(0)
    restored = new()
    restored.load_state_dict(torch.load(file, weights_only=True))
    assert before + run(restored, 3, 6) == whole


def test_gradient_of_the_distance():
    z, past = torch.randn(2, 4, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64).unbind()
    assert torch.autograd.gradcheck(lambda z: past_distance(z, past, 5.0), z.requires_grad_())
    assert past_distance(z, z, 5.0).detach().numpy() == pytest.approx(0, abs=1e-14)
    far = past_distance(torch.tensor([[6.0e4, -6.0e4]]), torch.tensor([[-6.0e4, 6.0e4]]), 5.0)
    assert far.item() == pytest.approx(25 * 1.2e5 / 5, rel=1e-6)


def test_outside_training_it_is_the_base_loss_and_nothing_moves():
    loss = new(CompSumLoss(tau=2.0))
    logits, target = torch.zeros(2, CLASSES, requires_grad=True), torch.tensor([0, 1])
    assert loss.eval()(logits, target).item() == pytest.approx(2 / 3)
    with torch.no_grad():
        assert loss.train()(logits, target).item() == pytest.approx(2 / 3)
    assert loss.ring.isnan().all()


def test_what_a_loop_does_not_give_is_named_in_one_line():
    loss, logits, target = new(), torch.zeros(2, CLASSES, requires_grad=True), torch.tensor([0, 1])
    with pytest.raises(ValueError, match=r"call it as loss\(output, target, ids\), with ids .* from 0 to 5"):
        loss(logits, target)
    with pytest.raises(ValueError, match=r"needs outputs \(N, 3\) and ids \(N,\), got \(2, 3\) and \(1,\)"):
        loss(logits, target, torch.tensor([0]))
    with pytest.raises(ValueError, match=r"epochs_back must be at least 1"):
        new(epochs_back=0)
    with pytest.raises(ValueError, match="temperature must be a finite number above 0"):
        new(temperature=math.nan)
    with pytest.raises(TypeError, match="base must be a function"):
        new("cross_entropy")


@pytest.mark.filterwarnings("ignore:.torch.jit.script_method. is deprecated:DeprecationWarning")  # torch's own import
def test_compiles_without_a_graph_break():
    torch.compiler.reset()
    loss, compiled = new(start_epoch=0), torch.compile(new(start_epoch=0), fullgraph=True, backend="aot_eager")
    for _ in range(4):
        leaf = torch.randn(2, CLASSES, requires_grad=True)
        args = leaf, torch.tensor([0, 1]), torch.tensor([3, 5])
        torch.testing.assert_close(compiled(*args), loss(*args))
        loss.on_epoch_end()
        compiled._orig_mod.on_epoch_end()
