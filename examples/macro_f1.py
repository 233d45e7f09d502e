"""A metric of one's own in a study file: the macro-averaged F1 score."""

import torch
from torch import Tensor

from seedwise.training import metric


@metric(unit="share", higher_is_better=True, chance=lambda classes: 1 / classes)
def macro_f1(logits: Tensor, labels: Tensor, beta: float = 1.0) -> Tensor:
    """Return the mean over classes of (1 + b^2) TP / ((1 + b^2) TP + b^2 FN + FP), 0 for a class that is nowhere.

    Source: van Rijsbergen, Information Retrieval, 1979, chapter 7; Sokolova & Lapalme 2009, table 3.
    """
    classes = logits.shape[1]
    predicted = logits.argmax(1)
    hits = torch.bincount(labels[predicted == labels], minlength=classes)
    there, said = torch.bincount(labels, minlength=classes), torch.bincount(predicted, minlength=classes)
    wanted = beta**2 * there + said
    return ((1 + beta**2) * hits.double() / wanted.clamp(min=1)).mean()
