"""A study without a study file: the user's own loop, once per replicate."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from seedwise.errors import SeedwiseError
from seedwise.randomness import strict_determinism
from seedwise.run import FAILURES, Checkpoint, Keep, Numerics, Run, RunRecord, RunSpec, digest_of, record_of
from seedwise.study._code import runs_of_changed_code
from seedwise.study._executor import Silent
from seedwise.study._folder import StudyFolder
from seedwise.study._plan import Link, seeds_of
from seedwise.study._spec import regime_sources
from seedwise.study._store import Store
from seedwise.study._study import take_outbox, take_record


def replicates(
    n: int,
    *,
    method: str = "base",
    config: Mapping[str, Any] | None = None,
    vary: str | Sequence[str] = "all",
    store: str | Path = "study.db",
    study: str | None = None,
    metric: str = "accuracy",
    higher_is_better: bool = True,
    chance: float | None = None,
    first_replicate: int = 0,
    device: str = "cpu",
    keep: Keep | None = None,
    threads: int = 1,
    deterministic: bool = True,
    checkpoint_seconds: float | None = 30.0,
    changed_code: Literal["stop", "retrain", "accept"] = "stop",
) -> Iterator[Run[dict[str, Any]]]:
    """Yield the runs of one method that are not finished yet; the loop's body trains each of them.

    The body uses ``run.randomness``, ``run.config``, ``run.log(...)`` and must end in ``run.finish(...)``. A body that
    raises leaves its run ``interrupted``; the next time the same program goes on with it. Replicate r of every method
    has the same seeds, so that the methods are paired.

    Args:
        n: number of replicates, 1 or more.
        method: the method's name in tables. What makes it different belongs into ``config``, which names the run.
        config: JSON values.
        vary: ``all``, ``none`` or the sources that vary.
        store: the study's file.
        study: its name; default: the store's name without ending.
        metric: the primary metric given to ``run.finish``.
        higher_is_better: its direction.
        chance: what guessing gives, so that failed runs can be counted.
        first_replicate: where to start, for fresh seeds.
        device: ``run.device``.
        keep: what is kept of predictions and weights.
        threads: torch's threads; part of the run's name, since bits depend on it.
        deterministic: whether torch may only use operations with a deterministic form.
        checkpoint_seconds: how often ``run.checkpoint.save`` writes.
        changed_code: what to do if the code has changed since runs were finished.

    Yields:
        One ``Run`` per replicate.

    Raises:
        SeedwiseError: for n < 1, an unknown source, a config that another method has, or a store in use.
        ChangedCodeError: if the code has changed and ``changed_code`` is ``stop``.

    Example:
        >>> import tempfile, seedwise
        >>> file = Path(tempfile.mkdtemp()) / "coin.db"
        >>> for run in seedwise.replicates(3, vary=["shuffle"], store=file):
        ...     run.finish(accuracy=run.randomness.numpy("shuffle", "coin").uniform())
        >>> len(list(seedwise.replicates(3, vary=["shuffle"], store=file)))
        0

    """
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
    function = f"{_caller()}:replicates"
    numerics = Numerics(threads=threads, deterministic=deterministic)
    specs = [
        RunSpec(function, dict(config or {}), seeds_of(sources, r), numerics)
        for r in range(first_replicate, first_replicate + n)
    ]
    links = [Link(name, "task", method, regime, 0, r) for r in range(first_replicate, first_replicate + n)]
    description = {
        "spec": {"name": name, "train": {"function": function}},
        "base": None,
        "metrics": {"task": [{"name": metric, "higher_is_better": higher_is_better, "chance": chance}]},
        "question": {"spread_ratio": 0.7, "power": 0.8},
    }
    return _generate(
        specs,
        links,
        description,
        StudyFolder.of_store(path),
        path,
        device=device,
        keep=keep,
        checkpoint_seconds=checkpoint_seconds,
        changed_code=changed_code,
    )


def _generate(
    specs: Sequence[RunSpec],
    links: Sequence[Link],
    description: Mapping[str, Any],
    folder: StudyFolder,
    path: Path,
    *,
    device: str,
    keep: Keep | None,
    checkpoint_seconds: float | None,
    changed_code: str,
) -> Iterator[Run[dict[str, Any]]]:
    import torch

    with folder.lock(), Store(path, write=True) as store:
        take_outbox(store, folder, Silent())
        planned = [(link, spec.id, spec.content) for link, spec in zip(links, specs, strict=True)]
        store.add_method(links[0].study, description, links[0].method, planned)
        ids = {spec.id for spec in specs}
        statuses = {i: status for i, status in store.statuses().items() if i in ids}
        changed = runs_of_changed_code(
            store, specs[0].functions, statuses, retrain=changed_code == "retrain", accept=changed_code == "accept"
        )
        threads_before = torch.get_num_threads()
        for spec in specs:
            status = statuses.get(spec.id, ("pending", None))[0]
            if status in FAILURES or (status == "finished" and spec.id not in changed):
                continue
            checkpoint = Checkpoint(
                folder.checkpoint(spec.id), every_seconds=checkpoint_seconds, functions=spec.functions
            )
            run = Run(spec, dict(spec.config), device=device, checkpoint=checkpoint, keep=keep)
            # Written beforehand, so that it is true however the body ends.
            if status != "finished":
                store.take_in(RunRecord(spec.id, dict(spec.content), "interrupted"))
            torch.set_num_threads(spec.numerics.threads)
            try:
                with strict_determinism(spec.deterministic):
                    yield run
            finally:
                torch.set_num_threads(threads_before)
            record = record_of(run)
            folder.hand_over(record)
            take_record(store, folder, record)


def _caller() -> str:
    """Return the name under which the calling program would be imported."""
    frame = inspect.stack(context=0)[2]
    module = frame.frame.f_globals.get("__name__", "__main__")
    if module != "__main__":
        return str(module)
    return Path(frame.filename).stem if Path(frame.filename).suffix == ".py" else "notebook"
