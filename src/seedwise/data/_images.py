"""MNIST, Fashion-MNIST, CIFAR-10 and CIFAR-100 from their published files.

The md5 of archives and of CIFAR's files are their authors' and torchvision's; those of the idx files belong to what
lies in the archives. Nothing here imports torch before it is called.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from seedwise.data._augment import Shift
from seedwise.data._dataset import Dataset, Examples
from seedwise.data._declared import Published, Size, declares

Contents = Iterable[bytes]


@declares(
    Size(train=60000, test=10000, classes=10, image=(1, 28, 28), shift=2),
    Published(
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
)
def load_mnist() -> Dataset:
    """Load 60000 training and 10000 test images (28, 28, 1) of handwritten digits.

    Mean and SD are those of the training images.

    Raises:
        MissingDataError: if the files are not there.
        StorageError: if one is damaged.

    Source: LeCun, Bottou, Bengio & Haffner, Proceedings of the IEEE, 1998.

    """
    return _load("mnist", _idx_examples, mean=(33.32,), std=(78.57,))


@declares(
    Size(train=60000, test=10000, classes=10, image=(1, 28, 28), shift=2, flip=True),
    Published(
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
)
def load_fashion_mnist() -> Dataset:
    """Load 60000 training and 10000 test images (28, 28, 1) of clothes.

    Mean and SD are those of the training images.

    Raises:
        MissingDataError: if the files are not there.
        StorageError: if one is damaged.

    Source: Xiao, Rasul & Vollgraf, arXiv 1708.07747, 2017.

    """
    return _load("fashion_mnist", _idx_examples, mean=(72.94,), std=(90.02,))


@declares(
    Size(train=50000, test=10000, classes=10, image=(3, 32, 32), shift=4, flip=True),
    Published(
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
)
def load_cifar10() -> Dataset:
    """Load 50000 training and 10000 test images (32, 32, 3) of 10 kinds of things.

    The SDs are those that the field divides by: the mean over images of each image's own SD. That of all pixels is a
    quarter larger.

    Raises:
        MissingDataError: if the files are not there.
        StorageError: if one is damaged.

    Source: Krizhevsky, Learning Multiple Layers of Features from Tiny Images, 2009; mean and SD: Summers & Dinneen,
    arXiv 2103.04514, 2021.

    """
    return _load(
        "cifar10",
        _cifar_examples(b"labels"),
        mean=(0.4914 * 255, 0.4822 * 255, 0.4465 * 255),
        std=(0.2023 * 255, 0.1994 * 255, 0.2010 * 255),
    )


@declares(
    Size(train=50000, test=10000, classes=100, image=(3, 32, 32), shift=4, flip=True),
    Published(
        folders=("cifar-100-python", "."),
        train={"train": "16019d7e3df5f24257cddd939b257f8d"},
        test={"test": "f0ef6b0ae62326f3e7ffdfab6717acfc"},
        address="https://www.cs.toronto.edu/~kriz/",
        archives={"cifar-100-python.tar.gz": "eb9058c3a382ffc7106e4002c42a8d85"},
    ),
)
def load_cifar100() -> Dataset:
    """Load 50000 training and 10000 test images (32, 32, 3) of 100 kinds of things, the fine labels.

    Mean and SD are those of the training images.

    Raises:
        MissingDataError: if the files are not there.
        StorageError: if one is damaged.

    Source: Krizhevsky, Learning Multiple Layers of Features from Tiny Images, 2009.

    """
    return _load(
        "cifar100",
        _cifar_examples(b"fine_labels"),
        mean=(129.3, 124.1, 112.4),
        std=(68.17, 65.39, 70.42),
    )


def _load(
    name: str, examples_of: Callable[[Contents], Examples], *, mean: tuple[float, ...], std: tuple[float, ...]
) -> Dataset:
    from seedwise.data._folder import data_dir, locate, read
    from seedwise.data._registry import PUBLISHED, size_of

    paths, published, size = locate(name, data_dir()), PUBLISHED[name], size_of(name)
    return Dataset(
        name=name,
        train=examples_of(read(name, file, paths[file]) for file in published.train),
        test=examples_of(read(name, file, paths[file]) for file in published.test),
        num_classes=size.classes,
        mean=mean,
        std=std,
        augmentation=Shift(size.shift, size.flip),
    )


def _idx_examples(contents: Contents) -> Examples:
    from seedwise.data._idx import read_idx

    images, labels = (read_idx(content) for content in contents)
    # A copy: what was read from bytes may not be written to, which torch warns of.
    return _examples(images[..., None].copy(), labels)


def _cifar_examples(key: bytes) -> Callable[[Contents], Examples]:
    """Return how to read pickles whose rows are planes of red, green and blue, with their labels under ``key``."""

    def examples_of(contents: Contents) -> Examples:
        from seedwise.data._pickles import read_pickle

        images, labels = [], []
        for content in contents:
            batch = read_pickle(content)
            images.append(np.stack(batch[b"data"].reshape(-1, 3, 32, 32).swapaxes(0, 1), axis=-1))
            labels += batch[key]
        return _examples(np.concatenate(images), labels)

    return examples_of


def _examples(images: np.ndarray[Any, np.dtype[np.uint8]], labels: Any) -> Examples:
    import torch

    return Examples(
        torch.from_numpy(images), torch.tensor(np.asarray(labels, dtype=np.int64)), torch.arange(len(images))
    )
