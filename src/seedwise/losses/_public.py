"""What the package offers, imported when it is asked for."""

from seedwise.losses._controller import Control, ControlledLoss, Controller
from seedwise.losses.agreement import distillation, symmetric_kl
from seedwise.losses.clf import CLFLoss, binary_variance, residual_variance, stable_penalty, variance_penalty
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
    "binary_variance",
    "distillation",
    "huber",
    "huber_slope",
    "residual_variance",
    "stable_penalty",
    "symmetric_kl",
    "variance_penalty",
]
