"""Our resolver beside Unbound over zones made at random and signed by BIND: both must say the same of every name."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from random import Random

import dns.flags
import dns.message
import dns.query
import dns.rcode
import dns.rdatatype
import pytest
from bench.peers import bind, unbound
from bench.peers.listening import await_listener

from fakes.random_zones import RandomZones, sign_by_bind

pytestmark = pytest.mark.interop

NETWORK = "127.53.7"
ROOT, TOP, LEAF, THEIRS, OURS = (f"{NETWORK}.{host}" for host in (1, 2, 3, 8, 9))
PORT = 53  # referrals name no ports
ZONES = 4
NAMES_OF_EACH = 60
RELAXED = "check-names primary ignore; check-integrity no;"  # names with wildcards inside of them are meant


@pytest.fixture(scope="module", params=[1, 2])
def questions(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[list[tuple[str, str]]]:
    """A world by this seed with both resolvers over it, and what to ask them."""
    missing = [peer.__name__ for peer in (bind, unbound) if not peer.is_there()]
    if missing or os.geteuid() != 0 or shutil.which("dnssec-signzone", path="/usr/bin:/usr/sbin") is None:
        pytest.fail(f"PEER MISSING: {missing or 'bind9-utils'}, run as root; `make interop` as root installs them")
    folder = tmp_path_factory.mktemp("random")
    for parent in (folder, *folder.parents[:3]):
        if str(parent).startswith("/tmp/"):
            parent.chmod(0o755)
    with ExitStack() as running:
        yield list(running.enter_context(_world(folder, Random(request.param))))


@contextmanager
def _world(folder: Path, random: Random) -> Iterator[Iterator[tuple[str, str]]]:
    places = [folder / name for name in ("root", "top", "leaf", "unbound")]
    for place in places:
        place.mkdir()
    root, top, leaf, theirs = places
    zones = RandomZones(leaf, LEAF, "t", random)
    zones.make(ZONES)
    start = "$TTL 300\n@ SOA ns hostmaster 1 3600 600 86400 60\n"
    cuts = "".join(f"{zone}. NS ns.{zone}.\nns.{zone}. A {LEAF}\n{ds}" for zone, ds in zones.signers.items())
    signer = sign_by_bind(top, "t", f"{start}@ NS ns\nns A {TOP}\n{cuts}", "ECDSAP256SHA256", "-3", "-", "-A")
    text = f"{start}@ NS a.root.\na.root. A {ROOT}\nt. NS ns.t.\nns.t. A {TOP}\n{signer}"
    (folder / "anchor").write_text(sign_by_bind(root, ".", text, "ECDSAP256SHA256"))
    (folder / "hints").write_text(f". 3600 NS a.root.\na.root. 3600 A {ROOT}\n")
    statements = "".join(f'zone "{zone}" {{ type primary; file "{zone}.signed"; }};\n' for zone in zones.zones)
    server = f'    root-hints: "{folder}/hints"\n    trust-anchor-file: "{folder}/anchor"\n'
    with (
        bind.running_bind(root, ROOT, PORT, 'zone "." { type primary; file "root.signed"; };'),
        bind.running_bind(top, TOP, PORT, 'zone "t" { type primary; file "t.signed"; };'),
        bind.running_bind(leaf, LEAF, PORT, statements, options=RELAXED),
        unbound.running_unbound(theirs, THEIRS, PORT, "", server=server),
        _ours(folder),
    ):
        yield zones.questions(NAMES_OF_EACH)


@contextmanager
def _ours(folder: Path) -> Iterator[None]:
    command = [sys.executable, "-m", "scop.cli", "dns", "resolver", "--listen", f"{OURS}:{PORT}"]
    command += ["--root-hints", str(folder / "hints"), "--trust-anchor", str(folder / "anchor")]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        try:
            await_listener(OURS, PORT, lambda: process.poll() is None)
            yield
        finally:
            process.terminate()
            process.wait(20)


def _said(resolver: str, name: str, type_: str) -> tuple[str, bool, list[str]]:
    """Return the rcode, whether it is proved, and the records without their TTLs."""
    query = dns.message.make_query(name, type_, use_edns=0, want_dnssec=True, payload=1232)
    response, _ = dns.query.udp_with_fallback(query, resolver, timeout=20)
    texts = [rrset.to_text() for rrset in response.answer if rrset.rdtype is not dns.rdatatype.RRSIG]
    lines = sorted(re.sub(r" \d+ in ", " in ", line) for text in texts for line in text.lower().splitlines())
    return dns.rcode.to_text(response.rcode()), bool(response.flags & dns.flags.AD), lines


def test_random_signed_zones_are_judged_as_by_unbound(questions: list[tuple[str, str]]) -> None:
    """RFC 4035 §5: the same answers, the same NXDOMAIN, and AD on the same ones; nothing of it is bogus."""
    differing = []
    for name, type_ in questions:
        ours, theirs = _said(OURS, name, type_), _said(THEIRS, name, type_)
        # Unbound fails where a name below a DNAME is asked for its DS on the way; BIND's answers are good.
        if ours != theirs and theirs[0] != "SERVFAIL":
            differing.append((name, type_, ours, theirs))
        assert ours[0] != "SERVFAIL", (name, type_)
    assert [] == differing
