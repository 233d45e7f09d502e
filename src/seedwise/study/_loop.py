"""A study without a study file: the user's own loop, once per replicate."""

from __future__ import annotations

import inspect
import json
import os
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any, Final, Literal

from seedwise.errors import ChangedCodeError, SeedwiseError
from seedwise.execution import UNFIXED_HASHES, Silent, Sitting, StudyFolder, present_sitting
from seedwise.run import (
    Checkpoint,
    Keep,
    Link,
    Numerics,
    PlannedRun,
    Run,
    RunCode,
    RunRecord,
    RunSpec,
    digest_of,
    is_users,
    record_of,
    training,
    write_checked,
)
from seedwise.statistics import Metric, Question, Scalar
from seedwise.statistics.cells.metric import unit_of
from seedwise.store import Store
from seedwise.study._arguments import command_line, differing, shown
from seedwise.study._code import changed_code as code_changed_since
from seedwise.study._code import stale_runs
from seedwise.study._description import factors_in, stored_factors
from seedwise.study._ingest import ingest, ingest_outbox
from seedwise.study._methods import factor_and_level
from seedwise.study._plan import seeds_of
from seedwise.study._policy import Policy, todo
from seedwise.study._regimes import regime_sources
from seedwise.study._sinks import Known


def replicates(
    n: int,
    *,
    method: str = "base",
    factor: Mapping[str, Scalar] | None = None,
    config: Mapping[str, Any] | None = None,
    vary: str | Sequence[str] = "all",
    store: str | Path = "study.db",
    study: str | None = None,
    metric: str = "accuracy",
    unit: str | None = None,
    higher_is_better: bool = True,
    chance: float | None = None,
    first_replicate: int = 0,
    device: str = "cpu",
    keep: Keep | None = None,
    threads: int = 1,
    deterministic: bool = True,
    checkpoint_seconds: float | None = 30.0,
    changed_code: Literal["stop", "retrain", "accept"] = "stop",
    ignore_args: Sequence[str] = (),
) -> Iterator[Run[dict[str, Any]]]:
    """Yield the runs of one method that are not finished yet; the loop's body trains each of them.

    The body uses ``run.randomness``, ``run.config``, ``run.log(...)`` and must end in ``run.finish(...)``. A body that
    raises leaves its run ``interrupted``; the next time the same program goes on with it. Replicate r of every method
    has the same seeds, so that the methods are paired.

    Args:
        n: number of replicates, 1 or more.
        method: the method's name in tables. What makes it different belongs into ``config``, which names the run.
        factor: the factor that the method is a level of, with the level, such as ``{"k": 2}``: the report compares the
            levels of a factor.
        config: JSON values.
        vary: ``all``, ``none`` or the sources that vary.
        store: the study's file.
        study: its name; default: the store's name without ending.
        metric: the primary metric given to ``run.finish``.
        unit: ``share`` for a fraction between 0 and 1, which is shown in percent (so is ``accuracy`` unless something
            else is said); else what is written behind numbers.
        higher_is_better: its direction.
        chance: what guessing gives, so that failed runs can be counted.
        first_replicate: where to start, for fresh seeds.
        device: ``run.device``.
        keep: what is kept of predictions and weights.
        threads: torch's threads; part of the run's name, since bits depend on it.
        deterministic: whether torch may only use operations with a deterministic form.
        checkpoint_seconds: how often ``run.checkpoint.save`` writes.
        changed_code: what to do if the code, or a command-line argument that is not in ``config``, has changed since
            runs were finished: ``stop``, ``retrain`` them and keep the old results, or ``accept`` them as they are.
        ignore_args: names of command-line arguments that change no result, such as ``--verbose``. Those of notebooks,
            pytest and torchrun never count, nor those that are passed on to this function, such as ``n``.

    Yields:
        One ``Run`` per replicate.

    Raises:
        SeedwiseError: for n < 1, an unknown source, a config that another method has, or a store in use.
        ChangedCodeError: if the code or an argument has changed and ``changed_code`` is ``stop``. In a program that
            does not catch it, it is printed as one line.

    Example:
        >>> import tempfile, seedwise
        >>> file = Path(tempfile.mkdtemp()) / "coin.db"
        >>> for run in seedwise.replicates(3, vary=["shuffle"], store=file):
        ...     run.finish(accuracy=run.randomness.numpy("shuffle", "coin").uniform())
        >>> len(list(seedwise.replicates(3, vary=["shuffle"], store=file)))
        0

    """
    caller = inspect.stack(context=0)[1]
    with one_line_errors():
        said = _factor_said(method, factor)
        call = _checked(
            n,
            method=method,
            config=config,
            vary=vary,
            store=store,
            study=study,
            first_replicate=first_replicate,
            threads=threads,
            deterministic=deterministic,
            function=f"{_name_of(caller)}:replicates",
        )
    description = {
        "spec": {"name": call.links[0].study, "train": {"function": call.specs[0].function}},
        "base": None,
        "loop": True,
        "metrics": {"task": [asdict(Metric(metric, unit_of(metric, unit), higher_is_better, chance))]},
        "question": asdict(Question()),
        "factors": said,
    }
    own = {
        "n": n, "method": method, "factor": factor, "vary": vary, "store": store, "study": study,
        "first_replicate": first_replicate, "device": device, "threads": threads, "changed_code": changed_code,
    }  # fmt: skip
    return _generate(
        call,
        description,
        device=device,
        keep=keep,
        checkpoint_seconds=checkpoint_seconds,
        changed_code=changed_code,
        arguments={"given": command_line(), "own": {name: str(value) for name, value in own.items()}},
        ignored=ignore_args,
    )


@dataclass(frozen=True)
class _Call:
    """What ``replicates`` was asked for."""

    path: Path
    specs: list[RunSpec]
    links: list[Link]


def _checked(
    n: int,
    *,
    method: str,
    config: Mapping[str, Any] | None,
    vary: str | Sequence[str],
    store: str | Path,
    study: str | None,
    first_replicate: int,
    threads: int,
    deterministic: bool,
    function: str,
) -> _Call:
    if isinstance(n, bool) or not isinstance(n, int) or n < 1:
        raise SeedwiseError(f"replicates({n!r}): pass a number of replicates of 1 or more")
    if first_replicate < 0:
        raise SeedwiseError(f"first_replicate is {first_replicate}: replicates are counted from 0")
    regime = vary if isinstance(vary, str) else "+".join(vary) or "none"
    try:
        sources = regime_sources(regime)
    except ValueError as error:
        raise SeedwiseError(str(error)) from None
    try:
        digest_of(dict(config or {}))
    except (TypeError, ValueError) as error:
        raise SeedwiseError(f"config may hold finite numbers, text, lists and mappings only: {error}") from None
    path = Path(store)
    name = study or path.stem
    numerics = Numerics(threads=threads, deterministic=deterministic)
    replicates = range(first_replicate, first_replicate + n)
    return _Call(
        path,
        [RunSpec(function, dict(config or {}), seeds_of(sources, r), numerics) for r in replicates],
        [Link(name, "task", method, regime, 0, r) for r in replicates],
    )


def _factor_said(method: str, factor: Mapping[str, Scalar] | None) -> dict[str, dict[str, Scalar]]:
    """Return what the store keeps of the factor of a method."""
    if factor is None:
        return {}
    try:
        return stored_factors([(method, *factor_and_level(factor))])
    except ValueError as error:
        raise SeedwiseError(str(error)) from None


def _generate(
    call: _Call,
    description: Mapping[str, Any],
    *,
    device: str,
    keep: Keep | None,
    checkpoint_seconds: float | None,
    changed_code: str,
    arguments: dict[str, Any],
    ignored: Sequence[str],
) -> Iterator[Run[dict[str, Any]]]:
    specs, links, path = call.specs, call.links, call.path
    sitting = present_sitting()
    if sitting is not None:
        yield from _examined(call, sitting, device)
        sys.exit()
    folder = StudyFolder.of_store(path)
    with one_line_errors(), folder.lock(), Store(path, write=True) as store:
        ingest_outbox(store, folder, Silent())
        planned = [PlannedRun(link, spec) for link, spec in zip(links, specs, strict=True)]
        factors = factors_in(store, links[0].study) | description["factors"]
        store.add_method(links[0].study, {**description, "factors": factors}, links[0].method, planned)
        policy = Policy(retrain=changed_code == "retrain", accept_changed_code=changed_code == "accept")
        known = Known.of(store, {spec.id for spec in specs})
        present = RunCode(specs[0], frame=_users_frame(sys._getframe(1))).present
        changed = code_changed_since(known.statuses, known.documents, known.accepted, present)
        stale = stale_runs(changed, policy, store.accept_code, _REMEDY)
        stale |= _runs_of_changed_arguments(store, call, known, policy, arguments=arguments, ignored=ignored)
        # Without any that is stale, nothing is trained again.
        runs = todo(specs, {spec.id: known.status(spec.id) for spec in specs}, Policy(retrain=bool(stale)), stale)
        if not runs:
            counts = Counter(status.replace("_", " ") for status, _ in known.statuses.values())
            found = ", ".join(f"{count} {status}" for status, count in counts.items())
            print(f"seedwise: nothing to train in {path}: of '{links[0].method}' there are {found}", file=sys.stderr)
        for spec in runs:
            code = RunCode(spec, frame=_users_frame(sys._getframe(1)))
            checkpoint = Checkpoint(folder.checkpoint(spec.id), every_seconds=checkpoint_seconds)
            run = Run(spec, dict(spec.config), device=device, checkpoint=checkpoint, keep=keep, code=code)
            run.observed.arguments = arguments
            run.notes += [] if hashes_are_fixed() else [UNFIXED_HASHES]
            # Written beforehand, so that it is true however the body ends.
            if known.status(spec.id) != "finished":
                store.ingest(RunRecord(spec.id, dict(spec.content), "interrupted"))
            code.files()  # before the run, so that it is what the run was trained by
            with training(run):
                yield run
            code.frame = _users_frame(sys._getframe(1))
            record = record_of(run)
            code.frame = None
            folder.hand_over(record)
            ingest(store, folder, record)


def _examined(call: _Call, sitting: Sitting, device: str) -> Iterator[Run[dict[str, Any]]]:
    """Yield the first run as an exam wants it, and leave its record where the exam says."""
    exam = sitting.exam
    if exam is None:
        sitting.file.write_text(json.dumps(regime_sources(call.links[0].regime)))
        return
    spec = exam.of(call.specs[0])
    folder = StudyFolder(sitting.folder)
    if not exam.resumes:
        folder.remove_checkpoint(spec.id)
    checkpoint = Checkpoint(folder.checkpoint(spec.id), stop_after=exam.stop_after, keep_trace=True)
    run = Run(spec, dict(spec.config), device=device, checkpoint=checkpoint, keep=Keep(predictions="full"))
    try:
        with exam.logged(run), training(run, exam.outside):
            yield run
    finally:
        left = run.metrics is None and not checkpoint.stopped
        record = (
            record_of(run, "interrupted")
            if checkpoint.stopped
            else record_of(run, "crashed", "its loop was left before run.finish(...)")
            if left
            else record_of(run)
        )
        write_checked(sitting.file, record.to_bytes())


_REMEDY: Final = (
    'changed_code="retrain" trains them again and keeps the old results, changed_code="accept" keeps them as they are'
)


def _runs_of_changed_arguments(
    store: Store,
    call: _Call,
    known: Known,
    policy: Policy,
    *,
    arguments: Mapping[str, Any],
    ignored: Sequence[str],
) -> set[str]:
    """Return the ids of finished runs of another command line that nobody accepted.

    Raises:
        ChangedCodeError: if there are some and neither option says what to do.

    """
    finished = [spec for spec in call.specs if known.status(spec.id) == "finished"]
    recorded = {i: found.arguments for i, found in store.observed([spec.id for spec in finished]).items()}
    pairs = {i: (digest_of(found["given"]), digest_of(arguments["given"])) for i, found in recorded.items() if found}
    names = {
        spec.id: differing(recorded[spec.id], arguments["given"], arguments["own"], spec.config, ignored)
        for spec in finished
        if spec.id in pairs and pairs[spec.id] not in known.accepted
    }
    changed = {run_id for run_id, found in names.items() if found}
    if policy.accept_changed_code:
        store.accept_code({pairs[run_id] for run_id in changed})
        return set()
    if changed and not policy.retrain:
        first = next(spec.id for spec in finished if spec.id in changed)
        raise ChangedCodeError(
            f"{len(changed)} finished runs of '{call.links[0].method}' in {call.path} were trained with "
            f"{shown(names[first], recorded[first]['given'])}, and now there is "
            f"{shown(names[first], arguments['given'])}",
            f"put what changes a result into config={{...}}, which names the run, or {_REMEDY}",
        )
    return changed


@contextmanager
def one_line_errors() -> Iterator[None]:
    """Let a mistake that nobody catches be printed as one line, as the command line does."""
    try:
        yield
    except SeedwiseError:
        _print_in_one_line()
        raise


def _print_in_one_line() -> None:
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    if shell is not None:
        shell.set_custom_exc((SeedwiseError,), lambda *found, **_: print(f"seedwise: {found[2]}", file=sys.stderr))
    before = sys.excepthook
    if getattr(before, "seedwise", False):
        return

    def hook(kind: type[BaseException], error: BaseException, where: TracebackType | None) -> None:
        if isinstance(error, SeedwiseError):
            print(f"seedwise: {error}", file=sys.stderr)
        else:
            before(kind, error, where)

    hook.seedwise = True  # type: ignore[attr-defined]
    sys.excepthook = hook


def hashes_are_fixed() -> bool:
    """Return whether the program was started with PYTHONHASHSEED; setting it later changes nothing."""
    if not sys.flags.hash_randomization:
        return True
    try:
        started = Path("/proc/self/environ").read_bytes().split(b"\0")
        value = next((v.partition(b"=")[2].decode() for v in started if v.startswith(b"PYTHONHASHSEED=")), "")
    except OSError:
        value = os.environ.get("PYTHONHASHSEED", "")
    return value.isdecimal()


def _users_frame(frame: FrameType) -> FrameType:
    """Return the frame itself, or the nearest caller whose code is the user's: the loop may run in a progress bar."""
    found: FrameType | None = frame
    while found is not None and not is_users(found):
        found = found.f_back
    return found or frame


def _name_of(caller: inspect.FrameInfo) -> str:
    """Return the name under which the calling program would be imported."""
    module = caller.frame.f_globals.get("__name__", "__main__")
    if module != "__main__":
        return str(module)
    return Path(caller.filename).stem if Path(caller.filename).suffix == ".py" else "notebook"
