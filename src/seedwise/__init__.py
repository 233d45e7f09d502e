"""Know how much of your result is the seed. Make it less. Prove it.

Example:
    >>> import seedwise
    >>> study = seedwise.Study.from_yaml("study.yaml")  # doctest: +SKIP
    >>> study.run()  # doctest: +SKIP

"""

from typing import TYPE_CHECKING

from seedwise._lazy import lazily
from seedwise._version import __version__
from seedwise.errors import SeedwiseError

if TYPE_CHECKING:
    from seedwise.loop import replicates
    from seedwise.reporting import compare
    from seedwise.results import rliable_scores
    from seedwise.run import Run
    from seedwise.study import Study

__all__ = ["Run", "SeedwiseError", "Study", "__version__", "compare", "replicates", "rliable_scores"]

__getattr__ = lazily(
    "seedwise",
    {
        "Run": "seedwise.run",
        "compare": "seedwise.reporting",
        "Study": "seedwise.study",
        "replicates": "seedwise.loop",
        "rliable_scores": "seedwise.results",
    },
)
