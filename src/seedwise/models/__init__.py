"""The networks of the papers, as functions that return a fresh module.

Of images ``make(in_channels, num_classes, **options)``; of time series ``make(variables, lookback, horizon, calendar,
**options)``.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from seedwise.models._autoformer import autoformer
    from seedwise.models._batch_norm import recompute_batch_norm
    from seedwise.models._conv import conv2, conv4, conv6
    from seedwise.models._dlinear import dlinear
    from seedwise.models._itransformer import itransformer
    from seedwise.models._lenet import lenet5, lenet300
    from seedwise.models._mobilenet import mobilenet_v2
    from seedwise.models._naive import naive, seasonal_naive
    from seedwise.models._registry import FORECASTERS, MODELS
    from seedwise.models._resnet import ResNet, resnet14, resnet14_wide, resnet18, resnet32
    from seedwise.models._resnet9 import resnet9, resnet9_ffcv
    from seedwise.models._shufflenet import shufflenet_v2
    from seedwise.models._small_cnn import small_cnn
    from seedwise.models._vgg import vgg16

__all__ = [
    "FORECASTERS",
    "MODELS",
    "ResNet",
    "autoformer",
    "conv2",
    "conv4",
    "conv6",
    "dlinear",
    "itransformer",
    "lenet5",
    "lenet300",
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
    "vgg16",
]

_MODULES = (
    "_autoformer",
    "_batch_norm",
    "_conv",
    "_dlinear",
    "_itransformer",
    "_lenet",
    "_mobilenet",
    "_naive",
    "_registry",
    "_resnet",
    "_resnet9",
    "_shufflenet",
    "_small_cnn",
    "_vgg",
)


def __getattr__(name: str) -> Any:
    # Imported when asked for: what declares the options is read where there is no torch.
    if name in __all__:
        for module in (import_module(f"{__name__}.{module}") for module in _MODULES):
            if hasattr(module, name):
                return getattr(module, name)
    raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
