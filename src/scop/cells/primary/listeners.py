"""How the primary is spoken to: datagrams and streams in public, streams on its pipe.

Standards: RFC 7766 §6.2 (streams and their bounds), RFC 7858 (TLS).
"""

from __future__ import annotations

import asyncio

from scop.cells.primary.answers import PublicAnswers
from scop.cells.primary.name_server import NameServer
from scop.dns.zone.rates import RateOptions
from scop.net.dns_public import PublicDns, StreamBounds
from scop.net.dns_server import DnsStreamServer
from scop.net.peer import Peer

__all__ = ["neighbour_stream", "public_face"]


def public_face(server: NameServer, bounds: StreamBounds, rates: RateOptions) -> PublicDns:
    """Return what serves everybody; call it in the loop that it is to run in."""
    answers = PublicAnswers(server, rates, asyncio.get_running_loop().time, bounds.idle_seconds)
    return PublicDns(answers.answer, quick=answers.quick, bounds=bounds)


def neighbour_stream(server: NameServer, peer: Peer) -> DnsStreamServer:
    """Return the protocol of a pipe to a cell."""
    return DnsStreamServer(lambda query, who, _transport: server.answer_neighbour(query, who.cell), peer)
