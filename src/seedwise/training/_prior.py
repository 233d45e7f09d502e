"""What a run trains before its own network: others like it, one after another, resumed where it stopped."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol

from seedwise.randomness import Randomness
from seedwise.run import Checkpoint, Diverged, Keep, Run, RunSpec

if TYPE_CHECKING:
    from pathlib import Path

    from seedwise.training._config import TrainerConfig
    from seedwise.training._task import Task

PRIOR: Final = "prior"
"""The key of a checkpoint that was written before the run's own network was trained."""


def conditional_on(artifact: int) -> str:
    """Return what every study with an artifact says."""
    return (
        f"its runs share artifact {artifact}: their spread is conditional on it; methods with other artifacts show how "
        "far these lie apart"
    )


class Training(Protocol):
    """What is asked of the trainer of a run, and of those of the networks before it."""

    run: Run[TrainerConfig]
    task: Task
    options: Any

    def __init__(self, run: Run[TrainerConfig], task: Task) -> None: ...

    def train(self, until: int | None = None) -> None:
        """Train for so many epochs, from the start or the last checkpoint."""


@dataclass
class Prior:
    """Networks of which something is made before the run's own is trained.

    Each is trained as the run's own, on the same examples. Its streams come from the run's seeds and are none of the
    run's own, or, of an artifact, from its number alone: then all runs share what is made.

    Attributes:
        name: of its streams.
        networks: how many.
        epochs: how long each is trained.
        options: what differs in how they are trained, by the name of an option of ``train:``.
        take: makes a new value of the last one, None at first, and the trainer of a network.
        stand_in: makes a value of the same shape, for steps that are only timed.
        artifact: its number, or None.
        value: what was made of all, once they are trained: a tensor, or a dict of them.

    """

    name: str
    networks: int
    epochs: int
    options: Mapping[str, Any]
    take: Callable[[Any, Any], Any]
    stand_in: Callable[[], Any] = lambda: None
    artifact: int | None = None
    value: Any = None

    def state_dict(self) -> dict[str, Any]:
        """Return the value."""
        return {"value": self.value}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take over the value."""
        self.value = state["value"]


class _Nested(Checkpoint):
    """The checkpoint of a network before the run's own, which is written into that of the run.

    The epochs before those of the run have negative numbers there. An artifact has a file of its own next to it, by
    the name of its content: another run finds it, whole or begun, and none waits for another.
    """

    def __init__(self, owner: Checkpoint, ahead: int, artifact: Path | None) -> None:
        super().__init__(artifact, every_epochs=1)
        self._owner = owner
        self._ahead = ahead
        self.made: dict[str, Any] = {}
        self.begun: dict[str, Any] | None = None

    def wants(self, epoch: int) -> bool:
        # Both are asked: each notes what it is about to do.
        asked = [self._owner.wants(epoch - self._ahead), self.path is not None and super().wants(epoch)]
        return any(asked)

    def save(self, epoch: int, **state: Any) -> bool:
        if self.path is not None:
            super().save(epoch, **state)
        begun = {"epoch": epoch, **state} if self.path is None else None
        return self._owner.save(epoch - self._ahead, **{PRIOR: {"made": self.made, "begun": begun}})

    def load(self) -> dict[str, Any] | None:
        return self.begun if self.path is None else super().load()


def train_priors(trainer: Training, priors: Sequence[Prior], saved: Mapping[str, Any] | None) -> None:
    """Train what comes before a run's own network, from the start or from where a checkpoint left it.

    Args:
        trainer: of the run.
        priors: what to train, in this order.
        saved: what the checkpoint holds of it.

    Raises:
        Diverged: if one of the networks does, which says which.

    """
    made = {} if saved is None else dict(saved["made"])
    begun = None if saved is None else saved["begun"]
    ahead = sum(prior.networks * prior.epochs for prior in priors)
    for prior in priors:
        first = 0
        if prior.name in made:
            first, prior.value = made[prior.name]["networks"], made[prior.name]["value"]
        for k in range(prior.networks):
            if k >= first:
                network = _network(trainer, prior, k, ahead)
                network.checkpoint.made, network.checkpoint.begun, begun = made, begun, None
                try:
                    network.trainer.train(prior.epochs)
                except Diverged as error:
                    raise Diverged(f"{prior.name} {k}, before the run's own network: {error}") from None
                prior.value = prior.take(prior.value, network.trainer)
                made = {**made, prior.name: {"networks": k + 1, "value": prior.value}}
            ahead -= prior.epochs


@dataclass(frozen=True)
class _Network:
    trainer: Training
    checkpoint: _Nested


def _network(trainer: Training, prior: Prior, k: int, ahead: int) -> _Network:
    run = trainer.run
    config = run.config.model_copy(update={"train": trainer.options.model_copy(update=dict(prior.options))})
    randomness = run.randomness.within(prior.name, k)
    artifact = None
    if prior.artifact is not None:
        # Which examples there are is the run's affair.
        seeds = {"split": run.randomness.seeds["split"]}
        randomness = Randomness(seeds).within("artifact", prior.artifact, prior.name, k)
        if run.checkpoint.path is not None:
            place = {"artifact": prior.artifact, "name": prior.name, "network": k, "epochs": prior.epochs}
            content = {"config": config.model_dump(mode="json"), **place}
            named = RunSpec("seedwise.training:artifact", content, seeds, run.numerics)
            artifact = run.checkpoint.path.with_name(f"artifact-{named.id}")
    checkpoint = _Nested(run.checkpoint, ahead, artifact)
    inner = Run(
        run.spec,
        config,
        device=run.device,
        checkpoint=checkpoint,
        keep=Keep(predictions="labels"),
        evaluate_epochs=False,
        code=run.code,
    )
    inner.randomness = checkpoint.randomness = randomness
    return _Network(type(trainer)(inner, trainer.task), checkpoint)
