"""Wilson's interval for a share, in one place."""

import numpy as np
from numpy.typing import ArrayLike, NDArray


def wilson(share: ArrayLike, n: float, quantile: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    r"""Return the limits of a share p seen in n independent trials.

    With the quantile z: (p + z^2/(2n) -+ z sqrt(p (1 - p)/n + z^2/(4 n^2))) / (1 + z^2/n); exactly 0 below p = 0 and
    exactly 1 above p = 1.

    Args:
        share: from 0 to 1, any shape.
        n: number of trials, or what they are worth if they are not independent.
        quantile: of the normal distribution, or of Student's t.

    Returns:
        Lower and upper limits, in the shape of ``share``.

    Source:
        Wilson (1927), Probable inference, the law of succession, and statistical inference, Journal of the American
        Statistical Association 22, 209-212.
    """
    p, z = np.asarray(share, dtype=np.float64), quantile
    scale = 1 + z**2 / n
    centre = (p + z**2 / (2 * n)) / scale
    half = z * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2)) / scale
    return np.where(p == 0, 0.0, centre - half), np.where(p == 1, 1.0, centre + half)
