"""Files of room keys that people carry from one client to another, sealed by a passphrase.

Only the sealing is here; which sessions are inside, and whether to take them, is `scop.matrix.encryption`'s.

Standards: Matrix v1.19 CS §Key exports.
"""

from __future__ import annotations

import base64
import hmac

import msgspec

from scop.base import Cursor, RemoteProtocolError
from scop.matrix import unpadded_base64
from scop.matrix.json_values import JsonObject
from scop.matrix.steps import Chance, Steps, stretch
from scop.matrix.verification.aes_hmac import AesHmacKeys, counter_start

__all__ = ["KEY_FILE_ROUNDS", "parse_key_file", "write_key_file"]

KEY_FILE_ROUNDS = 500_000  # Matrix v1.19 CS §Key exports: "at least 100,000"; what Element writes
_MAX_ROUNDS = 10_000_000  # some seconds; the file says how many, and a hostile one may say 2³²
_MAX_OCTETS = 256 * 1024 * 1024
_VERSION = 1
_FIRST_LINE = "-----BEGIN MEGOLM SESSION DATA-----"
_LAST_LINE = "-----END MEGOLM SESSION DATA-----"
_MAC_OCTETS = 32
_LINE_CHARACTERS = 96


def _keys_of(passphrase: str, salt: bytes, rounds: int) -> Steps[AesHmacKeys]:
    # Matrix v1.19 CS §Key exports 2: 512 bits, K for AES and K' for HMAC.
    both = yield from stretch(passphrase, salt, rounds, 64)
    return AesHmacKeys(both[:32], both[32:])


def write_key_file(
    sessions: list[JsonObject], passphrase: str, chance: Chance, *, rounds: int = KEY_FILE_ROUNDS
) -> Steps[str]:
    """Return the text of a file that holds sessions (`ExportedSessionData`), sealed by a passphrase."""
    salt, iv = chance(16), counter_start(chance)
    keys = yield from _keys_of(passphrase, salt, rounds)
    body = keys.crypt(msgspec.json.encode(sessions), iv)
    # Matrix v1.19 CS §Key exports 4: version, salt, IV, rounds, ciphertext, and the MAC of all of these.
    octets = bytes([_VERSION]) + salt + iv + rounds.to_bytes(4, "big") + body
    text = base64.b64encode(octets + keys.authenticate(octets)).decode("ascii")
    lines = [text[start : start + _LINE_CHARACTERS] for start in range(0, len(text), _LINE_CHARACTERS)]
    return "\n".join((_FIRST_LINE, *lines, _LAST_LINE, ""))


def parse_key_file(text: str, passphrase: str) -> Steps[list[JsonObject]]:
    """Return the sessions in a file; raises `RemoteProtocolError` where it is broken or the passphrase is another."""
    opened = yield from _opened(text, passphrase)
    try:
        return msgspec.json.decode(opened, type=list[dict[str, object]])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise RemoteProtocolError(f"the key file holds no sessions: {error}") from error


def _opened(text: str, passphrase: str) -> Steps[bytes]:
    octets = unpadded_base64.decode(_between_lines(text))
    cursor = Cursor(octets, end=max(0, len(octets) - _MAC_OCTETS))
    if (version := cursor.u8()) != _VERSION:
        raise RemoteProtocolError(f"a key file of version {version}")
    salt, iv, rounds = cursor.take(16), cursor.take(16), cursor.u32()
    if not 0 < rounds <= _MAX_ROUNDS:
        raise RemoteProtocolError(f"a key file of {rounds} rounds")
    keys = yield from _keys_of(passphrase, salt, rounds)
    if not hmac.compare_digest(keys.authenticate(octets[:-_MAC_OCTETS]), octets[-_MAC_OCTETS:]):
        raise RemoteProtocolError("the passphrase is another one, or the key file was changed")
    return keys.crypt(cursor.rest(), iv)


def _between_lines(text: str) -> str:
    """Return the base64 between the first and the last line, without line breaks."""
    if len(text) > _MAX_OCTETS:
        raise RemoteProtocolError("a key file this big is none")
    lines = [line.strip() for line in text.splitlines()]
    try:
        first = lines.index(_FIRST_LINE)
        last = lines.index(_LAST_LINE, first)
    except ValueError:
        raise RemoteProtocolError("not a key file: its first or last line is missing") from None
    return "".join(lines[first + 1 : last])
