"""A small Internet of real name servers on loopback: a root, a top-level domain and zones, each signed by its server.

The root is BIND's, `test` is Knot's (which signs it itself), below it stand zones that BIND, Knot and NSD serve, signed
with different algorithms and kinds of denial, one that is not signed and one whose signatures do not hold.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.peers.bind import running_bind
from bench.peers.knot import running_knot
from bench.peers.nsd import running_nsd

__all__ = ["SignedTree", "running_tree"]

PATH = "/usr/sbin:/usr/bin:/sbin:/bin"
PORT = 53  # referrals name no ports
TLD_POLICY = "algorithm: ecdsap256sha256"
SOA = "$TTL 300\n@ SOA ns hostmaster 1 3600 600 86400 60\n@ NS ns\n"
RECORDS = "www A 192.0.2.1\n*.wild A 192.0.2.2\nalias CNAME www\n_25._tcp.mx TLSA 3 1 1 00112233\ndeep.empty TXT here\n"


@dataclass(frozen=True, slots=True)
class SignedTree:
    """Where it begins: what a resolver is told."""

    folder: Path
    hints: Path
    anchor: Path
    network: str  # `127.53.1`

    def address(self, host: int) -> str:
        """Return the address of one of its hosts."""
        return f"{self.network}.{host}"


@dataclass(frozen=True, slots=True)
class _Leaf:
    zone: str
    host: int
    ds: str = ""


@contextmanager
def running_tree(folder: Path, network: str) -> Iterator[SignedTree]:
    """Run the whole of it at the addresses of `network` (three octets); it needs port 53, so root."""
    tree = SignedTree(folder, folder / "root.hints", folder / "root.anchor", network)
    with ExitStack() as servers:
        leaves = [
            *_by_bind(tree, servers),
            servers.enter_context(_by_knot(tree, "knot.test", 4, "algorithm: ecdsap384sha384\n    nsec3: on")),
            _by_nsd(tree, servers),
        ]
        top = servers.enter_context(_by_knot(tree, "test", 2, TLD_POLICY, _delegations(tree, leaves)))
        _root(tree, servers, top.ds)
        yield tree


def _by_bind(tree: SignedTree, servers: ExitStack) -> tuple[_Leaf, ...]:
    place = tree.folder / "bind"
    place.mkdir()
    own = f"{SOA}ns A {tree.address(3)}\n{RECORDS}"
    ds = {
        "bind.test": _signed(place, "bind.test", own, "ECDSAP256SHA256"),
        "rsa.test": _signed(place, "rsa.test", own, "RSASHA256", "-3", "-"),
        "bogus.test": _signed(place, "bogus.test", own, "ECDSAP256SHA256"),
    }
    forged = place / "bogus.test.signed"
    forged.write_text(forged.read_text().replace("192.0.2.1", "192.0.2.66"))
    (place / "plain.test.signed").write_text(own)
    zones = "".join(f'zone "{zone}" {{ type primary; file "{zone}.signed"; }};\n' for zone in (*ds, "plain.test"))
    servers.enter_context(running_bind(place, tree.address(3), PORT, zones))
    return (*(_Leaf(zone, 3, record) for zone, record in ds.items()), _Leaf("plain.test", 3))


def _by_nsd(tree: SignedTree, servers: ExitStack) -> _Leaf:
    place = tree.folder / "nsd"
    place.mkdir()
    ds = _signed(place, "nsd.test", f"{SOA}ns A {tree.address(5)}\n{RECORDS}", "ED25519", "-3", "-", "-A")
    zone = "zone:\n    name: nsd.test\n    zonefile: nsd.test.signed\n"
    servers.enter_context(running_nsd(place, tree.address(5), PORT, zone))
    return _Leaf("nsd.test", 5, ds)


@contextmanager
def _by_knot(tree: SignedTree, zone: str, host: int, policy: str, more: str = RECORDS) -> Iterator[_Leaf]:
    place = tree.folder / f"knot-{zone}"
    place.mkdir()
    (place / "zone").write_text(f"$ORIGIN {zone}.\n{SOA}ns A {tree.address(host)}\n{more}")
    sections = f"""
policy:
  - id: ours
    single-type-signing: on
    {policy}
zone:
  - domain: {zone}
    storage: "{place}"
    file: zone
    zonefile-sync: -1
    zonefile-load: difference-no-serial
    journal-content: all
    dnssec-signing: on
    dnssec-policy: ours
"""
    with running_knot(place, tree.address(host), PORT, sections):
        said = _say("keymgr", "-c", str(place / "knot.conf"), zone, "ds", folder=place)
        wanted = next(line for line in said.splitlines() if line.split()[-2:-1] == ["2"])
        yield _Leaf(zone, host, wanted)


def _delegations(tree: SignedTree, leaves: list[_Leaf]) -> str:
    lines = [f"{leaf.zone}. NS ns.{leaf.zone}.\nns.{leaf.zone}. A {tree.address(leaf.host)}" for leaf in leaves]
    return "\n".join([*lines, *(leaf.ds for leaf in leaves)]) + "\n"


def _root(tree: SignedTree, servers: ExitStack, ds: str) -> None:
    place = tree.folder / "root"
    place.mkdir()
    address = tree.address(1)
    text = (
        f"$TTL 300\n. SOA a.root. hostmaster.root. 1 3600 600 86400 60\n. NS a.root.\na.root. A {address}\n"
        f"test. NS ns.test.\nns.test. A {tree.address(2)}\n{ds}\n"
    )
    tree.anchor.write_text(_signed(place, ".", text, "ECDSAP256SHA256"))
    tree.hints.write_text(f". 3600 NS a.root.\na.root. 3600 A {address}\n")
    zone = 'zone "." { type primary; file "root.signed"; };'
    servers.enter_context(running_bind(place, address, PORT, zone))


def _signed(folder: Path, zone: str, text: str, algorithm: str, *denial: str) -> str:
    """Sign a zone by BIND's tools into `<zone>.signed`, and return its DS."""
    name = zone.strip(".") or "root"
    file = folder / name
    file.write_text(text)
    size = ("-b", "2048") if algorithm.startswith("RSA") else ()
    _say("dnssec-keygen", "-a", algorithm, *size, "-f", "KSK", zone, folder=folder)
    _say("dnssec-keygen", "-a", algorithm, *size, zone, folder=folder)
    _say("dnssec-signzone", "-S", *denial, "-o", zone, "-f", f"{name}.signed", name, folder=folder)
    return (folder / f"dsset-{zone.removesuffix('.')}.").read_text()


def _say(*command: str, folder: Path) -> str:
    done = subprocess.run(command, cwd=folder, env={"PATH": PATH}, capture_output=True, text=True, check=False)
    if done.returncode:
        raise OSError(f"{' '.join(command)}: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout
