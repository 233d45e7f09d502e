"""The tables that come with scikit-learn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd


def diabetes() -> pd.DataFrame:
    """Load ten measurements of 442 patients, and how far their diabetes came in a year, ``target``: a regression."""
    from sklearn.datasets import load_diabetes

    return _frame(load_diabetes(as_frame=True, scaled=False))


def breast_cancer() -> pd.DataFrame:
    """Load thirty measurements of 569 tumors, and whether each is benign, ``target``: yes or no."""
    from sklearn.datasets import load_breast_cancer

    return _frame(load_breast_cancer(as_frame=True))


def _frame(bunch: Any) -> pd.DataFrame:
    frame: pd.DataFrame = bunch.frame
    return frame
