"""Pickles that try to do more than hold arrays."""

import copyreg
import os
import pickle
import re
import struct

import numpy as np
import pytest

from seedwise.data._pickles import read_pickle

from .published_files import cifar_pickle

ROWS = np.arange(24, dtype=np.uint8).reshape(4, 6)


class Calls:
    """Pickles to the call of a function."""

    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


def protocol_2(*parts):
    return b"\x80\x02" + b"".join(parts) + b"."


@pytest.mark.parametrize("module", [b"numpy.core.multiarray", b"numpy._core.multiarray"])
def test_an_array_of_numpy_1_and_2(module):
    read = read_pickle(cifar_pickle(ROWS, [3, 1, 2, 0], b"labels", module))
    assert list(read) == [b"batch_label", b"labels", b"data"]
    assert read[b"labels"] == [3, 1, 2, 0]
    assert read[b"data"].dtype == np.uint8
    assert np.array_equal(read[b"data"], ROWS)


@pytest.mark.parametrize("protocol", [3, 4])
@pytest.mark.parametrize("order", ["C", "F"])
def test_what_this_python_and_numpy_pickle(protocol, order):
    values = {b"data": np.array(ROWS, order=order), b"labels": [1, 300, -5], b"x": [{b"y": 2.5}, (None, True, "text")]}
    read = read_pickle(pickle.dumps(values, protocol))
    assert np.array_equal(read.pop(b"data"), values.pop(b"data"))
    assert read == values


# What is in the pickle, and why it is refused.
HOSTILE = {
    "os.system": (pickle.dumps({b"data": Calls(os.system, "mkdir ran")}), "it names posix.system"),
    "eval": (pickle.dumps({b"data": Calls(eval, "__import__('os').mkdir('ran')")}), "it names builtins.eval"),
    "eval of python 2": (b"c__builtin__\neval\n(S\"open('ran', 'w')\"\ntR.", "it names __builtin__.eval"),
    "getattr": (pickle.dumps({b"data": Calls(getattr, [], "append")}), "it names builtins.getattr"),
    "a dotted name": (b"\x80\x04\x8c\x05numpy\x8c\x0fdtype.__class__\x93.", "it names numpy.dtype.__class__"),
    "another function of numpy": (b"cnumpy\nfromfile\n(S'/etc/passwd'\ntR.", "it names numpy.fromfile"),
    "an object array": (
        pickle.dumps({b"data": np.array([Calls(os.mkdir, "ran")], dtype=object)}, 3),
        "an array of 'O8': only uint8 is read",
    ),
    "an empty object array": (pickle.dumps({b"data": np.empty(0, dtype=object)}, 3), "an array of 'O8'"),
    "an array of float": (pickle.dumps({b"data": np.ones(3)}, 3), "an array of 'f8'"),
    "a structured array": (pickle.dumps({b"data": np.zeros(3, dtype=[("a", "O")])}, 3), "an array of 'V8'"),
    "a scalar of objects": (
        b"cnumpy.core.multiarray\nscalar\n(cnumpy\ndtype\n(S'O'\nI0\nI1\ntRS'cos\\nsystem\\n.'\ntR.",
        "it names numpy.core.multiarray.scalar",
    ),
    "a buffer": (pickle.dumps({b"data": ROWS}, 5), "it names numpy._core.numeric._frombuffer"),
    "ndarray is called": (b"cnumpy\nndarray\n((I3\ntcnumpy\ndtype\n(S'u1'\ntRtR.", "numpy.ndarray is called"),
    "a masked array": (pickle.dumps({b"data": np.ma.array(ROWS)}, 3), "it names numpy.ma.core"),
    "an instance": (b"(ios\n_wrap_close\n.", "it names os._wrap_close"),
    "the extension registry": (b"\x80\x02\x82\xf0.", "it names os.getcwd"),
    "a persistent name": (b"Pos.system\n.", "persistent"),
    "more elements than bytes": (
        protocol_2(
            b"cnumpy.core.multiarray\n_reconstruct\n)R(K\x01J\xff\xff\xff\x7fJ\xff\xff\xff\x7f\x86",
            b"cnumpy\ndtype\nU\x02u1\x85R\x89U\x03abctb",
        ),
        "cannot reshape",
    ),
    "no dictionary": (pickle.dumps([1]), "a pickle of a list"),
    "nothing": (b"", "Ran out of input"),
    "text": (b"data,labels\n1,2\n", "not a pickle"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_pickle_does_nothing(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    content, why = HOSTILE[name]
    copyreg.add_extension("os", "getcwd", 0xF0)
    try:
        with pytest.raises(ValueError, match=re.escape(why)):
            read_pickle(content)
    finally:
        copyreg.remove_extension("os", "getcwd", 0xF0)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["os.system", "eval", "an object array"])
def test_these_pickles_are_hostile(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    pickle.loads(HOSTILE[name][0])
    assert (tmp_path / "ran").is_dir()


def test_a_forged_dtype_makes_no_numbers_into_addresses():
    # numpy itself would take the eight bytes for the address of an object.
    forged = b"cnumpy\ndtype\n" + b"U\x02O8K\x00K\x01\x87R(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
    content = protocol_2(
        b"}U\x04datacnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87R(K\x01K\x01\x85",
        forged,
        b"\x89U\x08AAAAAAAAtbs",
    )
    with pytest.raises(ValueError, match="only uint8 is read"):
        read_pickle(content)


@pytest.mark.parametrize("name", [b"numpy.core.multiarray\n_reconstruct", b"numpy\nndarray", b"numpy\ndtype"])
@pytest.mark.parametrize(
    "state", [b"}U\x06valuesU\x04evils", b"(N}U\x06valuesU\x04evilst", b"(N}U\x0c__setstate__NsU\x08__init__Nst"]
)
def test_a_pickle_cannot_change_the_reader(name, state):
    with pytest.raises(ValueError, match="not a pickle of arrays"):
        read_pickle(protocol_2(b"c" + name + b"\n", state, b"b"))
    assert np.array_equal(read_pickle(cifar_pickle(ROWS, [], b"labels"))[b"data"], ROWS)


def test_an_array_without_its_state_is_empty():
    # NEWOBJ skips __init__.
    read = read_pickle(protocol_2(b"}U\x04datacnumpy.core.multiarray\n_reconstruct\n)\x81s"))
    assert read[b"data"].shape == (0,)


def test_a_pickle_that_was_cut_short():
    content = cifar_pickle(ROWS, [3, 1], b"labels")
    for length in range(len(content)):
        with pytest.raises(ValueError, match="not a pickle of arrays"):
            read_pickle(content[:length])


def test_a_length_beyond_the_end_takes_no_memory():
    with pytest.raises(ValueError, match="not a pickle of arrays"):
        read_pickle(b"\x80\x04\x8e" + struct.pack("<Q", 1 << 40) + b"abc.")
