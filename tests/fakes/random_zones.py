"""Zones made at random and signed by BIND's tools: wildcards, aliases, cuts, empty names, each kind of denial."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

__all__ = ["RandomZones", "sign_by_bind"]

PATH = "/usr/sbin:/usr/bin:/sbin:/bin"
START = "$TTL 300\n@ SOA ns hostmaster 1 3600 600 86400 60\n@ NS ns\n"
LABELS = ["a", "b", "c", "d"]
FIRST_LABELS = [*LABELS, "*", "*"]
ALGORITHMS = ["ECDSAP256SHA256", "ECDSAP384SHA384", "ED25519", "RSASHA256"]
DENIALS = [(), (), ("-3", "-"), ("-3", "aabb", "-H", "5"), ("-3", "-", "-A"), ("-3", "aa", "-H", "120")]
# Not CNAME: where a DNAME makes one, resolvers differ on whether to go on (RFC 6672 §3.2 says no).
TYPES = ["A", "A", "TXT", "MX", "DS", "DNAME", "NS"]


def sign_by_bind(folder: Path, zone: str, text: str, algorithm: str, *denial: str) -> str:
    """Sign a zone into `<zone>.signed` (`root.signed`), and return its DS."""
    name = zone.strip(".") or "root"
    (folder / name).write_text(text)
    size = ("-b", "2048") if algorithm.startswith("RSA") else ()
    for command in (
        ("dnssec-keygen", "-a", algorithm, *size, "-f", "KSK", zone),
        ("dnssec-keygen", "-a", algorithm, *size, zone),
        ("dnssec-signzone", "-S", *denial, "-o", zone, "-f", f"{name}.signed", name),
    ):
        subprocess.run(command, cwd=folder, env={"PATH": PATH}, capture_output=True, check=True)
    return (folder / f"dsset-{zone.removesuffix('.')}.").read_text()


@dataclass
class RandomZones:
    """Zones below one top-level domain, all in `folder` as `<zone>.signed`, all served at `address`."""

    folder: Path
    address: str
    top: str
    random: Random
    signers: dict[str, str] = field(default_factory=dict)  # by the zone right below the top
    zones: list[str] = field(default_factory=list)

    def make(self, count: int) -> None:
        """Make that many zones, each with a signed and an unsigned one below it."""
        for number in range(count):
            zone = f"r{number}.{self.top}"
            below = [("s", self._put(f"s.{zone}", self.random.choice(DENIALS))), ("u", self._put(f"u.{zone}", None))]
            self.signers[zone] = self._put(zone, self.random.choice(DENIALS), below)

    def questions(self, each: int) -> Iterator[tuple[str, str]]:
        """Return names that are there and names that are not, below each zone, with types."""
        for zone in self.signers:
            for head in ("", "s.", "u.", "d.", "x."):
                yield from ((f"{head}{zone}", type_) for type_ in ("A", "DS", "NS", "SOA", "DNSKEY", "TXT"))
            for _ in range(each):
                name = self._name(4).replace("*", "e")
                yield f"{name}.{self.random.choice(('', '', 's.', 'u.'))}{zone}", self.random.choice(TYPES)

    def _put(self, zone: str, denial: tuple[str, ...] | None, below: list[tuple[str, str]] | None = None) -> str:
        lines = [f"{START}ns A {self.address}"]
        for child, signer in below or []:
            lines.append(f"{child} NS ns.{child}\nns.{child} A {self.address}\n{signer}")
        text = "\n".join([*lines, *self._records()]) + "\n"
        self.zones.append(zone)
        if denial is None:
            (self.folder / f"{zone}.signed").write_text(text)
            return ""
        return sign_by_bind(self.folder, zone, text, self.random.choice(ALGORITHMS), *denial)

    def _records(self) -> Iterator[str]:
        used: dict[str, set[str]] = {}
        moved: list[str] = []
        for _ in range(self.random.randint(3, 9)):
            name, type_ = self._name(3), self.random.choice(["A", "A", "TXT", "MX", "CNAME", "DNAME"])
            types = used.setdefault(name, set())
            is_below = any(name.endswith(f".{apex}") for apex in moved)
            is_above = any(other.endswith(f".{name}") for other in used)
            is_alone = type_ in {"CNAME", "DNAME"}
            if is_below or "CNAME" in types or (is_alone and types) or (type_ == "DNAME" and ("*" in name or is_above)):
                continue
            if type_ == "DNAME":
                moved.append(name)
            types.add(type_)
            yield f"{name} {type_} {self._value(type_)}"

    def _value(self, type_: str) -> str:
        match type_:
            case "A":
                return f"192.0.2.{self.random.randint(1, 254)}"
            case "TXT":
                return f'"{self.random.randint(1, 99)}"'
            case "MX":
                return f"10 {self._name(3)}"
            case _:
                elsewhere = f"r{self.random.randint(0, 3)}.{self.top}."
                return elsewhere if type_ == "DNAME" else self.random.choice([self._name(3), f"a.{elsewhere}"])

    def _name(self, most: int) -> str:
        count = self.random.randint(1, most)
        labels = [self.random.choice(FIRST_LABELS), *(self.random.choice(LABELS) for _ in range(count - 1))]
        return ".".join(labels)
