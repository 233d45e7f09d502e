"""A linear layer that chooses its weights."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

from seedwise.selection._selecting import Selecting, check_no_bias
from seedwise.selection.options import Init, Mode, SampleInEval, SelectionOptions


class SelectLinear(Selecting, nn.Linear):
    r"""A linear layer y = x W^T whose weights are chosen among k fixed random ones by trained scores.

    See :class:`Selecting` for the formulas. As ``nn.Linear``, without a bias.

    Args:
        in_features, out_features: sizes of the last axis of input and output.
        bias: False, as the method has none.
        k: candidates per connection, 1 or more; with 1 the weights are fixed at random.
        mode: ``greedy`` takes the highest score; ``probabilistic`` draws from the softmax of the scores in every
            forward pass of training, and takes the highest score in ``eval()``.
        init: ``glorot`` (Glorot & Bengio 2010) or ``sigma``, as a reproduction of the method reads the paper.
        seed: of the candidates, 0 to 2^63 - 1. Layers of one network need different ones, as ``select_weights`` gives.
        scores_seed: of the first scores; None: as ``seed``.
        draw_seed: of the draws of ``probabilistic``; None: as ``seed``.
        store_weights: False makes candidates again from the seed wherever they are needed: the same bits in k times the
            memory of the layer less, a little slower.
        sample_in_eval: True: ``probabilistic`` draws in ``eval()`` too, one and the same network until training goes
            on; ``every_pass``: another one in each forward pass, the same ones after each call of ``eval()``.

    Raises:
        ValueError: for an argument that is none of these.

    Example:
        >>> import torch
        >>> layer = SelectLinear(4, 2, k=8, seed=1)
        >>> layer(torch.zeros(3, 4)).shape, [name for name, _ in layer.named_parameters()]
        (torch.Size([3, 2]), ['scores'])

    Source: Aladago & Torresani 2021 (arXiv 2101.06475).
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        bias: bool = False,
        *,
        seed: int,
        k: int = SelectionOptions.k,
        mode: Mode = SelectionOptions.mode,
        init: Init = SelectionOptions.init,
        scores_seed: int | None = None,
        draw_seed: int | None = None,
        store_weights: bool = SelectionOptions.store_weights,
        sample_in_eval: SampleInEval = SelectionOptions.sample_in_eval,
    ) -> None:
        check_no_bias(bias)
        nn.Linear.__init__(self, in_features, out_features, bias=False, device="meta")
        shape = self.weight.shape
        del self.weight
        self._select(
            shape,
            k=k,
            mode=mode,
            init=init,
            seed=seed,
            scores_seed=scores_seed,
            draw_seed=draw_seed,
            store_weights=store_weights,
            sample_in_eval=sample_in_eval,
            score_share=0.1,
        )

    def forward(self, input: Tensor) -> Tensor:
        """Map (..., in_features) to (..., out_features)."""
        return F.linear(input, self._weight())
