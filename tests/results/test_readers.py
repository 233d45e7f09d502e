"""What trackers wrote, read without them: from samples that are kept here, and from the programs where these are.

The numbers are those that were logged (real/logged.json), four seeds of two methods: the last one of colu breaks off.
"""

import hashlib
import json
import os
import shutil
import sqlite3
import struct
import subprocess
import zipfile
import zlib
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import seedwise
from seedwise.errors import SeedwiseError
from seedwise.results import Roles, Runs, read, understand
from seedwise.results.readers._wire import fields

HERE = Path(__file__).parent
ENVIRONMENTS = Path(os.environ.get("SEEDWISE_TRACKERS", HERE.parents[1] / ".venv" / "trackers"))
LOGGED: dict[str, list[list[float]]] = json.loads((HERE / "real" / "logged.json").read_text())
HOW = ["sample", pytest.param("real", marks=pytest.mark.programs)]
WRITERS = {
    "mlflow": "mlflow",
    "wandb": "wandb",
    "optuna": "optuna",
    "hydra": "optuna",
    "tensorboard": "tensorboard",
    "lightning": "lightning",
    "ray": "ray",
    "wandb_resumed": "wandb",
    "tensorboard_parts": "tensorboard",
}
"""The environment of each program that writes."""


@dataclass(frozen=True)
class Case:
    """Where a program keeps runs, how they are compared, and which column has the accuracy at the end."""

    writer: str
    path: str
    metric: str
    roles: dict[str, Any] = field(default_factory=dict)
    set_aside: tuple[str, ...] = ()


BY_MODEL = {"by": "model"}
BY_NAME = {"by": "model.name"}
SHORT = ("1 curve shorter than the others, counted as failed (such as colu, which ends at {})",)
CASES = {
    "MLflow, database": Case(
        "mlflow", "mlflow.db", "accuracy", BY_MODEL,
        ("1 deleted run", "1 parent of runs", "1 run without a metric", "1 row of runs that still go on"),
    ),
    "MLflow, folder": Case(
        "mlflow", "mlruns", "accuracy", BY_MODEL,
        ("1 deleted run", "1 parent of runs", "1 run without a metric", "1 row of runs that still go on"),
    ),
    "MLflow, folder above": Case("mlflow", "", "accuracy", BY_MODEL, (
        "1 deleted run", "1 parent of runs", "1 run without a metric", "1 row of runs that still go on"),
    ),
    "Weights & Biases": Case("wandb", "wandb", "valid/accuracy", BY_NAME),
    "Optuna": Case(
        "optuna", "optuna.db", "value", BY_MODEL | {"where": (("study", "activations"),)}, ("1 trial not begun",)
    ),
    "Optuna, reports": Case(
        "optuna", "optuna.db", "reported", BY_MODEL | {"where": (("study", "activations"),)}, ("1 trial not begun",)
    ),
    "Hydra": Case("hydra", "multirun", "test.accuracy", BY_MODEL),
    "TensorBoard, simple values": Case("tensorboard", "simple", "valid/accuracy", {}, (SHORT[0].format(0),)),
    "TensorBoard, tensors": Case("tensorboard", "tensors", "accuracy", BY_MODEL, (SHORT[0].format(0),)),
    "torch": Case("lightning", "torch", "accuracy", BY_MODEL, (SHORT[0].format(0),)),
    "Lightning": Case("lightning", "csv", "valid_accuracy", BY_MODEL, (SHORT[0].format(1),)),
    "Lightning, events": Case("lightning", "events", "valid_accuracy", BY_MODEL, (SHORT[0].format(1),)),
    "Weights & Biases, resumed": Case("wandb_resumed", "wandb", "valid/accuracy"),
    "TensorBoard, Keras": Case(
        "tensorboard_parts", "keras", "validation/epoch_accuracy", {}, (SHORT[0].format(0),)
    ),
    "TensorBoard, add_scalars": Case("tensorboard_parts", "scalars", "accuracy/valid", {}, (SHORT[0].format(0),)),
    "TensorBoard, resumed": Case("tensorboard_parts", "resumed", "accuracy", {}, (SHORT[0].format(0),)),
    "Ray Tune": Case("ray", "activations", "accuracy", BY_NAME),
}  # fmt: skip


@pytest.fixture(scope="session")
def written(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, str], Path]:
    """Return the folder in which a program wrote: ``sample`` as it is kept here, ``real`` by the program now."""
    made: dict[tuple[str, str], Path] = {}

    def write(writer: str, how: str) -> Path:
        if (writer, how) not in made:
            out = tmp_path_factory.mktemp(writer)
            if how == "sample":
                with zipfile.ZipFile(HERE / "samples" / f"{writer}.zip") as sample:
                    sample.extractall(out)
            else:
                environment = ENVIRONMENTS / WRITERS[writer]
                if not (environment / "installed").exists():
                    pytest.skip(f"{WRITERS[writer]} is not in {ENVIRONMENTS}: tests/results/real/install")
                work = tmp_path_factory.mktemp("work")
                command = [environment / "bin" / "python", HERE / "real" / f"write_{writer}.py", out]
                clean = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
                ended = subprocess.run(command, cwd=work, env=clean, capture_output=True, text=True, timeout=280)
                assert ended.returncode == 0, ended.stderr[-2000:]
            made[writer, how] = out
        return made[writer, how]

    return write


def runs(path: Path, metric: str, **roles: Any) -> Runs:
    return understand([read(path)], Roles(metric=(metric,), **roles))


def values(found: Runs) -> dict[str, dict[str, float]]:
    """Return method, seed and value of every run."""
    assert found.seed is not None
    (metric,) = found.values.values()
    told: dict[str, dict[str, float]] = {}
    for method, seed, value in zip(found.method, found.seed, metric, strict=True):
        assert seed not in told.setdefault(method, {})
        told[method][seed] = float(value)
    return told


def expected(of_curve: Callable[[list[float]], float] = lambda curve: curve[-1]) -> dict[str, Any]:
    """Return what was logged; a run that broke off has no value."""
    return {
        method: {
            str(seed): pytest.approx(of_curve(curve) if len(curve) == 3 else np.nan, abs=1e-12, nan_ok=True)
            for seed, curve in enumerate(curves)
        }
        for method, curves in LOGGED.items()
    }


@pytest.mark.parametrize("how", HOW)
@pytest.mark.parametrize("name", CASES)
def test_methods_seeds_and_values_are_those_that_were_logged(name: str, how: str, written: Any) -> None:
    case = CASES[name]
    found = runs(written(case.writer, how) / case.path, case.metric, **case.roles)
    assert values(found) == expected()
    assert found.set_aside == case.set_aside


@pytest.mark.parametrize("how", HOW)
@pytest.mark.parametrize("name", ["MLflow, database", "TensorBoard, tensors", "Lightning", "Ray Tune"])
def test_the_method_and_the_seed_are_found_by_their_names(name: str, how: str, written: Any) -> None:
    case = CASES[name]
    assert values(runs(written(case.writer, how) / case.path, case.metric)) == expected()


@pytest.mark.parametrize("how", HOW)
def test_what_a_run_says_once_is_no_curve(how: str, written: Any) -> None:
    once = expected(lambda curve: curve[-1] - 0.01)
    folder = written("wandb", how)
    assert values(runs(folder, "test accuracy", **BY_NAME)) == once
    assert values(runs(folder, "test accuracy", best="valid/accuracy", **BY_NAME)) == once
    assert values(runs(folder, "best.accuracy", **BY_NAME)) == expected(max)
    lightning = runs(written("lightning", how) / "csv", "test_accuracy", **BY_MODEL)
    assert values(lightning) == {
        **once,
        "colu": {seed: once["colu"][seed] for seed in "012"} | {"3": once["colu"]["3"]},
    }
    # torch writes the result beside the hyperparameters even for a run that broke off.
    torch = values(runs(written("lightning", how) / "torch", "test_accuracy", **BY_MODEL))
    assert torch["relu"] == pytest.approx(
        {str(k): curve[-1] - 0.01 for k, curve in enumerate(LOGGED["relu"])}, abs=1e-7
    )


@pytest.mark.parametrize("how", HOW)
def test_losses_of_every_program_are_read(how: str, written: Any) -> None:
    loss = expected(lambda curve: 1 - curve[-1])
    for name, metric in (
        ("MLflow, database", "loss"), ("MLflow, folder", "loss"), ("Weights & Biases", "valid/loss"), ("Hydra", "loss"),
        ("TensorBoard, simple values", "valid/loss"), ("TensorBoard, tensors", "loss"), ("Ray Tune", "more.loss"),
        ("Optuna", "loss"),
    ):  # fmt: skip
        case = CASES[name]
        found = runs(written(case.writer, how) / case.path, metric, **case.roles)
        told = values(found)
        assert {m: {s: pytest.approx(v, abs=1e-7, nan_ok=True) for s, v in own.items()} for m, own in told.items()} == {
            m: {s: float(one.expected) for s, one in own.items()} for m, own in loss.items()
        }, name
        assert not found.metrics[0].higher_is_better


@pytest.mark.parametrize("how", HOW)
def test_the_settings_of_a_run_are_columns(how: str, written: Any) -> None:
    def setting(writer: str, path: str, column: str) -> set[object]:
        return set(read(written(writer, how) / path).data[column].dropna())

    assert setting("mlflow", "mlflow.db", "lr") == {"0.1"}
    assert setting("mlflow", "mlruns", "machine") == {"a"}
    assert setting("wandb", "", "lr") == {0.1}
    assert setting("wandb", "", "model.width") == {"[8, 8]"}
    assert setting("wandb", "", "machine") == {"a"}
    assert setting("wandb", "", "group") == {"relu", "colu"}
    assert setting("optuna", "optuna.db", "machine.name") == {"a"}
    assert setting("hydra", "", "optim.lr") == {0.1}
    assert set(zip(*(read(written("hydra", how)).data[c] for c in ("seed", "optim.copy_of_seed")), strict=True)) == {
        (k, k) for k in range(4)
    }
    assert setting("tensorboard", "tensors", "nesterov") == {True}
    assert setting("lightning", "csv", "widths") == {"[8, 8]"}
    assert setting("ray", "", "model.widths") == {"[8, 8]"}


@pytest.mark.parametrize("how", HOW)
def test_an_objective_has_the_name_that_the_study_gives_it(how: str, written: Any) -> None:
    data = read(written("optuna", how) / "optuna.db").data
    two = data[data["study"] == "two objectives"]
    assert (two["accuracy"].tolist(), two["log loss"].tolist()) == ([LOGGED["relu"][0][-1]], [np.inf])


def bytes_of(folder: Path) -> dict[str, str]:
    return {
        str(file.relative_to(folder)): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }


@pytest.mark.parametrize("name", CASES)
def test_reading_writes_nothing(name: str, written: Any) -> None:
    case = CASES[name]
    folder = written(case.writer, "sample")
    before = bytes_of(folder)
    read(folder / case.path)
    assert bytes_of(folder) == before


def test_a_store_is_read(tmp_path: Path) -> None:
    store = tmp_path / "study.db"
    for method, curves in LOGGED.items():
        found = seedwise.replicates(
            4, method=method, config={"method": method}, store=store, changed_code="accept", quiet=True
        )
        for run, curve in zip(found, curves, strict=False):
            if len(curve) == 3:
                run.finish(accuracy=curve[-1], loss=1 - curve[-1])
            else:
                run.finish(accuracy=np.nan, loss=np.nan)
    before = bytes_of(tmp_path)
    assert values(runs(store, "accuracy")) == expected()
    assert values(runs(tmp_path, "loss")) == expected(lambda curve: 1 - curve[-1])
    assert bytes_of(tmp_path) == before


def copied(source: Path, target: Path) -> Path:
    shutil.copytree(source, target)
    return target


def refused(path: Path) -> str:
    with pytest.raises(SeedwiseError) as caught:
        read(path)
    assert "\n" not in str(caught.value)
    return str(caught.value)


BROKEN = {
    "Weights & Biases": ("wandb", "", "*.wandb"),
    "TensorBoard": ("tensorboard", "simple", "*tfevents*"),
    "TensorBoard, tensors": ("tensorboard", "tensors", "*tfevents*"),
    "MLflow, folder": ("mlflow", "mlruns", "accuracy"),
    "Lightning": ("lightning", "csv", "metrics.csv"),
    "Hydra": ("hydra", "", "results.json"),
    "Ray Tune": ("ray", "", "result.json"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_file_is_named_and_the_others_are_read(name: str, written: Any, tmp_path: Path) -> None:
    writer, inside, pattern = BROKEN[name]
    folder = copied(written(writer, "sample") / inside, tmp_path / "copy")
    whole = read(folder)
    file = next(file for file in sorted(folder.rglob(pattern)) if "seed9" not in str(file))
    file.write_bytes(b"\xff\x00{broken,\xfe" * 3)
    found = read(folder)
    new = [phrase for phrase in found.set_aside if phrase not in whole.set_aside]
    assert [str(file) in phrase and "\n" not in phrase for phrase in new] == [True]
    kept = [
        row for row in found.data.astype(str).to_numpy().tolist() if row in whole.data.astype(str).to_numpy().tolist()
    ]
    assert len(kept) >= len(whole.data) - 7


@pytest.mark.parametrize("name", ["Weights & Biases", "TensorBoard", "TensorBoard, tensors"])
def test_a_changed_byte_is_found_and_a_missing_end_is_not_a_fault(name: str, written: Any, tmp_path: Path) -> None:
    writer, inside, pattern = BROKEN[name]
    folder = copied(written(writer, "sample") / inside, tmp_path / "copy")
    logged = {
        value for curves in LOGGED.values() for curve in curves for v in curve for value in (v, 1 - v, max(curve))
    }
    logged |= {curve[-1] - 0.01 for curves in LOGGED.values() for curve in curves}
    file = sorted(folder.rglob(pattern))[0]
    content = file.read_bytes()
    columns = [c for c in read(folder).data if "acc" in c or "loss" in c]
    rng = np.random.default_rng(0)
    noticed = 0
    for at in rng.integers(0, len(content), 60):
        changed = bytearray(content)
        changed[at] ^= 1 << int(rng.integers(8))
        file.write_bytes(changed)
        found = read(folder)
        noticed += any(file.name in phrase for phrase in found.set_aside)
        # What is left are values that were logged, and no other ones.
        for value in found.data[columns].to_numpy().ravel():
            assert value is None or min(abs(value - one) for one in logged) < 1e-7
    # Long records that hold nothing we read, such as histograms, are not checked.
    assert noticed > (50 if name != "TensorBoard" else 0)
    for end in rng.integers(8, len(content), 20):
        file.write_bytes(content[:end])
        assert read(folder).set_aside == []


def test_a_file_that_is_too_large_is_refused_before_it_is_read(written: Any, tmp_path: Path) -> None:
    folder = copied(written("wandb", "sample"), tmp_path / "copy")
    file = sorted(folder.rglob("*.wandb"))[0]
    with file.open("r+b") as opened:
        opened.truncate((1 << 30) + 1)
    assert read(folder).set_aside == [f"{file}, which cannot be read: it has more than 1 GB"]
    large = tmp_path / "mlflow.db"
    with sqlite3.connect(large) as db:
        db.execute("CREATE TABLE runs (a)")
    os.truncate(large, (1 << 30) + 4096)
    assert "more than 1 GB" in refused(large)


def test_a_database_that_nobody_knows_is_refused(tmp_path: Path) -> None:
    other = tmp_path / "other.db"
    with closing(sqlite3.connect(other)) as db:
        db.execute("CREATE TABLE runs (a)")
        db.commit()
    assert refused(other) == f"{other} is a database, but none of seedwise, MLflow, Optuna"
    other.write_bytes(other.read_bytes()[:60] + b"\xff" * 3000)
    assert str(other) in refused(other)


def test_a_database_in_use_is_read_with_what_is_not_in_it_yet(written: Any, tmp_path: Path) -> None:
    path = copied(written("mlflow", "sample"), tmp_path / "copy") / "mlflow.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("UPDATE params SET value = 'silu' WHERE value = 'relu'")
        assert set(read(path).data["model"]) == {"silu", "colu"}
    before = bytes_of(path.parent)
    assert path.read_bytes()[18:20] == b"\2\2"
    assert set(read(path).data["model"]) == {"silu", "colu"}
    assert bytes_of(path.parent) == before


def test_the_folder_of_artifacts_leads_to_the_database_beside_it(written: Any, tmp_path: Path) -> None:
    shutil.copy(written("mlflow", "sample") / "mlflow.db", tmp_path / "mlflow.db")
    (tmp_path / "mlruns" / "1" / "abc" / "artifacts").mkdir(parents=True)
    assert len(read(tmp_path / "mlruns").data) == len(read(tmp_path / "mlflow.db").data)


def test_a_folder_of_nothing_known_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("none")
    assert "nothing in it is of MLflow" in refused(tmp_path)
    assert "there is no file" in refused(tmp_path / "missing")


def test_two_databases_in_a_folder_are_not_mixed(written: Any, tmp_path: Path) -> None:
    shutil.copy(written("mlflow", "sample") / "mlflow.db", tmp_path)
    shutil.copy(written("optuna", "sample") / "optuna.db", tmp_path)
    assert "holds mlflow.db, optuna.db: pass one of them" in refused(tmp_path)


def test_what_another_program_keeps_there_is_said(written: Any, tmp_path: Path) -> None:
    copied(written("ray", "sample"), tmp_path / "ray")
    copied(written("tensorboard", "sample") / "simple", tmp_path / "events")
    assert read(tmp_path).set_aside == ["8 folders of TensorBoard"]


def test_a_run_that_finished_early_is_no_failure(tmp_path: Path) -> None:
    """Early stopping: what a program says of the end of a run counts more than the length of its curve."""
    table = "method,seed,step,state,accuracy\n" + "".join(
        f"{method},{seed},{step},{'failed' if (method, seed) == ('b', 1) else 'finished'},0.{seed + 5}{step}\n"
        for method in "ab"
        for seed in range(3)
        for step in range(3 - (method == "b" and seed > 0))
    )
    (tmp_path / "runs.csv").write_text(table)
    found = runs(tmp_path / "runs.csv", "accuracy")
    assert values(found)["b"] == pytest.approx({"0": 0.52, "1": np.nan, "2": 0.71}, nan_ok=True)
    assert found.set_aside == ()


def hydra_job(folder: Path, config: str, **files: str) -> Path:
    (folder / "0" / ".hydra").mkdir(parents=True)
    (folder / "0" / ".hydra" / "config.yaml").write_text(config)
    (folder / "0" / ".hydra" / "overrides.yaml").write_text("- +seed=3\n- ~old\n- optim@net=adam\n")
    for name, text in files.items():
        (folder / "0" / name.replace("_", ".")).write_text(text)
    return folder


def test_a_job_of_hydra_may_keep_a_table_or_what_lightning_writes(written: Any, tmp_path: Path) -> None:
    table = hydra_job(tmp_path / "a", "lr: 1\n", curve_csv="epoch,accuracy\n0,.5\n1,.75\n")
    data = read(table).data
    assert data[["step", "accuracy", "lr", "seed", "optim"]].to_numpy().tolist() == [
        [0.0, ".5", 1, "3", "adam"],
        [1.0, ".75", 1, "3", "adam"],
    ]
    nested = hydra_job(tmp_path / "b", "lr: 1\n")
    copied(written("lightning", "sample") / "csv" / "version_0", nested / "0" / "lightning_logs" / "version_0")
    assert read(nested).data["valid_accuracy"].dropna().astype(float).tolist() == LOGGED["relu"][0]
    assert set(read(nested).data["lr"]) == {1}
    assert "wrote no results that seedwise knows" in refused(hydra_job(tmp_path / "c", "lr: 1\n"))


def test_hostile_settings_are_bounded(tmp_path: Path) -> None:
    laughs = "a0: &a0 {x: 1, y: 2}\n" + "".join(
        f"a{k}: &a{k} {{{', '.join(f'k{j}: *a{k - 1}' for j in range(9))}}}\n" for k in range(1, 12)
    )
    for k, config in enumerate(
        (laughs, "a: &a {b: *a}\n", "a: &a [*a]\n", "a: !!python/object/apply:os.system [exit]\n")
    ):
        folder = hydra_job(tmp_path / str(k), config, results_json='{"accuracy": 0.5}')
        assert read(folder).data["accuracy"].tolist() == [0.5]
    assert len(read(tmp_path / "0").set_aside) == len(read(tmp_path / "1").set_aside) == 1


def leveldb(records: list[bytes]) -> bytes:
    """Write records as LevelDB's log does, each in parts that do not cross the blocks of 32768 bytes."""
    log = b":W&B" + struct.pack("<HB", 0xBEE1, 0)
    for left in records:
        record, first = left, True
        while True:
            room = 32768 - len(log) % 32768
            if room < 7:
                log += bytes(room)
                continue
            part, record = record[: room - 7], record[room - 7 :]
            kind = {(True, True): 1, (True, False): 2, (False, False): 3, (False, True): 4}[first, not record]
            log += struct.pack("<IHB", zlib.crc32(bytes([kind]) + part), len(part), kind) + part
            first = False
            if not record:
                break
    return log


def message(number: int, content: bytes) -> bytes:
    size, written = len(content), b""
    while size > 127:
        written, size = written + bytes([size & 127 | 128]), size >> 7
    tag = number << 3 | 2
    key = bytes([tag]) if tag < 128 else bytes([tag & 127 | 128, tag >> 7])
    return key + written + bytes([size]) + content


@pytest.mark.parametrize("length", [10, 32_700, *range(32_735, 32_765), 100_000])
def test_records_cross_the_blocks_of_the_file(length: int, tmp_path: Path) -> None:
    """W&B's own program writes such records too (real/write_wandb.py); here every length of the last part is met."""

    def item(key: str, value: object) -> bytes:
        return message(1, message(1, key.encode()) + message(16, json.dumps(value).encode()))

    records = [message(5, item("text", "x" * length)), *(message(2, item("accuracy", k / 8)) for k in range(5))]
    path = tmp_path / "run-abc.wandb"
    path.write_bytes(leveldb(records))
    found = read(path)
    assert found.set_aside == []
    assert found.data["accuracy"].tolist() == [k / 8 for k in range(5)]
    assert {len(text) for text in found.data["text"]} == {length}


def test_the_wire_format_is_that_of_the_standard() -> None:
    # https://protobuf.dev/programming-guides/encoding/: 150 in field 1, "testing" in field 2.
    assert list(fields(bytes.fromhex("089601120774657374696e67"))) == [(1, 150), (2, b"testing")]
    for broken in ("08", "0896", "120774", "0d0000", "0b", "08" + "ff" * 11):
        with pytest.raises(ValueError, match="damaged"):
            list(fields(bytes.fromhex(broken)))


def test_names_of_settings_and_metrics_stay_apart(tmp_path: Path) -> None:
    records = [
        message(5, message(1, message(1, b"accuracy") + message(16, b"0.9"))),
        message(5, message(1, message(1, b"state") + message(16, b'"Ohio"'))),
        message(2, message(1, message(1, b"accuracy") + message(16, b"0.5"))),
        message(2, message(1, message(1, b"step") + message(16, b"7"))),
        message(2, message(1, message(1, b"accuracy") + message(16, b"0.75"))),
    ]
    path = tmp_path / "run-abc.wandb"
    path.write_bytes(leveldb(records))
    data = read(path).data
    assert data["accuracy"].tolist() == [0.5, None, 0.75]
    assert data["metric.step"].tolist() == [None, 7, None]
    assert set(data["config.accuracy"]) == {0.9}
    assert set(data["config.state"]) == {"Ohio"}
    assert set(data["state"]) == {"unfinished"}


@pytest.mark.parametrize("name", ["methods-digits", "averaging-digits"])
def test_a_store_of_ways_to_train_and_readouts_is_read(name: str) -> None:
    store = HERE.parents[1] / "docs" / "results" / f"{name}.db"
    with closing(sqlite3.connect(f"file:{store}?mode=ro", uri=True)) as db:
        rows = db.execute(
            "SELECT method, replicate, metrics FROM seedwise_links JOIN seedwise_runs USING (run_id) "
            "WHERE current AND status = 'finished'"
        ).fetchall()
    kept: dict[str, dict[str, float]] = {}
    for method, replicate, metrics in rows:
        kept.setdefault(method, {})[str(replicate)] = json.loads(metrics)["test/accuracy"]
    assert len(rows) >= 100
    where = {"where": (("readout", "plain"),)} if "readout" in read(store).data else {}
    assert values(runs(store, "accuracy", **where)) == kept
