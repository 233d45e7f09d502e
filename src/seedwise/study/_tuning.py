"""Whether a study can be tuned, and what a setting of its values is."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from seedwise.errors import SeedwiseError
from seedwise.study._mistakes import mistake
from seedwise.study._overrides import merge, nested
from seedwise.study._tuning_options import Space, Tune, Values
from seedwise.training import FUNCTION, is_forecasting

if TYPE_CHECKING:
    from seedwise.study._spec import StudySpec

LEARNING_RATE: Final = "optimizer.lr"


def is_search(description: Mapping[str, Any]) -> bool:
    """Return whether a stored study holds the trials of a search."""
    return "tuning" in description


def overrides_at(spec: StudySpec, method: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the overrides of a method with other values at dotted paths."""
    overrides = dict(spec.methods[method] or {})
    for path, value in values.items():
        overrides = merge(overrides, nested(path, value), named=spec.function == FUNCTION)
    return overrides


def tuned_method(spec: StudySpec) -> str:
    """Return the method whose values are searched.

    Raises:
        SeedwiseError: if it is unknown, or there are several and none is named.

    """
    assert spec.tune is not None
    names = list(spec.methods)
    if spec.tune.method is not None:
        if spec.tune.method not in names:
            raise SeedwiseError(mistake("method", spec.tune.method, names, "tune"))
        return spec.tune.method
    others = [name for name in names if name != spec.base_method]
    if len(others) > 1:
        raise SeedwiseError(
            f"tune: several methods could be tuned: add 'method: {others[0]}' (or {', '.join(others[1:])})"
        )
    return others[0] if others else spec.base_method


def base_space(spec: StudySpec) -> Space:
    """Return what is searched for the base: its own space, and its learning rate from a tenth to ten times as high."""
    assert spec.tune is not None
    space = dict(spec.tune.base_space)
    if spec.function == FUNCTION and LEARNING_RATE not in space:
        lr = next(iter(spec.configs().values()))["train"]["optimizer"]["lr"]
        space = {LEARNING_RATE: Values(low=lr / 10, high=min(lr * 10, 1e6), log=True), **space}
    return space


def check_tuning(spec: StudySpec) -> None:
    """Check that a study can be tuned as its file says.

    Raises:
        SeedwiseError: one line that says what to change.

    """
    if spec.tune is None:
        return
    for given, what in (
        (spec.tasks is not None, "'tasks' has several"),
        (spec.seeds is not None, "'seeds' lists its own"),
        (len(spec.regimes) > 1, "'regimes' has several"),
        (spec.fixed_values > 1, "'fixed_values' has several"),
    ):
        if given:
            raise SeedwiseError(f"tune searches one task in one regime, with seeds of its own: {what}, leave it out")
    if spec.tune.objective.needs_predictions and "split" in spec.regimes[0].split("+"):
        raise SeedwiseError(
            "tune: churn compares predictions for the same examples, and the regime varies 'split', which holds out "
            "others in each run: use objective: {name: sd}"
        )
    if spec.function == FUNCTION:
        _check_validation(spec)
    tune = spec.tune
    if re.fullmatch("tuned|(.*-)?trial-[0-9]+", spec.base_method):
        raise SeedwiseError(
            f"tune gives such names to what it tries: call the base '{spec.base_method}' something else"
        )
    if tune.space:
        _check_space(spec, tuned_method(spec), tune.space, "tune.space")
    elif len(spec.methods) < 2:
        raise SeedwiseError(
            "tune needs a space, such as space: {loss.lambda_s: {low: 0.01, high: 1, log: true}}, or further methods"
        )
    if tune.tune_base:
        space = base_space(spec)
        if not space:
            raise SeedwiseError(
                "tune_base: true needs a base_space, such as base_space: {config.lr: {low: 0.01, high: 1}}"
            )
        _check_space(spec, spec.base_method, space, "tune.base_space")


def _check_validation(spec: StudySpec) -> None:
    assert spec.tune is not None
    forecasts = is_forecasting(spec.task)
    for method, config in spec.configs().items():
        if "validation" not in config["train"]:
            where = f"methods.{method} has none" if spec.train.get("validation") else "train has none"
            wanted = "{rule: last}" if forecasts else "{fraction: 0.1}"
            raise SeedwiseError(
                f"tune judges its trials on validation data, and {where}: set train: {{validation: {wanted}}}"
            )
    if forecasts and spec.tune.objective.needs_predictions:
        raise SeedwiseError("tune: churn compares classes, and a forecast has none: use objective: sd")


def _check_space(spec: StudySpec, method: str, space: Space, where: str) -> None:
    """Resolve the method with values from everywhere in the space: a mistake shows before anything is trained."""
    for path, values in space.items():
        for value in values.examples():
            changed = spec.model_copy(update={"methods": {method: overrides_at(spec, method, {path: value})}})
            try:
                changed.configs()
            except SeedwiseError as error:
                hint = " ('whole: true' searches whole numbers)" if "valid integer" in str(error) else ""
                raise SeedwiseError(f"{where}: {error}{hint}") from None


def settings_of(tune: Tune) -> dict[str, Any]:
    """Return the options that may not change while a search goes on."""
    return tune.model_dump(mode="json", exclude={"trials", "fresh", "storage"})
