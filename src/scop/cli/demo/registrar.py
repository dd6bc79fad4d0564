"""The demo's registrar: hands the DS records of a signed zone to its parent, by UPDATE, as registrars do for people.

Standards: RFC 2136, RFC 4035 §2.4 (a DS stands in the parent), RFC 8945.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from scop.base import RemoteProtocolError
from scop.cli.dns.ds import wanted_keys
from scop.cli.dns.zone_keys import KeyPlace
from scop.dns import Rcode
from scop.dns.message import Record
from scop.dns.tsig_keys import TsigKey
from scop.dns.update import Addition, build_update, read_update_reply
from scop.dns.zone.master_file import read_records
from scop.net.dialer import tcp_dialer
from scop.net.dns_exchange import exchange_stream
from scop.net.faults import TemporaryFailure

__all__ = ["KEY_NAME", "DsRefused", "Registrar", "wanted_ds"]

KEY_NAME = "registrar"
SECRET_OCTETS = 32
DS_TTL_SECONDS = 3600


class DsRefused(Exception):
    """The parent did not take the DS records."""


@dataclass(frozen=True, slots=True)
class Registrar:
    """Who may write DS records at one name server."""

    key: TsigKey
    address: str
    port: int

    @classmethod
    def new(cls, address: str, port: int) -> Registrar:
        """Make one with a key of its own."""
        return cls(TsigKey(KEY_NAME, secrets.token_bytes(SECRET_OCTETS)), address, port)

    def hand_in(self, parent: str, ds: Sequence[Record]) -> None:
        """Put DS records into the zone `parent`; raises `DsRefused`."""
        changes = [Addition(record.name, record.ttl_seconds, record.rdata) for record in ds]
        now_unix, message_id = int(time.time()), secrets.randbits(16)
        request = build_update(parent, changes, self.key, now_unix=now_unix, message_id=message_id)
        try:
            reply = asyncio.run(exchange_stream(tcp_dialer(self.address, self.port), request.octets))
            rcode = read_update_reply(request, reply, int(time.time()))
        except (RemoteProtocolError, TemporaryFailure) as fault:
            raise DsRefused(f"{parent or '.'}: {fault}") from fault
        if rcode is not Rcode.NOERROR:
            raise DsRefused(f"{parent or '.'} answers the DS records with {rcode.name}")


def wanted_ds(origin: str, config: Path, state: Path | None = None) -> tuple[Record, ...]:
    """Return the DS records that a zone wants at its parent: of a running mesh, or in the state of a lone primary."""
    keys, _ = wanted_keys(KeyPlace(config, state).zone(origin))
    return read_records(f"$TTL {DS_TTL_SECONDS}\n" + "".join(f"{key.ds}\n" for key in keys), "")
