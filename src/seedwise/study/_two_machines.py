"""Do two machines agree to the bit? The same short training here and there."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from seedwise.execution import MACHINE, Exam, Executor, StudyFolder
from seedwise.run import RunRecord, first_difference
from seedwise.study._doctor import Difference, StudyPatient, compared, differs
from seedwise.study._study import Study


@dataclass(frozen=True)
class TwoMachines:
    """What came of the same training on two machines.

    Attributes:
        run_id: the run.
        here, there: names of the machines.
        compared: what was compared.
        difference: where the bits part; None if they are the same.
        environment: what is different around the training, by name: here and there, empty where it is not set.
        code: files of the training's code that are different.

    """

    run_id: str
    here: str
    there: str
    compared: str
    difference: Difference | None
    environment: dict[str, tuple[str, str]]
    code: tuple[str, ...]


def compare_machines(
    study: Study,
    executor: Executor,
    *,
    device: str = "cpu",
    epochs: int = 2,
    report: Callable[[str], None] = lambda _text: None,
) -> TwoMachines:
    """Train the first run of a study here and where an executor has it trained, and compare the bits.

    Where they differ both are trained once more, to find the first tensor operation with another result.

    Args:
        study: the study; its store is not touched. A queue belongs to this comparison: not to that of its runs.
        executor: where the other machine is.
        device: where to train here.
        epochs: where the loop saves checkpoints, no training is longer.
        report: called with a line on what is being done.

    Raises:
        SeedwiseError: if a training fails.
        KeyboardInterrupt: if the user stops it.

    """
    patients = StudyPatient(study, device), StudyPatient(study, device, executor)
    room = StudyFolder(StudyFolder.of_store(study.store_path).root / "doctor")  # known again the next time
    with tempfile.TemporaryDirectory() as root, room.lock():

        def trained(exam: Exam) -> list[RunRecord]:
            report("training here")
            (here,) = patients[0].examine([exam], Path(root))
            report(f"that took {here.seconds:.1f} s; training there")
            (there,) = patients[1].examine([exam], room.root)
            return [here, there]

        here, there = trained(Exam(stop_after=epochs))
        difference = differs(here, there)
        if difference is not None:
            logs = [one.operations for one in trained(Exam(stop_after=epochs, operations=True))]
            difference = replace(difference, operation=first_difference(*logs))
        room.remove_checkpoint(there.id)
    around = here.environment, there.environment
    names = dict.fromkeys(name for one in around for name in one if name != MACHINE)
    pairs = {name: (around[0].get(name, ""), around[1].get(name, "")) for name in names}
    return TwoMachines(
        here.id,
        around[0].get(MACHINE, ""),
        around[1].get(MACHINE, ""),
        compared(here),
        difference,
        {name: (a, b) for name, (a, b) in pairs.items() if a != b},
        tuple(sorted(name for name in {*here.code, *there.code} if here.code.get(name) != there.code.get(name))),
    )
