"""Whether a record can be taken in. What comes from a file may come from anyone: it is checked like a stranger's."""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Callable, Iterable
from typing import Any, Final

import numpy as np

from seedwise.errors import RefusedError
from seedwise.run._outcomes import STATUSES
from seedwise.run._readout_record import ReadoutRecord, Record
from seedwise.run._record import Forecasts, Observed, Predictions, RunRecord
from seedwise.run._spec import RunSpec, digest_of

_LONGEST_NAME: Final = 100
_LONGEST_TEXT: Final = 2_000
_LONGEST_TRACEBACK: Final = 20_000
_MOST_NOTES: Final = 100
_LARGEST: Final = 2**53


def is_file_name(text: str) -> bool:
    """Return whether a text can be part of a file's name on every system: no separator, no control character.

    Example:
        >>> is_file_name("snapshot-1"), is_file_name("../x"), is_file_name("a:b")
        (True, False, False)

    """
    return bool(re.fullmatch(r"[^/\\:\x00-\x1f\x7f]+", text)) and text not in (".", "..")


def cleaned(text: str, longest: int = _LONGEST_TEXT) -> str:
    """Return a text that UTF-8 can encode, its middle left out where it is too long.

    Example:
        >>> cleaned("a\\udc80b"), cleaned("abcdefgh", 4)
        ('a?b', 'ab ... (4 characters left out) ... gh')

    """
    text = text.encode(errors="replace").decode().replace("\x00", "?")
    left_out, half = len(text) - longest, longest // 2
    return text if left_out <= 0 else f"{text[:half]} ... ({left_out} characters left out) ... {text[-half:]}"


def cleaned_name(text: str) -> str:
    """Return a name of at most ``_LONGEST_NAME`` characters; of a longer one, the end is a digest of it.

    Example:
        >>> len(cleaned_name("x" * 300)), cleaned_name("final")
        (100, 'final')

    """
    text = cleaned(text, len(text))
    if len(text) <= _LONGEST_NAME:
        return text
    digest = hashlib.sha256(text.encode()).hexdigest()[:16]
    return f"{text[: _LONGEST_NAME - len(digest) - 1]}-{digest}"


def checked(record: Record) -> Record:
    """Return a record whose texts are cleaned and cut, if it is one.

    Its id is the digest of its content; names that become names of files are no paths; metrics are finite or None;
    predictions have ids that are whole numbers, each once, and one label and one class for each.

    Raises:
        RefusedError: if it cannot be taken in, and why.

    """
    try:
        if isinstance(record, ReadoutRecord):
            _check_readout(record)
        else:
            _check_run(record)
    except RefusedError:
        raise
    except (TypeError, ValueError, KeyError, AttributeError, OverflowError) as error:
        raise RefusedError(
            f"it is in no form that is known ({type(error).__name__}: {cleaned(str(error), 200)})"
        ) from error
    return record


def _check_readout(record: ReadoutRecord) -> None:
    _check_run(record.result)
    _require(_is_text(record.readout) and is_file_name(record.readout), "its readout is no name")
    _require(len(record.readout) <= _LONGEST_NAME, "its readout is no name")
    _require(_is_nonce(record.nonce), "what it names its training by is no name")
    _require(_is_whole(record.passes) and record.passes > 0, "its number of passes is none")
    for name in ("seconds", "plain_seconds", "preparation_seconds"):
        value = getattr(record, name)
        _require(value is None or _is_time(value), f"its {name} are no time")
    tags = {one.tag for one in record.result.predictions}
    _require(tags <= {record.readout}, "its predictions are not those of its readout")
    _require(not record.result.weights, "a readout leaves no weights")


def _check_run(record: RunRecord) -> None:
    _require(_is_text(record.id) and bool(re.fullmatch("[0-9a-f]{16}", record.id)), "its id is none")
    same = digest_of(record.content) == record.id == RunSpec.from_content(record.content).id
    _require(same, "its id is not that of its content")
    _require(record.status in STATUSES and record.status != "pending", "its status is none")
    _require(_is_nonce(record.nonce), "what it names its training by is no name")
    sha = record.weights_sha256
    _require(sha is None or bool(re.fullmatch("[0-9a-f]{64}", sha)), "the digest of its weights is none")
    _require(_is_time(record.seconds), "its seconds are no time")
    _require(all(_is_whole(epoch) for epoch in record.resumed_from), "it was resumed from what is no epoch")
    metrics = record.metrics.values()
    _require(all(v is None or (_is_number(v) and math.isfinite(v)) for v in metrics), "a metric is not finite")
    _require(all("epoch" in row for row in record.series), "its series are of no epochs")
    _require(all(_is_number(v) for row in record.series for v in row.values()), "its series hold what is no number")
    for texts in (record.environment, record.code, record.trace):
        _require(all(map(_is_text, [*texts.keys(), *texts.values()])), "its environment or code are no texts")
    operations = all([type(part) for part in entry] == [int, int, str, str, str] for entry in record.operations)
    _require(operations, "its operations are none")
    _require(record.observed is None or isinstance(record.observed, Observed), "what was observed is in no known form")
    cost = None if record.observed is None else record.observed.cost
    measured = [] if cost is None else vars(cost).values()
    _require(all(v is None or _is_time(v) for v in measured), "what its network costs is no number")
    _check_large(record)
    _clean(record)


def _check_large(record: RunRecord) -> None:
    for tag, blob in record.weights.items():
        _require(_is_text(tag) and is_file_name(tag), "weights are under a name that is none, or a path")
        _require(isinstance(blob, bytes), "weights are no bytes")
    kinds: list[tuple[list[Any], Callable[[Any], str | None]]] = [
        (record.predictions, problem_of_predictions),
        (record.forecasts, _problem_of_forecasts),
    ]
    for kept, problem_of in kinds:
        for one in kept:
            _require(_is_text(one.split) and _is_text(one.tag), "predictions are under a name that is none")
            _require(_is_whole(one.epoch), "predictions are of what is no epoch")
            _require_none(problem_of(one))
            one.split, one.tag = cleaned_name(one.split), cleaned_name(one.tag)
        keys = [(one.split, one.tag, one.epoch) for one in kept]
        _require(len(set(keys)) == len(keys), "predictions of one split, tag and epoch are there twice")


def problem_of_ids(ids: Any) -> str | None:
    """Return why an array does not name examples, each once; None if it does."""
    if not np.issubdtype(ids.dtype, np.integer):
        return f"ids must be whole numbers, not {ids.dtype}"
    if len(np.unique(ids)) < ids.size:
        return "an id is there twice: every example has its own"
    return None


def problem_of_predictions(one: Predictions) -> str | None:
    """Return why predictions are none; None if they are some."""
    ids, labels, predicted, logits = one.ids, one.labels, one.predicted, one.logits
    if not all(isinstance(array, np.ndarray) for array in (ids, labels, predicted)):
        return "predictions lack ids, labels or classes"
    if ids.ndim != 1 or not ids.shape == labels.shape == predicted.shape:
        return "predictions have not one label and one class for each id"
    if not all(np.issubdtype(array.dtype, np.integer) for array in (labels, predicted)):
        return "labels or classes are no whole numbers"
    if logits is not None and (logits.ndim != 2 or len(logits) != ids.size or logits.dtype.kind != "f"):
        return "logits are not one row of numbers for each id"
    return problem_of_ids(ids)


def _problem_of_forecasts(one: Forecasts) -> str | None:
    ids, sampled, count = one.ids, one.sampled, len(one.variables)
    if not all(isinstance(array, np.ndarray) for array in (ids, sampled, one.errors, one.by_step, one.by_variable)):
        return "forecasts lack ids or errors"
    wanted = ids.ndim == 1 and one.errors.shape == (2, ids.size) and one.by_variable.shape == (2, count)
    if not wanted or one.by_step.ndim != 2 or len(one.by_step) != 2 or not all(map(_is_text, one.variables)):
        return "forecasts have not two errors for each id, step and variable"
    if any(array.dtype.kind != "f" for array in (one.errors, one.by_step, one.by_variable)):
        return "errors of forecasts are no numbers"
    if sampled.ndim != 1 or sampled.dtype.kind not in "iu" or not np.isin(sampled, np.arange(ids.size)).all():
        return "the sample of forecasts is none of their windows"
    steps = one.by_step.shape[1]
    for array, shape in (
        (one.truth, (sampled.size, steps, count)),
        (one.sample, (sampled.size, steps, count)),
        (one.history, None),
    ):
        if array is not None and (array.dtype.kind != "f" or array.ndim != 3 or array.shape != (shape or array.shape)):
            return "the sample of forecasts has another shape"
    return problem_of_ids(ids)


def _clean(record: RunRecord) -> None:
    record.error = None if record.error is None else cleaned(record.error)
    record.traceback = None if record.traceback is None else cleaned(record.traceback, _LONGEST_TRACEBACK)
    record.notes = [cleaned(note) for note in record.notes[:_MOST_NOTES]]
    record.metrics = {cleaned_name(name): value for name, value in record.metrics.items()}
    record.series = [{cleaned_name(name): value for name, value in row.items()} for row in record.series]
    record.environment = {cleaned_name(name): cleaned(text) for name, text in record.environment.items()}
    record.weights = {cleaned_name(tag): blob for tag, blob in record.weights.items()}
    for one in record.forecasts:
        one.variables = _names(one.variables)


def _names(texts: Iterable[str]) -> list[str]:
    return [cleaned_name(text) for text in texts]


def _require(holds: bool, problem: str) -> None:
    if not holds:
        raise RefusedError(problem)


def _require_none(problem: str | None) -> None:
    if problem is not None:
        raise RefusedError(problem)


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_nonce(value: Any) -> bool:
    return _is_text(value) and bool(re.fullmatch(r"[\w-]{1,100}", value, re.ASCII))


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) <= _LARGEST


def _is_time(value: Any) -> bool:
    return _is_number(value) and math.isfinite(value) and value >= 0
