"""Every source of randomness under its own seed.

Example:
    >>> from seedwise.randomness import Randomness
    >>> randomness = Randomness({"init": 1, "shuffle": 3})
    >>> randomness.numpy("shuffle", "order", 0).permutation(4).tolist()
    [2, 3, 1, 0]

"""

from seedwise.randomness._borrowed import BorrowedGenerators
from seedwise.randomness._determinism import strict_determinism
from seedwise.randomness._generators import Fate, moved_seeds, seeded
from seedwise.randomness._streams import ALL, PARTS, REPEAT, REVISIONS, SOURCES, Randomness
from seedwise.randomness._torch import torch_if_installed
from seedwise.randomness._ulp import nudge_one_weight

__all__ = [
    "ALL",
    "PARTS",
    "REPEAT",
    "REVISIONS",
    "SOURCES",
    "BorrowedGenerators",
    "Fate",
    "Randomness",
    "moved_seeds",
    "nudge_one_weight",
    "seeded",
    "strict_determinism",
    "torch_if_installed",
]
