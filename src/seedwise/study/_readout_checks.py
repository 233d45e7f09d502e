"""Whether the readouts of a study fit its task, its methods and what its runs keep."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from seedwise.errors import SeedwiseError
from seedwise.readouts import Readout, parse_readout
from seedwise.study._spec import StudySpec
from seedwise.study._tasks import views_of


def check_readouts(spec: StudySpec) -> None:
    """Check that the readouts of a study of one task can be computed from what its runs keep.

    Raises:
        SeedwiseError: one line that says what a readout needs and what to write.

    """
    if not spec.readouts:
        return
    configs = spec.configs()
    for name in spec.readouts:
        readout = parse_readout(name)
        why = spec.learns.why_not_read_out(readout)
        why = why or _unkept(readout, spec) or _untrained(readout, spec, configs)
        if why:
            raise SeedwiseError(f"readouts: '{name}' {why}")


def readout_passes(readout: Readout, spec: StudySpec) -> int | str:
    """Return how often a network predicts a test example for a readout of a study of one task; one without: once."""
    views = views_of(readout, spec.learns)
    if not readout.snapshots:
        return views
    made = sorted({config["train"].get("snapshots", {}).get("cycles", 0) for config in spec.configs().values()} - {0})
    return " or ".join(str(views * count) for count in made) if made else f"{views} x snapshots"


def _unkept(readout: Readout, spec: StudySpec) -> str | None:
    keep = spec.keep
    if readout.average and (keep.weights != "snapshots" or keep.last_epochs < readout.average):
        return f"needs the weights of the last epochs: set keep: {{weights: snapshots, last_epochs: {readout.average}}}"
    if readout.snapshots and readout.view and keep.weights != "snapshots":
        return "needs the weights of the snapshots: set keep: {weights: snapshots}"
    if readout.view and keep.weights == "none":
        return "needs the final weights: set keep: {weights: final}"
    needs_logits = readout.ensemble or (readout.snapshots and not readout.view)
    if needs_logits and keep.predictions == "labels":
        return "is a mean of logits: set keep: {predictions: logits16}"
    return None


def _untrained(readout: Readout, spec: StudySpec, configs: Mapping[str, Mapping[str, Any]]) -> str | None:
    if not spec.is_builtin:
        return None
    if readout.snapshots and not any(config["train"].get("snapshots") for config in configs.values()):
        return "needs a method that makes snapshots: give one 'snapshots: {cycles: 5}'"
    epochs = {method: config["train"]["epochs"] for method, config in configs.items()}
    for method, count in epochs.items():
        validation = configs[method]["train"].get("validation") or {}
        if readout.power and not validation:
            return (
                f"weighs epochs by their validation metric, and the method '{method}' has none: "
                "set train: {validation: {fraction: 0.1}}"
            )
        if readout.average and validation.get("patience"):
            return f"needs the last epochs, and the method '{method}' may stop before them: leave out its patience"
        if readout.average > count:
            return f"needs {readout.average} epochs, and the method '{method}' has {count}"
    return None
