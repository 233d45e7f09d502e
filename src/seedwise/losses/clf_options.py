"""The options of the Custom Loss Function."""

from dataclasses import dataclass
from typing import Annotated

from seedwise.losses._parameters import Count, NonNegative, check


@dataclass(frozen=True)
class CLFOptions:
    """Options of ``CLFLoss``, the penalties on change between epochs and on the spread of logits within a class.

    Args:
        lambda_s: weight of the stable term, >= 0.
        lambda_v: weight of the variance term, >= 0. 0 leaves it out, and then `target` need not be class indices.
        start_epoch: first epoch with the penalties, counted from 0.
        end_epoch: first epoch without them again, > start_epoch; None is never.

    Source: Custom Loss Function paper (arXiv 2601.00578).
    """

    lambda_s: NonNegative = 0.1
    lambda_v: NonNegative = 0.1
    start_epoch: Annotated[int, ("ge", 0)] = 0
    end_epoch: Count | None = None

    def __post_init__(self) -> None:
        check(self)
        if self.end_epoch is not None and self.end_epoch <= self.start_epoch:
            raise ValueError(f"end_epoch {self.end_epoch} must be greater than start_epoch {self.start_epoch}")

    @property
    def beyond_factors(self) -> str | None:
        """What the loss adds that is no factor on the gradient of its base, and how to leave it out; None: nothing."""
        return "CLF's variance term has none: set lambda_v: 0" if self.lambda_v > 0 else None
