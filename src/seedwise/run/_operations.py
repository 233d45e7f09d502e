"""Every tensor operation of a run with a digest of its result, to find where two runs part."""

from __future__ import annotations

import itertools
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import torch

_MOST: Final = 400_000
"""Operations that are kept; what comes after them is not compared."""

Entry = tuple[int, int, str, str, str]
"""Epoch, step of the optimizer within it, layer, operation, digest of the result."""


@dataclass(frozen=True)
class Operation:
    """Where two runs part.

    Attributes:
        epoch: counted from 0.
        step: of the optimizer in that epoch, counted from 0.
        layer: the module whose forward pass it is part of; empty outside of every one, as in a backward pass.
        name: the operation, such as ``aten.native_dropout``.

    """

    epoch: int
    step: int
    layer: str
    name: str


@dataclass(frozen=True)
class Marks:
    """What is to be called while operations are logged.

    Attributes:
        after_epoch: at the end of each epoch, with its number.
        begin: where the training begins or goes on; what was done since the end of the last epoch is left out.

    """

    after_epoch: Callable[[int], None] = lambda _epoch: None
    begin: Callable[[], None] = lambda: None


@contextmanager
def logged_operations(entries: list[Entry]) -> Iterator[Marks]:
    """Add the operations of a block to ``entries``, as far as torch can list them (``torch.utils._debug_mode``)."""
    try:
        from torch.optim.optimizer import register_optimizer_step_post_hook
        from torch.utils._debug_mode import DebugMode
    except ImportError:  # no torch, or an older one
        yield Marks()
        return
    at = {"epoch": 0, "step": 0, "first": 0}
    layers: list[tuple[int, str]] = []
    mode = DebugMode(record_nn_module=True, record_profiler_context=False)

    def flush() -> None:
        for call in mode.operators:
            while layers and layers[-1][0] >= call.call_depth:
                layers.pop()
            if hasattr(call, "op"):
                layer = layers[-1][1] if layers else ""
                if call.log and len(entries) < _MOST:
                    entries.append((at["epoch"], at["step"], layer, str(call.op), str(call.log.get("hash"))))
            elif hasattr(call, "tag"):
                layers.append((call.call_depth, str(call.tag)))
        mode.operators.clear()

    def after_step(*_: Any) -> None:
        flush()
        at["step"] += 1

    def after_epoch(epoch: int) -> None:
        flush()
        # Only now is it known which epoch this was: a resumed run does not begin with the first.
        entries[at["first"] :] = [(epoch, *entry[1:]) for entry in entries[at["first"] :]]
        at.update(epoch=epoch + 1, step=0, first=len(entries))

    def begin() -> None:
        flush()
        del entries[at["first"] :]
        at["step"] = 0

    hook = register_optimizer_step_post_hook(after_step)
    try:
        with mode, DebugMode.log_tensor_hashes(hash_fn=_digest):
            yield Marks(after_epoch, begin)
    finally:
        hook.remove()
        flush()


def _digest(tensor: torch.Tensor) -> int:
    """Return a checksum of a tensor's bytes, in which their order counts."""
    import torch

    with torch._C._DisablePythonDispatcher():
        flat = tensor.detach().cpu().contiguous().reshape(-1)
        return zlib.crc32(flat.view(torch.uint8).numpy().tobytes()) if flat.numel() else 0


def first_difference(one: Sequence[Entry], two: Sequence[Entry]) -> Operation | None:
    """Return the first operation whose results differ in two lists of ``logged_operations``; None if there is none.

    Compared are the steps that both have. The operations of a step are laid side by side from its end, as far as they
    are the same operations: a resumed run does other things before its first step.
    """
    first, second = _by_step(one), _by_step(two)
    for place in sorted(set(first) & set(second)):
        backwards = zip(reversed(first[place]), reversed(second[place]), strict=False)
        alike = list(itertools.takewhile(lambda pair: pair[0][:2] == pair[1][:2], backwards))
        for a, b in reversed(alike):
            if a != b:
                return Operation(*place, layer=a[0], name=a[1])
    return None


def _by_step(entries: Sequence[Entry]) -> Mapping[tuple[int, int], list[tuple[str, str, str]]]:
    found: dict[tuple[int, int], list[tuple[str, str, str]]] = {}
    for epoch, step, layer, name, digest in entries:
        found.setdefault((epoch, step), []).append((layer, name, digest))
    return found
