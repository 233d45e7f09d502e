"""A convolution that chooses its weights."""

from __future__ import annotations

from typing import Any, Literal

from torch import Tensor, nn

from seedwise.selection._selecting import Selecting, check_no_bias
from seedwise.selection.options import Init, Mode, SampleInEval, SelectionOptions


class SelectConv2d(Selecting, nn.Conv2d):
    r"""A convolution whose weights are chosen among k fixed random ones by trained scores.

    See :class:`Selecting` for the formulas. As ``nn.Conv2d``, without a bias.

    Args:
        in_channels, out_channels, kernel_size, stride, padding, dilation, groups, padding_mode: as of ``nn.Conv2d``.
        bias: False, as the method has none.
        k, mode, init, seed, scores_seed, draw_seed, store_weights, sample_in_eval: as of :class:`SelectLinear`.

    Raises:
        ValueError: for an argument that is none of these.

    Example:
        >>> import torch
        >>> SelectConv2d(3, 8, 3, padding=1, k=4, seed=1)(torch.zeros(5, 3, 32, 32)).shape
        torch.Size([5, 8, 32, 32])

    Source: as of :class:`SelectLinear`.
    """

    def __init__(  # noqa: PLR0917 - as nn.Conv2d
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int | tuple[int, int],
        stride: int | tuple[int, int] = 1,
        padding: str | int | tuple[int, int] = 0,
        dilation: int | tuple[int, int] = 1,
        groups: int = 1,
        bias: bool = False,
        padding_mode: Literal["zeros", "reflect", "replicate", "circular"] = "zeros",
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
        nn.Conv2d.__init__(
            self,
            in_channels,
            out_channels,
            kernel_size,
            stride,
            padding,
            dilation,
            groups,
            bias=False,
            padding_mode=padding_mode,
            device="meta",
        )
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
            score_share=1.0,
        )

    def forward(self, input: Tensor) -> Tensor:
        """Map (B, in_channels, H, W) to (B, out_channels, H', W')."""
        made: Tensor = self._conv_forward(input, self._weight(), None)
        return made


def shape_options(layer: nn.Conv2d) -> dict[str, Any]:
    """Return what another convolution of the same shape is made with."""
    names = ("in_channels", "out_channels", "kernel_size", "stride", "padding", "dilation", "groups", "padding_mode")
    return {name: getattr(layer, name) for name in names}
