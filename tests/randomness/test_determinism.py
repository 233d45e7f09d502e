"""The switches of strict determinism."""

import subprocess
import sys

import pytest
import torch

from seedwise.randomness import strict_determinism


def switches():
    return (
        torch.are_deterministic_algorithms_enabled(),
        torch.is_deterministic_algorithms_warn_only_enabled(),
        torch.backends.cudnn.benchmark,
        torch.utils.deterministic.fill_uninitialized_memory,
    )


@pytest.fixture(params=[(False, False, False, True), (True, True, True, False)])
def outside(request):
    before = switches()
    enabled, warn_only, benchmark, fill = request.param
    torch.use_deterministic_algorithms(enabled, warn_only=warn_only)
    torch.backends.cudnn.benchmark = benchmark
    torch.utils.deterministic.fill_uninitialized_memory = fill
    yield request.param
    torch.use_deterministic_algorithms(before[0], warn_only=before[1])
    torch.backends.cudnn.benchmark = before[2]
    torch.utils.deterministic.fill_uninitialized_memory = before[3]


def test_switches_are_set_and_put_back(outside):
    with strict_determinism():
        assert switches() == (True, False, False, False)
    assert switches() == outside


def test_switches_are_put_back_after_an_exception(outside):
    with pytest.raises(KeyError), strict_determinism():
        raise KeyError
    assert switches() == outside


def put():
    return torch.zeros(3).put_(torch.tensor([0, 0]), torch.tensor([1.0, 2.0]))


def test_an_operation_without_a_deterministic_form_is_refused():
    with strict_determinism(), pytest.raises(RuntimeError, match="put_ does not have a deterministic implementation"):
        put()


def test_it_is_allowed_where_hardware_varies():
    with strict_determinism(False):
        assert put()[0] in (1.0, 2.0)


def test_the_workspace_of_cublas_is_set(monkeypatch):
    monkeypatch.delenv("CUBLAS_WORKSPACE_CONFIG", raising=False)
    import os

    with strict_determinism():
        assert os.environ["CUBLAS_WORKSPACE_CONFIG"] == ":4096:8"
    monkeypatch.setenv("CUBLAS_WORKSPACE_CONFIG", ":16:8")
    with strict_determinism():
        assert os.environ["CUBLAS_WORKSPACE_CONFIG"] == ":16:8"


@pytest.mark.parametrize("imported", ["before", "within"])
def test_the_compiler_is_deterministic_too_and_is_not_imported_for_it(imported):
    program = f"""
import os, sys
from seedwise.randomness import strict_determinism
if {imported == "before"}:
    import torch._inductor.config
with strict_determinism():
    assert {imported == "before"} or "torch._inductor.config" not in sys.modules
    import torch._inductor.config
    assert torch._inductor.config.deterministic
assert not torch._inductor.config.deterministic
with strict_determinism(False):
    assert not torch._inductor.config.deterministic
assert "TORCHINDUCTOR_DETERMINISTIC" not in os.environ
"""
    subprocess.run([sys.executable, "-c", program], check=True, timeout=120)
