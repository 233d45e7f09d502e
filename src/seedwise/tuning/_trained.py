"""What a search trains."""

from __future__ import annotations

from dataclasses import dataclass, field

from seedwise.errors import ChangedCodeError
from seedwise.study import Progress, Study, Workers


class Interrupted(Exception):  # noqa: N818
    """The user stopped it; what is finished is kept."""


@dataclass
class Trainer:
    """Trains the studies of one search.

    Args:
        pool: the worker processes.
        workers, device, runs_per_device, accept_changed_code, progress: see ``Study.run``.

    """

    pool: Workers
    workers: int | None = None
    device: str = "cpu"
    runs_per_device: int = 1
    accept_changed_code: bool = False
    progress: Progress | None = None
    _warned: set[str] = field(default_factory=set)

    def train(self, study: Study, *, retry_failed: bool = False) -> int:
        """Train what is missing of a study and return how many of its runs failed.

        Raises:
            Interrupted: if the user stopped it.
            ChangedCodeError: if the code has changed, and nobody accepted that.

        """
        study.warned = self._warned  # many trials have the same likely mistake, which is said once
        try:
            outcome = study.run(
                workers=self.workers,
                device=self.device,
                runs_per_device=self.runs_per_device,
                accept_changed_code=self.accept_changed_code,
                retry_failed=retry_failed,
                progress=self.progress,
                pool=self.pool,
            )
        except ChangedCodeError as error:
            raise error.with_remedy(
                "--accept-changed-code keeps them as they are; to train all of it again, begin with another name: in "
                "the study file"
            ) from None
        if outcome.interrupted:
            raise Interrupted
        return outcome.failed
