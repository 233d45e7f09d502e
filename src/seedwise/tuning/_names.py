"""The names of what a search tries and chooses; what it tries stands beside the base in one study."""

from __future__ import annotations

from seedwise.tuning._results import Arm


def trial_name(arm: Arm, base: str, number: int) -> str:
    """Return the name of a trial of the tuned method, or of the base's own.

    Example:
        >>> trial_name("tuned", "sgd", 3), trial_name("base", "sgd", 0)
        ('trial-3', 'sgd-trial-0')

    """
    return f"{_trial(arm, base)}-{number}"


def search_name(arm: Arm, base: str, study: str) -> str:
    """Return the name of a search in Optuna's storage."""
    return f"{study}-{_trial(arm, base)}s"


def choice_name(arm: Arm, base: str) -> str:
    """Return the name of the best trial among the fresh runs."""
    return "tuned" if arm == "tuned" else f"{base}-tuned"


def is_given(name: str, arm: Arm, base: str) -> bool:
    """Return whether a search of this arm gives such names."""
    number = name.removeprefix(f"{_trial(arm, base)}-")
    return name == choice_name(arm, base) or (number != name and number.isdecimal())


def trials_study_name(study: str) -> str:
    """Return the name of the study that holds all trials."""
    return f"{study}-trials"


def fresh_study_name(study: str) -> str:
    """Return the name of the study of the base and the choice on fresh seeds."""
    return f"{study}-fresh"


def _trial(arm: Arm, base: str) -> str:
    return "trial" if arm == "tuned" else f"{base}-trial"
