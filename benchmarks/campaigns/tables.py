"""Tables that are spelled otherwise, and tables that are broken.

What is only spelled otherwise (separator, order of columns and rows, spaces, spelling of seeds, wide or long, encoding,
index, comments, repeated headers) must give the same runs to the last digit. What is broken (bytes changed, cells
exchanged, rows cut, columns renamed) must give runs or one line of at most 420 characters, never a traceback and never
longer than a few seconds of processor time.

    PYTHONPATH=src python benchmarks/campaigns/tables.py --n 20000
"""

from __future__ import annotations

import random
import sys
import time
import traceback
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))

from command import problem_of_line, run_campaign

from seedwise.errors import SeedwiseError
from seedwise.results import Roles, Runs, read_table, understand

SECONDS = 5.0


@dataclass(frozen=True)
class Known:
    """Runs that were drawn: by method and seed, the value as it is written."""

    values: dict[str, dict[int, str]]
    metric: str

    @property
    def seeds(self) -> list[int]:
        return list(next(iter(self.values.values())))


def draw(rng: random.Random) -> Known:
    """Draw the runs of a few methods."""
    names = rng.sample(
        ["base", "ours", "mixup", "sam (rho=.05)", "A + B", "None", "swa-5", "max", "ünlü", "x;y"], rng.randint(2, 4)
    )
    seeds = rng.sample([0, 1, 2, 3, 4, 5, 6, 7, 42, 123, 2021, 31337], rng.randint(2, 8))
    metric, scale, decimals = rng.choice(
        [("acc", 1, 4), ("test_accuracy", 100, 2), ("rmse", 3000, 1), ("f1", 1, 5), ("return", 9000, 3)]
    )
    values = {name: {seed: f"{scale * rng.uniform(0.6, 0.99):.{decimals}f}" for seed in seeds} for name in names}
    return Known(values, metric)


def spelled(known: Known, rng: random.Random) -> tuple[str, str]:
    """Return the runs as a table in one of its spellings, and the encoding."""
    separator = rng.choice([",", ";", "\t"])
    comma = separator != "," and rng.random() < 0.4
    seed_as = rng.choice(["{}", "{}", "seed_{}", "{}.0", "seed{}", "run {}"])

    def cell(text: str) -> str:
        text = f" {text} " if rng.random() < 0.2 else text
        return f'"{text}"' if separator in text or rng.random() < 0.1 else text

    def number(text: str) -> str:
        return text.replace(".", ",") if comma else text

    wide = rng.random() < 0.4
    rows: list[list[str]]
    if wide:
        head = ["seed", *known.values]
        rows = [
            [seed_as.format(seed), *(number(known.values[name][seed]) for name in known.values)] for seed in known.seeds
        ]
    else:
        head = [rng.choice(["method", "Method", "algorithm"]), rng.choice(["seed", "Seed"]), known.metric]
        rows = [
            [name, seed_as.format(seed), number(value)]
            for name, own in known.values.items()
            for seed, value in own.items()
        ]
        if rng.random() < 0.3:
            head.append("time_min")
            rows = [[*row, number(f"{rng.uniform(1, 9):.2f}")] for row in rows]
        if rng.random() < 0.2:
            rows += [
                [name, kind, number("0.5")] + ["1"] * (len(head) - 3)
                for name in known.values
                for kind in ("mean", "std")
            ]
    order = list(range(len(head)))
    rng.shuffle(order)
    head, rows = [head[k] for k in order], [[row[k] for k in order] for row in rows]
    rng.shuffle(rows)
    if rng.random() < 0.2:
        head, rows = ["", *head], [[str(k), *row] for k, row in enumerate(rows)]
    lines = [separator.join(map(cell, row)) for row in (head, *rows)]
    if rng.random() < 0.2:
        lines = [line + separator for line in lines]
    if rng.random() < 0.2:
        lines.insert(rng.randrange(len(lines)), "# written by eval.py")
    if rng.random() < 0.2:
        lines.insert(rng.randrange(1, len(lines) + 1), lines[0] if not lines[0].startswith("#") else lines[1])
    return rng.choice(["\n", "\r\n"]).join(lines) + "\n", rng.choice(["utf-8", "utf-8-sig", "utf-16"])


def broken(text: str, rng: random.Random) -> bytes:
    """Damage a table in one to three places."""
    raw = bytearray(text.encode())
    for _ in range(rng.randint(1, 3)):
        kind = rng.randrange(8)
        lines = bytes(raw).split(b"\n")
        at = rng.randrange(max(len(raw), 1))
        if kind == 0 and raw:
            raw[at] = rng.randrange(256)
        elif kind == 1:
            raw[at:at] = rng.choice(
                [b'"', b",", b"\n", b"\0", b";", b"\xff\xfe", b"1e309", b"nan", b"%", b"\xc2\xb1 2", b"#", b"-"]
            )
        elif kind == 2:
            del raw[at : at + rng.randint(1, 20)]
        elif kind == 3 and len(lines) > 2:
            rng.shuffle(lines)
            raw = bytearray(b"\n".join(lines))
        elif kind == 4 and len(lines) > 1:
            lines.insert(rng.randrange(len(lines)), rng.choice(lines))
            raw = bytearray(b"\n".join(lines))
        elif kind == 5:
            words = [b"seed", b"method", b"epoch", b"fold", b"state", b"task", b"mean", b"std", b"step", b""]
            head, _, rest = bytes(raw).partition(b"\n")
            cells = head.split(b",")
            cells[rng.randrange(len(cells))] = rng.choice(words)
            raw = bytearray(b",".join(cells) + b"\n" + rest)
        elif kind == 6:
            raw = raw[:at]
        else:
            raw = bytearray(bytes(raw).replace(b".", rng.choice([b",", b"..", b"", b" "])))
    return bytes(raw)


def same(found: Runs, known: Known) -> bool:
    """Return whether the runs are those that were drawn, to the last digit."""
    assert found.seed is not None
    (values,) = found.values.values()
    read = {(method, seed): value for method, seed, value in zip(found.method, found.seed, values, strict=True)}
    meant = {(name, str(seed)): float(text) for name, own in known.values.items() for seed, text in own.items()}
    return read == meant


def campaign(folder: Path, n: int, seed: int) -> tuple[Counter[tuple[str, str]], list[str]]:
    """Read ``n`` tables, every other one broken; return how they ended, and what must not be."""
    ends: Counter[tuple[str, str]] = Counter()
    wrong = []
    with np.errstate(all="raise"):
        for k in range(n):
            rng = random.Random(f"{seed} {k // 2}")
            known = draw(rng)
            text, encoding = spelled(known, rng)
            kind = ("spelled otherwise", "broken")[k % 2]
            raw = broken(text, rng) if k % 2 else text.encode(encoding)
            end, message = _read(raw, folder, None if k % 2 else known)
            ends[kind, end] += 1
            if end.isupper():
                wrong.append(f"{k}: {kind}: {end} {message}\n{raw!r}")
    return ends, wrong


def _read(raw: bytes, folder: Path, known: Known | None) -> tuple[str, str]:
    """Read a table and return how that ended, in capitals if as it must not; without ``known`` it may be refused."""
    path = folder / "table.csv"
    path.write_bytes(raw)
    began = time.process_time()
    message = ""
    try:
        found = understand([read_table(path)], Roles())
        end = "read" if known is None or same(found, known) else "OTHER NUMBERS"
    except SeedwiseError as error:
        message = str(error)
        end = "asked for its decimal sign" if "--decimal" in message else "refused" if known is None else "REFUSED"
        end = problem_of_line(message, path) or end
    except Exception:
        end, message = "TRACEBACK", traceback.format_exc(limit=-6)
    if time.process_time() - began > SECONDS:
        end = "TOO SLOW"
    return end, message


if __name__ == "__main__":
    run_campaign(campaign, "tables", __doc__, n=20_000)
