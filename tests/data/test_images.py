"""The image datasets: small ones written by the tests, and the published ones where they are at hand."""

import gzip
import pickle
import shutil

import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from seedwise.cli import app
from seedwise.data import DATASETS, PUBLISHED, SERIES, MissingDataError, check, data_dir, load
from seedwise.errors import StorageError

from .published_files import publish, small

NAMES = [name for name in PUBLISHED if name in DATASETS]
LABELS = {
    "mnist": [5, 0, 4, 1, 9, 2, 1, 3],
    "fashion_mnist": [9, 0, 0, 3, 0, 2, 7, 2],
    "cifar10": [6, 9, 9, 4, 1, 1, 2, 7],
    "cifar100": [19, 29, 0, 11, 1, 86, 90, 28],
}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("SEEDWISE_DATA", str(tmp_path))
    return tmp_path


def write(files, place, *, compress=False):
    place.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        if compress:
            (place / f"{name}.gz").write_bytes(gzip.compress(content))
        else:
            (place / name).write_bytes(content)


def same(examples, images, labels):
    assert examples.images.dtype == torch.uint8
    assert examples.images.is_contiguous()
    assert np.array_equal(examples.images.numpy(), images)
    assert examples.labels.dtype == torch.int64
    assert examples.labels.tolist() == list(labels)
    assert examples.ids.tolist() == list(range(len(labels)))


LAYOUTS = [(name, place) for name in NAMES for place in PUBLISHED[name].folders]


@pytest.mark.parametrize(("name", "place"), LAYOUTS)
@pytest.mark.parametrize("compress", [False, True], ids=["plain", "gz"])
def test_every_layout_is_read(name, place, compress, folder, monkeypatch):
    files, arrays = small(name, np.random.default_rng(0))
    publish(monkeypatch, name, files)
    write(files, folder / place, compress=compress)
    assert check(name) == folder / place
    dataset = load(name)
    same(dataset.train, *arrays["train"])
    same(dataset.test, *arrays["test"])
    assert dataset.in_channels == len(dataset.mean) == len(dataset.std) == arrays["train"][0].shape[3]


def test_the_layouts_are_those_of_torchvision():
    assert {name: PUBLISHED[name].folders[0] for name in NAMES} == {
        "mnist": "MNIST/raw",
        "fashion_mnist": "FashionMNIST/raw",
        "cifar10": "cifar-10-batches-py",
        "cifar100": "cifar-100-python",
    }


@pytest.mark.parametrize("name", NAMES)
def test_missing_data_is_a_line_that_says_what_to_type(name, folder, monkeypatch):
    for attempt in (load, check):
        with pytest.raises(MissingDataError) as error:
            attempt(name)
        assert "\n" not in str(error.value)
        assert f"type 'seedwise data fetch {name} --data-dir {folder}'" in str(error.value)
    monkeypatch.delenv("SEEDWISE_DATA")
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder))
    with pytest.raises(MissingDataError, match=f"type 'seedwise data fetch {name}', or name the folder"):
        check(name)


def test_one_missing_file_is_named(folder, monkeypatch):
    files, _ = small("cifar10", np.random.default_rng(0))
    publish(monkeypatch, "cifar10", files)
    write(files, folder / "cifar-10-batches-py")
    (folder / "cifar-10-batches-py" / "data_batch_4").unlink()
    with pytest.raises(MissingDataError, match=r"\(no cifar-10-batches-py/data_batch_4\)"):
        load("cifar10")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("compress", [False, True], ids=["plain", "gz"])
@pytest.mark.parametrize(
    "damage",
    [lambda b: b[:-1], lambda b: b[: len(b) // 2], lambda b: b"", lambda b: b[:-1] + bytes([b[-1] ^ 1])],
    ids=["short", "half", "empty", "one bit"],
)
def test_a_damaged_file_is_a_line_that_says_what_to_type(name, compress, damage, folder, monkeypatch):
    files, _ = small(name, np.random.default_rng(0))
    publish(monkeypatch, name, files)
    place = folder / PUBLISHED[name].folders[0]
    write(files, place, compress=compress)
    path = sorted(place.iterdir())[-1]
    path.write_bytes(damage(path.read_bytes()))
    for attempt in (load, check):
        with pytest.raises(StorageError) as error:
            attempt(name)
        assert "\n" not in str(error.value)
        assert str(path) in str(error.value)
        assert f"type 'seedwise data fetch {name} --data-dir {folder}'" in str(error.value)


def test_what_grows_without_end_is_not_unpacked(folder, monkeypatch):
    files, _ = small("mnist", np.random.default_rng(0))
    publish(monkeypatch, "mnist", files)
    monkeypatch.setattr("seedwise.data._folder._LARGEST", 1 << 20)
    write(files, folder / "MNIST" / "raw", compress=True)
    path = folder / "MNIST" / "raw" / "t10k-images-idx3-ubyte.gz"
    path.write_bytes(gzip.compress(bytes(1 << 24)) * 4096)  # 64 GB in 64 MB
    for attempt in (load, check):
        with pytest.raises(StorageError, match=r"is not of mnist: it has more than 1 MB; type 'seedwise data fetch"):
            attempt("mnist")
    shown = CliRunner().invoke(app, ["data", "list"])
    assert shown.exit_code == 0
    assert f"{path} is not of mnist: it has more than 1 MB" in shown.output
    path.unlink()
    with path.with_suffix("").open("wb") as file:
        file.truncate(1 << 36)
    with pytest.raises(StorageError, match="it has more than 1 MB"):
        check("mnist")


def test_fashion_is_not_taken_for_digits(folder, monkeypatch):
    files, _ = small("fashion_mnist", np.random.default_rng(0))
    write(files, folder)
    with pytest.raises(StorageError, match="is damaged or not of mnist"):
        load("mnist")


def test_another_data_folder_is_another_dataset(folder, monkeypatch):
    first, second = (small("mnist", np.random.default_rng(seed)) for seed in (1, 2))
    publish(monkeypatch, "mnist", first[0])
    write(first[0], folder / "a")
    monkeypatch.setenv("SEEDWISE_DATA", str(folder / "a"))
    same(load("mnist").train, *first[1]["train"])
    assert load("mnist") is load("mnist")
    publish(monkeypatch, "mnist", second[0])
    write(second[0], folder / "b")
    monkeypatch.setenv("SEEDWISE_DATA", str(folder / "b"))
    same(load("mnist").train, *second[1]["train"])


def test_digits_need_no_files(folder):
    built_in = ("digits", "digits_odd")
    assert [check(name) for name in built_in] == [None, None]
    assert set(DATASETS) == {*built_in, *PUBLISHED} - set(SERIES)


@pytest.mark.parametrize("name", NAMES)
def test_the_published_examples(name, published):
    dataset = published(name)
    assert dataset.name == name
    assert dataset.train.labels[:8].tolist() == LABELS[name]
    # All but MNIST have as many of each class.
    per_class = dataset.test.labels.bincount()
    assert name == "mnist" or (per_class == len(dataset.test) // dataset.num_classes).all()


def moments(images):
    """Return mean and SD of each channel, exactly, from how often each of the 256 values is there."""
    values = np.arange(256)
    shares = [np.bincount(images[..., c].ravel(), minlength=256) / images[..., c].size for c in range(images.shape[3])]
    means = [share @ values for share in shares]
    return means, [np.sqrt(share @ (values - mean) ** 2) for share, mean in zip(shares, means, strict=True)]


@pytest.mark.parametrize("name", ["mnist", "fashion_mnist", "cifar100"])
def test_the_published_training_images_have_mean_0_and_sd_1(name, published):
    dataset = published(name)
    means, sds = moments(dataset.train.images.numpy())
    # The constants have four digits.
    np.testing.assert_allclose(dataset.mean, means, rtol=5e-4)
    np.testing.assert_allclose(dataset.std, sds, rtol=5e-4)


def test_what_the_published_cifar10_is_divided_by(published):
    dataset = published("cifar10")
    images = dataset.train.images.numpy()
    means, sds = moments(images)
    np.testing.assert_allclose(dataset.mean, means, rtol=5e-4)
    pixels = images.reshape(50, 1000, -1, 3)
    within = np.mean([batch.std(1, ddof=1).mean(0) for batch in pixels], axis=0)
    np.testing.assert_allclose(dataset.std, within, rtol=5e-4)
    assert (sds > 1.2 * np.array(dataset.std)).all()


def test_the_published_cifar10_as_pickle_reads_it(published):
    dataset = published("cifar10")
    with (data_dir() / "cifar-10-batches-py" / "data_batch_3").open("rb") as file:
        batch = pickle.load(file, encoding="latin1")
    assert dataset.train.labels[20000:30000].tolist() == batch["labels"]
    for k in (0, 17, 9999):
        for channel in range(3):
            plane = batch["data"][k][1024 * channel : 1024 * (channel + 1)].reshape(32, 32)
            assert np.array_equal(dataset.train.images[20000 + k, :, :, channel].numpy(), plane)


@pytest.mark.parametrize("name", ["mnist", "cifar10"])
def test_a_published_file_with_one_bit_changed(name, published, tmp_path, monkeypatch):
    published(name)
    place = check(name)
    for file in PUBLISHED[name].files:
        shutil.copy(place / file, tmp_path)
    path = tmp_path / next(iter(PUBLISHED[name].test))
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 4
    path.write_bytes(content)
    monkeypatch.setenv("SEEDWISE_DATA", str(tmp_path))
    with pytest.raises(StorageError, match=f"{path.name} is damaged or not of {name}: its md5 is"):
        check(name)
