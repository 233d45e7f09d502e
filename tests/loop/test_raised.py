"""The arguments of ``replicates`` are no code of the runs: more replicates, another store's look, and the runs stay."""

from __future__ import annotations

import os

import pytest

from seedwise.run import _source, changed_files, present_code
from seedwise.run._source import source_digest

from ..nursery import nursery

BODY = "run.finish(accuracy=0.5 + run.randomness.numpy('init', 'a').uniform() / 10)"
PROGRAMS = {
    "at the top": f"import seedwise\nfor run in seedwise.replicates(3, store='h.db'):\n    {BODY}\n",
    "under the guard": (
        "import seedwise as sw\nif __name__ == '__main__':\n"
        f"    for run in sw.replicates(3, store='h.db'):\n        {BODY}\n"
    ),
    "inside main": (
        "def main():\n    from seedwise import replicates as many\n"
        f"    for run in many(3, store='h.db'):\n        {BODY}\n"
        "main()\n"
    ),
    "in workers": (
        f"import seedwise\ndef train(run):\n    {BODY}\n"
        "if __name__ == '__main__':\n    seedwise.replicates(train, 3, store='h.db', parallel=1)\n"
    ),
}
MORE = "5, metric='accuracy', method='base', vary='all',\n    # a comment\n\n    chance=0.1, store='h.db'"


def ran(folder, text: str) -> str:
    (folder / "loop.py").write_text(text)
    done = nursery().run(["loop.py"], cwd=folder, timeout=250, env=dict(os.environ))
    assert done.returncode == 0, done.stderr
    return done.stderr


@pytest.mark.parametrize("program", PROGRAMS.values(), ids=PROGRAMS)
def test_replicates_are_added_where_finished_ones_are_used_again(program, tmp_path):
    assert "3 runs trained: 3 finished" in ran(tmp_path, program)
    assert "2 runs trained, 3 from before: 5 finished" in ran(tmp_path, program.replace("3, store='h.db'", MORE))
    with pytest.raises(AssertionError, match=r"the code that trains has changed since 5 .*\(loop\.py\)"):
        ran(tmp_path, program.replace("3, store", "6, store").replace("uniform", "normal"))


def test_records_of_before_are_compared_as_they_were_made(monkeypatch, tmp_path):
    monkeypatch.setattr(_source, "arguments_of_replicates", lambda *_: ())
    file = tmp_path / "loop.py"
    file.write_text(PROGRAMS["at the top"])
    before = {"loop.py": source_digest(file.read_bytes())}
    monkeypatch.undo()
    assert before != {"loop.py": source_digest(file.read_bytes())}
    assert changed_files(before, present_code(before, [str(tmp_path)])) == []
    file.write_text(file.read_text().replace("3, store", "5, store"))
    assert changed_files(before, present_code(before, [str(tmp_path)])) == ["loop.py"]
