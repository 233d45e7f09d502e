"""The standard error of a difference between two independent means, from two SDs and numbers of runs."""

import math


def welch(sd_method: float, n_method: int, sd_base: float, n_base: int) -> tuple[float, float]:
    r"""Return sqrt(v1 + v2), v_i = s_i^2 / n_i, and (v1 + v2)^2 / (v1^2/(n1-1) + v2^2/(n2-1)); 0 and 0 without an SD.

    Source:
        Welch (1947), The generalization of 'Student's' problem when several different population variances are
        involved, Biometrika 34, 28-35.
    """
    first, second = sd_method / math.sqrt(n_method), sd_base / math.sqrt(n_base)
    se = math.hypot(first, second)
    if se == 0:
        return 0.0, 0.0
    return se, 1 / ((first / se) ** 4 / (n_method - 1) + (second / se) ** 4 / (n_base - 1))
