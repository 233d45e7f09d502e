"""Images of one's own, in a ``.npz`` file or a folder, are trained on like those that come with seedwise."""

import numpy as np
import pytest
from PIL import Image
from pydantic import ValidationError

from seedwise.data import content_of
from seedwise.errors import SeedwiseError
from seedwise.run import Run, RunSpec, configure, execute
from seedwise.training import FUNCTION, metrics_of, task_name, train
from seedwise.training._config import TrainerConfig
from seedwise.training._image_data import load_images

RNG = np.random.default_rng(0)
X = RNG.integers(0, 256, (30, 8, 8)).astype(np.uint8)
Y = np.arange(30) % 3
KERAS = ("x_train", "y_train", "x_test", "y_test")
MEDMNIST = ("train_images", "train_labels", "test_images", "test_labels")


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def config(dataset, **task):
    train = {"epochs": 1, "batch_size": 8, "optimizer": {"name": "sgd", "lr": 0.1}}
    return {"task": {"dataset": dataset, **task}, "model": {"name": "small_cnn", "width": 2}, "train": train}


def dataset_of(given):
    return load_images(TrainerConfig.model_validate(config(given)).task.dataset)


def pictures(root, x, y, mode="L"):
    for k, (pixels, label) in enumerate(zip(x, y, strict=True)):
        (root / f"class {label}").mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).convert(mode).save(root / f"class {label}" / f"{k:03}.png")


@pytest.mark.parametrize(("names", "labels"), [(KERAS, Y), (MEDMNIST, Y[:, None])])
def test_a_file_of_arrays(names, labels):
    np.savez("mine.npz", **dict(zip(names, (X[:24], labels[:24], X[24:], labels[24:]), strict=True)))
    found = dataset_of({"npz": "mine.npz", "shift": 1})
    np.testing.assert_array_equal(found.train.images[..., 0], X[:24])
    np.testing.assert_array_equal(found.test.images[..., 0], X[24:])
    np.testing.assert_array_equal(found.test.labels, Y[24:])
    assert (found.name, found.num_classes, found.size.shift, found.size.flip) == ("mine", 3, 1, False)
    np.testing.assert_allclose(found.mean, X[:24].mean())
    np.testing.assert_allclose(found.std, X[:24].std())


def test_a_folder_with_both_parts(folder):
    pictures(folder / "birds/train", X[:24], Y[:24])
    pictures(folder / "birds/test", X[24:], Y[24:])
    found = dataset_of({"folder": "birds"})
    order = np.argsort(Y[:24], kind="stable")  # class by class, each in the order of its files
    np.testing.assert_array_equal(found.train.images[..., 0], X[:24][order])
    np.testing.assert_array_equal(found.train.labels, Y[:24][order])
    assert found.test.images.shape == (6, 8, 8, 1)


def test_a_folder_of_classes_is_split_once_for_all_runs(folder):
    pictures(folder / "birds", X, Y, "RGB")
    found, again = (dataset_of({"folder": "birds", "split": 0.3}) for _ in range(2))
    assert found.train.images.shape == (21, 8, 8, 3)
    assert np.bincount(found.test.labels).tolist() == [3, 3, 3]
    np.testing.assert_array_equal(found.test.images, again.test.images)
    both = np.concatenate([found.train.images, found.test.images])
    assert sorted(map(bytes, both[..., 0])) == sorted(map(bytes, X))


def test_runs_train_and_are_named_by_the_content(folder):
    np.savez("mine.npz", **dict(zip(KERAS, (X, Y, X, Y), strict=True)))
    pictures(folder / "birds", X, Y)
    for given, name in (({"npz": "mine.npz"}, "mine"), ({"folder": "birds"}, "birds")):
        content = TrainerConfig.model_validate(config(given)).model_dump(mode="json", exclude_defaults=True)
        assert content["task"]["dataset"] == {**given, "sha256": content_of(next(iter(given.values())))}
        assert task_name(content["task"]) == task_name({"dataset": given}) == name
        assert metrics_of({"dataset": given})[0].chance == pytest.approx(1 / 3)
        record = execute(Run(RunSpec(FUNCTION, content, {}), configure(train, content)), train)
        assert record.status == "finished", record.error
    Image.fromarray(X[1]).save("birds/class 0/000.png")
    assert content_of("birds") != content["task"]["dataset"]["sha256"]


@pytest.mark.parametrize(
    ("arrays", "line"),
    [
        ({"x": X, "y": Y}, "mine.npz holds x, y: x_train, y_train, x_test, y_test are needed, or train_images"),
        ((X / 255, Y, X, Y), "x_train is float64 of shape (30, 8, 8): images (N, height"),
        ((X, Y[:9], X, Y), "y_train is int64 of shape (9,): 30 labels are needed"),
        ((X, Y, X, Y - 1), "y_test is int64 of shape (30,): 30 labels are needed, whole"),
    ],
)
def test_arrays_of_another_kind_are_one_line(arrays, line):
    np.savez("mine.npz", **(arrays if isinstance(arrays, dict) else dict(zip(KERAS, arrays, strict=True))))
    with pytest.raises(SeedwiseError) as error:
        dataset_of({"npz": "mine.npz"})
    assert line in str(error.value)


def test_folders_of_another_kind_are_one_line(folder):
    pictures(folder / "one", X[:3], [0, 0, 0])
    with pytest.raises(SeedwiseError, match="one has images of 1 classes: put those of each class in a folder of its"):
        dataset_of({"folder": "one"})
    pictures(folder / "two", X[:4], [0, 1, 0, 1])
    Image.fromarray(X[0][:4]).save("two/class 1/small.png")
    with pytest.raises(SeedwiseError, match=r"small.png is 8 x 4 and two/class 0/000.png 8 x 8: images of one size"):
        dataset_of({"folder": "two"})
    (folder / "two/class 1/small.png").write_bytes(b"no image")
    with pytest.raises(SeedwiseError, match=r"small.png is no image \(cannot identify"):
        dataset_of({"folder": "two"})
    for given, line in (
        ({"npz": "gone.npz"}, "cannot read gone.npz: there is none"),
        ({"folder": "two", "shfit": 1}, "shfit"),
    ):
        with pytest.raises(ValidationError, match=line):
            TrainerConfig.model_validate(config(given))


def test_a_change_since_the_plan_is_noticed():
    np.savez("mine.npz", **dict(zip(KERAS, (X[2:], Y[2:], X, Y), strict=True)))
    task = TrainerConfig.model_validate(config({"npz": "mine.npz"})).task
    np.savez("mine.npz", **dict(zip(KERAS, (X[1:], Y[1:], X, Y), strict=True)))
    with pytest.raises(SeedwiseError, match="has changed since the study was planned"):
        load_images(task.dataset)
