"""Our resolver over a small Internet of real name servers: BIND, Knot and NSD, each signing in its own way."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator

import pytest
from bench.peers import bind, knot, nsd
from bench.peers.listening import await_listener

from fakes.signed_tree import SignedTree, running_tree

pytestmark = pytest.mark.interop

PORT = 5353
STATUS = re.compile(r"status: (\w+).*?;; flags: ([a-z ]+);", re.DOTALL)


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SignedTree]:
    """A root, a top-level domain and six zones."""
    missing = [peer.__name__ for peer in (bind, knot, nsd) if not peer.is_there()]
    if missing or os.geteuid() != 0 or shutil.which("dnssec-signzone", path="/usr/bin:/usr/sbin") is None:
        pytest.fail(f"PEER MISSING: {missing or 'bind9-utils'}, run as root; `make interop` as root installs them")
    folder = tmp_path_factory.mktemp("tree")
    for parent in (folder, *folder.parents[:3]):
        if str(parent).startswith("/tmp/"):
            parent.chmod(0o755)
    with running_tree(folder, "127.53.1") as running:
        yield running


@pytest.fixture(scope="module")
def resolver(tree: SignedTree) -> Iterator[str]:
    """Our resolver as a program of its own, told of the root and its key; yields its address."""
    address = tree.address(9)
    command = [sys.executable, "-m", "scop.cli", "dns", "resolver", "--listen", f"{address}:{PORT}"]
    command += ["--root-hints", str(tree.hints), "--trust-anchor", str(tree.anchor)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        try:
            await_listener(address, PORT, lambda: process.poll() is None)
            yield address
        finally:
            process.terminate()
            process.wait(20)


def ask(resolver: str, *words: str) -> tuple[str, bool, str]:
    """Return the status, whether it is proved, and the whole text of an answer, as dig saw it."""
    said = subprocess.run(
        ("dig", "-p", str(PORT), f"@{resolver}", "+dnssec", "+tries=1", "+time=10", *words),
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    found = STATUS.search(said)
    assert found is not None, said
    return found[1], "ad" in found[2].split(), said


SIGNED = ("bind.test", "rsa.test", "knot.test", "nsd.test")
# RFC 5155 §9.2: where a span opts out, nothing proves that a name below it is not there.
UNPROVED = {("nsd.test", "any.wild"), ("nsd.test", "nothing.here")}


@pytest.mark.parametrize("zone", SIGNED)
@pytest.mark.parametrize(
    ("name", "type_", "status", "wanted"),
    [
        ("www", "A", "NOERROR", "192.0.2.1"),
        ("any.wild", "A", "NOERROR", "192.0.2.2"),
        ("alias", "A", "NOERROR", "192.0.2.1"),
        ("_25._tcp.mx", "TLSA", "NOERROR", "3 1 1 00112233"),
        ("www", "MX", "NOERROR", "SOA"),
        ("empty", "TXT", "NOERROR", "SOA"),
        ("nothing.here", "A", "NXDOMAIN", "SOA"),
    ],
)
def test_zone_signed_by_others_is_secure(
    tree: SignedTree, resolver: str, zone: str, name: str, type_: str, status: str, wanted: str
) -> None:
    """What BIND, Knot and NSD serve signed is proved from the root's key: presence, absence, wildcards, aliases."""
    said, is_proved, text = ask(resolver, f"{name}.{zone}", type_)
    assert (status, (zone, name) not in UNPROVED, True) == (said, is_proved, wanted in text), text


def test_unsigned_zone_is_insecure(tree: SignedTree, resolver: str) -> None:
    """A zone whose parent proves that it is unsigned is answered, without AD (RFC 4035 §5.2)."""
    said, is_proved, text = ask(resolver, "www.plain.test", "A")
    assert ("NOERROR", False, True) == (said, is_proved, "192.0.2.1" in text), text


def test_forged_record_is_refused_and_told_apart(tree: SignedTree, resolver: str) -> None:
    """A record that its signature does not cover is SERVFAIL with EDE 6 or one finer, and nothing of it is shown."""
    said, is_proved, text = ask(resolver, "www.bogus.test", "A")
    assert ("SERVFAIL", False, False) == (said, is_proved, "192.0.2.66" in text), text
    assert re.search(r"EDE: (6|7|8|9|10) ", text), text
    # RFC 4035 §3.2.2: who checks by itself gets what there is
    assert "192.0.2.66" in ask(resolver, "+cd", "www.bogus.test", "A")[2]


def test_other_names_of_a_forged_zone_still_hold(tree: SignedTree, resolver: str) -> None:
    """One forged RRset spoils itself only."""
    said, is_proved, text = ask(resolver, "any.wild.bogus.test", "A")
    assert ("NOERROR", True) == (said, is_proved), text


def test_delv_believes_what_our_resolver_hands_on(tree: SignedTree, resolver: str) -> None:
    """Signatures, keys and proofs pass through us whole: delv validates them itself (RFC 4035 §3.2.1)."""
    anchors = tree.folder / "delv.conf"
    tag, algorithm, digest_type, *digest = tree.anchor.read_text().partition(" DS ")[2].split()
    digest_text = "".join(digest)
    anchors.write_text(f'trust-anchors {{ . static-ds {tag} {algorithm} {digest_type} "{digest_text}"; }};\n')
    for zone in SIGNED:
        for name in ("www", "any.wild", "nothing"):
            command = ("delv", "-a", str(anchors), "+root=.", "-p", str(PORT), f"@{resolver}", f"{name}.{zone}", "A")
            said = subprocess.run(command, capture_output=True, text=True, check=False)
            wanted = "unsigned answer" if (zone, name) in UNPROVED else "fully validated"
            assert wanted in said.stdout, (name, said.stdout, said.stderr)
