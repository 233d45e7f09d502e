"""The study file: read and checked."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any, Final

from seedwise.errors import SeedwiseError, listed
from seedwise.registry import resolve
from seedwise.study._error_messages import mistake, validated
from seedwise.study._extensions import sections_in
from seedwise.study._methods import in_study_file
from seedwise.study._old_names import with_new_names
from seedwise.study._overrides import merge
from seedwise.study._readout_checks import check_readouts
from seedwise.study._regimes import regime_sources
from seedwise.study._spec import StudySpec
from seedwise.study._sweep import expanded
from seedwise.study._yaml import load_yaml, read_yaml

_LOG: Final = logging.getLogger(__name__)


def read_study(path: Path, scale: str | None = None) -> StudySpec:
    """Read and check a study file.

    Args:
        path: a YAML file.
        scale: one of its ``scales``, or ``full``; None where it has none.

    Raises:
        SeedwiseError: one line that says where the mistake is, what is allowed and the closest match.

    """
    if path.suffix == ".py":
        raise SeedwiseError(f"{path} is a program: 'python {path}' starts it, 'seedwise doctor {path}' examines it")
    if path.suffix == ".db":
        raise SeedwiseError(f"cannot read {path}: it is a store; name the study file (.yaml)")
    try:
        text = read_yaml(path)
    except FileNotFoundError:
        raise SeedwiseError(f"there is no study file {path}: 'seedwise init {path}' writes one to start from") from None
    except (OSError, ValueError) as error:  # a ValueError: a name with a zero byte
        raise SeedwiseError(f"cannot read {path}: {error}") from None
    return parse_study(text, str(path), scale)


def parse_study(text: str, source: str = "study", scale: str | None = None) -> StudySpec:
    """Check the text of a study file, named ``source`` in error messages; ``scale`` is one of its ``scales``."""
    raw = load_yaml(text, source)
    if raw is None:
        raise SeedwiseError(f"{source} is empty: 'seedwise init' writes a study file to start from")
    return check_study(_scaled(raw, source, scale), source)


def _scaled(raw: Any, source: str, scale: str | None) -> Any:
    """Lay one of the study's ``scales`` over it; ``full`` is the study as it stands."""
    scales = raw.get("scales") if isinstance(raw, dict) else None
    if scales is None:
        if scale is not None:
            raise SeedwiseError(f"{source} has no scales: leave out '--scale {scale}'")
        return raw
    if not isinstance(scales, dict) or not all(
        isinstance(name, str) and isinstance(changes, dict) for name, changes in scales.items()
    ):
        raise SeedwiseError(f"{source}: scales holds a name for each scale, and what it changes of the study")
    names = [*scales, *([] if "full" in scales else ["full"])]
    if scale is None:
        raise SeedwiseError(
            f"{source} comes in several scales: choose one of --scale {listed(names, None, ', --scale ')}"
        )
    if scale not in names:
        raise SeedwiseError(f"{source}: {mistake('scale', scale, names)}")
    rest = {key: value for key, value in raw.items() if key != "scales"}
    changes = scales.get(scale, {})
    # A scale names the tasks that it has: fewer or others, where the full study is too long.
    merged = merge(rest, changes, named=True) | {key: changes[key] for key in ("tasks",) if key in changes}
    if scale == "full":
        return merged
    if "published" in merged:
        merged["published_setting"] = changes.get("published_setting", False)
    # Results of different scales never meet in one store.
    return merged | {"name": f"{merged.get('name')}-{scale}"}


def check_study(raw: Any, source: str = "study") -> StudySpec:
    """Check what a study file holds, named ``source`` in error messages."""
    if not isinstance(raw, dict):
        raise SeedwiseError(f"{source}: a study file holds 'key: value' lines, not {type(raw).__name__}")
    raw, notes = with_new_names(raw)
    for note in notes:
        _LOG.warning("%s: %s", source, note)
    try:
        sections = sections_in(raw)
        raw = raw | {key: validated(resolve(own.options), raw[key], key) for key, own in sections.items()}
        study = validated(StudySpec, raw)
        if study.sweep is not None:
            methods = in_study_file(expanded(study.methods, study.sweep, named=study.is_builtin))
            rest = {key: value for key, value in raw.items() if key != "sweep"}
            study = validated(StudySpec, {**rest, "methods": methods})
        for task, part in study.by_task().items():
            try:
                part.configs()
                check_readouts(part)
                _check_scores(part)
                _ = part.numerics, part.learns.name
            except SeedwiseError as error:
                raise SeedwiseError(str(error) if study.tasks is None else f"with the task '{task}': {error}") from None
        for own in sections.values():
            resolve(own.check)(study)
        return study
    except SeedwiseError as error:
        raise SeedwiseError(f"{source}: {error}") from None


def _check_scores(spec: StudySpec) -> None:
    """Without scores, runs of the regime ``scores`` would all be the same."""
    vectors = spec.seeds or [dict.fromkeys(regime_sources(regime), 1) for regime in spec.regimes]
    if not spec.is_builtin or not any(vector.get("scores") for vector in vectors):
        return
    for method, config in spec.configs().items():
        if "selection" not in config["model"]:
            raise SeedwiseError(
                f"the regime 'scores' varies the first scores of selected weights, and the method '{method}' has none: "
                "give its model 'selection: {k: 8}', or vary 'init' or 'weights'"
            )
