"""What of a source file counts."""

import ast
import hashlib

import pytest

from seedwise.run._source import source_digest

BASE = 'import os\n\n\nclass A:\n    x = 1\n\n    def f(self):\n        return """two\n\n    lines"""\n'


def same(a, b):
    return source_digest(a.encode()) == source_digest(b.encode())


@pytest.mark.parametrize(
    "other",
    [
        "# a comment\n" + BASE,
        '"""A docstring."""\n' + BASE,
        '"""A\n\n   docstring."""\n# and more\n\n' + BASE,
        BASE.replace("x = 1", "x = 1  # one: é"),
        BASE.replace("    x = 1", '    "A docstring."\n\n    x = 1'),
        BASE.replace("        return", '        """Ünïcode."""\n        return'),
        BASE.replace("\n\n\n", "\n"),
        BASE.rstrip("\n"),
        BASE.replace("\n", "\r\n"),
        "\ufeff" + BASE,
    ],
)
def test_comments_docstrings_and_layout_do_not_count(other):
    ast.parse(other.lstrip("\ufeff"))
    assert same(BASE, other)


@pytest.mark.parametrize(
    "other",
    [
        BASE.replace("x = 1", "x = 2"),
        BASE.replace("two\n\n    lines", "two\n    lines"),  # an empty line of a text
        BASE.replace("two\n", "two  # no comment\n"),
        BASE.replace("    x = 1\n", ""),
        BASE.replace("return", "x ="),
        BASE + "f'{A}  # no comment'\n",
        BASE + "'no docstring'\n",
    ],
)
def test_everything_else_counts(other):
    assert not same(BASE, other)


def test_a_hash_in_an_f_string_is_no_comment():
    assert not same("x = f'{1}#a'\n", "x = f'{1}#b'\n")


def test_the_digest_is_that_of_the_text_that_is_left():
    # Written out, so that another version of Python, or of this code, that cuts otherwise is seen.
    left = "import os\ndef f(a):\n    return a\nx = [1,\n     2]"
    text = '#!/bin/python\n"""Doc."""\n\nimport os  # os\n\n\ndef f(a):\n    """Doc."""\n    return a\n\n\n'
    text += "x = [1,\n\n     2]\n"
    assert source_digest(text.encode()) == "source:" + hashlib.sha256(left.encode()).hexdigest()


@pytest.mark.parametrize("content", [b"x = (1", b"\xff\xfe\x00", b"def f(:\n  # c\n", b"x = 1\0"])
def test_what_cannot_be_parsed_counts_as_it_is(content):
    assert source_digest(content) == "source:" + hashlib.sha256(content).hexdigest()


LOOP = """import seedwise
for run in seedwise.replicates(3, store="h.db"):
    run.finish(accuracy=n)
"""


@pytest.mark.parametrize(
    "other",
    [
        LOOP.replace("(3, ", "(5, "),
        LOOP.replace("(3, ", '(5, quiet=True, config={"é": [1, (2)]}, '),
        LOOP.replace("(3, ", "(  # how many\n\n    5,\n    # where\n    "),
    ],
)
def test_the_arguments_of_replicates_do_not_count(other):
    ast.parse(other)
    assert same(LOOP, other)


@pytest.mark.parametrize(
    ("text", "counts"),
    [
        ("import seedwise as sw\nsw.replicates({})\n", False),
        ("import seedwise.loop\nlist(seedwise.loop.replicates({}))\n", False),
        ("from seedwise import replicates\nlist(replicates({}))\n", False),
        ("def f():\n    from seedwise import Run, replicates as many\n    return many({})\n", False),
        ("import other as seedwise\nseedwise.replicates({})\n", True),
        ("from other import replicates\nreplicates({})\n", True),
        ("import seedwise\nseedwise.compare({})\n", True),
        ("import seedwise\nseedwise.replicates(3).send({})\n", True),
        ("import seedwise\nseedwise.replicates(3, config=(n := {}))\n", True),
    ],
)
def test_the_call_is_found_by_the_name_that_it_has_there(text, counts):
    assert same(text.format(3), text.format(5)) is not counts


def test_digests_of_before_count_the_arguments():
    now, more = LOOP.encode(), LOOP.replace("3", "5").encode()
    before = "source:" + hashlib.sha256(LOOP.rstrip().encode()).hexdigest()
    assert source_digest(now, before) == before
    assert source_digest(more, before) != before
    assert source_digest(more, source_digest(now)) == source_digest(now) != before
