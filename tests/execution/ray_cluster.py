"""A real Ray of nodes on this machine, at 127.0.0.1 only; it ends with the block."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

# Read when Ray is imported: else it takes the machine's address for 127.0.0.1, at which nothing listens.
os.environ["RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"] = "0"
os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
os.environ["RAY_worker_niceness"] = "0"  # noqa: SIM112 - else whatever else the machine does comes first

PAUSE = 0.1
"""Seconds that an epoch of the toy takes on its nodes."""
MEMORY = 100_000_000
"""Bytes of its object store on each node."""


def missing() -> str | None:
    """Return why there is no Ray here; None if there is."""
    try:
        import ray  # noqa: F401
    except ImportError:
        return "Ray is not installed: pip install 'seedwise[ray]'"
    return None


@contextmanager
def cluster(processors: int = 2) -> Iterator[Any]:
    """Start a head without processors, and a node; connect to it while the block runs."""
    import ray
    from ray.cluster_utils import Cluster

    head = {"node_ip_address": "127.0.0.1", "num_cpus": 0, "include_dashboard": False, "object_store_memory": MEMORY}
    started = _patiently(lambda: Cluster(initialize_head=True, head_node_args=head))
    try:
        add_node(started, processors)
        ray.init(address=started.address, log_to_driver=False, logging_level="ERROR")
        yield started
    finally:
        ray.shutdown()
        started.shutdown()


def add_node(started: Any, processors: int = 1) -> Any:
    """Start another node of a cluster, and return it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TOY_PAUSE", str(PAUSE))  # what the node starts has it
        own = {"num_cpus": processors, "num_gpus": 0, "object_store_memory": MEMORY}
        return _patiently(lambda: started.add_node(node_ip_address="127.0.0.1", **own))


def _patiently(start: Callable[[], Any]) -> Any:
    """Start something again where it did not start within the 30 s that Ray gives it: the machine has other work."""
    for _ in range(3):
        try:
            return start()
        except Exception as error:
            if "timed out during startup" not in str(error):
                raise
    return start()
