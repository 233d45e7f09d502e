"""The command that goes on after a stop."""

import shlex
from typing import Annotated

import pytest
import typer
from typer.testing import CliRunner

from seedwise.cli._options import (
    AcceptChangedCode,
    DataFolder,
    Device,
    RetryFailed,
    RunsPerDevice,
    StoreFile,
    StudyFile,
    WorkerCount,
    same_command,
)

app = typer.Typer()


@app.command("train")
def train(
    context: typer.Context,
    study: StudyFile,
    store: StoreFile = None,
    workers: WorkerCount = None,
    data_dir: DataFolder = None,
    device: Device = "cpu",
    runs_per_device: RunsPerDevice = 1,
    as_json: Annotated[bool, typer.Option("--json")] = False,
    accept_changed_code: AcceptChangedCode = False,
    retry_failed: RetryFailed = False,
) -> None:
    typer.echo(same_command(context))


@app.command("other")
def other() -> None:
    """With a second command, the first has to be named."""


@pytest.mark.parametrize(
    ("typed", "again"),
    [
        (["s.yaml"], ["s.yaml"]),
        (["--workers", "2", "my slow.yaml", "--json"], ["my slow.yaml", "--workers", "2", "--json"]),
        (["s.yaml", "--device", "cpu", "--store", "a b.db"], ["s.yaml", "--store", "a b.db", "--device", "cpu"]),
        (["s.yaml", "--retry-failed", "--accept-changed-code"], ["s.yaml"]),  # both hold for what has been trained now
    ],
)
def test_it_is_what_was_typed_without_what_is_asked_for_once(typed, again):
    done = CliRunner().invoke(app, ["train", *typed], env={"SEEDWISE_DATA": "/tmp"})
    assert shlex.split(done.stdout) == ["seedwise", "train", *again]
