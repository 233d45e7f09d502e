"""What the package offers, imported when it is asked for."""

from seedwise.losses._controller import Control, ControlledLoss, Controller
from seedwise.losses.agreement import distillation, symmetric_kl
from seedwise.losses.any_loss import AnyLoss, soft_confusion
from seedwise.losses.clf import CLFLoss, binary_variance, residual_variance, stable_penalty, variance_penalty
from seedwise.losses.clf_options import CLFOptions
from seedwise.losses.comp_sum import CompSumLoss, comp_sum_loss
from seedwise.losses.dynamic_clf import DynamicCLFLoss
from seedwise.losses.dynamic_clf_options import DynamicCLFOptions
from seedwise.losses.ens_loss import EnsLoss, random_derivatives
from seedwise.losses.log_partition import LogPartitionLoss, log_partition_loss
from seedwise.losses.lr_control import LearningRateControl
from seedwise.losses.objective_options import (
    AnyLossOptions,
    CompSumOptions,
    EnsLossOptions,
    LogPartitionOptions,
    TaylorSoftmaxOptions,
    ZLossOptions,
)
from seedwise.losses.placebo import PlaceboLoss
from seedwise.losses.taylor_softmax import TaylorSoftmaxLoss, taylor_softmax_loss
from seedwise.losses.trajectory import TrajectoryLoss, past_distance
from seedwise.losses.trajectory_options import TrajectoryOptions
from seedwise.losses.vml import VarianceMinimizerLoss, huber, huber_slope
from seedwise.losses.vml_options import VMLOptions
from seedwise.losses.zloss import ZLoss, z_loss

__all__ = [
    "AnyLoss",
    "AnyLossOptions",
    "CLFLoss",
    "CLFOptions",
    "CompSumLoss",
    "CompSumOptions",
    "Control",
    "ControlledLoss",
    "Controller",
    "DynamicCLFLoss",
    "DynamicCLFOptions",
    "EnsLoss",
    "EnsLossOptions",
    "LearningRateControl",
    "LogPartitionLoss",
    "LogPartitionOptions",
    "PlaceboLoss",
    "TaylorSoftmaxLoss",
    "TaylorSoftmaxOptions",
    "TrajectoryLoss",
    "TrajectoryOptions",
    "VMLOptions",
    "VarianceMinimizerLoss",
    "ZLoss",
    "ZLossOptions",
    "binary_variance",
    "comp_sum_loss",
    "distillation",
    "huber",
    "huber_slope",
    "log_partition_loss",
    "past_distance",
    "random_derivatives",
    "residual_variance",
    "soft_confusion",
    "stable_penalty",
    "symmetric_kl",
    "taylor_softmax_loss",
    "variance_penalty",
    "z_loss",
]
