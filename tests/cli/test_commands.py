"""What the commands print, and what they exit with."""

import io
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console
from typer.testing import CliRunner

import seedwise
from seedwise.cli import app
from seedwise.randomness import Randomness
from seedwise.reporting import Table
from seedwise.reporting._table import METHOD, TASK, Column, Kind, N
from seedwise.statistics import spread
from seedwise.terminal import console, print_table
from tests.nursery import nursery

from .conftest import FUNCTION, STUDY, WITHOUT_DATA, run_cli

NO_TORCH = ("torch", "sklearn")


def test_the_table_holds_the_numbers_of_the_runs(trained: Path) -> None:
    text = (trained / "stdout").read_text()
    assert "tiny, init, shuffle vary, augment, dropout not, 12 replicates paired by seed" in text
    draws = [Randomness({"init": 1 + r}).numpy("init", "base").normal() for r in range(12)]
    rows = {line.split()[0]: line for line in text.splitlines() if line.split()[1:2] == ["12"]}
    assert {"base", "steady", "wild"} <= rows.keys()
    # Three decimals, the most that shares get: the smallest SD is about .01 points.
    assert f"{90 + 0.1 * np.mean(draws):.3f} %" in rows["base"]
    sd = spread(0.1 * np.array(draws))
    assert f"{sd.estimate:.3f} [{sd.low:.3f}, {sd.high:.3f}]".replace("0.", ".") in rows["base"]
    assert "reduced: the SD is" in rows["steady"]  # a tenth of the base's
    assert "increased: the SD is" in rows["wild"]  # five times the base's
    assert "report: tiny.html" in text


@pytest.mark.parametrize("width", [60, 80, 100, 160])
def test_a_narrow_window_cuts_nothing_off_the_table(width: int) -> None:
    verdict = "not resolved: the difference of means is -.36 (95 % interval -.83 to .10), corrected p = .11"
    columns = [TASK, METHOD, N, "SD [95 %]", "reduction [95 %]", "churn [95 %]", Column("it says", Kind.SENTENCE)]
    rows = [
        ["digits", "base", "20", ".51 [.35, .82]", "", "1.28 [.86, 1.70] %", ""],
        ["digits", "placebo", "20", ".59 [.34, 1.11]", "-16 % [-91, 55]", "1.35 [.96, 1.74] %", verdict],
    ]
    out = Console(width=width, file=io.StringIO())
    print_table(out, Table(columns, rows))
    lines = out.file.getvalue().splitlines()
    assert max(map(len, lines)) <= width
    text = "\n".join(lines)
    assert "…" not in text
    for cell in [*columns, *rows[0], *rows[1][:-1]]:
        assert cell in text
    headings = sum(line.startswith("task    method") for line in lines)
    assert headings == sum(line.startswith("digits  placebo") for line in lines), "every part names its rows"
    assert headings == {60: 3, 80: 2, 100: 2, 160: 1}[width]
    at, start = next((k, line.index("it says")) for k, line in enumerate(lines) if "it says" in line)
    last = [line[start:].strip() for line in lines[at + 1 :]]
    assert " ".join(filter(None, last)) == verdict, "a sentence wraps, and a row that says nothing may be left out"


def test_sentences_in_a_window_end_with_a_word_and_no_blank(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setenv("FORCE_COLOR", "1")  # what rich takes for a window
    out = console(io.StringIO())
    sentence = "  a sentence of many words that no window of forty columns has the room for"
    out.print(sentence)
    lines = out.file.getvalue().splitlines()
    assert max(map(len, lines)) <= 40
    assert lines == [f"  {line.strip()}" for line in lines], "each is indented as the sentence is"
    assert " ".join(line.strip() for line in lines) == sentence.strip()


def test_show_json_has_one_object_per_link(trained: Path) -> None:
    done = run_cli(["show", "tiny.db", "--json"], trained)
    runs = json.loads(done.stdout)
    assert len(runs) == 36
    keys = "id study task method regime group replicate seeds status metrics weights_sha256 seconds".split()
    keys += ["resumed_from", "notes", "randomness"]
    assert all(list(run) == keys for run in runs)
    first = next(run for run in runs if run["method"] == "wild" and run["replicate"] == 3)
    draw = Randomness({"init": 4}).numpy("init", "wild").normal()
    assert first["metrics"] == {"test/accuracy": 0.9 + 0.005 * draw}
    assert first["seeds"] == {"init": 4, "shuffle": 4, "augment": 4, "dropout": 4}
    assert (first["study"], first["task"], first["regime"], first["group"]) == ("tiny", "task", "all", 0)
    assert first["status"] == "finished"
    assert first["weights_sha256"] is None


def test_running_again_trains_nothing_and_prints_the_same_table(trained: Path) -> None:
    again = run_cli(["run", "tiny.yaml"], trained)
    assert again.returncode == 0
    assert again.stdout == (trained / "stdout").read_text()
    before = json.loads(run_cli(["show", "tiny.db", "--json"], trained).stdout)
    assert all(run["seconds"] is not None for run in before)


@pytest.mark.parametrize(
    "arguments",
    [["--help"], ["--version"], ["show", "tiny.db"], ["show", "tiny.db", "--json"], ["status", "tiny.db"],
     ["report", "tiny.db", "-o", "no-torch.html"], ["run", "--help"], ["show", "tiny.yaml"]],
    ids=" ".join,
)  # fmt: skip
def test_works_without_torch(trained: Path, arguments: list[str]) -> None:
    done = run_cli(arguments, trained, block=NO_TORCH)
    assert done.returncode == 0, done.stderr
    assert done.stdout


def test_importing_loads_neither_torch_nor_anything_heavy() -> None:
    heavy = {"torch", "matplotlib", "scipy", "sqlalchemy", "pandas", "numpy", "pydantic"}
    for module in ("seedwise", "seedwise.cli"):
        code = f"import {module}, sys; print(*sorted(set(sys.modules) & {heavy}))"
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        assert done.stdout.strip() == ""


def test_training_without_torch_says_what_to_install(tmp_path: Path) -> None:
    (tmp_path / "tiny.yaml").write_text(
        "name: tiny\ntask: {dataset: digits}\nmodel: small_cnn\n"
        "train: {epochs: 1, batch_size: 64, optimizer: {name: sgd, lr: 0.1}}\n"
    )
    code = (
        "import importlib.util as u, sys\nfind = u.find_spec\n"
        "u.find_spec = lambda name, *a: None if name == 'torch' else find(name, *a)\n"
        "from seedwise.cli import main\nsys.argv = ['seedwise', 'run', 'tiny.yaml']\nmain()"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr == "seedwise: training needs torch: pip install 'seedwise[train]'\n"


@pytest.mark.parametrize(
    ("arguments", "code", "parts"),
    [
        (["run", "nothing.yaml"], 2, ["there is no study file nothing.yaml", "seedwise init nothing.yaml"]),
        (["run", "typo.yaml"], 2, ["typo.yaml", "unknown key 'method'", "did you mean 'methods'?"]),
        (["run", "recipe:digit"], 2, ["unknown recipe 'digit'", "did you mean 'digits'?"]),
        (["run", "name.yaml"], 2, ["methods.no noise is 'no noise'", "letters, digits and . _ + = -"]),
        (["recommend", "tiny.db", "--confirm", "3"], 2, ["--confirm trains, and tiny.db does", "name the study file"]),
        (["run", "tiny.yaml", "--shard", "5/4"], 2, ["--shard 5/4", "1 <= i <= k"]),
        (["run", "tiny.yaml", "--shard", "x"], 2, ["--shard x"]),
        (["run", "tiny.yaml", "--device", "tpu"], 2, ["unknown device 'tpu'"]),
        (["show", "nothing.db"], 2, ["there is no store nothing.db"]),
        (["status", "cli_project.py"], 2, ["not a store of seedwise"]),
        (["report", "tiny.db", "-o", "nowhere/x.html"], 4, ["cannot write nowhere/x.html"]),
        (["merge", "x.db", "nowhere"], 2, ["nowhere is not a shard's folder"]),
        (["init", "tiny.yaml"], 2, ["tiny.yaml exists already"]),
        (["doctor", "nothing.yaml"], 2, ["there is no file nothing.yaml"]),
        (["doctor", "tiny.yaml", "--device", "foo"], 2, ["unknown device 'foo'"]),
        (["show", "."], 2, [". is a folder: name the store, a .db file, or the study file"]),
        (["report", "."], 2, [". is a folder"]),
        (["status", "."], 2, [". is a folder"]),
        (["report", "tiny.db", "-o", "./tiny.db"], 2, ["would overwrite the store tiny.db", "-o FILE.html"]),
        (["run", "tiny.yaml", "--store", "out.html"], 2, ["the store", "out.html", ".db"]),
        (["run", "x.db"], 2, ["x.db: it is a store", "name the study file (.yaml)"]),
        (["doctor", "x.db"], 2, ["doctor takes a study file (.yaml) or a program (.py), not x.db"]),
        (["rnu"], 2, ["No such command 'rnu'", "see 'seedwise --help'"]),
        (["run"], 2, ["Missing argument 'STUDY.yaml': see 'seedwise run --help'"]),
        (["run", "tiny.yaml", "--replicates", "0"], 2, ["Invalid value for '--replicates'", "seedwise run --help"]),
        (["compare", "x.csv", "--chance", "9" * 999 + "x"], 2, ["Invalid value for '--chance'"]),
        (["power", "--alhpa", "3"], 2, ["No such option", "--alhpa", "--alpha"]),
        (["status", "x" * 400 + ".db"], 4, ["File name too long"]),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else str(value),
)
def test_a_mistake_is_one_line_with_a_remedy(trained: Path, arguments: list[str], code: int, parts: list[str]) -> None:
    (trained / "typo.yaml").write_text(STUDY.replace("methods:", "method:"))
    (trained / "name.yaml").write_text(STUDY.replace("  base:", "  no noise:"))
    store = (trained / "tiny.db").read_bytes()
    done = run_cli(arguments, trained)
    assert (trained / "tiny.db").read_bytes() == store
    assert not (trained / "out.html").exists(), "refused before anything is trained"
    assert done.returncode == code
    assert done.stderr.startswith("seedwise: ")
    assert done.stderr.count("\n") == 1
    assert len(done.stderr) < 500
    for part in parts:
        assert part in done.stderr


def test_every_command_has_help_with_an_example_and_exit_codes_are_said_once(trained: Path) -> None:
    listed = run_cli(["--help"], trained).stdout
    assert listed.count("Exit codes: 0 all is well") == 1
    for name in ("demo", "init", "run", "status", "show", "report", "doctor", "merge"):
        assert f" {name} " in listed
        text = run_cli([name, "--help"], trained).stdout
        assert "Usage" in text
        assert f"Example: seedwise {name}" in text
        assert "Exit codes" not in text


def test_the_lines_of_a_docstring_are_no_lines_of_the_help(trained: Path) -> None:
    lines = run_cli(["run", "--help"], trained, columns=100).stdout.splitlines()
    begins = next(line for line in lines if "Finished runs are never" in line)
    assert 80 < len(begins) < 100


def test_options_stand_in_groups(trained: Path) -> None:
    text = run_cli(["run", "--help"], trained).stdout
    places = {group: text.index(f"\n{group}:\n") for group in ("What is trained", "Where it is trained")}
    assert places["What is trained"] < text.index("--retrain") < places["Where it is trained"] < text.index("--shard")


def test_without_a_command_it_says_which_one_answers_which_question(trained: Path) -> None:
    done = run_cli([], trained)
    assert done.returncode == 0
    listed = {name for name in re.findall(r"seedwise ([a-z]+)", done.stdout) if name != "compare"}
    assert {"power", "run", "attribute", "recommend", "tune", "doctor", "gate", "recipes", "demo"} <= listed
    assert max(map(len, done.stdout.splitlines())) <= 80


def test_dry_run_shows_runs_bytes_and_time_and_trains_nothing(tmp_path: Path) -> None:
    done = run_cli(["run", "recipe:digits", "--replicates", "5", "--dry-run"], tmp_path, block=NO_TORCH)
    assert "runs:  20 (20 pending)" in done.stdout
    # 20 runs, 360 examples, one class and ten half-precision logits each.
    assert 20 * 360 * (1 + 2 * 10) == 151_200
    assert "about 151.2 kB in all" in done.stdout
    assert "time:" in done.stdout
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("start", "rest"),
    [
        (None, "; not counted: the start of workers, evaluations, what else the machine does"),
        (4.2, " and 4 s for each worker to start; not counted: evaluations, what else the machine does"),
    ],
)
def test_dry_run_of_a_new_study_times_a_few_steps_and_leaves_nothing(tmp_path, monkeypatch, start, rest) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("seedwise.study._estimate._seconds_to_import_torch", lambda: start)
    out = CliRunner().invoke(app, ["run", "recipe:digits", "--dry-run"]).stdout
    line = (
        r"time:  about \d+ (s|min) of one worker for what is missing, from a few steps of each method on this processor"
    )
    assert re.search(line + re.escape(rest) + "\n", out), out
    assert list(tmp_path.iterdir()) == []


def test_dry_run_of_a_started_study_gives_the_time_of_what_is_missing(trained: Path) -> None:
    done = run_cli(["run", "tiny.yaml", "--replicates", "20", "--dry-run"], trained)
    assert "runs:  60 (36 finished, 24 pending)" in done.stdout
    assert "of one worker for what is missing" in done.stdout


def test_dry_run_says_what_does_not_fit_the_length_of_the_training(tmp_path: Path) -> None:
    (tmp_path / "long.yaml").write_text(
        "name: long\ntask: {dataset: digits}\nmodel: small_cnn\n"
        "train: {epochs: 12, batch_size: 64, optimizer: {name: sgd, lr: 0.1}}\n"
        "methods: {base: {}, ema: {averaging: {name: ema, decay: 0.999}}}\n"
    )
    for block in ((), NO_TORCH):
        done = run_cli(["run", "long.yaml", "--dry-run"], tmp_path, block=block)
        line = "note:  ema: the average looks back over 1000 steps, and there are 276: set decay to 0.98 or less\n"
        assert done.stdout.count(line) == 1, done.stderr
        assert done.stdout.count("note:") == 1


def test_dry_run_says_which_bytes_it_cannot_know(trained: Path, tmp_path: Path) -> None:
    done = run_cli(["run", "tiny.yaml", "--dry-run"], trained)
    assert "bytes: unknown for a function of your own\n" in done.stdout
    (tmp_path / "kept.yaml").write_text(
        "name: kept\ntask: {dataset: digits}\nmodel: small_cnn\nkeep: {weights: final}\n"
        "train: {epochs: 1, batch_size: 64, optimizer: {name: sgd, lr: 0.1}}\n"
    )
    done = run_cli(["run", "kept.yaml", "--dry-run"], tmp_path, block=NO_TORCH)
    assert done.returncode == 0, done.stderr
    assert "bytes: unknown without torch" in done.stdout


def test_brackets_and_colons_in_names_are_printed_as_they_are(tmp_path: Path) -> None:
    (tmp_path / "cli_project.py").write_text(FUNCTION)
    (tmp_path / "tiny.yaml").write_text(STUDY)
    done = run_cli(["run", "tiny.yaml", "--replicates", "3", "--store", "we[old]:cat:.db"], tmp_path)
    assert done.returncode == 0, done.stderr
    assert "report: we[old]:cat:.html\n" in done.stdout


@pytest.mark.parametrize("metric", ["acc", "val/acc"])
def test_a_metric_that_no_run_reported_is_said_with_those_that_were(tmp_path: Path, metric: str) -> None:
    (tmp_path / "cli_project.py").write_text(f"def train(run):\n    run.finish(**{{'{metric}': 0.5}})\n")
    (tmp_path / "odd.yaml").write_text("name: odd\ntrain: {function: 'cli_project:train'}\nreplicates: 3\n")
    done = run_cli(["run", "odd.yaml"], tmp_path)
    stored = metric if "/" in metric else f"test/{metric}"
    line = f"no run reported test/accuracy; runs reported {stored}: set task: {{metric: {metric}}}\n"
    assert done.returncode == 1
    assert line in done.stdout
    assert line in run_cli(["show", "odd.db"], tmp_path).stdout


def test_init_writes_a_study_that_runs(tmp_path: Path) -> None:
    assert run_cli(["init", "mine.yaml"], tmp_path).returncode == 0
    done = run_cli(["run", "mine.yaml", "--dry-run"], tmp_path)
    assert "runs:  40 (40 pending)" in done.stdout


def test_failed_runs_are_in_the_table_the_status_and_the_exit_code(trained: Path, tmp_path: Path) -> None:
    (tmp_path / "cli_project.py").write_text(FUNCTION)
    (tmp_path / "tiny.yaml").write_text(STUDY.replace("{name: steady}", "{name: steady, fail: 3}"))
    done = run_cli(["run", "tiny.yaml", "--replicates", "5"], tmp_path)
    assert done.returncode == 1
    row = next(line for line in done.stdout.splitlines() if line.startswith("steady"))
    assert row.split()[1:3] == ["4", "1"]
    assert "of finished runs" in row
    assert "1 of 15 runs failed" in done.stdout
    status = run_cli(["status", "tiny.db"], tmp_path)
    assert "steady (all): 4 finished, 1 crashed" in status.stdout
    line = 1 + FUNCTION.splitlines().index(next(one for one in FUNCTION.splitlines() if "as planned" in one))
    assert f"1 crashed: RuntimeError: as planned (cli_project.py, line {line})\n" in status.stdout
    assert "--retry-failed" in done.stdout
    assert [line for line in status.stdout.splitlines() if "next:" in line] == [
        "next: seedwise run tiny.yaml --retry-failed"
    ]


def test_two_runs_give_no_sd_and_say_why(trained: Path, tmp_path: Path) -> None:
    (tmp_path / "cli_project.py").write_text(FUNCTION)
    (tmp_path / "tiny.yaml").write_text(STUDY)
    done = run_cli(["run", "tiny.yaml", "--replicates", "2"], tmp_path)
    assert done.returncode == 0
    assert "2 finished runs: an SD needs at least 3" in done.stdout
    assert "nan" not in done.stdout


SLOW = """
import pathlib, time
def train(run):
    saved = run.checkpoint.load()
    pathlib.Path(f"started-{run.seeds['init']}").touch()
    for epoch in range(saved["epoch"] + 1 if saved else 0, 1 if saved else 10_000):
        time.sleep(0.1)
        run.log(epoch, loss=0.0)
        run.checkpoint.save(epoch, done=epoch)
    run.finish(accuracy=0.5 + run.seeds["init"] / 100)
"""


def test_ctrl_c_ends_cleanly_and_says_how_to_go_on(tmp_path: Path) -> None:
    (tmp_path / "slow_project.py").write_text(SLOW)
    (tmp_path / "my slow.yaml").write_text("name: slow\ntrain: {function: 'slow_project:train'}\nreplicates: 3\n")
    process = nursery().popen(families=True)(
        [
            sys.executable,
            "-m",
            "seedwise",
            "run",
            "my slow.yaml",
            "--replicates",
            "2",
            "--workers",
            "2",
            "--retry-failed",
        ],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env=WITHOUT_DATA,
    )
    deadline = time.monotonic() + 180
    while time.monotonic() < deadline and len(list(tmp_path.glob("started-*"))) < 2:
        time.sleep(0.1)
    os.killpg(process.pid, signal.SIGINT)  # the terminal sends it to the whole group
    out, err = process.communicate(timeout=240)
    assert process.returncode == 130, err
    assert "Traceback" not in err
    assert err.count("stopping at the next end of an epoch; Ctrl-C again stops at once\n") == 1
    assert "Go on with: seedwise run 'my slow.yaml' --workers 2 --replicates 2\n" in out
    assert len(list((tmp_path / "slow.d" / "checkpoints").iterdir())) == 2, "both stopped at the end of an epoch"
    done = run_cli(["run", "my slow.yaml", "--replicates", "2"], tmp_path)
    assert done.returncode == 0
    assert "resumed from a checkpoint: 2 runs" in run_cli(["status", "slow.db"], tmp_path).stdout


def test_doctor_stops_at_ctrl_c_without_the_second_training(tmp_path: Path) -> None:
    slow = SLOW.replace("pathlib.Path(f\"started-{run.seeds['init']}\").touch()", "open('started', 'a').write('x')")
    (tmp_path / "slow_project.py").write_text(slow)
    (tmp_path / "slow.yaml").write_text("name: slow\ntrain: {function: 'slow_project:train'}\n")
    process = nursery().popen(families=True)(
        [sys.executable, "-m", "seedwise", "doctor", "slow.yaml"],
        cwd=tmp_path,
        env=WITHOUT_DATA,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    deadline = time.monotonic() + 180
    while time.monotonic() < deadline and not (tmp_path / "started").exists():
        time.sleep(0.1)
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=240)
    assert (process.returncode, out.splitlines()[-1], err) == (130, "stopped", "")
    assert "one of them took" not in out
    assert (tmp_path / "started").read_text() == "x"


def test_the_version_is_the_packages() -> None:
    done = subprocess.run([sys.executable, "-m", "seedwise", "--version"], capture_output=True, text=True, check=True)
    assert done.stdout == f"seedwise {seedwise.__version__}\n"


ODD = """
def train(run):
    value = {"base": 0.9 + run.seeds["init"] / 1000, "constant": 0.9, "lost": float("nan")}[run.config["name"]]
    run.finish(accuracy=value)
"""


def test_a_constant_method_and_one_that_always_diverges_are_told_as_what_they_are(tmp_path: Path) -> None:
    (tmp_path / "odd_project.py").write_text(ODD)
    (tmp_path / "odd.yaml").write_text(
        "name: odd\ntask: {chance: 0.5}\ntrain: {function: 'odd_project:train', config: {name: base}}\n"
        "methods: {base: {}, constant: {config: {name: constant}}, lost: {config: {name: lost}}}\nreplicates: 4\n"
    )
    done = run_cli(["run", "odd.yaml"], tmp_path)
    assert done.returncode == 1
    rows = {line.split()[0]: line for line in done.stdout.splitlines() if line.startswith(("base", "constant", "lost"))}
    assert rows["constant"].split()[1:4] == ["4", "0", "90.00"]
    assert "same result in all 4 runs" in rows["constant"]
    assert rows["lost"].split()[1:5] == ["0", "4", "-", "-"]
    assert "0 finished runs of lost (4 diverged)" in done.stdout.replace("(4 diverged) of lost", "of lost (4 diverged)")
    assert "nan" not in done.stdout
    html = (tmp_path / "odd.html").read_text()
    assert "lost, diverged: test/accuracy is not finite" in html
