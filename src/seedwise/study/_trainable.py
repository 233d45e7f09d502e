"""What the built-in trainer needs, checked before a worker is started."""

from __future__ import annotations

from collections.abc import Iterable

from seedwise.run import RunSpec, digest_of
from seedwise.study._tasks import is_builtin
from seedwise.training import check_data, check_parts


def check_data_of(specs: Iterable[RunSpec]) -> None:
    """Check that the data of the runs of the built-in trainer are there.

    Raises:
        MissingDataError: if data are not there.
        SeedwiseError: if a function of the user's gives no dataset.
        StorageError: if a file of the data is damaged.

    """
    tasks = [spec.config["task"] for spec in specs if is_builtin(spec.function)]
    for task in {digest_of(task): task for task in tasks}.values():
        check_data(task)


def check_trainable(specs: Iterable[RunSpec], device: str) -> None:
    """Check that the runs of the built-in trainer can be trained as they ask; a readout of one needs its data alone.

    Args:
        specs: the runs.
        device: one of those that they are trained on.

    Raises:
        SeedwiseError: if a network's weights cannot be selected as its study asks, or a part of the
            user's own is not what it must be.

    """
    ours = [spec.config for spec in specs if is_builtin(spec.function)]
    for config in {digest_of(config): config for config in ours}.values():
        check_parts(config, device)
