"""The image datasets as their authors published them: files and checksums."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Published:
    """A dataset as published.

    Attributes:
        folders: where in the data folder its files are looked for, in this order.
        train: md5 of the files of the training set, uncompressed, by name and in order.
        test: the same of the test set.

    """

    folders: tuple[str, ...]
    train: dict[str, str]
    test: dict[str, str]

    @property
    def files(self) -> dict[str, str]:
        """All files."""
        return self.train | self.test


PUBLISHED: Final = {
    "mnist": Published(
        folders=("MNIST/raw", "mnist", "."),
        train={
            "train-images-idx3-ubyte": "6bbc9ace898e44ae57da46a324031adb",
            "train-labels-idx1-ubyte": "a25bea736e30d166cdddb491f175f624",
        },
        test={
            "t10k-images-idx3-ubyte": "2646ac647ad5339dbf082846283269ea",
            "t10k-labels-idx1-ubyte": "27ae3e4e09519cfbb04c329615203637",
        },
    ),
    "fashion_mnist": Published(
        folders=("FashionMNIST/raw", "fashion_mnist", "."),
        train={
            "train-images-idx3-ubyte": "f4a8712d7a061bf5bd6d2ca38dc4d50a",
            "train-labels-idx1-ubyte": "9018921c3c673c538a1fc5bad174d6f9",
        },
        test={
            "t10k-images-idx3-ubyte": "8181f5470baa50b63fa0f6fddb340f0a",
            "t10k-labels-idx1-ubyte": "15d484375f8d13e6eb1aabb0c3f46965",
        },
    ),
    "cifar10": Published(
        folders=("cifar-10-batches-py", "."),
        train={
            "data_batch_1": "c99cafc152244af753f735de768cd75f",
            "data_batch_2": "d4bba439e000b95fd0a9bffe97cbabec",
            "data_batch_3": "54ebc095f3ab1f0389bbae665268c751",
            "data_batch_4": "634d18415352ddfa80567beed471001a",
            "data_batch_5": "482c414d41f54cd18b22e5b47cb7c3cb",
        },
        test={"test_batch": "40351d587109b95175f43aff81a1287e"},
    ),
    "cifar100": Published(
        folders=("cifar-100-python", "."),
        train={"train": "16019d7e3df5f24257cddd939b257f8d"},
        test={"test": "f0ef6b0ae62326f3e7ffdfab6717acfc"},
    ),
}
"""The checksums are those that torchvision holds CIFAR's files against; those of the idx files were computed from the
published archives, whose own checksums `_fetch.py` names."""
