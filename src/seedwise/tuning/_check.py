"""Whether a study can be tuned as its file says."""

from __future__ import annotations

import math
from typing import Any

from seedwise.errors import SeedwiseError
from seedwise.study import Method, StudySpec, regime_sources
from seedwise.tuning._names import is_given
from seedwise.tuning._options import Space, Tune
from seedwise.tuning._space import base_space, overrides_at, tuned_method


def check_tuning(spec: StudySpec) -> None:
    """Check that a study can be tuned as its file says.

    Raises:
        SeedwiseError: one line that says what to change.

    """
    tune = spec.tune
    assert isinstance(tune, Tune)
    for given, what in (
        (spec.tasks is not None, "'tasks' has several"),
        (spec.seeds is not None, "'seeds' lists its own"),
        (len(spec.regimes) > 1, "'regimes' has several"),
        (spec.fixed_values > 1, "'fixed_values' has several"),
    ):
        if given:
            raise SeedwiseError(f"tune searches one task in one regime, with seeds of its own: {what}, leave it out")
    if tune.objective.needs_predictions and "split" in regime_sources(spec.regimes[0]):
        raise SeedwiseError(
            "tune: churn compares predictions for the same examples, and the regime varies 'split', which holds out "
            "others in each run: use objective: {name: sd}"
        )
    if spec.is_builtin:
        _check_validation(spec, tune)
    if not tune.space and len(spec.methods) < 2:
        raise SeedwiseError(
            "tune needs a space, such as space: {loss.lambda_s: {low: 0.01, high: 1, log: true}}, or further methods"
        )
    _check_names(spec, tune)
    if tune.space:
        _check_space(spec, tuned_method(spec, tune), tune.space, "tune.space")
    if tune.tune_base:
        space = base_space(spec, tune)
        if not space:
            raise SeedwiseError(
                "tune_base: true needs a base_space, such as base_space: {config.lr: {low: 0.01, high: 1}}"
            )
        _check_space(spec, spec.base_method, space, "tune.base_space")


def _check_names(spec: StudySpec, tune: Tune) -> None:
    """What is tried stands beside the base in one study, and the choice in another: names must differ."""
    base = spec.base_method
    for arm in tune.searched:
        for name in [base] if tune.space else spec.methods:
            if is_given(name, arm, base):
                what = "base" if name == base else "method"
                raise SeedwiseError(f"tune gives such names to what it tries: call the {what} '{name}' something else")


def _check_validation(spec: StudySpec, tune: Tune) -> None:
    forecasts = spec.learns.forecasts
    for method, config in spec.configs().items():
        if "validation" not in config["train"]:
            where = f"methods.{method} has none" if spec.train.get("validation") else "train has none"
            wanted = "{rule: last}" if forecasts else "{fraction: 0.1}"
            raise SeedwiseError(
                f"tune judges its trials on validation data, and {where}: set train: {{validation: {wanted}}}"
            )
    if spec.learns.has_classes is False and tune.objective.needs_predictions:
        what = "a forecast" if forecasts else "a regression"
        raise SeedwiseError(f"tune: churn compares classes, and {what} has none: use objective: sd")


def _check_space(spec: StudySpec, method: str, space: Space, where: str) -> None:
    """Resolve the method with values from everywhere in the space: a mistake shows before anything is trained."""
    for path, values in space.items():
        for value in values.examples():
            error = _mistake_at(spec, method, path, value)
            if error is None:
                continue
            between = isinstance(value, float) and not value.is_integer()
            whole = (math.floor(value), math.ceil(value)) if between else ()  # type: ignore[arg-type]
            would_do = whole and not any(_mistake_at(spec, method, path, one) for one in whole)
            hint = " ('whole: true' searches whole numbers)" if would_do else ""
            raise SeedwiseError(f"{where}: {error}{hint}")


def _mistake_at(spec: StudySpec, method: str, path: str, value: Any) -> SeedwiseError | None:
    changed = spec.model_copy(update={"methods": {method: Method(method, overrides_at(spec, method, {path: value}))}})
    try:
        changed.configs()
    except SeedwiseError as error:
        return error
    return None
