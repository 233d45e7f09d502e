"""What a run trains before its own network: others like it, one after another, resumed where it stopped."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from seedwise.run import Checkpoint, Diverged, Keep, Run

if TYPE_CHECKING:
    from seedwise.training._loop import Trainer

PRIOR: Final = "prior"
"""The key of a checkpoint that was written before the run's own network was trained."""


@dataclass
class Prior:
    """Networks of which something is made before the run's own is trained.

    Each is trained as the run's own, with streams of its own that come from the run's seeds, on the same examples.

    Attributes:
        name: of its streams.
        networks: how many.
        options: what differs in how they are trained, by the name of an option of ``train:``.
        take: makes a new value of the last one, None at first, and a trained network.
        value: what was made of all, once they are trained: a tensor, or a dict of them.

    """

    name: str
    networks: int
    options: Mapping[str, Any]
    take: Callable[[Any, Trainer], Any]
    value: Any = None

    def state_dict(self) -> dict[str, Any]:
        """Return the value."""
        return {"value": self.value}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take over the value."""
        self.value = state["value"]


class _Nested(Checkpoint):
    """The checkpoint of a network before the run's own, which is written into that of the run.

    The epochs before those of the run have negative numbers there.
    """

    def __init__(self, owner: Checkpoint, ahead: int, around: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
        super().__init__(None)
        self._owner = owner
        self._ahead = ahead
        self._around = around
        self.saved: dict[str, Any] | None = None

    def wants(self, epoch: int) -> bool:
        return self._owner.wants(epoch - self._ahead)

    def save(self, epoch: int, **state: Any) -> bool:
        return self._owner.save(epoch - self._ahead, **{PRIOR: self._around({"epoch": epoch, **state})})

    def load(self) -> dict[str, Any] | None:
        return self.saved


def train_priors(trainer: Trainer, priors: Sequence[Prior], saved: Mapping[str, Any] | None) -> None:
    """Train what comes before a run's own network, from the start or from where a checkpoint left it.

    Args:
        trainer: of the run.
        priors: what to train, in this order.
        saved: what the checkpoint holds of it.

    Raises:
        Diverged: if one of the networks does, which says which.

    """
    made = {} if saved is None else dict(saved["made"])
    ahead = sum(prior.networks * prior.options.get("epochs", trainer.options.epochs) for prior in priors)
    for prior in priors:
        first = 0
        if prior.name in made:
            first, prior.value = made[prior.name]["networks"], made[prior.name]["value"]
        for k in range(prior.networks):
            options = trainer.options.model_copy(update=dict(prior.options))
            if k >= first:

                def around(state: dict[str, Any]) -> dict[str, Any]:
                    return {"made": made, "training": state}

                checkpoint = _Nested(trainer.run.checkpoint, ahead, around)
                if saved is not None:
                    checkpoint.saved, saved = saved["training"], None
                network = _trainer(trainer, options, checkpoint, prior.name, k)
                try:
                    network.train()
                except Diverged as error:
                    raise Diverged(f"{prior.name} {k}, before the run's own network: {error}") from None
                prior.value = prior.take(prior.value, network)
                made[prior.name] = {"networks": k + 1, "value": prior.value}
            ahead -= options.epochs


def _trainer(trainer: Trainer, options: Any, checkpoint: Checkpoint, name: str, k: int) -> Trainer:
    run = trainer.run
    config = run.config.model_copy(update={"train": options})
    inner = Run(
        run.spec,
        config,
        device=run.device,
        checkpoint=checkpoint,
        keep=Keep(predictions="labels"),
        evaluate_epochs=False,
        code=run.code,
    )
    inner.randomness = run.randomness.within(name, k)
    return type(trainer)(inner, trainer.task)
