"""A network with batch norm and dropout, small enough to follow by hand."""

from torch import nn


def make(in_channels, num_classes, *, dropout=0.3):
    layers = [nn.Conv2d(in_channels, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten()]
    return nn.Sequential(*layers, nn.Dropout(dropout), nn.Linear(144, num_classes))


def narrow(in_channels, num_classes):
    """Return one with a class too few."""
    return make(in_channels, num_classes - 1)
