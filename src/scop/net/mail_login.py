"""How a mail client shows a server who it is: the strongest way that both know, and no password in the clear.

Servers that don't follow RFC 4954 to the letter are met halfway where that gives nothing away: some want no initial
response though they offer the mechanism, some ask in words that are no base64.

Standards: RFC 4954 §4 (AUTH), §6 (which replies mean what); RFC 5802 §6 (channel binding); RFC 8314 §3.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from scop.base import RemoteProtocolError
from scop.net.faults import TemporaryFailure
from scop.smtp import Authenticate, Reply, SaslStep
from scop.smtp.sasl import SCRAM_SHA_256, SCRAM_SHA_256_PLUS, tls_server_end_point
from scop.smtp.sasl.answers import Answers, answers_of, is_secret_in_clear

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scop.net.mail_client import MailClient

__all__ = ["STRONGEST_FIRST", "log_in"]

STRONGEST_FIRST = (SCRAM_SHA_256_PLUS, SCRAM_SHA_256, "PLAIN", "LOGIN")
MAX_COMMAND_OCTETS = 512  # RFC 4954 §4: a longer initial response waits until it is asked for
NONCE_OCTETS = 18
_WRONG = 535  # RFC 4954 §6
# What servers say to an initial response that they don't want.
_NO_INITIAL_RESPONSE = {500, 501, 504}


async def log_in(client: MailClient, login: str, password: str, mechanisms: Sequence[str]) -> Reply:
    """Say who we are by the first of `mechanisms` that the server offers and that is safe here; return its last word.

    EXTERNAL, which has no password, is only used where it is asked for. Raises `TemporaryFailure` where there is no
    common way, and where the server does not prove what it has to: the connection is of no use then.

    A server may keep of most passwords what SCRAM can't be done with, and it does not say so (it says 535 as for
    a wrong one). So the next way is tried after that: whoever is there could as well have offered no SCRAM.
    """
    first = _chosen(client, mechanisms)
    answer = await _log_in_by(client, login, password, first)
    if first.startswith(SCRAM_SHA_256) and answer.code == _WRONG:
        for other in _usable(client, mechanisms):
            if not other.startswith(SCRAM_SHA_256):
                return await _log_in_by(client, login, password, other)
    return answer


async def _log_in_by(client: MailClient, login: str, password: str, mechanism: str) -> Reply:
    binding = _channel_binding(client, mechanism)
    answers = answers_of(mechanism, login, password, nonce=secrets.token_urlsafe(NONCE_OCTETS), channel_binding=binding)
    try:
        return await _exchange(client, mechanism, answers)
    except RemoteProtocolError as fault:
        client.close()
        raise TemporaryFailure(f"{mechanism} failed: {fault}") from fault


async def _exchange(client: MailClient, mechanism: str, answers: Answers) -> Reply:
    answer = await _begin(client, mechanism, answers.initial)
    while answer.code == 334:
        try:
            octets = answers.answer(" ".join(answer.text))
        except RemoteProtocolError:
            await client.cancel_login()
            raise
        answer = await client.say(SaslStep(mechanism, octets))
    if answer.is_positive:
        answers.check_success()
    return answer


async def _begin(client: MailClient, mechanism: str, initial: bytes | None) -> Reply:
    without = SaslStep(mechanism, b"", is_first=True)
    if initial is None or len(initial) * 4 // 3 + len(f"AUTH {mechanism} =\r\n") + 2 > MAX_COMMAND_OCTETS:
        return await client.say(without)
    answer = await client.say(SaslStep(mechanism, initial, is_first=True) if initial else Authenticate(mechanism, ""))
    return await client.say(without) if answer.code in _NO_INITIAL_RESPONSE else answer


def _offered(client: MailClient) -> set[str]:
    return set(client.extensions.get("AUTH", "").upper().split())


def _common(client: MailClient, mechanisms: Sequence[str]) -> list[str]:
    offered = _offered(client)
    return [each for each in mechanisms if each in offered]


def _usable(client: MailClient, mechanisms: Sequence[str]) -> list[str]:
    return [each for each in _common(client, mechanisms) if _is_safe(client, each)]


def _chosen(client: MailClient, mechanisms: Sequence[str]) -> str:
    offered, common = _offered(client), _common(client, mechanisms)
    usable = _usable(client, mechanisms)
    if usable:
        return usable[0]
    if common:
        raise TemporaryFailure(f"the server offers only {' and '.join(common)}, which need TLS")
    told = f"only {' '.join(sorted(offered))}" if offered else "no way to log in"
    raise TemporaryFailure(f"the server offers {told}, we look for {' '.join(mechanisms)}")


def _is_safe(client: MailClient, mechanism: str) -> bool:
    if is_secret_in_clear(mechanism):
        return client.tls is not None
    return mechanism != SCRAM_SHA_256_PLUS or bool(_end_point(client))


def _channel_binding(client: MailClient, mechanism: str) -> bytes:
    # RFC 5802 §6: who is not offered -PLUS says that it could have done it; who leaves it aside must not.
    if mechanism == SCRAM_SHA_256 and SCRAM_SHA_256_PLUS in _offered(client):
        return b""
    return _end_point(client) if mechanism.startswith(SCRAM_SHA_256) else b""


def _end_point(client: MailClient) -> bytes:
    certificate = client.tls.getpeercert(binary_form=True) if client.tls is not None else None
    try:
        return tls_server_end_point(certificate) if certificate else b""
    except RemoteProtocolError:  # its signature names no hash: there is nothing to bind to
        return b""
