"""SASL mechanisms without sockets and without chance: nonces and the certificate come in as values.

PLAIN, LOGIN and EXTERNAL are single answers and stand with the AUTH extension; SCRAM is an exchange of its own.

Standards: RFC 5802 and RFC 7677 (SCRAM-SHA-256); RFC 5929 §4 (tls-server-end-point); RFC 8265 §4.2 (OpaqueString).
"""

from scop.smtp.sasl.channel_binding import tls_server_end_point
from scop.smtp.sasl.opaque_string import opaque_string
from scop.smtp.sasl.scram import SCRAM_SHA_256, SCRAM_SHA_256_PLUS, ClientExchange, ScramVerifier, ServerExchange

__all__ = [
    "SCRAM_SHA_256",
    "SCRAM_SHA_256_PLUS",
    "ClientExchange",
    "ScramVerifier",
    "ServerExchange",
    "opaque_string",
    "tls_server_end_point",
]
