"""The digits and their test split, which may never change."""

import hashlib
import subprocess
import sys

import numpy as np
import torch
from sklearn.datasets import load_digits as bundled
from sklearn.model_selection import train_test_split

from seedwise.data import Shift, load


def test_the_test_indices_are_frozen():
    test = load("digits").test.ids.numpy()
    assert test.dtype == np.int64
    assert (np.diff(test) > 0).all()
    digest = hashlib.sha256(test.astype("<i8").tobytes()).hexdigest()
    assert digest == "2fbaae31b8c6aad12464a07771b64269876d904bfed86f77a63c8265fa201621"


def test_the_split_is_that_of_scikit_learn():
    target = bundled().target
    _, expected = train_test_split(range(1797), test_size=360, stratify=target, random_state=0)
    assert load("digits").test.ids.tolist() == sorted(expected)


def test_train_and_test_divide_the_set():
    digits = load("digits")
    assert (len(digits.train), len(digits.test)) == (1437, 360)
    assert sorted(digits.train.ids.tolist() + digits.test.ids.tolist()) == list(range(1797))


def test_the_split_is_stratified():
    digits = load("digits")
    everything = np.bincount(bundled().target)
    assert np.abs(torch.bincount(digits.test.labels).numpy() - everything * 360 / 1797).max() < 1


def test_ids_name_the_published_examples():
    published = bundled()
    digits = load("digits")
    for examples in (digits.train, digits.test):
        ids = examples.ids.numpy()
        assert np.array_equal(examples.images[..., 0].numpy(), published.images[ids])
        assert np.array_equal(examples.labels.numpy(), published.target[ids])
        assert examples.images.dtype == torch.uint8
        assert examples.images.shape[1:] == (8, 8, 1)


def test_the_training_images_have_mean_0_and_sd_1():
    digits = load("digits")
    images = digits.normalise(digits.train.images)
    assert images.shape == (1437, 1, 8, 8)
    assert images.dtype == torch.float32
    # The constants are rounded to three decimals.
    assert abs(images.mean().item()) < 0.001 / 6
    assert abs(images.std().item() - 1) < 0.001 / 6


def test_images_move_by_one_pixel():
    assert load("digits").augmentation == Shift(1)


def test_a_worker_loads_a_dataset_once():
    assert load("digits", "cpu") is load("digits", "cpu")


def test_they_are_those_of_scikit_learn_which_is_not_imported():
    program = "import sys; from seedwise.data import load; load('digits'); assert 'sklearn' not in sys.modules"
    subprocess.run([sys.executable, "-c", program], check=True, timeout=120)
    digits, known = load("digits"), bundled()
    assert (digits.train.images[..., 0].numpy() == known.images[digits.train.ids]).all()
    assert (digits.test.labels.numpy() == known.target[digits.test.ids]).all()
