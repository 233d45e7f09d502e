"""One rank of test_distributed.py: `python two_ranks.py RANK FOLDER` trains on its half of every batch."""

import math
import sys
from pathlib import Path

import torch
import torch.distributed as dist
from torch.nn.parallel import DistributedDataParallel

from seedwise.losses import CLFLoss, PlaceboLoss, VarianceMinimizerLoss

STEPS, BATCH = 14, 8  # ends within an epoch of 4 steps
LOSSES = {
    "vml": lambda **o: VarianceMinimizerLoss(warmup_steps=2, lambda_base=0.8, **o),
    "clf": lambda **o: CLFLoss(lambda_s=0.4, lambda_v=0.0, **o),
    "placebo": lambda **o: PlaceboLoss(VarianceMinimizerLoss(warmup_steps=2, lambda_base=0.8, **o), seed=5),
    "clf-variance": lambda **o: CLFLoss(lambda_s=0.4, lambda_v=0.2, **o),
}


def data(step):
    draw = torch.Generator().manual_seed(step)
    return 2 * torch.randn(BATCH, 5, generator=draw), torch.randint(0, 3, (BATCH,), generator=draw)


def ignoring(target):
    """The targets of a batch, of whose first half only the first counts."""
    return torch.cat([target[:1], torch.full((BATCH // 2 - 1,), -100), target[BATCH // 2 :]])


def train(loss, rows, wrap=lambda model: model, spoilt=None, change=lambda target: target):
    """Gradients, factors and totals of every step; with `spoilt`, the inputs of that step are NaN."""
    torch.manual_seed(0)
    model = wrap(torch.nn.Linear(5, 3))
    gradients, factors, totals = [], [], []
    for step in range(STEPS):
        inputs, target = data(step)
        target = change(target)
        inputs = inputs * math.nan if step == spoilt else inputs
        model.zero_grad()
        total = loss(model(inputs[rows]), target[rows])
        total.backward()
        gradients.append(torch.cat([p.grad.flatten() for p in model.parameters()]))
        factors.append(loss.last_factor.clone())
        totals.append(total.detach())
        with torch.no_grad():
            for parameter in model.parameters():
                parameter.sub_(parameter.grad.nan_to_num(0.0), alpha=0.3)
        if step % 4 == 3:
            loss.on_epoch_end()
    return {
        "gradients": torch.stack(gradients),
        "factors": torch.stack(factors),
        "totals": torch.stack(totals),
        "state": loss.state_dict(),
    }


def main(rank, folder):
    dist.init_process_group("gloo", init_method=f"file://{folder}/store", rank=rank, world_size=2)
    rows = slice(rank * BATCH // 2, (rank + 1) * BATCH // 2)
    found = {name: train(make(), rows, DistributedDataParallel) for name, make in LOSSES.items()}
    found["one rank spoilt"] = train(LOSSES["vml"](), rows, spoilt=6 if rank == 0 else None)
    found["clf-ignoring"] = train(LOSSES["clf"](), rows, DistributedDataParallel, change=ignoring)
    alone, _ = dist.new_subgroups(1)
    found["alone"] = train(LOSSES["vml"](process_group=alone), rows)
    if rank == 0:  # would wait for the other rank for ever if it communicated
        LOSSES["vml"]().eval()(*data(0))
        with torch.no_grad():
            LOSSES["clf"]()(torch.zeros(2, 3), torch.tensor([0, 1]))
    torch.save(found, Path(folder) / f"{rank}.pt")
    dist.destroy_process_group()


if __name__ == "__main__":
    torch.set_num_threads(1)
    main(int(sys.argv[1]), sys.argv[2])
