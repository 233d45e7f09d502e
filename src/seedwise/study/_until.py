"""A study that grows until its question is resolved."""

from __future__ import annotations

from functools import cache
from typing import Any

from seedwise.errors import SeedwiseError
from seedwise.statistics import SequentialDesign, sequential_design, sequential_power
from seedwise.statistics.sequential.questions import QUESTIONS
from seedwise.study._spec import StudySpec


def looks_at(spec: StudySpec) -> tuple[int, ...]:
    """Return the numbers of replicates at which a study is looked at.

    Raises:
        SeedwiseError: one line, if it cannot be looked at while it grows.

    """
    if spec.until is None:
        raise SeedwiseError(
            "--until resolved takes an 'until:' in the study file: until: {question: spread, effect: 0.7, "
            "looks: [20, 40, 60, 80]}"
        )
    if spec.seeds is not None or spec.fixed_values > 1:
        given = "lists its own seeds" if spec.seeds is not None else "has several fixed values"
        raise SeedwiseError(f"--until resolved adds replicates, and this study {given}: leave that out")
    if len(spec.methods) + len(spec.readouts) < 2:
        raise SeedwiseError("--until resolved compares methods with the base: give the study a second method")
    return tuple(spec.until.looks)


def described(spec: StudySpec, look: int) -> dict[str, Any]:
    """Return what a report needs to know of a look at a study, counted from 0."""
    assert spec.until is not None
    design = design_of(spec)
    return {
        "question": spec.until.question,
        "looks": list(design.looks),
        "limits": list(design.limits),
        "look": look,
    }


def design_of(spec: StudySpec) -> SequentialDesign:
    """Return the looks with their limits; alpha is shared by all comparisons."""
    assert spec.until is not None
    return _design(tuple(spec.until.looks), spec.until.question, spec.until.alpha / comparisons(spec))


def announced(spec: StudySpec) -> str:
    """Return one line on what the looks will find and at what cost."""
    assert spec.until is not None
    until, design, asked = spec.until, design_of(spec), QUESTIONS[spec.until.question]
    found, null = (sequential_power(design, effect, studies=4000) for effect in (until.effect, asked.no_effect))
    lacking = "" if found.power >= until.power else f", less than the {until.power:g} asked for: allow more runs"
    return (
        f"looks at {', '.join(map(str, design.looks))} runs per method: {asked.effect} of {until.effect:g} is found "
        f"with probability {found.power:.2f}{lacking}, after {found.expected_runs:.0f} runs on average; where there is "
        f"none, {null.expected_runs:.0f}"
    )


def comparisons(spec: StudySpec) -> int:
    """Return how many comparisons with the base a study makes."""
    cells = len(spec.methods) * (1 + sum("ensemble" not in name for name in spec.readouts)) - 1
    return max(cells, 1) * len(spec.regimes) * len(spec.tasks or (None,))


@cache
def _design(looks: tuple[int, ...], question: str, alpha: float) -> SequentialDesign:
    return sequential_design(looks, question=question, paired=True, alpha=alpha)
