"""Merge shards of which one record, or the plan, is not what it should be.

Every time: no traceback; the other runs are in the store as they were trained; what was changed has failed, is pending
or was cleaned; nothing is written but into the store and its folder; and the store can be read.

    PYTHONPATH=src python benchmarks/campaigns/hostile_shards.py --n 2000
"""

from __future__ import annotations

import json
import math
import shutil
import sys
import traceback
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))

from command import run_campaign
from damaged_stores import numbers
from toy_study import made_up, plain, study_in

from seedwise.errors import SeedwiseError
from seedwise.execution import Silent, StudyFolder
from seedwise.run import RunRecord, read_checked, write_checked
from seedwise.store import Store
from seedwise.study import merge

Change = Callable[[RunRecord, RunRecord], Any]
"""Changes a record; another one is at hand."""

SURROGATE, LONG = "a\udc80b", "x" * 300


def _set(name: str, value: Any) -> Change:
    return lambda record, _other: setattr(record, name, value)


def _predictions(name: str, change: Callable[[Any], Any]) -> Change:
    return lambda record, _other: setattr(record.predictions[0], name, change(getattr(record.predictions[0], name)))


CHANGES: dict[str, Change] = {
    "content of another": lambda record, other: setattr(record, "content", other.content),
    "id of another": lambda record, other: setattr(record, "id", other.id),
    "content without seeds": lambda record, _: record.content.pop("seeds"),
    "content that is a list": _set("content", []),
    "content not finite": lambda record, _: record.content["config"].update(x=math.nan),
    "id that is a path": _set("id", "../../escaped"),
    "id that is a number": _set("id", 7),
    "unknown status": _set("status", "splendid"),
    "status pending": _set("status", "pending"),
    "metric not finite": _set("metrics", {"test/accuracy": math.inf}),
    "metric a text": _set("metrics", {"test/accuracy": "0.99"}),
    "metric true": _set("metrics", {"test/accuracy": True}),
    "metrics a list": _set("metrics", [1]),
    "weights at a path": _set("weights", {"../../escaped": b"x"}),
    "weights at a path of Windows": _set("weights", {"..\\escaped": b"x"}),
    "weights at a root": _set("weights", {"/tmp/escaped": b"x"}),
    "weights at a long tag": _set("weights", {LONG: b"x"}),
    "weights at a tag that is no text": _set("weights", {SURROGATE: b"x"}),
    "ids floats": _predictions("ids", lambda ids: ids + 0.5),
    "ids twice": _predictions("ids", np.zeros_like),
    "ids missing": _predictions("ids", lambda ids: ids[1:]),
    "labels floats": _predictions("labels", lambda labels: labels / 2),
    "labels in two rows": _predictions("labels", lambda labels: labels.reshape(2, -1)),
    "classes of fewer": _predictions("predicted", lambda predicted: predicted[:-1]),
    "logits of fewer": _predictions("logits", lambda logits: logits[:-1]),
    "logits whole numbers": _predictions("logits", lambda logits: logits.astype(int)),
    "long tag": _predictions("tag", lambda _: LONG),
    "tag that is no text": _predictions("tag", lambda _: SURROGATE),
    "tag a number": _predictions("tag", lambda _: 5),
    "epoch a float": _predictions("epoch", lambda _: 0.5),
    "epoch beyond all": _predictions("epoch", lambda _: 2**70),
    "predictions twice": lambda record, _: record.predictions.append(record.predictions[0]),
    "windows floats": lambda record, _: setattr(record.forecasts[0], "ids", np.arange(5.0)),
    "sample outside": lambda record, _: setattr(record.forecasts[0], "sampled", np.array([0, 40])),
    "error no text": _set("error", SURROGATE),
    "error of 100 kB": _set("error", "x" * 100_000),
    "traceback of 10 MB": _set("traceback", "x" * 10_000_000),
    "error a number": _set("error", 5),
    "notes no texts": _set("notes", [SURROGATE, LONG]),
    "notes numbers": _set("notes", [1]),
    "notes a number": _set("notes", 1),
    "nonce a list": _set("nonce", []),
    "nonce a path": _set("nonce", "../x"),
    "nonce of another": lambda record, other: setattr(record, "nonce", other.nonce),
    "seconds not a number": _set("seconds", math.nan),
    "seconds negative": _set("seconds", -1.0),
    "series texts": _set("series", [{"epoch": "0"}]),
    "series a text": _set("series", "epoch"),
    "series with names that are no texts": _set("series", [{SURROGATE: 0.5}]),
    "environment numbers": _set("environment", {"device": 5}),
    "code a list": _set("code", ["toy.py"]),
    "resumed from a text": _set("resumed_from", ["0"]),
    "weights' digest a path": _set("weights_sha256", "../x"),
}  # fmt: skip


def _bytes(path: Path, draw: np.random.Generator) -> str:
    """Change bytes of a record, under a checksum that fits."""
    payload = bytearray(read_checked(path))
    for _ in range(int(draw.integers(1, 4))):
        payload[int(draw.integers(len(payload)))] ^= int(draw.integers(1, 256))
    write_checked(path, bytes(payload))
    return "bytes"


def _name(path: Path, draw: np.random.Generator) -> str:
    """Give a record the name of another's file."""
    others = [other for other in sorted(path.parent.iterdir()) if other != path]
    shutil.copy(path, others[draw.integers(len(others))])
    return "name"


def _plan(path: Path, draw: np.random.Generator) -> str:
    """Change the plan, under a checksum that fits."""
    plan = path.parent.parent / "plan"
    study, description, runs = json.loads(read_checked(plan))
    link, _, content = runs[0]
    changes: list[tuple[str, Callable[[], Any]]] = [
        ("cut", lambda: None),
        ("no seeds", lambda: content.pop("seeds")),
        ("no group", lambda: link.pop("group")),
        ("replicate a text", lambda: link.update(replicate="0")),
        ("replicate beyond all", lambda: link.update(replicate=2**70)),
        ("another study", lambda: link.update(study="other")),
        ("method no text", lambda: link.update(method=SURROGATE)),
        ("an unknown task", lambda: link.update(task="other")),
        ("a place twice", lambda: runs.append(runs[1])),
        ("no metrics", lambda: description.pop("metrics")),
        ("metrics a number", lambda: description.update(metrics=5)),
        ("no spec", lambda: description.pop("spec")),
        ("a question of 7", lambda: description.update(question=7)),
    ]
    what, change = changes[draw.integers(len(changes))]
    change()
    text = json.dumps([study, description, runs])
    write_checked(plan, text.encode() if what != "cut" else text[: len(text) // 2].encode())
    return f"plan: {what}"


def campaign(folder: Path, shards: int, seed: int) -> tuple[Counter[tuple[str, str]], list[str]]:
    """Merge shards of which one thing was changed, and return how that ended, and what must not be."""
    study = study_in(folder)
    planned = study.plan()
    ids = [p.spec.id for p in planned]
    finished = [spec for spec in (p.spec for p in planned) if made_up(spec).status == "finished"]
    honest = StudyFolder(folder / "honest")
    honest.create()
    honest.write_plan("toy", study.describe(), planned)
    for p in planned:
        honest.hand_over(made_up(p.spec))
    merge(folder / "joined" / "honest.db", [honest.root], Silent())
    with Store(folder / "joined" / "honest.db") as store:
        whole = {run.run_id: plain(run) for run in store.runs()}
    ends: Counter[tuple[str, str]] = Counter()
    wrong = []
    names = list(CHANGES)
    for k in range(shards):
        draw = np.random.default_rng([seed, k])
        home = folder / "home" / "deep"
        shutil.rmtree(folder / "home", ignore_errors=True)
        shutil.copytree(honest.root, home / "shard")
        spec = finished[draw.integers(len(finished))]
        path = home / "shard" / "outbox" / f"{spec.id}.run"
        touched = {spec.id}
        if k < len(names) or draw.random() < 0.4:
            what = names[k % len(names)]
            record = made_up(spec)
            record.content = json.loads(json.dumps(record.content))
            CHANGES[what](record, made_up(next(s for s in finished if s.id != spec.id)))
            write_checked(path, record.to_bytes())
        else:
            what = (_bytes, _bytes, _name, _plan)[draw.integers(4)](path, draw)
            touched = set(ids) if what == "name" else touched
        before = {file for file in folder.rglob("*") if "joined" not in file.parts}
        text = ""
        try:
            merge(home / "store.db", [home / "shard"], Silent())
            with Store(home / "store.db") as store:
                runs = {run.run_id: run for run in store.runs()}
            numbers(home / "store.db")
            others = {i: plain(run) for i, run in runs.items() if i not in touched}
            end = f"{runs[spec.id].status}"
            if (
                any(run != whole[i] for i, run in others.items())
                or len(runs) != len(whole)
                or (
                    what == "name"
                    and any(run.status == "finished" and plain(run) != whole[i] for i, run in runs.items())
                )
            ):
                end = "OTHER NUMBERS"
        except SeedwiseError as error:
            end, text = "a line", str(error)
            if not what.startswith("plan"):
                end = "HELD UP"
        except Exception:
            end, text = "TRACEBACK", traceback.format_exc(limit=-8)
        new = {file for file in folder.rglob("*") if "joined" not in file.parts} - before
        if any(not file.is_relative_to(home / "store.d") and file.name != "store.db" for file in new):
            end, text = "ESCAPED", str(new)
        ends[what, end] += 1
        if end.isupper():
            wrong.append(f"{k}: {what}: {end} {text}")
    return ends, wrong


if __name__ == "__main__":
    run_campaign(campaign, "hostile shards", __doc__)
