"""Drop-in losses that try to make training depend less on the seed, and two controls to test them against.

    loss = VarianceMinimizerLoss(warmup_steps=200).to(device)
    for batch, target in loader:
        loss(model(batch), target).backward()
        ...
    loss.epoch_summary()     # what it did to the gradient
    loss.on_epoch_end()

Needs torch and nothing else of seedwise; the options (`VMLOptions`, `CLFOptions`) do not even need torch.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from seedwise.losses._controller import Control, ControlledLoss, Controller
    from seedwise.losses.clf import CLFLoss, residual_variance, stable_penalty, variance_penalty
    from seedwise.losses.clf_options import CLFOptions
    from seedwise.losses.lr_control import LearningRateControl
    from seedwise.losses.placebo import PlaceboLoss
    from seedwise.losses.vml import VarianceMinimizerLoss, huber, huber_slope
    from seedwise.losses.vml_options import VMLOptions

__all__ = [
    "CLFLoss",
    "CLFOptions",
    "Control",
    "ControlledLoss",
    "Controller",
    "LearningRateControl",
    "PlaceboLoss",
    "VMLOptions",
    "VarianceMinimizerLoss",
    "huber",
    "huber_slope",
    "residual_variance",
    "stable_penalty",
    "variance_penalty",
]

_MODULES = ("vml_options", "clf_options", "_controller", "vml", "clf", "placebo", "lr_control")


def __getattr__(name: str) -> Any:
    # Imported when asked for: what declares the options is read where there is no torch.
    if name in __all__:
        for module in (import_module(f"{__name__}.{module}") for module in _MODULES):
            if hasattr(module, name):
                return getattr(module, name)
    raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
