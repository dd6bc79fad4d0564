"""Mails of the corpus: the same for everybody, and made without the writers that they prove."""

from __future__ import annotations

import ast
import hashlib
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import scop.hamlet
from scop.hamlet import expected, generate
from scop.mime.values import EntityValues

_DIGEST = "ce234a22db44decb862d54eb8614781f"
_PACKAGE = Path(scop.hamlet.__file__).parent
_DIGEST_OF_MAILS = """
import hashlib
from scop.hamlet import expected, generate
digest = hashlib.blake2b(digest_size=16)
for index in range(100):
    digest.update(generate(1, index))
    digest.update(repr(expected(1, index)).encode())
print(digest.hexdigest())
"""


def test_corpus_has_its_digest() -> None:
    """Seed 1 names this corpus and no other: who changes the grammar gives `draw._VERSION` another number."""
    digest = hashlib.blake2b(digest_size=16)
    for index in range(100):
        digest.update(generate(1, index))
        digest.update(repr(expected(1, index)).encode())
    assert _DIGEST == digest.hexdigest()


def test_corpus_does_not_depend_on_hashes() -> None:
    """The order of sets differs between processes; mails do not, nor do they depend on what was drawn before."""
    environment = {**os.environ, "PYTHONHASHSEED": "4711", "PYTHONPATH": os.pathsep.join(sys.path)}
    words = [sys.executable, "-c", _DIGEST_OF_MAILS]
    done = subprocess.run(words, env=environment, capture_output=True, text=True, check=True)
    assert _DIGEST == done.stdout.strip()


@settings(max_examples=40, deadline=None)
@given(st.integers(-(10**12), 10**12), st.integers(0, 10**12))
def test_any_seed_and_index_give_a_mail(seed: int, index: int) -> None:
    """Every seed and index give octets and the tree that they say, the same each time."""
    assert generate(seed, index) == generate(seed, index)
    assert expected(seed, index) == expected(seed, index)


def test_mails_differ() -> None:
    """No two mails of a corpus are alike, nor are those of two seeds."""
    assert len({generate(seed, index) for seed in (1, 2) for index in range(200)}) == 400


@pytest.mark.parametrize("index", range(60))
def test_line_ends_are_alike(index: int) -> None:
    """A mail has CRLF throughout its own lines, or LF; other line ends stand in contents only."""
    octets = generate(5, index)
    header = octets.partition(b"\r\n\r\n" if b"\r\n" in octets.partition(b"\n\n")[0] else b"\n\n")[0]
    bare = len(re.findall(rb"(?<!\r)\n", header))
    assert bare in (0, header.count(b"\n"))


def test_corpus_is_made_without_what_it_proves() -> None:
    """From `scop.mime` come value classes only: no reader, no writer."""
    taken = {
        alias.name
        for path in _PACKAGE.rglob("*.py")
        if path.name != "check.py"
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("scop.mime")
        for alias in node.names
    }
    values = {"Address", "Clause", "ContentType", "Disposition", "EntityValues", "FieldValue", "Group", "ListActions"}
    assert values | {"ListId", "MessageId", "NamedValue", "Received", "ReturnPath"} == taken


def test_sizes_are_those_of_mail() -> None:
    """Most mails are small, some are not."""
    sizes = sorted(len(generate(6, index)) for index in range(400))
    assert 1_000 < sizes[200] < 5_000
    assert sizes[-1] > 30_000


@pytest.mark.parametrize("first", range(0, 400, 50))
def test_lines_of_headers_fit(first: int) -> None:
    """No line of a header is longer than every reader must take (RFC 5322 §2.1.1)."""
    for index in range(first, first + 50):
        header = re.split(rb"\r?\n\r?\n", generate(9, index), maxsplit=1)[0]
        assert max(map(len, header.split(b"\n"))) <= 999  # with its CR


def test_trees_are_deep() -> None:
    """Entities stand within entities, to a depth that a careless reader does not expect."""

    def depth(entity: EntityValues) -> int:
        parts = entity.content if isinstance(entity.content, tuple) else ()
        return 1 + max(map(depth, parts), default=0)

    assert max(depth(expected(7, index)) for index in range(1_000)) >= 6
