"""Know how much of your result is the seed. Make it less. Prove it.

Example:
    >>> import seedwise
    >>> study = seedwise.Study.from_yaml("study.yaml")  # doctest: +SKIP
    >>> study.run()  # doctest: +SKIP

"""

from typing import TYPE_CHECKING, Any

from seedwise._version import __version__
from seedwise.errors import SeedwiseError

if TYPE_CHECKING:
    from seedwise.loop import replicates
    from seedwise.reporting import compare
    from seedwise.run import Run
    from seedwise.study import Study

__all__ = ["Run", "SeedwiseError", "Study", "__version__", "compare", "replicates"]

_HOMES = {
    "Run": "seedwise.run",
    "compare": "seedwise.reporting",
    "Study": "seedwise.study",
    "replicates": "seedwise.loop",
}


def __getattr__(name: str) -> Any:
    # Imported when asked for: `import seedwise` must cost nothing to those who want one room of it.
    if name in _HOMES:
        import importlib

        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'seedwise' has no attribute '{name}'")
