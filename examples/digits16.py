"""A dataset of images of one's own in a study file: the digits in 16 x 16 pixels, split by every fourth of them."""

import numpy as np

from seedwise.data import Dataset, Size, declares, make_dataset


# Without this line the dataset is loaded when the study is planned.
@declares(Size(train=1347, test=450, classes=10, image=(1, 16, 16), shift=2))
def digits16(first: int = 0) -> Dataset:
    """Return scikit-learn's 1797 digits, each pixel as 2 x 2; number ``first`` and every fourth after it are tested on.

    Source: Alpaydin & Kaynak, Optical Recognition of Handwritten Digits, UCI, 1998.
    """
    from sklearn.datasets import load_digits

    digits = load_digits()
    images = digits.images.repeat(2, axis=1).repeat(2, axis=2)[..., None].astype(np.uint8)
    tested = np.arange(len(images)) % 4 == first
    return make_dataset(
        (images[~tested], digits.target[~tested]), (images[tested], digits.target[tested]), shift=2, flip=False
    )
