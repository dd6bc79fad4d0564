"""The shared secrets that sign DNS messages, and the files they come in.

Standards: RFC 8945 §6 (algorithms) and §8 (secrets); BIND's key file, as `tsig-keygen` writes it.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import re
from dataclasses import dataclass
from enum import StrEnum

from scop.dns.names import normal_name

__all__ = ["TsigAlgorithm", "TsigKey", "new_tsig_key", "read_key_lines"]

SECRET_OCTETS = 32  # RFC 8945 §8: at least as long as the hash's output
_KEY_FILE = re.compile(
    r'\s*key\s+"?(?P<name>[^\s"{}]+)"?\s*\{\s*algorithm\s+"?(?P<algorithm>[\w-]+)\.?"?\s*;'
    r'\s*secret\s+"?(?P<secret>[^\s";]+)"?\s*;\s*\}\s*;\s*',
    re.ASCII | re.IGNORECASE,
)


class TsigAlgorithm(StrEnum):
    """The hashes that are taken: those of RFC 8945 §6 without SHA-1, SHA-224, MD5 and the shortened ones."""

    HMAC_SHA256 = "hmac-sha256"
    HMAC_SHA384 = "hmac-sha384"
    HMAC_SHA512 = "hmac-sha512"

    @property
    def hash_name(self) -> str:
        """The hash's name in `hashlib`."""
        return self.value.removeprefix("hmac-")

    @property
    def mac_octets(self) -> int:
        """How long a whole MAC is."""
        return int(self.value[-3:]) // 8


@dataclass(frozen=True, slots=True)
class TsigKey:
    """A named secret for one algorithm; the name is in normal form."""

    name: str
    secret: bytes
    algorithm: TsigAlgorithm = TsigAlgorithm.HMAC_SHA256

    def __post_init__(self) -> None:
        if normal_name(self.name) != self.name:
            raise ValueError(f"the key name {self.name!r} is not in normal form")

    def __repr__(self) -> str:
        return f"TsigKey({self.name!r})"  # a secret does not belong in a log

    def mac(self, octets: bytes) -> bytes:
        """Return the whole MAC of these octets."""
        return hmac.digest(self.secret, octets, self.algorithm.hash_name)

    @classmethod
    def parse(cls, text: str) -> TsigKey:
        """Read BIND's key file; raises `ValueError` without showing the secret."""
        match = _KEY_FILE.fullmatch(text)
        if match is None:
            raise ValueError('not a TSIG key file: key "name" { algorithm hmac-sha256; secret "base64"; };')
        return _key(match["name"], match["algorithm"], match["secret"], "the TSIG key file")

    def to_text(self) -> str:
        """Write BIND's key file, as `nsupdate -k` and `dig -k` read it."""
        secret = base64.b64encode(self.secret).decode("ascii")
        return f'key "{self.name}" {{\n\talgorithm {self.algorithm};\n\tsecret "{secret}";\n}};\n'


def new_tsig_key(name: str, random_octets: bytes) -> TsigKey:
    """Make a key from 32 fresh random octets."""
    if len(random_octets) != SECRET_OCTETS:
        raise ValueError(f"a TSIG secret is made of {SECRET_OCTETS} random octets, not {len(random_octets)}")
    return TsigKey(normal_name(name), random_octets)


def read_key_lines(text: str) -> tuple[TsigKey, ...]:
    """Read keys, one a line as `name algorithm base64`, or a file of BIND's with one or more.

    Raises `ValueError` that names the line and shows no secret. `#`, `;` and `//` begin a comment line.
    """
    lines = [(number, line.strip()) for number, line in enumerate(text.splitlines(), 1)]
    said = [(number, line) for number, line in lines if line and not line.startswith(("#", ";", "//"))]
    if re.match(r'key\s+"?[^\s"{}]+"?\s*\{', said[0][1] if said else "", re.IGNORECASE):
        keys = tuple(TsigKey.parse(piece + "};") for piece in _pieces(said))
    else:
        keys = tuple(_line_key(line, number) for number, line in said)
    if len({key.name for key in keys}) != len(keys):
        raise ValueError("two TSIG keys of one name")
    return keys


def _pieces(said: list[tuple[int, str]]) -> list[str]:
    pieces = re.split(r"\}\s*;", "\n".join(line for _, line in said))
    if pieces[-1].strip():
        raise ValueError("the TSIG key file breaks off")
    return pieces[:-1]


def _line_key(line: str, number: int) -> TsigKey:
    words = line.split()
    if len(words) != 3:
        raise ValueError(f"line {number}: {len(words)} words, wanted is: name algorithm base64")
    name, algorithm, secret = words
    return _key(name, algorithm, secret, f"line {number}")


def _key(name: str, algorithm: str, secret: str, place: str) -> TsigKey:
    try:
        known = TsigAlgorithm(algorithm.lower().removesuffix("."))
    except ValueError:
        raise ValueError(f"{place}: not a TSIG key file's algorithm: one of {', '.join(TsigAlgorithm)}") from None
    try:
        octets = base64.b64decode(secret, validate=True)
    except binascii.Error as error:
        raise ValueError(f"{place}: the secret in the TSIG key file is not base64") from error
    if not octets:
        raise ValueError(f"{place}: the secret is empty")
    try:
        return TsigKey(normal_name(name), octets, known)
    except ValueError as error:
        raise ValueError(f"{place}: {error}") from None
