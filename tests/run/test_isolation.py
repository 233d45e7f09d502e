"""What a run leaves changed in its process is put back, and what cannot be is said."""

import os
import signal
import subprocess
import sys
import threading
import warnings

import numpy as np
import pytest
import torch

from seedwise.run import isolated

CHANGES = {
    "torch's default dtype": (lambda: torch.set_default_dtype(torch.float64), torch.get_default_dtype),
    "torch's default device": (lambda: torch.set_default_device("meta"), torch.get_default_device),
    "torch's gradient mode": (lambda: torch.set_grad_enabled(False), torch.is_grad_enabled),
    "torch's autocast mode": (
        lambda: torch.set_autocast_enabled("cpu", True),
        lambda: torch.is_autocast_enabled("cpu"),
    ),
    "torch's anomaly detection": (lambda: torch.autograd.set_detect_anomaly(True), torch.is_anomaly_enabled),
    "the precision of matrix products": (
        lambda: torch.set_float32_matmul_precision("medium"),
        torch.get_float32_matmul_precision,
    ),
    "the flushing of denormal numbers": (
        lambda: torch.set_flush_denormal(True),
        lambda: float(torch.tensor(1e-40) * 1),
    ),
    "oneDNN": (lambda: setattr(torch.backends.mkldnn, "enabled", False), lambda: torch.backends.mkldnn.enabled),
    "numpy's handling of floating-point errors": (lambda: np.seterr(all="raise"), np.geterr),
    "the working directory": (lambda: os.chdir("/"), os.getcwd),
    "the environment": (lambda: os.environ.update(SEEDWISE_TEST="1"), lambda: os.environ.get("SEEDWISE_TEST")),
    "the warning filters": (lambda: warnings.simplefilter("always"), lambda: warnings.filters[0]),
    "the recursion limit": (lambda: sys.setrecursionlimit(5000), sys.getrecursionlimit),
    "sys.stdout": (lambda: setattr(sys, "stdout", sys.__stderr__), lambda: sys.stdout),
    "the handler of SIGTERM": (
        lambda: signal.signal(signal.SIGTERM, signal.SIG_IGN),
        lambda: signal.getsignal(signal.SIGTERM),
    ),
}


@pytest.mark.parametrize("name", CHANGES)
def test_it_is_put_back_and_named(name):
    change, read = CHANGES[name]
    before = read()
    with isolated() as remains:
        change()
        assert read() != before
    assert read() == before
    assert remains.restored == [name]
    assert remains.stuck == []


def test_nothing_is_named_where_nothing_was_changed():
    with isolated() as remains:
        torch.nn.Linear(2, 2)(torch.ones(1, 2)).sum().backward()
    assert remains.notes == []


def test_the_workers_of_a_loader_leave_no_trace_and_are_still_watched():
    code = """
import signal
from torch.utils.data import DataLoader
from seedwise.run import isolated

with isolated() as remains:
    assert len(list(DataLoader([1.0, 2.0, 3.0], num_workers=1))) == 3
assert remains.notes == [], remains.notes
assert signal.getsignal(signal.SIGCHLD) is not signal.SIG_DFL  # by which torch sees that a worker died
"""
    subprocess.run([sys.executable, "-c", code], check=True)


def test_an_error_puts_back_too():
    def fails():
        torch.set_default_dtype(torch.float64)
        raise ValueError("x")

    with pytest.raises(ValueError, match="x"), isolated():
        fails()
    assert torch.get_default_dtype() is torch.float32


def test_the_files_behind_the_streams_are_put_back(capfd):
    with isolated() as remains:
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, 2)
        os.close(nothing)
        os.write(2, b"lost\n")
    os.write(2, b"seen\n")
    assert remains.restored == ["the file of stderr"]
    assert capfd.readouterr().err == "seen\n"


def test_what_cannot_be_put_back_is_said():
    stop = threading.Event()
    mode = torch.inference_mode()
    with isolated() as remains:
        hook = torch.nn.modules.module.register_module_forward_hook(lambda *_: None)
        mode.__enter__()
        threading.Thread(target=stop.wait).start()
    mode.__exit__(None, None, None)
    hook.remove()
    stop.set()
    assert remains.stuck == ["torch's inference mode entered", "a hook on all of torch's modules", "a thread running"]
    assert sum("cannot be put back" in note for note in remains.notes) == 3


def test_changes_can_be_made_again():
    with isolated() as remains:
        torch.set_default_dtype(torch.float64)
    with isolated():
        for change in remains.again:
            change()
        assert torch.get_default_dtype() is torch.float64
    assert torch.get_default_dtype() is torch.float32
