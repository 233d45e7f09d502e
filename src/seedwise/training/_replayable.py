"""Whether a step of a training does the same each time, as far as the host sees, so that a graph can replay it."""

from __future__ import annotations

from seedwise.errors import SeedwiseError
from seedwise.training._config import TrainerConfig
from seedwise.training._parts import OwnLoss, OwnOptimizer


def check_graphs(config: TrainerConfig) -> None:
    """Raise SeedwiseError if a step of such a training does not do the same each time, as far as the host sees."""
    leave_out = "leave out train: {graphs: true}"
    for group in config.groups:
        if isinstance(group, OwnLoss | OwnOptimizer):
            raise SeedwiseError(
                f"'{group.name}' may count its steps in Python, which a replay does not run: {leave_out}"
            )
        why = getattr(group.options, "on_host", None)
        if why is not None:
            raise SeedwiseError(f"{why}, which a replay does not do: {leave_out}")
