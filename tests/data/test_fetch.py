"""Downloads from a server on this machine, whole and in every way broken."""

import errno
import hashlib
import http.server
import io
import os
import resource
import subprocess
import sys
import tarfile
import threading
from dataclasses import replace

import numpy as np
import pytest

from seedwise.cli import main
from seedwise.data import DATASETS, PUBLISHED, MissingDataError, check, fetch, load, load_series
from seedwise.errors import SeedwiseError, StorageError

from .published_files import archives, md5, publish, small, tar_gz

NAMES = [name for name in PUBLISHED if name in DATASETS]


class Server(http.server.ThreadingHTTPServer):
    """Serves ``files``; breaks off after ``breaks.pop(0)`` bytes as long as there are any."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.files = {}
        self.breaks = []
        self.requests = []
        self.knows_ranges = True

    @property
    def address(self):
        return f"http://127.0.0.1:{self.server_port}/"


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        server = self.server
        start = int(self.headers["Range"].removeprefix("bytes=").removesuffix("-")) if server.knows_ranges else 0
        server.requests.append((self.path[1:], start))
        content = server.files.get(self.path[1:])
        if content is None:
            self.send_error(404)
            return
        if start and start >= len(content):
            self.send_error(416)
            return
        self.send_response(206 if server.knows_ranges else 200)
        self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        self.wfile.write(content[start : start + server.breaks.pop(0)] if server.breaks else content[start:])

    def log_message(self, *_):
        pass


@pytest.fixture
def server():
    with Server() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def folder(tmp_path, monkeypatch):
    folder = tmp_path / "data"
    monkeypatch.setenv("SEEDWISE_DATA", str(folder))
    monkeypatch.setattr("time.sleep", lambda _: None)  # between attempts
    return folder


@pytest.fixture
def offer(server, monkeypatch):
    """Publish a small set on the server, and return its arrays."""

    def offer(name):
        files, arrays = small(name, np.random.default_rng(NAMES.index(name)))
        server.files = archives(name, files)
        publish(monkeypatch, name, files, server.files, server.address)
        return arrays

    return offer


def there(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def expected(name):
    return sorted(f"{PUBLISHED[name].folders[0]}/{file}" for file in PUBLISHED[name].files)


@pytest.mark.parametrize("name", NAMES)
def test_what_is_fetched_is_what_was_published(name, folder, server, offer):
    arrays = offer(name)
    seen = []
    fetch(name, lambda *told: seen.append(told))
    assert there(folder) == expected(name)  # nothing else is left
    dataset = load(name)
    for part, examples in (("train", dataset.train), ("test", dataset.test)):
        assert np.array_equal(examples.images.numpy(), arrays[part][0])
        assert examples.labels.tolist() == list(arrays[part][1])
    last = {archive: (done, total) for archive, done, total in seen}
    assert last == {archive: (len(content), len(content)) for archive, content in server.files.items()}

    requests = len(server.requests)
    fetch(name)
    assert len(server.requests) == requests  # what is there is not downloaded again


@pytest.mark.parametrize("name", ["mnist", "cifar10"])
def test_only_what_is_missing_or_damaged_is_fetched(name, folder, server, offer):
    offer(name)
    fetch(name)
    server.requests.clear()
    path = folder / expected(name)[0]
    path.write_bytes(path.read_bytes()[:-1])
    fetch(name)
    check(name)
    assert len(server.requests) == 1


def test_a_broken_download_goes_on_where_it_stopped(folder, server, offer):
    offer("cifar10")
    ((archive, content),) = server.files.items()
    part = 1 << 16  # what is received is written in pieces of this size
    assert len(content) > part + 1000
    server.breaks = [part + 1000]
    fetch("cifar10")
    assert server.requests == [(archive, 0), (archive, part)]
    assert there(folder) == expected("cifar10")


def test_a_download_that_keeps_breaking_goes_on_in_the_next_call(folder, server, offer):
    offer("cifar10")
    (archive,) = server.files
    part = 1 << 16
    server.breaks = [part, 0, 0]
    with pytest.raises(SeedwiseError, match="type the same command again; it goes on where it stopped") as error:
        fetch("cifar10")
    assert "\n" not in str(error.value)
    assert server.address + archive in str(error.value)
    assert there(folder) == [f"cifar-10-batches-py/{archive}.part"]
    with pytest.raises(MissingDataError):
        check("cifar10")
    server.requests.clear()
    fetch("cifar10")
    assert server.requests == [(archive, part)]
    assert there(folder) == expected("cifar10")


def test_a_server_that_knows_no_ranges_sends_all_again(folder, server, offer):
    offer("cifar10")
    server.knows_ranges = False
    server.breaks = [1 << 16]
    fetch("cifar10")
    assert len(server.requests) == 2
    assert there(folder) == expected("cifar10")


def test_a_finished_download_that_was_not_unpacked(folder, server, offer):
    offer("mnist")
    place = folder / "MNIST/raw"
    place.mkdir(parents=True)
    for archive, content in server.files.items():
        (place / f"{archive}.part").write_bytes(content)
    fetch("mnist")
    assert {start for _, start in server.requests} == {len(content) for content in server.files.values()}
    assert there(folder) == expected("mnist")


def test_a_part_of_something_else_is_downloaded_anew(folder, server, offer):
    offer("cifar10")
    (archive,) = server.files
    place = folder / "cifar-10-batches-py"
    place.mkdir(parents=True)
    (place / f"{archive}.part").write_bytes(b"x" * 1000)
    fetch("cifar10")
    assert server.requests == [(archive, 1000), (archive, 0)]
    assert there(folder) == expected("cifar10")


def test_a_wrong_checksum_is_a_line_and_nothing_is_kept(folder, server, offer):
    offer("mnist")
    archive = "train-images-idx3-ubyte.gz"
    good = md5(server.files[archive])
    server.files[archive] = server.files[archive][:-1] + b"x"
    with pytest.raises(StorageError, match=f"{archive} is not what was published: its md5 should be {good}") as error:
        fetch("mnist")
    assert "\n" not in str(error.value)
    assert "--data-dir" in str(error.value)
    assert there(folder) == []


def test_a_file_that_is_not_there_is_a_line(folder, server, offer):
    offer("mnist")
    server.files = {}
    with pytest.raises(
        SeedwiseError, match=r"cannot download http://127.* \(404 .*type the same command again"
    ) as error:
        fetch("mnist")
    assert "\n" not in str(error.value)


def test_a_server_that_cannot_be_reached_is_a_line(folder, server, offer, monkeypatch):
    files, _ = small("mnist", np.random.default_rng(0))
    publish(monkeypatch, "mnist", files, archives("mnist", files), "http://127.0.0.1:9/")  # nobody listens there
    with pytest.raises(SeedwiseError, match=r"cannot download http://127.0.0.1:9/train-images-.*refused") as error:
        fetch("mnist")
    assert "\n" not in str(error.value)


def test_an_archive_writes_nothing_but_the_files_of_the_dataset(folder, tmp_path, server, offer, monkeypatch):
    offer("cifar10")
    ((archive, content),) = server.files.items()
    with tarfile.open(fileobj=io.BytesIO(content)) as tar:
        members = [(m, tar.extractfile(m).read()) for m in tar if not m.name.endswith("data_batch_2")]
    victim = tmp_path / "victim"
    victim.write_text("untouched")
    for name in (
        "../evil",
        "../../evil",
        f"{tmp_path}/evil",
        "cifar-10-batches-py/../../evil",
        "evil",
        "x/data_batch_1",
    ):
        members.append((tarfile.TarInfo(name), b"evil"))
    link = tarfile.TarInfo("cifar-10-batches-py/data_batch_2")
    link.type, link.linkname = tarfile.SYMTYPE, str(victim)
    members.append((link, b""))
    server.files = {archive: tar_gz(members)}
    monkeypatch.setitem(PUBLISHED["cifar10"].archives, archive, md5(server.files[archive]))
    with pytest.raises(MissingDataError, match="data_batch_2"):
        fetch("cifar10")
    assert there(folder) == [file for file in expected("cifar10") if not file.endswith("data_batch_2")]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data", "victim"]
    assert victim.read_text() == "untouched"
    check_files = [(folder / file).read_bytes() for file in there(folder)]
    assert b"evil" not in check_files


@pytest.fixture
def small_disk(tmp_path, monkeypatch):
    """A data folder on a disk of 256 kB."""
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("only root can mount a tmpfs")
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(folder)], capture_output=True)
    if mounted.returncode != 0:
        pytest.skip("this root may not mount a tmpfs")
    monkeypatch.setenv("SEEDWISE_DATA", str(folder))
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_full_disk_is_a_line_and_the_same_command_goes_on(small_disk, server, offer):
    offer("cifar10")
    ((archive, content),) = server.files.items()
    assert 70_000 < len(content) < 80_000  # and as much again unpacked
    message = r"no space left in .*cifar-10-batches-py: free some and type the same command again; it goes on where it"
    part = small_disk / "cifar-10-batches-py" / f"{archive}.part"

    def fails_with(filled):
        (small_disk / "filler").write_bytes(b"x" * filled)
        with pytest.raises(StorageError, match=message) as error:
            fetch("cifar10")
        assert error.value.__cause__.errno == errno.ENOSPC
        assert error.value.exit_code == 4

    fails_with(220_000)  # the archive does not fit
    written = part.stat().st_size
    assert 0 < written < len(content)
    fails_with(160_000)  # it does, and not what is in it
    assert server.requests == [(archive, 0), (archive, written)]
    assert set(there(small_disk)) < {"filler", f"cifar-10-batches-py/{archive}", *expected("cifar10")}
    (small_disk / "filler").unlink()
    fetch("cifar10")
    assert len(server.requests) == 2
    assert there(small_disk) == expected("cifar10")


def test_a_file_that_may_not_grow_is_a_line_and_the_same_command_goes_on(folder, server, offer):
    offer("cifar10")
    (archive,) = server.files
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, hard))
    try:
        with pytest.raises(StorageError, match=r"no space left in .*cifar-10-batches-py") as error:
            fetch("cifar10")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert error.value.__cause__.errno == errno.EFBIG
    server.requests.clear()
    fetch("cifar10")
    assert there(folder) == expected("cifar10")
    assert server.requests == [(archive, 20_000)]


def test_a_folder_that_cannot_be_written_is_a_line(folder, server, offer):
    offer("mnist")
    folder.write_text("a file where the folder should be")
    with pytest.raises(StorageError, match=r"cannot write in .*MNIST/raw.*name another folder with --data-dir"):
        fetch("mnist")


def etth1(monkeypatch, server, content):
    """Publish a file as ETTh1, plain and with a sha256."""
    sha256 = hashlib.sha256(content).hexdigest()
    file = {"ETTh1.csv": sha256}
    changed = replace(PUBLISHED["etth1"], train=file, address=server.address, archives=file)
    monkeypatch.setitem(PUBLISHED, "etth1", changed)
    server.files = {"ETTh1.csv": content}
    return sha256


def test_a_plain_file_is_fetched_checked_and_mended(monkeypatch, folder, server):
    hours = np.datetime64("2016-07-01T00") + np.arange(14400)
    content = "\n".join(["date,OT", *(f"{hour},{k % 24}" for k, hour in enumerate(hours))]).encode()
    sha256 = etth1(monkeypatch, server, content)
    server.breaks = [1 << 17]
    fetch("etth1")
    assert server.requests == [("ETTh1.csv", 0), ("ETTh1.csv", 1 << 17)]
    assert there(folder) == ["ETT-small/ETTh1.csv"]
    path = folder / "ETT-small/ETTh1.csv"
    assert path.read_bytes() == content
    assert len(load_series("etth1").windows("train", 96, 96)) == 8449
    path.write_bytes(content[:-1])
    with pytest.raises(StorageError, match=f"its sha256 is .* and should be {sha256}; type 'seedwise data fetch etth1"):
        check("etth1")
    fetch("etth1")
    assert check("etth1") == folder / "ETT-small"
    server.files["ETTh1.csv"] = content + b"x"
    path.unlink()
    with pytest.raises(StorageError, match=f"ETTh1.csv is not what was published: its sha256 should be {sha256}"):
        fetch("etth1")
    assert there(folder) == []


def typed(monkeypatch, capsys, *arguments):
    """Return the exit code and the outputs of a command."""
    monkeypatch.setattr("sys.argv", ["seedwise", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    return ended.value.code or 0, *capsys.readouterr()


def test_the_command_says_where_the_files_are(tmp_path, monkeypatch, capsys, folder, server, offer):
    offer("fashion_mnist")
    for _ in range(2):
        code, out, err = typed(monkeypatch, capsys, "data", "fetch", "fashion_mnist")
        assert (code, out, err) == (0, f"fashion_mnist: {folder}/FashionMNIST/raw\n", "")
    assert len(server.requests) == 4
    elsewhere = tmp_path / "elsewhere"
    code, out, err = typed(monkeypatch, capsys, "data", "fetch", "fashion_mnist", "--data-dir", str(elsewhere))
    assert (code, out) == (0, f"fashion_mnist: {elsewhere}/FashionMNIST/raw\n")
    assert there(elsewhere) == expected("fashion_mnist")


def test_the_command_prints_one_line_for_what_fails(monkeypatch, capsys, folder, server, offer):
    offer("mnist")
    server.files = {}
    code, out, err = typed(monkeypatch, capsys, "data", "fetch", "mnist")
    assert (code, out) == (2, "")
    assert err.startswith("seedwise: cannot download http://127.0.0.1")
    assert err.count("\n") == 1
    code, out, err = typed(monkeypatch, capsys, "data", "fetch", "cifar")
    assert (code, out) == (2, "")
    assert err.startswith("seedwise: unknown dataset 'cifar': did you mean 'cifar10'?")
    assert err.count("\n") == 1


def test_the_list_says_what_is_there_and_what_to_type(monkeypatch, capsys, folder, server, offer):
    offer("mnist")
    offer("fashion_mnist")
    fetch("fashion_mnist")
    code, out, err = typed(monkeypatch, capsys, "data", "list")
    assert (code, err) == (0, "")
    digits, mnist, fashion, cifar10, cifar100, _etth1, etth2 = out.splitlines()
    assert digits == "digits: comes with scikit-learn"
    assert mnist.startswith("mnist is not in ")
    assert fashion == f"fashion_mnist: {folder}/FashionMNIST/raw"
    assert f"'seedwise data fetch cifar10 --data-dir {folder}'" in cifar10
    assert f"'seedwise data fetch cifar100 --data-dir {folder}'" in cifar100
    assert f"'seedwise data fetch etth2 --data-dir {folder}'" in etth2


def test_the_addresses_of_ett_are_its_authors():
    for name, file in (("etth1", "ETTh1.csv"), ("etth2", "ETTh2.csv")):
        published = PUBLISHED[name]
        assert published.address == "https://raw.githubusercontent.com/zhouhaoyi/ETDataset/main/ETT-small/"
        assert list(published.files) == list(published.archives) == [file]
