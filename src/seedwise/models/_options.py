"""The options of the networks: one dataclass for those that have the same, which need no torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

Count = Annotated[int, ("ge", 1)]
Dropped = Annotated[float, ("ge", 0), ("lt", 1)]
Init = Literal["torch", "glorot"]


@dataclass(frozen=True)
class Packed:
    """Several networks in one module, each with an initialization of its own.

    The loss is the sum of theirs, and the probabilities are the mean of theirs.

    Args:
        members: how many. Make each narrower, with ``width``, if all are to cost what one does.

    """

    members: Annotated[int, ("ge", 2)]


@dataclass(frozen=True)
class SmeLUOptions:
    """Options of ``models.SmeLU``, a smooth ReLU, which takes the place of every ``nn.ReLU`` of a network.

    Args:
        beta: half the width of the bend between 0 and the identity, > 0.

    """

    beta: Annotated[float, ("gt", 0)] = 1.0

    def __post_init__(self) -> None:
        if not self.beta > 0:
            raise ValueError(f"beta {self.beta:g} must be greater than 0")


@dataclass(frozen=True)
class SmallCNNOptions:
    """Options of ``models.small_cnn``: two convolutions and a linear layer.

    Args:
        width: channels of the first convolution; the second has twice as many.
        dropout: share of features dropped before the linear layer, 0 to less than 1.

    """

    width: Count = 16
    dropout: Dropped = 0.25


@dataclass(frozen=True)
class LeNetOptions:
    """Options of ``models.lenet300`` and ``models.lenet5``.

    Args:
        bias: whether the layers have biases; networks whose weights are selected have none.
        init: how weights start: as torch's layers do, or ``glorot``.

    """

    bias: bool = True
    init: Init = "torch"


@dataclass(frozen=True)
class ConvOptions:
    """Options of ``models.conv2``, ``models.conv4`` and ``models.conv6``.

    Args:
        bias: whether the layers have biases; networks whose weights are selected have none.
        width: channels of the first convolutions; all other layers are in proportion to it.
        padding: whether every convolution keeps height and width; if not, the first four of a network lose a pixel on
            each side, and only later ones keep them.
        dropout: share of features dropped before the first linear layer, and of units before the second; 0 to less
            than 1.
        init: how weights start: as torch's layers do, or ``glorot``.

    """

    bias: bool = True
    width: Count = 64
    padding: bool = True
    dropout: Dropped = 0.0
    init: Init = "torch"


@dataclass(frozen=True)
class ResNet14Options:
    """Options of ``models.resnet14``.

    Args:
        width: channels of the first stage; each later one has twice as many as the one before. With 64 it is the
            source's wide network, 2 736 330 parameters.

    """

    width: Count = 16


@dataclass(frozen=True)
class ResNet14WideOptions:
    """Options of ``models.resnet14_wide``.

    Args:
        width: channels of the first stage; each later one has twice as many as the one before.

    """

    width: Count = 64


@dataclass(frozen=True)
class VGGOptions:
    """Options of ``models.vgg16``.

    Args:
        bias: whether convolutions and the linear layer have biases; networks whose weights are selected have none.
        affine: whether batch norms have a scale and a shift; those of networks whose weights are selected have none.
        init: how weights start: as torch's layers do, or ``glorot``.

    """

    bias: bool = True
    affine: bool = True
    init: Init = "torch"


@dataclass(frozen=True)
class AutoformerOptions:
    """Options of ``models.autoformer``.

    Args:
        label: steps of the input that the decoder sees again, 0 to ``lookback``; by default half of them (48 of 96 as
            published).
        d_model: width of a step.
        d_ff: width of the feed-forward networks; by default four times ``d_model``.
        encoder_layers: number of layers.
        decoder_layers: number of layers.
        kernel: steps of the moving average, odd.
        factor: how many delays are kept, above 0.
        dropout: share of features dropped, 0 to less than 1.

    """

    label: Annotated[int, ("ge", 0)] | None = None
    d_model: Count = 512
    d_ff: Count | None = None
    encoder_layers: Count = 2
    decoder_layers: Count = 1
    kernel: Count = 25
    factor: Annotated[float, ("gt", 0)] = 3
    dropout: Dropped = 0.05


@dataclass(frozen=True)
class DLinearOptions:
    """Options of ``models.dlinear``.

    Args:
        kernel: steps of the moving average, odd.

    """

    kernel: Count = 25


@dataclass(frozen=True)
class ITransformerOptions:
    """Options of ``models.itransformer``.

    Args:
        d_model: width of a token; by default as published for ETTh1, 256 up to 192 steps and 512 for more.
        d_ff: width of the feed-forward networks; by default that of a token.
        heads: attention heads; they divide ``d_model``.
        layers: number of layers.
        dropout: share of features dropped, 0 to less than 1.

    """

    d_model: Count | None = None
    d_ff: Count | None = None
    heads: Count = 8
    layers: Count = 2
    dropout: Dropped = 0.1


@dataclass(frozen=True)
class MLPOptions:
    """Options of ``models.mlp``, which takes rows of a table.

    Args:
        width: units of a hidden layer.
        depth: hidden layers; 0 is a linear model.
        dropout: share of units dropped after each of them, 0 to less than 1.

    """

    width: Count = 64
    depth: Annotated[int, ("ge", 0)] = 2
    dropout: Dropped = 0.0
