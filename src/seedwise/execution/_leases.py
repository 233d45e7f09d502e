"""Who is still there: workers raise counters, and drivers see which of them stand still. No clocks are compared."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

_RENEWALS: Final = 6
"""Of a counter during a lease."""
_LOOKS: Final = 4
"""At a counter before its worker is lost: who was away for a while looks again first."""


@dataclass
class _Seen:
    counter: bytes | None
    since: float
    looks: int = 0


class Watch:
    """Tells which counters stand still.

    Args:
        seconds: for how long a counter may stand still, by the clock of who looks.

    Example:
        >>> watch = Watch(10)
        >>> [watch.still({"a": b"1", "b": bytes([now])}, now) for now in (0, 3, 6, 9, 12)]
        [set(), set(), set(), set(), {'a'}]

    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._seen: dict[str, _Seen] = {}

    def still(self, counters: Mapping[str, bytes | None], now: float) -> set[str]:
        """Return the workers whose counters have not changed for too long.

        Args:
            counters: by worker; None where there is none.
            now: seconds of a clock that never goes back.

        """
        self._seen = {worker: seen for worker, seen in self._seen.items() if worker in counters}
        for worker, counter in counters.items():
            seen = self._seen.get(worker)
            if seen is None or seen.counter != counter:
                self._seen[worker] = _Seen(counter, now)
            else:
                seen.looks += 1
        return {w for w, seen in self._seen.items() if now - seen.since > self._seconds and seen.looks >= _LOOKS}


@contextmanager
def renewed(renew: Callable[[int], bool], lease: float) -> Iterator[threading.Event]:
    """Raise a counter again and again while a block runs; yield an event that says that it is gone.

    Args:
        renew: called with a count; returns whether the counter is still there.
        lease: seconds after which a counter that stands still means that its worker is lost.

    """
    over, gone = threading.Event(), threading.Event()

    def beat() -> None:
        count = 0
        while not over.wait(lease / _RENEWALS):
            count += 1
            with contextlib.suppress(OSError):  # a file server that is away for a moment
                if not renew(count):
                    gone.set()
                    return

    thread = threading.Thread(target=beat, daemon=True)
    thread.start()
    try:
        yield gone
    finally:
        over.set()
        thread.join()
