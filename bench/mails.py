"""Signed mails of the size that was measured for other systems, each different."""

from __future__ import annotations

import random
from dataclasses import dataclass

from scop.dkim import Algorithm, SigningKey, generate_key, public_record, sign

__all__ = ["Sender", "signed_mails"]

WORDS = ("harbour", "tide", "lamp", "rope", "sail", "chart", "pilot", "storm", "quay", "anchor", "buoy", "gull", "oar")
NOW_UNIX = 1_795_000_000


@dataclass(frozen=True, slots=True)
class Sender:
    """A domain whose mail passes SPF, DKIM and DMARC."""

    domain: str
    address: str
    key: SigningKey

    @classmethod
    def make(cls, domain: str, address: str) -> Sender:
        """Make a sender with a fresh RSA-2048 key."""
        return cls(domain, address, generate_key(domain, "bench", Algorithm.RSA_SHA256))

    def records(self) -> str:
        """Return its lines for a zone file."""
        record = public_record(self.key)
        pieces = " ".join(f'"{record[at : at + 200]}"' for at in range(0, len(record), 200))
        return (
            f'{self.domain}. TXT "v=spf1 ip4:{self.address} -all"\n'
            f'_dmarc.{self.domain}. TXT "v=DMARC1; p=reject"\n'
            f"{self.key.record_name}. TXT {pieces}\n"
        )


def signed_mails(sender: Sender, recipient: str, count: int, octets: int) -> list[bytes]:
    """Return mails of about so many octets, in words, signed by the sender."""
    words = random.Random(1)
    mails = []
    for number in range(count):
        body = bytearray()
        while len(body) < octets:
            body += (" ".join(words.choices(WORDS, k=12)) + ".\r\n").encode()
        mail = (
            f"From: Bench <bench@{sender.domain}>\r\nTo: {recipient}\r\nSubject: bench {number}\r\n"
            f"Date: Wed, 25 Nov 2026 09:00:00 +0000\r\nMessage-ID: <{number}@{sender.domain}>\r\n"
            "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"
        ).encode() + bytes(body)
        mails.append(sign(mail, (sender.key,), now=NOW_UNIX) + mail)
    return mails
