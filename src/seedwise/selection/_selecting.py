"""What the selecting layers share."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Self, get_args

import torch
from torch import Tensor, nn

from seedwise.selection._choose import greedy, sampled
from seedwise.selection._hash import WORD, keys_of, mixed
from seedwise.selection._pool import Pool, chosen
from seedwise.selection.options import Init, Mode, SampleInEval


class Selecting(nn.Module):
    r"""What both layers share: k scores for every connection, and the weights that they choose.

    With fan_in and fan_out as of ``torch.nn.init``, candidates and first scores are evenly spread,

        glorot:  w in -b..b,          s in 0..b,          b = sqrt(6 / (fan_in + fan_out))
        sigma:   w in -sigma..sigma,  s in 0..c sigma,    sigma = sqrt(2 / (fan_in + fan_out)),  c = 1 (conv) or 0.1

    The forward pass takes the candidate with the highest score (greedy), or draws one from softmax(s) (probabilistic).
    Only scores are parameters; with the gradient of the loss at the weight W_i of connection i,

        dL/ds_ij = dL/dW_i w_ij.

    Attributes:
        scores: (k, n) for n connections, the only parameter.
        candidates: (k, n), where they are stored, in no ``state_dict``: the seed, which is in it, makes them again.
        draws: how many times the layer has drawn in training; in the ``state_dict``, so that a resumed training draws
            what an uninterrupted one does.
        passes: how many times it has drawn in evaluation since the last call of ``train()`` or ``eval()``.

    """

    scores: nn.Parameter
    candidates: Tensor | None
    draws: Tensor
    passes: Tensor
    last_choice: Tensor

    def _select(
        self,
        shape: torch.Size,
        *,
        k: int,
        mode: Mode,
        init: Init,
        seed: int,
        scores_seed: int | None,
        draw_seed: int | None,
        store_weights: bool,
        sample_in_eval: SampleInEval,
        score_share: float,
    ) -> None:
        scores_seed, draw_seed = (seed if s is None else s for s in (scores_seed, draw_seed))
        if isinstance(k, bool) or not isinstance(k, int) or k < 1:
            raise ValueError(f"k is {k!r}: each connection needs 1 or more candidates, such as k=8")
        for value, words, name in (
            (mode, Mode, "mode"),
            (init, Init, "init"),
            (sample_in_eval, SampleInEval, "sample_in_eval"),
        ):
            allowed = get_args(words)
            if value not in allowed:
                raise ValueError(f"{name} is {value!r}: use one of {', '.join(map(str, allowed))}")
        for given, name in ((seed, "seed"), (scores_seed, "scores_seed"), (draw_seed, "draw_seed")):
            if isinstance(given, bool) or not isinstance(given, int) or not 0 <= given < 2**63:
                raise ValueError(f"{name} is {given!r}: it must be an integer from 0 to 2^63 - 1")
        self.k, self.mode, self.init, self.draw_seed = k, mode, init, draw_seed
        self.store_weights, self.sample_in_eval = store_weights, sample_in_eval
        self.weight_shape = shape
        fan_in, fan_out = nn.init._calculate_fan_in_and_fan_out(torch.empty(shape, device="meta"))
        self.bound = math.sqrt((6 if init == "glorot" else 2) / (fan_in + fan_out))
        highest = self.bound * (1 if init == "glorot" else score_share)
        first = torch.rand(k, shape.numel(), generator=torch.Generator().manual_seed(scores_seed)) * highest
        self.scores = nn.Parameter(first)
        self.register_buffer("candidates", None, persistent=False)
        self.register_buffer("draws", torch.zeros((), dtype=torch.int64))
        self.register_buffer("passes", torch.zeros((), dtype=torch.int64), persistent=False)
        self.register_buffer("last_choice", self.compact(greedy(first)))
        self._set_seed(seed)

    def _set_seed(self, seed: int) -> None:
        self.seed = seed
        self.pool = Pool(seed, self.k, self.weight_shape.numel(), self.bound)
        if self.store_weights:
            self.candidates = self.pool.all(self.scores.device).to(self.scores.dtype)

    def reset_parameters(self) -> None:
        """Do nothing: the first scores come from their seed."""

    def compact(self, index: Tensor) -> Tensor:
        """Return a choice (n,) in the smallest type that holds it."""
        return index.to(torch.uint8 if self.k <= 256 else torch.int32)

    def chosen_weight(self) -> Tensor:
        """Return the weights that the next forward pass would use, without counting a draw."""
        index = self.index(self.training, self.passes)
        return chosen(self.scores, index, self.pool, self.candidates).view(self.weight_shape)

    def numbers_in_use(self) -> tuple[Tensor, Tensor]:
        """Return the candidates (k, n), stored from now on, and the flat places (n,) of those with the highest scores.

        For code that changes a candidate by hand; the change is in no ``state_dict``.
        """
        if self.candidates is None:
            self.candidates = self.pool.all(self.scores.device).to(self.scores.dtype)
        index = greedy(self.scores)
        return self.candidates, index * index.numel() + torch.arange(index.numel(), device=index.device)

    def index(self, training: bool, passes: Tensor) -> Tensor:
        """Return the choice of the next forward pass (n,), in training or after so many passes of an evaluation."""
        if self.mode == "greedy" or not (training or self.sample_in_eval):
            return greedy(self.scores)
        numbers = [self.draws + 1] if training else [self.draws]
        if not training and self.sample_in_eval == "every_pass":
            numbers.append(passes + 1)
        return sampled(self.scores, _draw_key(self.draw_seed, numbers, training))

    def _weight(self) -> Tensor:
        weight = self.chosen_weight()
        if self.mode == "probabilistic":
            if self.training:
                self.draws += 1
            elif self.sample_in_eval == "every_pass":
                self.passes += 1
        return weight

    def train(self, mode: bool = True) -> Self:
        """Set the mode, as any module does; an evaluation that begins here draws what it would have drawn before."""
        self.passes.zero_()
        return super().train(mode)

    def get_extra_state(self) -> Tensor:
        """Return the seed of the candidates, which stands for them in the state."""
        return torch.tensor(self.seed, dtype=torch.int64)

    def set_extra_state(self, state: Tensor) -> None:
        """Take the seed of a state; candidates that are stored are made again."""
        if int(state) != self.seed:
            self._set_seed(int(state))

    def extra_repr(self) -> str:
        """Show the options of selection beside those of the layer."""
        return f"{super().extra_repr()}, k={self.k}, mode={self.mode}"


def _draw_key(seed: int, numbers: Sequence[Tensor], training: bool) -> Tensor:
    """Return one int32 key for the draw of these numbers, without asking the device for them."""
    first, second = keys_of(seed, 2, purpose=3 if training else 4)
    word = torch.zeros_like(numbers[0])
    for number in numbers:
        word = mixed((word + number + first) & WORD)
    word = word ^ second
    return torch.where(word >= 1 << 31, word - (1 << 32), word).to(torch.int32)


def check_no_bias(bias: bool) -> None:
    """Raise ValueError where a bias is asked for."""
    if bias:
        raise ValueError("a selecting layer has no bias: leave out bias=True, or follow it by a layer that adds one")
