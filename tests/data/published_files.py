"""A writer of the published formats that shares nothing with the readers: opcodes and headers, byte by byte."""

from __future__ import annotations

import gzip
import hashlib
import io
import struct
import tarfile
from dataclasses import replace

import numpy as np

from seedwise.data import PUBLISHED


def idx(array):
    header = bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape)
    return header + array.tobytes()


def _string(text):
    return b"U" + bytes([len(text)]) + text  # SHORT_BINSTRING, a str of python 2


def _number(value):
    return b"J" + struct.pack("<i", value)


def cifar_pickle(rows, labels, key, module=b"numpy.core.multiarray"):
    """Pickle a batch as python 2 and numpy 1 did for CIFAR: protocol 2, strings without an encoding."""
    content = rows.tobytes()
    array = b"c" + module + b"\n_reconstruct\n" + b"cnumpy\nndarray\n" + _number(0) + b"\x85" + _string(b"b") + b"\x87R"
    dtype = b"cnumpy\ndtype\n" + _string(b"u1") + _number(0) + _number(1) + b"\x87R"
    dtype += b"(" + _number(3) + _string(b"|") + b"NNN" + _number(-1) + _number(-1) + _number(0) + b"tb"
    state = b"(" + _number(1) + _number(rows.shape[0]) + _number(rows.shape[1]) + b"\x86" + dtype
    state += b"\x89T" + struct.pack("<i", len(content)) + content + b"tb"
    listed = b"](" + b"".join(_number(int(label)) for label in labels) + b"e"
    batch_label = _string(b"batch_label") + _string(b"testing batch 1 of 1")
    return b"\x80\x02}(" + batch_label + _string(key) + listed + _string(b"data") + array + state + b"u."


def small(name, generator):
    """Return a small set: its files, and its images (N, H, W, C) and labels for train and test."""
    files, arrays = {}, {}
    published = PUBLISHED[name]
    for part, names in (("train", list(published.train)), ("test", list(published.test))):
        if name.endswith("mnist"):
            images = generator.integers(0, 256, (9, 28, 28, 1), dtype=np.uint8)
            labels = generator.integers(0, 10, 9, dtype=np.uint8)
            files |= dict(zip(names, (idx(images[..., 0]), idx(labels)), strict=True))
        else:
            images = generator.integers(0, 256, (4 * len(names), 32, 32, 3), dtype=np.uint8)
            labels = generator.integers(0, 10, 4 * len(names))
            key = {"cifar10": b"labels", "cifar100": b"fine_labels"}[name]
            for k, file in enumerate(names):
                batch = images[4 * k : 4 * k + 4]
                rows = np.array([[*image[..., 0].flat, *image[..., 1].flat, *image[..., 2].flat] for image in batch])
                files[file] = cifar_pickle(rows.astype(np.uint8), labels[4 * k : 4 * k + 4], key)
        arrays[part] = images, labels
    return files, arrays


def tar_gz(members):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as tar:
        for member, content in members:
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return out.getvalue()


def archives(name, files):
    """Return what is downloaded, by name."""
    published = PUBLISHED[name]
    if name.endswith("mnist"):
        return {f"{file}.gz": gzip.compress(content) for file, content in files.items()}
    (archive,) = published.archives
    others = [(f"{published.folders[0]}/readme.html", b"<html>")]
    members = [(f"{published.folders[0]}/{file}", content) for file, content in files.items()]
    return {archive: tar_gz([(tarfile.TarInfo(path), content) for path, content in others + members])}


def md5(content):
    return hashlib.md5(content).hexdigest()


def publish(monkeypatch, name, files, archives=None, address="http://127.0.0.1:9/"):
    """Make a small set the published one for this test."""
    published = PUBLISHED[name]
    changed = replace(
        published,
        train={file: md5(files[file]) for file in published.train},
        test={file: md5(files[file]) for file in published.test},
        address=address,
        archives={archive: md5(content) for archive, content in (archives or {}).items()},
    )
    monkeypatch.setitem(PUBLISHED, name, changed)
