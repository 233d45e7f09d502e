"""The object that a training function receives."""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Generic, Literal, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from seedwise.errors import SeedwiseError
from seedwise.randomness import Randomness
from seedwise.run._checkpoint import Checkpoint
from seedwise.run._checks import cleaned_name, is_file_name, problem_of_ids
from seedwise.run._digest import weights_sha256
from seedwise.run._fingerprint import RunCode
from seedwise.run._operations import Entry
from seedwise.run._record import Forecasts, Observed, Predictions
from seedwise.run._spec import Numerics, RunSpec

if TYPE_CHECKING:
    import torch

    from seedwise.run._examples import Draws
    from seedwise.run._loader import Loader, LoaderArguments

Config = TypeVar("Config")

FINAL: Final = "final"
"""The tag of the predictions and weights that the reported metric belongs to."""

SAMPLE: Final = 64
"""Windows of which the forecasts are kept."""


@dataclass(frozen=True)
class Keep:
    """What is kept of a finished run; not part of its name."""

    predictions: Literal["labels", "logits16", "full"] = "logits16"
    weights: Literal["none", "final", "snapshots"] = "none"
    last_epochs: int = 0


class Run(Generic[Config]):
    """One training: what it is told, and where it leaves its results.

    Anything that trains is a function ``train(run)``; annotate it ``train(run: Run[MyConfig])`` with a pydantic model
    to have the configuration checked when a study is planned and to receive it as an object.

    Args:
        spec: names the run.
        config: what the function is configured with: a dict, or the function's own model.
        device: ``cpu``, ``cuda:0``, ...
        checkpoint: where it goes on after a stop; by default it keeps none.
        keep: what is kept of predictions and weights.
        evaluate_epochs: whether to evaluate on the test set after every epoch or after the last alone.
        on_epoch: called with the epoch's number after each ``log``.
        code: its code; default: that of its functions and of what is imported while it is trained.

    Attributes:
        id: sixteen hexadecimal digits.
        config: see above.
        seeds: one integer per source; see also ``seed_for``.
        randomness: the run's random streams.
        device: see above.
        numerics: precision, compile, deterministic, threads.
        checkpoint: ``save(epoch, **state)`` and ``load()``.

    Raises:
        SeedwiseError: if a seed of the spec has another meaning today than when the run was named.

    Example:
        >>> run = Run(RunSpec("my.train:train", {"lr": 0.1}, {"init": 3}), {"lr": 0.1})
        >>> run.log(0, loss=0.5)
        >>> run.finish(accuracy=0.9)
        >>> run.metrics
        {'test/accuracy': 0.9}

    """

    def __init__(
        self,
        spec: RunSpec,
        config: Config,
        *,
        device: str = "cpu",
        checkpoint: Checkpoint | None = None,
        keep: Keep | None = None,
        evaluate_epochs: bool = True,
        on_epoch: Callable[[int], None] = lambda _epoch: None,
        code: RunCode | None = None,
    ) -> None:
        spec.check_trainable()
        self.spec = spec
        self.id = spec.id
        self.config = config
        self.randomness = Randomness(spec.seeds)
        self.seeds: dict[str, int] = _Seeds({**self.randomness.seeds, **spec.seeds}, self.randomness)
        self.device = device
        self.numerics: Numerics = spec.numerics
        self.code = code or RunCode(spec)
        self.checkpoint = checkpoint or Checkpoint(None)
        self.checkpoint.code = self.code
        self.checkpoint.randomness = self.randomness
        self.observed = Observed()
        self.operations: list[Entry] = []  # where an exam asks for them
        self.must_be_last = False  # whether it left its process so that no other may be trained in it
        self.ending = ExitStack()  # what is open of its training, closed however that ends
        self.evaluate_epochs = evaluate_epochs
        self.keep = keep or Keep()
        self.notes: list[str] = self.checkpoint.notes
        self.metrics: dict[str, float | None] | None = None
        self.weights_sha256: str | None = None
        self._on_epoch = on_epoch
        self.draws: dict[str, Draws] = {}  # of examples, by the name of their loader

    def on_epoch_too(self, also: Callable[[int], None]) -> None:
        """Call ``also`` with the epoch's number after each ``log``, besides what is called already."""
        before = self._on_epoch

        def both(epoch: int) -> None:
            before(epoch)
            also(epoch)

        self._on_epoch = both

    @property
    def series(self) -> list[dict[str, float]]:
        """What was logged, one dict per epoch; kept with the checkpoint, so that a resumed run has all of it."""
        return self.checkpoint.log

    @property
    def predictions(self) -> list[Predictions]:
        """What ``save_predictions`` kept; with the checkpoint, as the series."""
        return self.checkpoint.predictions

    @property
    def forecasts(self) -> list[Forecasts]:
        """What ``save_forecasts`` kept; with the checkpoint, as the series."""
        return self.checkpoint.forecasts

    @property
    def weights(self) -> dict[str, bytes]:
        """The states that ``save_weights`` kept, by tag; with the checkpoint, as the series."""
        return self.checkpoint.weights

    def seed_for(self, source: str, *key: str | int) -> int:
        """Return one integer in [0, 2**32), for libraries that take no larger seed.

        Unlike ``run.seeds[source]``, which is the small number in the run's name, it differs between sources and keys;
        ``run.randomness.integer`` returns one in [0, 2**63).

        Args:
            source: ``init``, ``shuffle``, ...
            key: a purpose, an epoch, ...

        Example:
            >>> run = Run(RunSpec("my.train:train", {}, {"init": 3}), {})
            >>> seed = run.seed_for("init")  # lightning.seed_everything(seed), transformers.set_seed(seed)
            >>> 0 <= seed < 2**32
            True

        """
        return self.randomness.seed_for(source, *key)

    def loader(
        self,
        dataset: Any,
        batch_size: int | None = 1,
        *,
        shuffle: bool = True,
        name: str = "train",
        rank: int | None = None,
        world_size: int | None = None,
        **options: Any,
    ) -> Loader:
        """Return a ``DataLoader`` whose order and augmentation each come from a source of their own.

        The order of an epoch is a function of the shuffle seed and the epoch. What ``random``, ``numpy.random`` and
        ``torch`` draw while example k is fetched is a function of the augment seed, the epoch and k, whatever the
        order, the batch size and the number of workers; what ``collate_fn`` draws is one of the augment seed, the epoch
        and the batch's place in it.

        Args:
            dataset: with ``len`` and numbered examples.
            batch_size: examples in a batch.
            shuffle: False for the same order 0, 1, 2, ... in every epoch.
            name: tells several loaders of a run apart: they have streams of their own.
            rank: of this process; default: that of ``torch.distributed``. Ranks divide one order among them.
            world_size: number of processes.
            options: those of ``torch.utils.data.DataLoader``. What a ``sampler`` or ``batch_sampler`` draws from the
                global generators comes from the shuffle stream.

        Returns:
            A ``DataLoader``. Ask it for the batches of an epoch, ``for batch in loader.epoch(epoch)``, or call
            ``loader.set_epoch(epoch)`` before each epoch.

        Raises:
            SeedwiseError: for an ``IterableDataset``, a ``DistributedSampler``, or options that do not fit.

        Example:
            >>> run = Run(RunSpec("my.train:train", {}, {"shuffle": 3}), {})
            >>> loader = run.loader(["a", "b", "c", "d"], batch_size=2)
            >>> list(loader.epoch(0)) == list(loader.epoch(0)), list(loader.epoch(0)) == list(loader.epoch(1))
            (True, False)

        """
        from seedwise.run._loader import loader

        return loader(
            self,
            dataset,
            batch_size,
            shuffle=shuffle,
            name=name,
            rank=rank,
            world_size=world_size,
            options=options,
        )

    def loader_arguments(self, dataset: Any, **options: Any) -> LoaderArguments:
        """Return what makes a ``DataLoader`` of one's own do what that of ``loader`` does.

        Args:
            dataset: as of ``loader``.
            options: ``collate_fn``, ``sampler``, ``shuffle``, ``name``, ``rank``, ``world_size`` and ``drop_last``, as
                of ``loader``; ``collate_fn=None`` leaves it to the ``DataLoader``, whose draws then have no seed.

        Returns:
            ``dataset``, ``sampler``, ``collate_fn`` and ``generator``. Call ``sampler.set_epoch(epoch)`` before each
            epoch.

        Example:
            >>> from torch.utils.data import DataLoader
            >>> run = Run(RunSpec("my.train:train", {}, {"shuffle": 3}), {})
            >>> loader = DataLoader(**run.loader_arguments(["a", "b", "c", "d"]), batch_size=2)
            >>> loader.sampler.set_epoch(0)
            >>> list(loader) == list(run.loader(["a", "b", "c", "d"], batch_size=2).epoch(0))
            True

        """
        from seedwise.run._loader import loader_arguments

        return loader_arguments(self, dataset, **options)

    def log(self, epoch: int, **scalars: Any) -> None:
        """Record numbers of one epoch (counted from 0); a second call for the same epoch adds to it.

        Args:
            epoch: the epoch.
            scalars: floats or tensors of one element.

        Raises:
            SeedwiseError: if something else than this method left a row without an epoch.

        """
        epoch = int(epoch)
        values = {name: _number(value) for name, value in scalars.items()}
        if self.series and "epoch" not in self.series[-1]:
            raise SeedwiseError(
                f"run.checkpoint.log has a row without an epoch, {self.series[-1]}: use run.log(epoch, loss=...)"
            )
        if self.series and self.series[-1]["epoch"] == epoch:
            self.series[-1].update(values)
        else:
            self.series.append({"epoch": epoch, **values})
        self._on_epoch(epoch)

    def save_predictions(
        self,
        array: ArrayLike | torch.Tensor,
        labels: ArrayLike | torch.Tensor,
        split: str = "test",
        *,
        tag: str = FINAL,
        epoch: int | None = None,
        ids: ArrayLike | torch.Tensor | None = None,
        predicted: ArrayLike | torch.Tensor | None = None,
    ) -> None:
        """Keep predictions, as much of them as the study's ``keep:`` says; a later call for the same key replaces them.

        Args:
            array: (N, C) logits, or (N,) predicted classes.
            labels: (N,) true classes.
            split: which examples these are.
            tag: tells several predictions of one split apart; the key is (split, tag, epoch).
            epoch: the epoch after which they were made; default: the last one logged.
            ids: (N,) integers that name the examples, each once; default 0..N-1.
            predicted: (N,) the predicted classes, where they are not those of the largest logits.

        Raises:
            SeedwiseError: if the shapes do not agree, or an id is no integer or there twice.

        """
        values, truth = _to_numpy(array), _to_numpy(labels)
        names = np.arange(truth.size) if ids is None else _to_numpy(ids)
        if values.ndim not in (1, 2) or not values.shape[:1] == truth.shape == names.shape:
            raise SeedwiseError(
                f"save_predictions got predictions of shape {values.shape}, labels {truth.shape}, ids {names.shape}: "
                "pass logits (N, C) or classes (N,), labels (N,) and ids (N,)"
            )
        _check_ids("save_predictions", names)
        tag = cleaned_name(tag)
        if predicted is None:
            predicted = values if values.ndim == 1 else values.argmax(1)
        logits = None
        if values.ndim == 2 and self.keep.predictions != "labels":
            logits = _to_half(values) if self.keep.predictions == "logits16" else values.astype(np.float32)
        at = self._epoch(epoch)
        self.predictions[:] = [p for p in self.predictions if (p.split, p.tag, p.epoch) != (split, tag, at)]
        self.predictions.append(
            Predictions(split, tag, at, names.astype(np.int64), _small(truth), _small(_to_numpy(predicted)), logits)
        )

    def save_forecasts(
        self,
        array: ArrayLike | torch.Tensor,
        truth: ArrayLike | torch.Tensor,
        split: str = "test",
        *,
        history: ArrayLike | torch.Tensor | None = None,
        variables: Sequence[str] | None = None,
        tag: str = FINAL,
        epoch: int | None = None,
        ids: ArrayLike | torch.Tensor | None = None,
    ) -> None:
        """Keep the errors of forecasts, and the forecasts of ``SAMPLE`` windows; a later call replaces them.

        The sample is evenly spaced, so that it is the same in every run. The study's ``keep: {predictions: ...}`` says
        how it is kept: ``logits16`` in half precision, ``full`` in single precision, ``labels`` not at all.

        Args:
            array: (N, H, C) forecasts of N windows, H steps and C variables.
            truth: (N, H, C) what was to be forecast.
            split: which windows these are.
            history: (N, L, C) what came before, for figures.
            variables: names of the C variables; default: their numbers.
            tag: as of ``save_predictions``.
            epoch: as of ``save_predictions``.
            ids: (N,) integers that name the windows, each once; default 0..N-1.

        Raises:
            SeedwiseError: if the shapes do not agree, or an id is no integer or there twice.

        Example:
            >>> run = Run(RunSpec("my.train:train", {}, {}), {})
            >>> run.save_forecasts(np.ones((100, 4, 2)), np.zeros((100, 4, 2)))
            >>> run.forecasts[0].by_step.shape, run.forecasts[0].sample.shape
            ((2, 4), (64, 4, 2))

        """
        values, wanted = _to_numpy(array), _to_numpy(truth)
        names = np.arange(len(wanted)) if ids is None else _to_numpy(ids)
        before = None if history is None else _to_numpy(history)
        if values.ndim != 3 or values.shape != wanted.shape or names.shape != values.shape[:1] or not values.size:
            raise SeedwiseError(
                f"save_forecasts got forecasts of shape {values.shape}, truth {wanted.shape}, ids {names.shape}: "
                "pass forecasts and truth (N, H, C) and ids (N,)"
            )
        if before is not None and (before.ndim != 3 or before.shape[::2] != values.shape[::2]):
            raise SeedwiseError(f"save_forecasts got history of shape {before.shape}: pass (N, L, C), N and C as ever")
        _check_ids("save_forecasts", names)
        sampled = np.unique(np.linspace(0, len(values) - 1, min(SAMPLE, len(values))).round().astype(np.int64))
        half = self.keep.predictions == "logits16"
        sample = _to_half(values[sampled]) if half else values[sampled].astype(np.float32)
        self._keep_forecasts(
            (split, tag, epoch),
            values,
            wanted,
            names=names,
            sampled=(sampled, sample),
            before=before,
            variables=variables,
        )

    def save_values(
        self,
        array: ArrayLike | torch.Tensor,
        truth: ArrayLike | torch.Tensor,
        split: str = "test",
        *,
        variables: Sequence[str] | None = None,
        tag: str = FINAL,
        epoch: int | None = None,
        ids: ArrayLike | torch.Tensor | None = None,
    ) -> None:
        """Keep the values that a regression predicts, and their errors; a later call for the same key replaces them.

        They are kept as forecasts of one step, of all examples and in single precision: values in their own units may
        be larger than half precision has, or far from 0. ``keep: {predictions: labels}`` keeps the errors alone.

        Args:
            array: (N, C) predictions of C variables for N examples, or (N,).
            truth: of the same shape.
            split: which examples these are.
            variables: names of the C variables; default: their numbers.
            tag: as of ``save_predictions``.
            epoch: as of ``save_predictions``.
            ids: (N,) integers that name the examples, each once; default 0..N-1.

        Raises:
            SeedwiseError: if the shapes do not agree, or an id is no integer or there twice.

        Example:
            >>> run = Run(RunSpec("my.train:train", {}, {}), {})
            >>> run.save_values([1.0, 2.0], [1.5, 2.0])
            >>> run.forecasts[0].sample.shape, run.forecasts[0].errors[1].tolist()
            ((2, 1, 1), [0.5, 0.0])

        """
        values, wanted = _to_numpy(array), _to_numpy(truth)
        names = np.arange(len(wanted)) if ids is None else _to_numpy(ids)
        if values.ndim not in (1, 2) or values.shape != wanted.shape or names.shape != values.shape[:1]:
            raise SeedwiseError(
                f"save_values got values of shape {values.shape}, truth {wanted.shape}, ids {names.shape}: pass values "
                "and truth (N, C) or (N,) and ids (N,)"
            )
        _check_ids("save_values", names)
        values, wanted = (part.reshape(len(part), 1, -1) for part in (values, wanted))
        sampled = np.arange(len(values)), values.astype(np.float32)
        self._keep_forecasts((split, tag, epoch), values, wanted, names=names, sampled=sampled, variables=variables)

    def _keep_forecasts(
        self,
        place: tuple[str, str, int | None],
        values: NDArray[Any],
        wanted: NDArray[Any],
        *,
        names: NDArray[Any],
        sampled: tuple[NDArray[np.int64], NDArray[Any]],
        before: NDArray[Any] | None = None,
        variables: Sequence[str] | None,
    ) -> None:
        """Keep the errors of values (N, H, C), and which of them are ``sampled`` and what is kept of these."""
        split, tag, epoch = place[0], cleaned_name(place[1]), place[2]
        chosen, sample = sampled
        error = values.astype(np.float64) - wanted
        both = np.stack((np.square(error), np.abs(error)))
        keeps = self.keep.predictions != "labels"
        at = self._epoch(epoch)
        self.forecasts[:] = [f for f in self.forecasts if (f.split, f.tag, f.epoch) != (split, tag, at)]
        self.forecasts.append(
            Forecasts(
                split,
                tag,
                at,
                ids=names.astype(np.int64),
                errors=both.mean((2, 3)).astype(np.float32),
                by_step=both.mean((1, 3)),
                by_variable=both.mean((1, 2)),
                sampled=chosen,
                truth=wanted[chosen].astype(np.float32) if keeps else None,
                history=before[chosen].astype(np.float32) if keeps and before is not None else None,
                sample=sample if keeps else None,
                variables=list(variables or map(str, range(values.shape[2]))),
            )
        )

    def _epoch(self, epoch: int | None) -> int:
        return int(self.series[-1]["epoch"] if epoch is None and self.series else epoch or 0)

    def save_weights(self, state: Mapping[str, torch.Tensor | NDArray[Any]], tag: str = FINAL) -> None:
        """Record the digest of the evaluated model's state, and the state itself if ``keep:`` says so.

        Args:
            state: a ``state_dict``, or numpy arrays by name.
            tag: ``final``, or the name of a snapshot; it becomes part of a file's name.

        Raises:
            SeedwiseError: for a tag that is a path.

        """
        if not is_file_name(tag):
            raise SeedwiseError(f"save_weights(tag={tag!r}): a tag is part of a file's name, and no path")
        tag = cleaned_name(tag)
        if tag == FINAL:
            self.weights_sha256 = weights_sha256(state)
        if self.keep.weights == "snapshots" or (self.keep.weights == "final" and tag == FINAL):
            import torch

            buffer = io.BytesIO()
            torch.save({name: torch.as_tensor(value).detach().cpu() for name, value in state.items()}, buffer)
            self.weights[tag] = buffer.getvalue()

    def finish(self, **metrics: Any) -> None:
        """End the run with its metrics.

        Args:
            metrics: fractions or other numbers; ``accuracy`` is stored as ``test/accuracy``, a name with a slash as
                it is.

        A metric that is not finite makes the run ``diverged``.

        Raises:
            SeedwiseError: if there is no metric.

        """
        if not metrics:
            raise SeedwiseError("run.finish() needs at least one metric: run.finish(accuracy=0.98)")
        values = {name if "/" in name else f"test/{name}": _number(value) for name, value in metrics.items()}
        self.metrics = {name: value if math.isfinite(value) else None for name, value in values.items()}


class _Seeds(dict[str, int]):
    """The seeds of a run; reading one is drawing from its source, and reading them all from all."""

    def __init__(self, seeds: Mapping[str, int], randomness: Randomness) -> None:
        super().__init__(seeds)
        self._randomness = randomness

    def _read(self, source: str) -> None:
        if source in self:
            self._randomness.note_drawn(source)
            self._randomness.given.add(super().__getitem__(source))

    def __getitem__(self, source: str) -> int:
        self._read(source)
        return super().__getitem__(source)

    def get(self, source: str, default: Any = None) -> Any:
        self._read(source)
        return super().get(source, default)

    def __iter__(self) -> Iterator[str]:
        # With an iterator of its own, copying it with dict() or ** reads its items one by one.
        return super().__iter__()

    def values(self) -> Any:
        return dict(self).values()

    def items(self) -> Any:
        return dict(self).items()


def _number(value: Any) -> float:
    # torch warns of one that a gradient may still be asked of, such as a loss.
    return float(value.detach() if hasattr(value, "detach") else value)


def _to_numpy(array: Any) -> NDArray[Any]:
    if hasattr(array, "detach"):
        array = array.detach().cpu()
        array = array.float() if array.is_floating_point() else array
        return np.asarray(array.numpy())
    return np.asarray(array)


def _check_ids(function: str, ids: NDArray[Any]) -> None:
    problem = problem_of_ids(ids)
    if problem is not None:
        raise SeedwiseError(f"{function}: {problem}")


def _to_half(values: NDArray[Any]) -> NDArray[np.float16]:
    limit = float(np.finfo(np.float16).max)
    half: NDArray[np.float16] = np.clip(values, -limit, limit).astype(np.float16)
    return half


def _small(classes: NDArray[Any]) -> NDArray[Any]:
    """Return classes in the smallest integer type that holds them."""
    if not np.issubdtype(classes.dtype, np.integer):
        raise SeedwiseError(
            f"classes must be integers, not {classes.dtype}: pass logits (N, C) or integer classes (N,)"
        )
    return (
        classes
        if classes.size == 0
        else classes.astype(np.result_type(*map(np.min_scalar_type, (classes.min(), classes.max()))))
    )
