"""The datasets as their authors published them: files and checksums."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Published:
    """A dataset as published.

    Attributes:
        folders: where in the data folder its files are looked for, in this order; downloads go into the first.
        train: checksums (md5 or sha256) of the files of the training set, uncompressed, by name and in order.
        test: the same of the test set; a time series has none of its own.
        address: where it is downloaded from.
        archives: checksums of what is downloaded, by name: a file, a file and ``.gz``, or a ``.tar.gz`` of the whole
            folder.

    """

    folders: tuple[str, ...]
    train: dict[str, str]
    test: dict[str, str]
    address: str
    archives: dict[str, str]

    @property
    def files(self) -> dict[str, str]:
        """All files."""
        return self.train | self.test

    def held_by(self, archive: str) -> list[str]:
        """Return the files in an archive."""
        alone = archive.removesuffix(".gz")
        return [alone] if alone in self.files else list(self.files)


def algorithm(checksum: str) -> str:
    """Return the name of what made a checksum."""
    return "sha256" if len(checksum) == 64 else "md5"


def _hourly(file: str, sha256: str) -> Published:
    return Published(
        folders=("ETT-small", "."),
        train={file: sha256},
        test={},
        address="https://raw.githubusercontent.com/zhouhaoyi/ETDataset/main/ETT-small/",
        archives={file: sha256},
    )


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
        # The authors' own page refuses downloads; this copy is the one that torchvision turns to first.
        address="https://ossci-datasets.s3.amazonaws.com/mnist/",
        archives={
            "train-images-idx3-ubyte.gz": "f68b3c2dcbeaaa9fbdd348bbdeb94873",
            "train-labels-idx1-ubyte.gz": "d53e105ee54ea40749a09fcbcd1e9432",
            "t10k-images-idx3-ubyte.gz": "9fb629c4189551a2d022fa330f9573f3",
            "t10k-labels-idx1-ubyte.gz": "ec29112dd5afa0611ce80d1b7f02629c",
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
        address="http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
        archives={
            "train-images-idx3-ubyte.gz": "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
            "train-labels-idx1-ubyte.gz": "25c81989df183df01b3e8a0aad5dffbe",
            "t10k-images-idx3-ubyte.gz": "bef4ecab320f06d8554ea6380940ec79",
            "t10k-labels-idx1-ubyte.gz": "bb300cfdad3c16e7a12a480ee83cd310",
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
        address="https://www.cs.toronto.edu/~kriz/",
        archives={"cifar-10-python.tar.gz": "c58f30108f718f92721af3b95e74349a"},
    ),
    "cifar100": Published(
        folders=("cifar-100-python", "."),
        train={"train": "16019d7e3df5f24257cddd939b257f8d"},
        test={"test": "f0ef6b0ae62326f3e7ffdfab6717acfc"},
        address="https://www.cs.toronto.edu/~kriz/",
        archives={"cifar-100-python.tar.gz": "eb9058c3a382ffc7106e4002c42a8d85"},
    ),
    "etth1": _hourly("ETTh1.csv", "f18de3ad269cef59bb07b5438d79bb3042d3be49bdeecf01c1cd6d29695ee066"),
    "etth2": _hourly("ETTh2.csv", "a3dc2c597b9218c7ce1cd55eb77b283fd459a1d09d753063f944967dd6b9218b"),
}
"""The md5 of archives and of CIFAR's files are their authors' and torchvision's; those of the idx files belong to what
lies in the archives; the sha256 of the series are those of the files in their authors' repository."""
