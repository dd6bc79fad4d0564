"""The demo is the main job: everything it says must be true, with our letters and with other people's mail."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from fakes.real_mesh import world_of
from fakes.shared import shared_path
from scop.cli.demo.results import Results
from scop.cli.demo.story import Wanted, tell
from scop.hamlet import generate


def run(folder: Path, mails: Path | None = None, limit: int | None = None) -> Results:
    """Run the demo at addresses of this test's own."""
    folder.chmod(0o711)
    for parent in folder.parents:
        if str(parent).startswith("/tmp/"):
            parent.chmod(0o711)
    return tell(Wanted(folder=folder / "demo", mails=mails, limit=limit, quiet=True, world=world_of("demo")))


def test_demo_every_letter_is_delivered_and_every_attack_fails(tmp_path: Path) -> None:
    """The journey names every cell on the way; signed names vouch for the sender, and DANE for the host (RFC 7672)."""
    results = run(tmp_path)
    assert ("secure", True) == (results.names, results.way.endswith("proved by DANE"))
    assert ({}, [], True) == (results.changed, results.refused, results.right)
    on_the_way = [
        ("lagoon.test", "submission"),
        ("lagoon.test", "signer"),
        ("lagoon.test", "relay"),
        ("harbor.test", "receiver"),
        ("harbor.test", "filter"),
        ("harbor.test", "verifier"),
        ("harbor.test", "mailbox"),
    ]
    assert set(on_the_way) == {(step.organisation, step.cell) for step in results.journey}


# Mails of the vectors that are refused, each with the reason: our strictness, not an accident.
REFUSED = {
    "enmime/testdata/encode/part-message-rfc822.golden": "550 5.6.0 Message contains bare CR, bare LF or NUL",  # a NUL
}


def generated(folder: Path) -> dict[str, bytes]:
    """Write generated mails into a folder, and return them."""
    mails = {f"{index}.eml": generate(3, index) for index in range(120)}
    # Whoever claims to write from the demo's own domains is refused for that, rightly.
    mails = {name: octets for name, octets in mails.items() if b"harbor.test" not in octets and b"lagoon" not in octets}
    folder.mkdir(parents=True)
    for name, octets in mails.items():
        (folder / name).write_bytes(octets)
    return mails


def test_demo_awkward_and_hamlet_mails_are_delivered_octet_for_octet(tmp_path: Path) -> None:
    """Mails arrive as they were written; each vector that is refused is listed here, and of ours those with NUL."""
    folder = tmp_path / "mails"
    mails = generated(folder / "hamlet")
    shutil.copytree(shared_path("vectors", "mime"), folder / "vectors")
    results = run(tmp_path, folder)
    with_nul = {f"hamlet/{name}" for name, octets in mails.items() if b"\0" in octets}
    refused = {outcome.mail.name: f"{outcome.code} {outcome.text}" for outcome in results.refused}
    assert with_nul == {name for name in refused if name.startswith("hamlet/")}
    vectors = {f"vectors/{name}": words for name, words in REFUSED.items()}
    assert vectors == {name: words for name, words in refused.items() if name not in with_nul}
    assert ({}, True) == (results.changed, results.right)
    assert len(results.delivered) >= 160 + len(mails) - len(with_nul)


@pytest.mark.parametrize("count", [500])
def test_demo_real_mails_are_all_delivered(tmp_path: Path, count: int) -> None:
    """500 mails of the corpus, ham and spam."""
    results = run(tmp_path, shared_path("corpora", "spamassassin.tar.xz"), count)
    assert ({}, []) == (results.changed, results.refused)
    assert (count, True) == (len(results.delivered), results.right)
