"""kill -9 in the middle of a thousand updates: what was answered is there, the zone is whole, its serial goes on."""

from __future__ import annotations

import asyncio
import random
import time
from dataclasses import dataclass, field
from pathlib import Path

import dns.query
import dns.tsig
import dns.xfr

import dns.dnssec
import dns.zone
from fakes.primary_program import Program, key_line, new_key, running_primary
from scop.dns.rdata import TXT
from scop.dns.tsig import TsigKey
from scop.dns.update import Addition, build_update, read_update_reply
from scop.dns.words import Rcode
from scop.dns.zone.serial import is_later

ZONE = "harbor.test"
TEXT = "$TTL 300\n@ SOA ns1 hostmaster 1 3600 600 1209600 10\n@ NS ns1\nns1 A 127.0.0.1\n"
COUNT = 1000
KILLS = 3
AT_ONCE = 8


@dataclass
class Ledger:
    """What was answered NOERROR, over all lives of the server."""

    done: set[int] = field(default_factory=set)
    serials: list[int] = field(default_factory=list)


async def send_all(program: Program, key: TsigKey, ledger: Ledger, *, kill_after: int = COUNT) -> None:
    """Send what is not done yet, several at once; kill the server once so many more were answered."""
    numbers = [number for number in range(COUNT) if number not in ledger.done]
    kill_at = len(ledger.done) + kill_after
    waiting = iter(numbers)

    async def send_in_turn() -> None:
        reader, writer = await asyncio.open_connection(program.address, program.port)
        try:
            for number in waiting:
                change = Addition(f"n{number}.{ZONE}", 60, TXT.of(str(number).encode()))
                sent = build_update(ZONE, [change], key, now_unix=int(time.time()), message_id=number)
                writer.write(len(sent.octets).to_bytes(2) + sent.octets)
                reply = await reader.readexactly(int.from_bytes(await reader.readexactly(2)))
                if read_update_reply(sent, reply, int(time.time())) is Rcode.NOERROR:
                    ledger.done.add(number)
                if len(ledger.done) == kill_at:
                    program.process.kill()
        except (OSError, asyncio.IncompleteReadError):
            return
        finally:
            writer.close()

    await asyncio.gather(*(send_in_turn() for _ in range(AT_ONCE)))


def shown(program: Program, key: TsigKey) -> tuple[int, set[int], dns.zone.Zone]:
    """Return what the world sees: the serial, which of the records, and the zone, whole and well formed."""
    theirs = dns.tsig.Key(key.name, key.secret, key.algorithm.value)
    query, _ = dns.xfr.make_query(dns.zone.Zone(ZONE, relativize=False), serial=0, keyring=theirs)
    zone = dns.zone.Zone(ZONE, relativize=False)
    dns.query.inbound_xfr(program.address, zone, query, port=program.port, timeout=60)
    there = {int(str(rdata).strip('"')) for _, _, rdata in zone.iterate_rdatas("TXT")}
    return zone.find_rdataset(zone.origin or "", "SOA")[0].serial, there, zone


def test_updates_outlive_kill_9(tmp_path: Path) -> None:
    """Every UPDATE that was answered NOERROR is there, the zone is signed and whole, and its serial never goes back."""
    key, ledger = new_key("writer"), Ledger()
    (tmp_path / "keys").write_text(key_line(key))
    (tmp_path / "zone").write_text(TEXT)
    words = ("--zone", f"{ZONE}={tmp_path / 'zone'}", "--tsig-key", str(tmp_path / "keys"), "--sign")
    rights = ("--allow-update", "writer:*:*", "--transfer-key", "writer", "--state", str(tmp_path / "state"))
    chance = random.Random(7)
    for _ in range(KILLS):
        with running_primary(tmp_path, "127.0.0.1", *words, *rights) as program:
            serial, there, _ = shown(program, key)
            assert ledger.done <= there, sorted(ledger.done - there)
            assert not ledger.serials or serial == ledger.serials[-1] or is_later(serial, ledger.serials[-1])
            ledger.serials.append(serial)
            asyncio.run(send_all(program, key, ledger, kill_after=chance.randrange(100, 220)))
    with running_primary(tmp_path, "127.0.0.1", *words, *rights) as program:
        asyncio.run(send_all(program, key, ledger))
        serial, there, zone = shown(program, key)
    assert is_later(serial, ledger.serials[-1])
    assert set(range(COUNT)) == there == ledger.done
    signed, keys = f"n7.{ZONE}.", zone.find_rrset(f"{ZONE}.", "DNSKEY")
    signatures = zone.find_rrset(signed, "RRSIG", "TXT")
    dns.dnssec.validate(zone.find_rrset(signed, "TXT"), signatures, {keys.name: keys})
