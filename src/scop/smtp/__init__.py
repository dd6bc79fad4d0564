"""SMTP and LMTP without sockets: machines for both ends, addresses, replies, extensions, trace fields.

    server = ServerConnection(ServerOptions("mx.harbor.test"))
    client_octets = server.send(reply(220, "", "mx.harbor.test ESMTP"))
    server.receive_data(octets)
    event = server.next_event()      # Hello, Mail, Recipient, DataChunk, … or NEED_DATA
    client_octets = server.send(reply(250, "2.0.0", "Ok"))

A driver that carries the octets is `scop.net.mail_server`; nothing here does I/O.

Standards: RFC 5321, RFC 2033, RFC 1870, RFC 6152, RFC 3030, RFC 6531, RFC 2920, RFC 2034, RFC 3463, RFC 5248, RFC 3461,
RFC 3207, RFC 4954, RFC 8689, RFC 2852, RFC 4865, RFC 6710, RFC 9422; Postfix XFORWARD and XCLIENT.
"""

from scop.smtp.client import ClientConnection, Farewell, Greeting, ReplyReceived
from scop.smtp.delivery import DeliverBy, Hold
from scop.smtp.enhanced import EnhancedStatus
from scop.smtp.events import (
    NEED_DATA,
    Authenticate,
    Challenge,
    ChunkBegin,
    ChunkEnd,
    DataBegin,
    DataChunk,
    DataEnd,
    DataRefused,
    Envelope,
    Event,
    Extended,
    Forwarded,
    Hello,
    Help,
    Impersonated,
    Mail,
    NeedData,
    Noop,
    Proof,
    Quit,
    Recipient,
    Refused,
    Reset,
    SaslStep,
    StartTls,
    Verify,
)
from scop.smtp.extensions import Extension
from scop.smtp.options import Channel, ServerOptions
from scop.smtp.origin import Origin
from scop.smtp.paths import ForwardPath, Mailbox, ReversePath
from scop.smtp.reply import Reply, reply
from scop.smtp.server import ServerConnection
from scop.smtp.states import State

__all__ = [
    "NEED_DATA",
    "Authenticate",
    "Challenge",
    "Channel",
    "ChunkBegin",
    "ChunkEnd",
    "ClientConnection",
    "DataBegin",
    "DataChunk",
    "DataEnd",
    "DataRefused",
    "DeliverBy",
    "EnhancedStatus",
    "Envelope",
    "Event",
    "Extended",
    "Extension",
    "Farewell",
    "ForwardPath",
    "Forwarded",
    "Greeting",
    "Hello",
    "Help",
    "Hold",
    "Impersonated",
    "Mail",
    "Mailbox",
    "NeedData",
    "Noop",
    "Origin",
    "Proof",
    "Quit",
    "Recipient",
    "Refused",
    "Reply",
    "ReplyReceived",
    "Reset",
    "ReversePath",
    "SaslStep",
    "ServerConnection",
    "ServerOptions",
    "StartTls",
    "State",
    "Verify",
    "reply",
]
