"""What the built-in trainer needs, checked before a worker is started."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from seedwise.errors import SeedwiseError
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


def check_trainable(specs: Iterable[RunSpec], device: str, names: Mapping[str, str] | None = None) -> None:
    """Check that the runs of the built-in trainer can be trained as they ask; a readout of one needs its data alone.

    Args:
        specs: the runs.
        device: one of those that they are trained on.
        names: of the runs, by id.

    Raises:
        SeedwiseError: if weights of a network cannot be selected as its study asks, steps cannot be replayed, or a part
            of the user's own is not what it must be.

    """
    ours = [spec for spec in specs if is_builtin(spec.function)]
    for spec in {digest_of(spec.config): spec for spec in reversed(ours)}.values():
        try:
            check_parts(spec.config, device, graphs=spec.numerics.graphs)
        except SeedwiseError as error:
            where = f"{names[spec.id]}: " if names else ""
            raise SeedwiseError(f"{where}{error}") from None
