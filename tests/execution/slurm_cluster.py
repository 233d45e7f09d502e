"""A real SLURM of two nodes on this machine, at 127.0.0.1 only, for as long as a block runs."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

PROGRAMS = ("slurmctld", "slurmd", "munged", "sbatch")
NODES = ("n1", "n2")

CONF = """
ClusterName=here
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={controller}
CommunicationParameters=NoAddrCache,NoInAddrAny,NoCtldInAddrAny
AuthType=auth/munge
AuthInfo=socket={root}/munge/socket
CryptoType=crypto/munge
SlurmUser=root
SlurmdUser=root
StateSaveLocation={root}/state
SlurmdSpoolDir={root}/%n
SlurmctldPidFile={root}/controller.pid
SlurmdPidFile={root}/%n.pid
SlurmctldLogFile={root}/controller.log
SlurmdLogFile={root}/%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerParameters=bf_interval=1,sched_min_interval=100000
SlurmdTimeout=10
KillWait=5
ReturnToService=2
MpiDefault=none
NodeName=n1 NodeHostname={host} NodeAddr=127.0.0.1 Port={first} CPUs=1
NodeName=n2 NodeHostname={host} NodeAddr=127.0.0.1 Port={second} CPUs=1
PartitionName=main Nodes=n1,n2 Default=YES MaxTime=INFINITE State=UP
"""


def missing() -> str | None:
    """Return why there can be no SLURM here, if there cannot."""
    if os.name != "posix" or os.geteuid() != 0:
        return "only root can start SLURM's daemons"
    absent = [name for name in PROGRAMS if shutil.which(name, path=_path()) is None]
    return f"apt-get install slurmctld slurmd munge: {', '.join(absent)} missing" if absent else None


def _path() -> str:
    return f"{os.environ['PATH']}:/usr/sbin:/sbin"


class Cluster:
    """The daemons.

    Args:
        root: where their files go.

    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._ports = _free_ports(3)

    def start(self) -> None:
        """Start all of them."""
        for name in ("munge", "state", *NODES):
            (self.root / name).mkdir(parents=True)
        self.root.chmod(0o755)
        key = self.root / "munge" / "key"
        key.touch(0o600)
        key.write_bytes(os.urandom(1024))
        controller, first, second = self._ports
        conf = CONF.format(root=self.root, host=socket.gethostname(), controller=controller, first=first, second=second)
        (self.root / "slurm.conf").write_text(conf)
        munge = [f"--{name}-file={self.root}/munge/{name}" for name in ("key", "pid", "log", "seed")]
        self._daemon("munged", "--force", f"--socket={self.root}/munge/socket", *munge)
        self._daemon("slurmctld", "-f", f"{self.root}/slurm.conf")
        for node in NODES:
            self.start_node(node)
        wait_for(lambda: self.say("sinfo", "--noheader", "--format=%D %T").split() == ["2", "idle"], 60)

    def start_node(self, node: str) -> None:
        """Start a node."""
        self._daemon("slurmd", "-f", f"{self.root}/slurm.conf", "-N", node)

    def _daemon(self, *words: str) -> None:
        environment = {**os.environ, "PATH": _path(), "SLURM_CONF": f"{self.root}/slurm.conf"}
        subprocess.run(words, check=True, env=environment, stdout=subprocess.DEVNULL, timeout=30)

    def say(self, *words: str) -> str:
        """Return what a command of SLURM prints; nothing while the controller is not there."""
        return subprocess.run(words, capture_output=True, text=True, timeout=60).stdout

    def kill_node(self, node: str) -> None:
        """Kill a node hard: its daemon, the daemons of its steps, and all that its jobs run."""
        victims = [psutil.Process(int((self.root / f"{node}.pid").read_text()))]
        for process in psutil.process_iter(["cmdline"]):
            if any(f"{self.root}/{node}/job" in word for word in process.info["cmdline"] or ()):
                steps = process.parent()
                assert steps is not None
                assert "slurmstepd" in steps.cmdline()[0]
                victims += [steps, process, *process.children(recursive=True)]
        for process in victims:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()

    def stop(self) -> None:
        """End all of them, and their jobs."""
        self.say("scancel", "--user=root")
        with contextlib.suppress(AssertionError):
            wait_for(lambda: not self.say("squeue", "--noheader").strip(), 30)
        daemons = []
        for file in (*(f"{node}.pid" for node in NODES), "controller.pid", "munge/pid"):
            with contextlib.suppress(OSError, ValueError, psutil.NoSuchProcess):
                daemons.append(psutil.Process(int((self.root / file).read_text())))
                daemons[-1].terminate()
        for daemon in psutil.wait_procs(daemons, timeout=10)[1]:
            daemon.kill()


def wait_for(condition: Callable[[], object], seconds: float) -> None:
    """Wait until something is so."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"it did not happen within {seconds} s"
        time.sleep(0.1)


def _free_ports(number: int) -> list[int]:
    sockets = [socket.socket() for _ in range(number)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [int(one.getsockname()[1]) for one in sockets]
    for one in sockets:
        one.close()
    return ports


@contextmanager
def cluster(root: Path) -> Iterator[Cluster]:
    """Start a cluster, make it that of this process, and end it."""
    found = Cluster(root)
    before = os.environ.get("SLURM_CONF")
    os.environ["SLURM_CONF"] = f"{root}/slurm.conf"
    try:
        found.start()
        yield found
    finally:
        found.stop()
        if before is None:
            del os.environ["SLURM_CONF"]
        else:
            os.environ["SLURM_CONF"] = before
