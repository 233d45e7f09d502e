"""EnsLoss: the derivatives of a calibrated loss are drawn at random in every step."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from seedwise.losses._binary import yes_logits
from seedwise.losses._draws import keys_of, uniform, word_at
from seedwise.losses._parameters import takes, whole
from seedwise.losses.objective_options import EnsLossOptions

_SEVERAL = "train two classes, or take another loss"
_FLOOR = 1e-6
"""Added to every derivative, so that none is 0; the number of the published program."""


def random_derivatives(margin: Tensor, normal: Tensor, power: Tensor) -> Tensor:
    """Return the sizes of the derivatives of a random convex, calibrated loss at some margins.

        g = min(B(u), 1),  B(u) = (1 + lambda u)_+^(1/lambda),  exp(u) at lambda = 0

    sorted so that the smallest margin has the largest g, times 1 / s where the margin s is above 1, plus 1e-6. A loss
    whose derivative -g rises with the margin is convex, and one with a negative derivative at 0 is calibrated.

    Args:
        margin: s, (N,): how far the output is on the right side.
        normal: u, (N,): standard normal draws.
        power: lambda, 0-dim.

    Returns:
        g, (N,), in (0, 1 + 1e-6], without gradient.

    Example:
        >>> u = torch.tensor([0.0, -1.0, -2.0])
        >>> random_derivatives(torch.tensor([2.0, -1.0, 0.5]), u, torch.tensor(1.0))  # B = 1, 0, 0
        tensor([1.0000e-06, 1.0000e+00, 1.0000e-06])

    Source: Dai 2024 (arXiv 2409.00908), and its author's program.
    """
    margin = margin.detach()
    base = 1 + power * normal
    near_zero = power.abs() < 1e-6
    exponent = torch.where(near_zero, 1.0, power)
    inside = base.clamp(min=torch.finfo(base.dtype).tiny).log() / exponent
    # Of a negative power, (1 + lambda u)_+ = 0 is raised to infinity, and cut off at 1.
    logarithm = torch.where(near_zero, normal, torch.where(base > 0, inside, -torch.inf * exponent))
    drawn = logarithm.clamp(max=0).exp().sort(descending=True).values
    rank = margin.argsort(stable=True).argsort()
    tail = 1 / margin.clamp(min=1)
    return drawn[rank] * tail + _FLOOR


class EnsLoss(nn.Module):
    r"""Ensemble of losses for two classes: every step has one of its own, of which only the derivatives are drawn.

        L = -mean_i g_i s_i,   s_i = (2 y_i - 1) f_i,   g: `random_derivatives`, constants to the gradient

    with f the logit of yes. So L is no loss whose size says anything: it is negative where most examples are right, and
    a monitor of it sees noise. In `eval()`, or without gradients, it is the logistic loss, and nothing is drawn.

    The draws are a hash of (seed, step, place in the batch): they take nothing from any random generator, need no state
    but the step count, and are the same on every device up to rounding. They make one more source of the spread.

    Args:
        seed: from 0 to 2^63 - 1.
        options: of :class:`EnsLossOptions`. That lambda is drawn uniformly from [-1, 1] follows one version of the
            author's program, a later one of which keeps it at 0 (``power=0``); the paper could not be read for this.

    Attributes:
        steps: int64, 0-dim: calls in training mode so far.
        keys: int64, (2,): the hashed seed.

    Raises:
        ValueError, TypeError: if an argument is out of range; on a call if there are more than two classes, the shapes
            do not match, or targets are class probabilities.

    Example:
        >>> loss = EnsLoss(seed=1)
        >>> logits = torch.tensor([1.0, -2.0, 0.5], requires_grad=True)
        >>> loss(logits, torch.tensor([1.0, 0.0, 0.0])).backward()
        >>> logits.grad.sign()  # towards the right side
        tensor([-1.,  1.,  1.])

    Source: Dai 2024, EnsLoss: stochastic calibrated loss ensembles for preventing overfitting in classification (arXiv
    2409.00908).
    """

    steps: Tensor
    keys: Tensor

    @takes(EnsLossOptions)
    def __init__(self, *, seed: int, options: EnsLossOptions) -> None:
        super().__init__()
        self.options = options
        self.register_buffer("steps", torch.tensor(0, dtype=torch.int64))
        self.register_buffer("keys", torch.tensor(keys_of(whole("seed", seed, ge=0, le=2**63 - 1)), dtype=torch.int64))

    def forward(self, output: Tensor, target: Tensor) -> Tensor:
        """Return what to call `backward()` on, 0-dim; see the class."""
        logit, yes = yes_logits("EnsLoss", output, target, _SEVERAL)
        if not (self.training and torch.is_grad_enabled()):
            return F.binary_cross_entropy_with_logits(logit, yes)
        if logit.device != self.steps.device:
            raise ValueError(
                f"the outputs are on {logit.device} and the state of EnsLoss on {self.steps.device}; "
                f"move it there once, before training: loss.to({str(logit.device)!r})"
            )
        margin = (2 * yes - 1) * logit
        derivatives = random_derivatives(margin, self._normal(margin), self._power(margin))
        self.steps.add_(1)
        return -(derivatives * margin).mean()

    def _normal(self, margin: Tensor) -> Tensor:
        word = word_at(self.steps, self.keys)
        place = torch.arange(1, len(margin) + 1, device=margin.device)
        normal: Tensor = torch.special.ndtri(uniform(word_at(word + place, self.keys.flip(0))))
        return normal.to(margin.dtype)

    def _power(self, margin: Tensor) -> Tensor:
        if self.options.power is not None:
            return torch.full((), self.options.power, dtype=margin.dtype, device=margin.device)
        # Counted down from below the steps, so that no step has the word of a period.
        word = word_at(-1 - self.steps // self.options.period, self.keys)
        return (2 * uniform(word) - 1).to(margin.dtype)
