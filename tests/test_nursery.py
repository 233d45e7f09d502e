"""A process of the nursery is as one that Python starts, and tests get theirs from there whatever they did before."""

import os
import subprocess
import sys

import pytest
import torch

from seedwise.randomness import strict_determinism

from .nursery import nursery


def test_what_training_leaves_in_the_environment_costs_no_process_its_place():
    with strict_determinism():
        torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.1)
    assert {"CUBLAS_WORKSPACE_CONFIG", "TORCHINDUCTOR_CACHE_DIR"} <= os.environ.keys()
    done = nursery().run(["-c", "import os, sys; print('torch' in sys.modules, sorted(os.environ))"], timeout=200)
    assert done.stdout.splitlines() == [f"True {sorted(os.environ)}"]


@pytest.mark.parametrize(
    "program",
    [
        "import sys; sys.exit(3)",
        "raise SystemExit('said')",
        "raise SystemExit(-1)",
        "1 / 0",
        "raise KeyboardInterrupt",
        "import os; os.kill(os.getpid(), 15)",
        "import atexit; atexit.register(print, 'at exit')",
        "import threading, time; threading.Thread(target=lambda: (time.sleep(0.1), print('later'))).start()",
        "import logging, sys; logging.getLogger().addHandler(type('H', (logging.Handler,), "
        "{'close': lambda self: print('closed')})())",
        "import os, sys; print('lost'); os.close(1)",
        "import sys; sys.stdout.close()",
        "import sys; sys.stdout.reconfigure(errors='backslashreplace'); print('said')",
    ],
)
def test_it_ends_as_one_that_python_starts(program):
    env = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    forked = nursery().run(["-c", program], env=env, timeout=200)
    real = subprocess.run([sys.executable, "-c", program], env=env, capture_output=True, text=True, timeout=200)
    assert (forked.returncode, forked.stdout) == (real.returncode, real.stdout)
    assert forked.stderr.splitlines()[-1:] == real.stderr.splitlines()[-1:]
