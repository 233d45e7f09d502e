"""Where a run goes on after it was stopped."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seedwise.errors import SeedwiseError, StorageError
from seedwise.run._digest import state_sha256
from seedwise.run._files import read_checked, storage_errors, write_checked
from seedwise.run._fingerprint import changed_files
from seedwise.run._outcomes import Interrupted
from seedwise.run._packing import packed, unpacked
from seedwise.run._record import Forecasts, Predictions

if TYPE_CHECKING:
    from seedwise.randomness import Randomness
    from seedwise.run._fingerprint import RunCode


class Checkpoint:
    """The checkpoint of one run, written at the ends of epochs.

    Two generations are kept: if the newest is damaged the one before it is used, and that is said.

    Args:
        path: the file; None keeps no checkpoint (``save`` then does nothing).
        every_epochs: write at the end of every N epochs.
        every_seconds: write at the first end of an epoch after S seconds since the last one.
        should_stop: asked at every save; if true, ``save`` writes and raises ``Interrupted``.
        stop_after: stop like that after the save of so many epochs of this process.
        keep_trace: whether to note a digest of every state that is passed to ``save``.

    Attributes:
        log: the series of the run, saved and restored with its state.
        predictions, forecasts, weights: what the run has kept so far, saved and restored likewise.
        notes: what the user should know of damaged files.
        resumed_from: the first epoch after each resume.
        trace: the digest of the state after each epoch.
        on_use: called after a save, and after a load that found something.
        stopped: whether ``save`` has raised ``Interrupted``.
        code: the code of the run, set by it; a checkpoint of other code is not gone on from.
        randomness: the streams of the run, set by it; what was drawn before a stop counts.

    Example:
        >>> import tempfile, torch
        >>> path = Path(tempfile.mkdtemp()) / "run.checkpoint"
        >>> Checkpoint(path, every_epochs=1).save(4, weights=torch.ones(2))
        True
        >>> Checkpoint(path).load()
        {'epoch': 4, 'weights': tensor([1., 1.])}

    """

    def __init__(
        self,
        path: Path | None,
        *,
        every_epochs: int | None = None,
        every_seconds: float | None = None,
        should_stop: Callable[[], bool] = bool,
        stop_after: int | None = None,
        keep_trace: bool = False,
    ) -> None:
        self.path = path
        self.every_epochs = every_epochs
        self.every_seconds = every_seconds
        self.notes: list[str] = []
        self.resumed_from: list[int] = []
        self.log: list[dict[str, float]] = []
        self.predictions: list[Predictions] = []
        self.forecasts: list[Forecasts] = []
        self.weights: dict[str, bytes] = {}
        self.trace: dict[str, str] = {}
        self.on_use: Callable[[], None] = lambda: None
        self.code: RunCode | None = None
        self.randomness: Randomness | None = None
        self.stopped = False
        self._left = stop_after
        self._asked: tuple[int, bool, bool] | None = None
        self._keep_trace = keep_trace
        self._should_stop = should_stop
        self._written = time.monotonic()
        self._started = self._written

    @property
    def seconds(self) -> float:
        """How long the run has been trained, before and after the stops that it was resumed from."""
        return time.monotonic() - self._started

    @property
    def _previous(self) -> Path:
        assert self.path is not None
        return self.path.with_name(self.path.name + ".previous")

    def wants(self, epoch: int) -> bool:
        """Return whether ``save`` needs the state at the end of ``epoch``, for code that makes it at a cost.

        Where it does not, ``save`` may be left out; where it does, call it before the next epoch.

        Args:
            epoch: the epoch just finished, counted from 0.

        """
        if self.path is None:
            return self._keep_trace
        if self._asked is None or self._asked[0] != epoch:
            self._left = None if self._left is None else self._left - 1
            stop = self._should_stop() or self._left == 0
            due = (self.every_epochs is not None and (epoch + 1) % self.every_epochs == 0) or (
                self.every_seconds is not None and time.monotonic() - self._written >= self.every_seconds
            )
            self._asked = epoch, due, stop
        if self._keep_trace or any(self._asked[1:]):
            return True
        self._asked = None
        self.on_use()
        return False

    def save(self, epoch: int, **state: Any) -> bool:
        """Write the state at the end of ``epoch`` if it is due.

        Args:
            epoch: the epoch just finished, counted from 0.
            state: tensors, numpy arrays, numbers, strings, and lists and dicts of them, such as
                ``model=model.state_dict()``.

        Returns:
            Whether it was written.

        Raises:
            Interrupted: after writing, when the driver asked to stop.
            StorageError: if the disk is full.
            SeedwiseError: if the state holds something that cannot be read back safely.

        """
        if not self.wants(epoch):
            return False
        if self._keep_trace:
            self.trace[str(epoch)] = state_sha256(state)
        if self._asked is None:  # without a file
            return False
        _, due, stop = self._asked
        self._asked = None
        if due or stop:
            self._write(epoch, state)
        self.on_use()
        if stop:
            self.stopped = True
            raise Interrupted
        return due

    def _write(self, epoch: int, state: dict[str, Any]) -> None:
        assert self.path is not None
        own = {"log": self.log, "resumed_from": self.resumed_from, "seconds": self.seconds, "notes": self.notes}
        own["code"] = {} if self.code is None else self.code.files()
        if self.randomness is not None:
            own["drawn"] = sorted(self.randomness.drawn)
            own["reseeded"] = {source: sorted(found) for source, found in self.randomness.reseeded.items()}
        own["kept"] = {
            "predictions": [vars(kept) for kept in self.predictions],
            "forecasts": [vars(kept) for kept in self.forecasts],
            "weights": self.weights,
        }
        try:
            payload = packed({"epoch": epoch, "state": state, **own})
        except Exception as error:
            names = [name for name, value in state.items() if not _is_safe(value)]
            if not names:
                raise
            raise SeedwiseError(
                "a checkpoint may hold tensors, arrays, numbers, strings, and lists and dicts of them, and "
                f"{', '.join(map(repr, names))} holds something else"
            ) from error
        # Two workers may write it at the same time, where one was taken for lost and is not.
        with storage_errors(self.path), contextlib.suppress(FileNotFoundError):
            self.path.replace(self._previous)
        write_checked(self.path, payload)
        self._written = time.monotonic()

    def load(self) -> dict[str, Any] | None:
        """Return the newest readable state with its ``epoch``, or None where there is none.

        A damaged file is deleted, noted in ``notes``, and the generation before it is used.
        """
        if self.path is None:
            return None
        for path in (self.path, self._previous):
            try:
                saved: dict[str, Any] = unpacked(read_checked(path))
            except FileNotFoundError:
                continue
            except (OSError, MemoryError):  # says nothing about the file
                raise
            except Exception as error:
                reason = str(error) if isinstance(error, StorageError) else f"{path} cannot be read"
                self.notes.append(f"{reason}; going on from the one before it, or from the start")
                path.unlink(missing_ok=True)
                continue
            changed = [] if self.code is None else changed_files(saved["code"], self.code.present(saved["code"]))
            if changed:
                self.notes.append(
                    f"the code has changed since the checkpoint ({', '.join(changed[:3])}): from the start"
                )
                self.remove()
                return None
            self.log[:] = saved["log"]
            kept = saved["kept"]
            self.predictions[:] = [Predictions(**_as_arrays(one)) for one in kept["predictions"]]
            self.forecasts[:] = [Forecasts(**_as_arrays(one)) for one in kept.get("forecasts", ())]
            self.weights = {
                tag: blob if isinstance(blob, bytes) else blob.numpy().tobytes()
                for tag, blob in kept["weights"].items()
            }
            self.notes[:] = dict.fromkeys([*saved["notes"], *self.notes])
            if self.randomness is not None:
                for source in saved.get("drawn", ()):
                    self.randomness.note_drawn(source)
                for source, found in saved.get("reseeded", {}).items():
                    self.randomness.note_reseeded(source, found)
            self._started = time.monotonic() - saved["seconds"]
            self.resumed_from = [*saved["resumed_from"], saved["epoch"] + 1]
            self.on_use()
            return {"epoch": saved["epoch"], **saved["state"]}
        return None

    def remove(self) -> None:
        """Delete both generations."""
        if self.path is not None:
            self.path.unlink(missing_ok=True)
            self._previous.unlink(missing_ok=True)


def _as_arrays(saved: dict[str, Any]) -> dict[str, Any]:
    """Return what is kept of one split; checkpoints of earlier versions have tensors for arrays."""
    return {name: value.numpy() if hasattr(value, "numpy") else value for name, value in saved.items()}


def _is_safe(value: Any) -> bool:
    try:
        packed(value)
    except Exception:
        return False
    return True
