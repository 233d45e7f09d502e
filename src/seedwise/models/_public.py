"""What the package offers, imported when it is asked for."""

from seedwise.models._autoformer import autoformer
from seedwise.models._batch_norm import recompute_batch_norm
from seedwise.models._conv import conv2, conv4, conv6
from seedwise.models._dlinear import dlinear
from seedwise.models._equal_width import EqualWidths, PackedCost, equal_widths
from seedwise.models._itransformer import itransformer
from seedwise.models._lenet import lenet5, lenet300
from seedwise.models._mlp import mlp
from seedwise.models._mobilenet import mobilenet_v2
from seedwise.models._naive import naive, seasonal_naive
from seedwise.models._packed import PackedEnsemble
from seedwise.models._registry import FORECASTERS, MODELS
from seedwise.models._resnet import ResNet, resnet14, resnet14_wide, resnet18, resnet32
from seedwise.models._resnet9 import resnet9, resnet9_ffcv
from seedwise.models._shufflenet import shufflenet_v2
from seedwise.models._small_cnn import small_cnn
from seedwise.models._smelu import SmeLU, smelu
from seedwise.models._vgg import vgg16

__all__ = [
    "FORECASTERS",
    "MODELS",
    "EqualWidths",
    "PackedCost",
    "PackedEnsemble",
    "ResNet",
    "SmeLU",
    "autoformer",
    "conv2",
    "conv4",
    "conv6",
    "dlinear",
    "equal_widths",
    "itransformer",
    "lenet5",
    "lenet300",
    "mlp",
    "mobilenet_v2",
    "naive",
    "recompute_batch_norm",
    "resnet9",
    "resnet9_ffcv",
    "resnet14",
    "resnet14_wide",
    "resnet18",
    "resnet32",
    "seasonal_naive",
    "shufflenet_v2",
    "small_cnn",
    "smelu",
    "vgg16",
]
