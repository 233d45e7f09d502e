"""What ``gpu.py`` measures, in stages of cases; a case that fails says so, and the next one begins."""

from __future__ import annotations

import contextlib
import itertools
import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from gpu_bench import EPOCHS, OTHERS, Bench, Case, Row, median, products, said
from gpu_by_hand import Resident, with_a_loader
from torch import Tensor
from torch.func import functional_call, grad_and_value, stack_module_state, vmap

from seedwise.execution import Resources, opened
from seedwise.models import resnet14
from seedwise.models._flops import flops
from seedwise.randomness import strict_determinism
from seedwise.run import Checkpoint, Numerics, RunRecord, execute
from seedwise.study import Silent, Study
from seedwise.training import train
from seedwise.training._graphs import GraphedSteps, captured

VML = {"name": "vml", "warmup_steps": 5}
LOSSES: dict[str, object] = {
    "cross-entropy again": "cross_entropy",
    "VML": VML,
    "CLF": "clf",
    "placebo": {"name": "placebo", "controller": VML},
    "learning-rate control": {"name": "lr_control", "controller": VML},
}


def _trained(bench: Bench, content: dict[str, Any], numerics: Numerics, **options: Any) -> RunRecord:
    record = execute(bench.run(content, numerics, **options), train)
    if record.status not in ("finished", "interrupted"):
        raise RuntimeError(record.error)
    return record


def bits(bench: Bench) -> Iterator[Case]:
    """The same bits twice, after a stop, and with others on the device; what strict determinism costs."""
    content = bench.resnet(16, loss=VML)

    def same(numerics: Numerics) -> Iterator[Row]:
        first, second = (_trained(bench, content, numerics).weights_sha256 for _ in range(2))
        yield Row(f"trained twice ({said(numerics)})", float(first == second), "1 if the same bits", target="1")
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "run"
            _trained(bench, content, numerics, checkpoint=Checkpoint(file, stop_after=2))
            resumed = _trained(bench, content, numerics, checkpoint=Checkpoint(file))
        alike = float(resumed.weights_sha256 == first)
        yield Row(f"stopped and resumed ({said(numerics)})", alike, "1 if the same bits", target="1")

    def against_eager() -> Iterator[Row]:
        eager, graphs = (_trained(bench, content, Numerics(graphs=graphs)) for graphs in (False, True))
        alike = eager.weights_sha256 == graphs.weights_sha256
        yield Row("weights of graphs and of steps one by one", float(alike), "1 if the same bits")
        ends = [record.series[-1]["train/loss"] for record in (eager, graphs)]
        yield Row("their last training loss", ends[1] / ends[0], "ratio", note="learning rates are float32 in graphs")

    def waits() -> Iterator[Row]:
        steps = bench.trainer(content, graphs=True).graphed
        assert isinstance(steps, GraphedSteps)
        steps(0)
        steps.begin(1)
        mode = torch.cuda.set_sync_debug_mode if bench.gpu else lambda _mode: None
        with steps.on_its_stream():
            mode("error")
            try:
                steps._one(bench.batch)  # as it is before it is captured
            finally:
                mode("default")
        yield Row("a step waits for the device", 0.0, "times", target="0")

    def shared() -> Iterator[Row]:
        at_once = 2 if bench.tiny else 4
        alone, together = (_hashes(bench, at_once, workers) for workers in (1, at_once))
        same = sum(alone[run] == together[run] for run in alone)
        what = f"runs of {at_once} at once that have the bits of runs alone"
        yield Row(what, float(same), f"of {at_once}", target=str(at_once))

    def strictness() -> Iterator[Row]:
        for graphs in (False, True):
            numbers = itertools.count()
            trainers = [(strict, bench.trainer(content, graphs=graphs)) for strict in (False, True)]
            ratios = []
            for _ in range(bench.warm_up + bench.rounds):
                epoch, took = next(numbers), []
                for strict, trainer in trainers:
                    with strict_determinism(strict):
                        took.append(bench.seconds(lambda t=trainer, e=epoch: t.take_steps(e)))  # type: ignore[misc]
                ratios.append(took[1] / took[0])
            how = "graphs" if graphs else "one by one"
            yield median(f"strictly deterministic over not, {how}", ratios[bench.warm_up :], "ratio of seconds")

    def forms() -> Iterator[Row]:
        for name in ("resnet14", *OTHERS):
            small = bench.content({"name": name}, epochs=1)
            small["task"]["dataset"] |= {"train": 2 * bench.batch, "test": 40}
            record = execute(bench.run(small, Numerics()), train)
            known = record.status == "finished"
            yield Row(
                f"{name}: all operations have a deterministic form", float(known), "1 if so", note=record.error or ""
            )

    yield "forms", forms
    for numerics in (Numerics(), Numerics(graphs=True), Numerics(graphs=True, precision="bf16")):
        yield said(numerics), lambda numerics=numerics: same(numerics)  # type: ignore[misc]
    yield "graphs and eager", against_eager
    yield "waiting", waits
    yield "strictness", strictness
    yield "sharing the device", shared
    yield "compiled", lambda: same(Numerics(graphs=True, compile=True))


class Epochs(Silent):
    """Notes when epochs ended, by run."""

    def __init__(self) -> None:
        self.times: dict[str, list[float]] = {}

    def epoch(self, run_id: str, epoch: int) -> None:
        del epoch
        self.times.setdefault(run_id, []).append(time.perf_counter())

    def rates(self, first: int, parts: int = 5) -> list[float]:
        """Return epochs per second in parts of the time in which all runs were at it, after their ``first`` epochs."""
        begin = max(times[first - 1] for times in self.times.values())
        end = min(times[-1] for times in self.times.values())
        if end <= begin:
            raise RuntimeError("the runs were too short to be at it at once")
        every = np.concatenate([np.array(times) for times in self.times.values()])
        counts, edges = np.histogram(every, bins=np.linspace(begin, end, parts + 1))
        return list(counts / np.diff(edges))


def _study(bench: Bench, width: int, runs: int, epochs: int, **train: object) -> dict[str, Any]:
    content = bench.resnet(width, epochs=epochs, graphs=True, **train)
    return {"name": f"runs{width}", **content, "replicates": runs, "evaluate": {"every_epoch": False}}


def _hashes(bench: Bench, runs: int, workers: int) -> dict[str, str | None]:
    import yaml

    with tempfile.TemporaryDirectory() as folder:
        study = Study.from_text(yaml.safe_dump(_study(bench, 16, runs, 4)), store=Path(folder) / "bits.db")
        study.run(device=bench.device, workers=workers)
        with study.open() as store:
            return {run.run_id: run.weights_sha256 for run in store.runs()}


def sharing(bench: Bench) -> Iterator[Case]:
    """Runs per hour with several on the device: as processes, as streams of one process, as one stacked network."""
    import yaml

    alone: dict[str, float] = {}

    def rows(name: str, width: int, count: int, rates: list[float]) -> Iterator[Row]:
        kind = f"width {width}"
        per_hour = [rate * 3600 / EPOCHS for rate in rates]
        alone.setdefault(kind, float(np.median(per_hour)))
        gain = float(np.median(per_hour)) / alone[kind]
        yield median(
            f"{kind}: {count} {name}",
            per_hour,
            f"runs of {EPOCHS} epochs an hour",
            "3 times one" if count == 8 else "",
            f"{gain:.2f} times one",
        )

    def processes(name: str, cases: Sequence[tuple[int, int]]) -> Iterator[Row]:
        first = 2 if bench.tiny else 6
        most = max(count for _, count in cases)
        with opened("local", Resources(bench.device, workers=most)) as executor:
            # The first study starts all workers: what they need to start is not a part of their runs.
            for width, count, epochs in [(16, most, 1), *((w, n, 24 if w == 16 else 12) for w, n in cases)]:
                watch = Epochs()
                precision = "float32" if width == 16 else "bf16"
                with tempfile.TemporaryDirectory() as folder:
                    text = yaml.safe_dump(_study(bench, width, count, epochs + first, precision=precision))
                    study = Study.from_text(text, store=Path(folder) / "runs.db")
                    study.run(executor=executor, device=bench.device, progress=watch)
                if epochs > 1:
                    yield from rows(f"{name} ({precision})", width, count, watch.rates(first))

    def with_mps() -> Iterator[Row]:
        with tempfile.TemporaryDirectory() as folder:
            where = {"CUDA_MPS_PIPE_DIRECTORY": folder, "CUDA_MPS_LOG_DIRECTORY": folder}
            subprocess.run(["nvidia-cuda-mps-control", "-d"], env={**os.environ, **where}, check=True, timeout=20)
            os.environ.update(where)  # of the workers; this process has its own place on the device already
            try:
                yield from processes("processes under MPS", [(16, 4), (16, 8)])
            finally:
                for name in where:
                    del os.environ[name]
                subprocess.run(
                    ["nvidia-cuda-mps-control"], input=b"quit\n", env={**os.environ, **where}, check=False, timeout=20
                )

    def streams(count: int) -> Iterator[Row]:
        steps = [GraphedSteps(bench.trainer(bench.resnet(16))) for _ in range(count)]
        examples = 80 if bench.tiny else 50_000
        sizes = [bench.batch] * (examples // bench.batch) + [examples % bench.batch]

        def epoch(number: int) -> None:
            for one in steps:
                one.begin(number)
            bench.synchronize()  # each stream may go its own way from here
            for size in sizes:
                for one in steps:
                    with torch.cuda.stream(one._stream):
                        one.take(size)

        took = [bench.seconds(lambda number=number: epoch(number)) for number in range(bench.warm_up + bench.rounds)]  # type: ignore[misc]
        yield from rows(
            "streams of one process (float32)", 16, count, [count / seconds for seconds in took[bench.warm_up :]]
        )

    def stacked(count: int) -> Iterator[Row]:
        step = _stacked_step(bench, count)
        per_epoch = -(-(80 if bench.tiny else 50_000) // bench.batch)
        took = [bench.seconds(lambda: [step() for _ in range(per_epoch)]) for _ in range(1 + bench.rounds)]
        yield from rows("stacked networks (float32)", 16, count, [count / seconds for seconds in took[1:]])

    if bench.tiny:
        yield "processes", lambda: processes("processes", [(16, 1), (16, 2)])
    else:
        yield (
            "processes",
            lambda: processes("processes", [(16, 1), (16, 4), (16, 8), (16, 2), (64, 1), (64, 2), (64, 4)]),
        )
    yield "stacked 4", lambda: stacked(4)
    yield "streams 4", lambda: streams(4)
    if bench.gpu:
        yield "MPS", with_mps
    if not bench.tiny:
        yield "stacked 8", lambda: stacked(8)
        yield "streams 8", lambda: streams(8)


def _stacked_step(bench: Bench, count: int) -> Callable[[], object]:
    """Return a captured step of ``count`` networks as one: each convolution is a grouped one over all of them."""
    networks = [resnet14(3, 10, width=bench.width(16)).to(bench.device) for _ in range(count)]
    weights, buffers = stack_module_state(networks)
    momenta = {name: torch.zeros_like(value) for name, value in weights.items()}
    inputs = torch.randn(count, bench.batch, 3, 32, 32, device=bench.device)
    labels = torch.randint(0, 10, (count, bench.batch), device=bench.device)

    def loss(weights: dict[str, Tensor], buffers: dict[str, Tensor], inputs: Tensor, labels: Tensor) -> Tensor:
        return F.cross_entropy(functional_call(networks[0], (weights, buffers), (inputs,)), labels)

    gradients = vmap(grad_and_value(loss))
    values = [value.detach() for value in weights.values()]

    def step() -> None:
        found, _ = gradients(dict(zip(weights, values, strict=True)), buffers, inputs, labels)
        torch._foreach_mul_(list(momenta.values()), 0.9)
        torch._foreach_add_(list(momenta.values()), list(found.values()))
        torch._foreach_add_(values, list(momenta.values()), alpha=-0.01)

    stream = torch.cuda.Stream() if bench.gpu else None
    bench.synchronize()
    with torch.cuda.stream(stream):
        for _ in range(3):
            step()
    bench.synchronize()
    return captured(step, stream)


def steps(bench: Bench) -> Iterator[Case]:
    """Seconds for 500 epochs and memory of a run, by network, precision and how steps are taken."""
    peak: list[float] = []

    def rate() -> Iterator[Row]:
        size = 64 if bench.tiny else 8192
        a, b = (torch.randn(size, size, device=bench.device, dtype=torch.bfloat16) for _ in range(2))
        a @ b
        found = [2e-12 * size**3 / bench.seconds(lambda: a @ b) for _ in range(2 + bench.rounds)][2:]
        peak.append(float(np.median(found)))
        yield median(f"bf16 product of {size} x {size}", found, "TFLOP/s")

    def measured(
        name: str, content: dict[str, Any], precision: str, *, compiled: bool, graphs: bool, rounds: int | None = None
    ) -> Iterator[Row]:
        target = "60" if name == "resnet14, width 16" else ""
        with products(precision) as autocast:
            trainer = bench.trainer(content, precision=autocast, compile=compiled, graphs=graphs)
            epochs, before = bench.epochs(trainer, rounds)
            evaluate = lambda: trainer._predict(trainer.splits["test"])  # noqa: E731
            evaluation = [] if compiled else [bench.seconds(evaluate) for _ in range(3)]
        what = f"{name}, {said(Numerics(precision, compile=compiled, graphs=graphs))}"
        note = f"{before:.1f} s for the first {bench.warm_up} epochs"
        if peak:
            image = torch.zeros(1, 3, 32, 32, device=bench.device)
            per_epoch = 3e-12 * (flops(trainer.model.eval(), [image]) or 0) * len(trainer.splits["train"])
            note += f"; {100 * per_epoch / np.median(epochs) / peak[0]:.2g} % of the rate of bf16 products"
        yield median(what, [EPOCHS * seconds for seconds in epochs], f"s for {EPOCHS} epochs", target, note)
        if evaluation:
            yield median(f"{what}: evaluation", evaluation, "s")
        if bench.gpu:
            yield Row(f"{what}: memory", torch.cuda.max_memory_allocated() / 1e9, "GB")

    def case(width: int, precision: str, compiled: bool, graphs: bool) -> Case:
        name = f"resnet14, width {width}"
        content = bench.resnet(width)
        return name, lambda: measured(name, content, precision, compiled=compiled, graphs=graphs)

    yield "rate", rate
    for width in (16, 64):
        for precision in ("float32", "tf32", "bf16"):
            yield case(width, precision, False, True)
    yield case(16, "float32", False, False)
    yield case(16, "bf16", False, False)
    yield case(16, "bf16", True, True)
    for name in OTHERS:
        for precision in ("float32", "bf16"):
            other = bench.content({"name": name})
            if not bench.tiny:
                other["task"]["dataset"] |= {"train": 25 * bench.batch}  # two epochs of it are 50 steps

            def of_other(
                name: str = name, content: dict[str, Any] = other, precision: str = precision
            ) -> Iterator[Row]:
                whole = 1.0 if bench.tiny else 50_000 / (25 * bench.batch)
                for row in measured(name, content, precision, compiled=False, graphs=True, rounds=4):
                    if not row.name.endswith(("evaluation", "memory")) and row.value is not None:
                        ends = [end * whole for end in (row.value, row.low or 0.0, row.high or 0.0)]
                        yield replace(row, value=ends[0], low=ends[1], high=ends[2])
                    else:
                        yield row

            yield name, of_other
    if not bench.tiny:
        yield case(16, "tf32", True, True)
        yield case(64, "bf16", True, True)


def loops(bench: Bench) -> Iterator[Case]:
    """Our loop against two written by hand: the same network, batches and epochs, torch's default precision."""

    def resident() -> Iterator[Row]:
        ours = {graphs: bench.trainer(bench.resnet(16), graphs=graphs) for graphs in (False, True)}
        images, labels = (getattr(ours[True].splits["train"], name).cpu() for name in ("images", "labels"))
        theirs = Resident(resnet14(3, 10, width=bench.width(16)), images, labels, bench.device, bench.batch)
        took: dict[str, list[float]] = {"graphs": [], "one by one": [], "by hand": []}
        for number in range(bench.warm_up + bench.rounds):
            took["graphs"].append(bench.seconds(lambda: ours[True].take_steps(number)))  # noqa: B023
            took["one by one"].append(bench.seconds(lambda: ours[False].take_steps(number)))  # noqa: B023
            took["by hand"].append(bench.seconds(theirs.epoch))
        per_second = {name: len(images) / np.array(seconds[bench.warm_up :]) for name, seconds in took.items()}
        for name, rates in per_second.items():
            yield median(f"images a second, {name}", rates, "images/s")
        for name in ("graphs", "one by one"):
            yield median(
                f"{name} over all images on the device by hand",
                per_second[name] / per_second["by hand"],
                "ratio",
                "1.0",
            )
        workers = 0 if bench.tiny else 2
        network = resnet14(3, 10, width=bench.width(16))
        loader = with_a_loader(
            network, images, labels, bench.device, batch=bench.batch, workers=workers, steps=1 if bench.tiny else 30
        )
        yield Row(f"images a second, a DataLoader of {workers} workers by hand", loader, "images/s")
        yield median("graphs over a DataLoader by hand", per_second["graphs"] / loader, "ratio", "20")

    yield "by hand", resident


def losses(bench: Bench) -> Iterator[Case]:
    """A step with each loss over one with cross-entropy, both replayed."""

    def measured() -> Iterator[Row]:
        trainers = {name: bench.trainer(bench.resnet(16, loss=loss), graphs=True) for name, loss in LOSSES.items()}
        base = bench.trainer(bench.resnet(16), graphs=True)
        ratios: dict[str, list[float]] = {name: [] for name in trainers}
        order = np.random.default_rng(0)
        for number in range(bench.warm_up + bench.rounds):
            took = {"base": bench.seconds(lambda: base.take_steps(number))}  # noqa: B023
            for name in order.permutation(list(trainers)):
                took[name] = bench.seconds(lambda: trainers[name].take_steps(number))  # noqa: B023
            for name in trainers:
                ratios[name].append(took[name] / took["base"])
        for name, found in ratios.items():
            yield median(f"{name} over cross-entropy", found[bench.warm_up :], "ratio", "1.02")

    yield "losses", measured


STAGES: dict[str, tuple[Callable[[Bench], Iterator[Case]], int]] = {
    "steps": (steps, 150),
    "sharing": (sharing, 120),
    "bits": (bits, 100),
    "loops": (loops, 50),
    "losses": (losses, 40),
}
"""By name, with the seconds that each may take."""


def rows_of(stage: str, bench: Bench) -> Iterator[Row]:
    """Yield the rows of a stage; what raises becomes a row without a value."""
    with strict_determinism():
        for name, measure in STAGES[stage][0](bench):
            bench.forget()
            try:
                yield from measure()
            except Exception as error:
                first = (str(error).strip() or "no message").splitlines()[0]
                yield Row(name, None, "", note=f"failed: {type(error).__name__}: {first}")
            with contextlib.suppress(RuntimeError):
                bench.synchronize()
