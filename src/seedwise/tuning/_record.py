"""What a store keeps of a search, beside the study of its trials."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final, Self

from seedwise.tuning._options import Objective
from seedwise.tuning._results import Arm, TrialState

GOING: Final = "the search goes on"


@dataclass(frozen=True)
class Setting:
    """One setting that was tried.

    Attributes:
        arm: whose values it has.
        params: the values, by their dotted paths.
        state: what became of it.

    """

    arm: Arm
    params: Mapping[str, Any]
    state: TrialState


@dataclass(frozen=True)
class Choice:
    """How a search ended.

    Attributes:
        chosen: the best trial, or None if none reached the floor.
        chosen_base: the base's setting that it is compared with: itself, or its best trial.
        importances: shares of the parameters, or why there are none.
        fresh: the name of the study of fresh runs; None if there was nothing to compare.

    """

    chosen: str | None
    chosen_base: str
    importances: Mapping[str, float] | str = GOING
    fresh: str | None = None


@dataclass(frozen=True)
class SearchRecord:
    """A search as a store keeps it.

    Attributes:
        of: the study that is tuned.
        study: its file, JSON values.
        options: of its ``tune:``, JSON values, defaults included.
        method: whose values are searched, None where methods are tried.
        base: the base's name.
        floor: which the mean must reach, None without one.
        earlier: what earlier calls chose.
        settings: what was tried, by name, the base first.
        choice: how it ended, None while it goes on.

    """

    of: str
    study: Mapping[str, Any]
    options: Mapping[str, Any]
    method: str | None
    base: str
    floor: float | None
    earlier: Sequence[str]
    settings: Mapping[str, Setting]
    choice: Choice | None = None

    @property
    def objective(self) -> Objective:
        """What is made small."""
        # Not validated: what is stored names every option, and some go with others only.
        return Objective.model_construct(**self.options["objective"])

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return {
            "of": self.of,
            "options": self.options,
            "method": self.method,
            "base": self.base,
            "floor": self.floor,
            "earlier": list(self.earlier),
            "settings": {name: asdict(setting) for name, setting in self.settings.items()},
            "study": self.study,
            **({} if self.choice is None else asdict(self.choice)),
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """Read what any version has stored."""
        choice = None
        if "chosen" in stored:
            choice = Choice(stored["chosen"], stored["chosen_base"], stored["importances"], stored["fresh"])
        return cls(
            of=stored["of"],
            study=stored["study"],
            options=stored["options"],
            method=stored["method"],
            base=stored["base"],
            floor=stored["floor"],
            earlier=tuple(stored.get("earlier", ())),
            settings={name: Setting(**setting) for name, setting in stored["settings"].items()},
            choice=choice,
        )

    @classmethod
    def of_study(cls, description: Mapping[str, Any] | None) -> Self | None:
        """Return the search whose trials a stored study holds; None if it holds none."""
        stored = (description or {}).get("tuning")
        return None if stored is None else cls.from_json(stored)
