"""docs/scaling.md: its commands are ours; ``.ci/manifest.py`` checks its manifest against Kubernetes' schema."""

from __future__ import annotations

import re
from pathlib import Path

import yaml
from typer.testing import CliRunner

from seedwise.cli import app

PAGE = (Path(__file__).parents[2] / "docs/scaling.md").read_text(encoding="utf-8")
(MANIFEST,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)


def options_of(command: str) -> set[str]:
    return set(
        re.findall(r"(--[a-z][a-z-]*)", CliRunner().invoke(app, [command, "--help"], env={"COLUMNS": "200"}).output)
    )


def test_the_manifest_starts_a_worker_that_the_command_line_knows() -> None:
    pod = yaml.safe_load(MANIFEST)["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    program, name, folder, *words = container["command"]
    assert (program, name) == ("seedwise", "worker")
    assert folder in [mount["mountPath"] for mount in container["volumeMounts"]]
    assert {word for word in words if word.startswith("--")} <= options_of("worker")
    grace = float(words[words.index("--grace") + 1])
    assert grace < pod["terminationGracePeriodSeconds"], "runs end before the pod is killed"
    assert {mount["name"] for mount in container["volumeMounts"]} == {volume["name"] for volume in pod["volumes"]}


def test_the_options_of_the_page_are_those_of_the_commands() -> None:
    known = {name: options_of(name) for name in ("run", "worker")}
    typed = re.findall(r"`seedwise (run|worker) ([^`]*)`", PAGE)
    assert len(typed) >= 5
    for name, words in typed:
        assert set(re.findall(r"(--[a-z][a-z-]*)", re.sub(r'"[^"]*"', "", words))) <= known[name], words
