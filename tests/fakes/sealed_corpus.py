"""Mails of the corpus as they are, and the same sealed, altered on the way and sent from somewhere, by a fixed rule."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from random import Random

from fakes.corpus import corpus_sample
from scop.dkim import Algorithm, SigningKey, generate_key, public_record, sign
from scop.mime import Attachment, compose

__all__ = ["SentMail", "corpus_mails", "fresh_mails", "world_zone"]

SEED = 6  # of the fresh mails
LETTERS = "abcdefghij klmnop  qrstuvwxyz .,:;=?_- äöüßéłżšд漢字🙂"
DAY_SECONDS = 86_400
ADDRESSES = ("192.0.2.1", "198.51.100.7", "192.0.2.9", "2001:db8::7")

# What each domain's SPF and DMARC records say.
DOMAINS = {
    "harbor.test": ("v=spf1 ip4:192.0.2.0/24 -all", "v=DMARC1; p=reject"),
    "news.harbor.test": ("v=spf1 ip6:2001:db8::/32 ~all", ""),
    "soft.test": ("v=spf1 ip4:192.0.2.1 ~all", "v=DMARC1; p=quarantine; adkim=s; aspf=s"),
    "open.test": ("v=spf1 ?all", "v=DMARC1; p=none"),
    "included.test": ("v=spf1 include:harbor.test -all", ""),
    "moved.test": ("v=spf1 redirect=soft.test", ""),
    "broken.test": ("v=spf1 foo:bar -all", ""),
    "circle.test": ("v=spf1 include:circle.test -all", ""),
    "macro.test": ("v=spf1 exists:%{i}.list.test -all", ""),
    "silent.test": ("", ""),
}


@dataclass(frozen=True, slots=True)
class SentMail:
    """One mail as it arrives; `variant` is what was done to it after it was sealed, `plain` for one that was not."""

    name: str
    variant: str
    octets: bytes
    address: str
    helo: str
    mail_from: str


@cache
def _keys() -> dict[str, SigningKey]:
    rsa = generate_key("harbor.test", "rsa", Algorithm.RSA_SHA256)
    return {
        "rsa": rsa,
        "ed25519": generate_key("harbor.test", "ed25519", Algorithm.ED25519_SHA256),
        "revoked": replace(rsa, selector="revoked"),
        "unknown": replace(rsa, selector="unknown"),
        "swapped": replace(rsa, selector="swapped"),
    }


def world_zone() -> str:
    """Return the master file of everything that there is, from the root down."""
    keys = _keys()
    other = generate_key("harbor.test", "swapped", Algorithm.RSA_SHA256)
    lines = ["$TTL 300", "$ORIGIN .", "@ SOA a.root h 1 3600 600 86400 60", "@ NS a.root", "a.root A 127.0.0.1"]
    lines += [_text(key.record_name, public_record(key)) for key in (keys["rsa"], keys["ed25519"], other)]
    lines.append(_text("revoked._domainkey.harbor.test", "v=DKIM1; k=rsa; p="))
    for domain, (spf, dmarc) in DOMAINS.items():
        lines += [f"{domain} MX 10 mx.{domain}", f"mx.{domain} A 192.0.2.1"]
        lines += [_text(domain, spf)] if spf else []
        lines += [_text(f"_dmarc.{domain}", dmarc)] if dmarc else []
    lines += ["198.51.100.7.list.test A 127.0.0.2"]
    return "\n".join(lines) + "\n"


def _text(name: str, text: str) -> str:
    pieces = " ".join(f'"{text[at : at + 200]}"' for at in range(0, len(text), 200))
    return f"{name} TXT {pieces}"


def corpus_mails(count: int, *, now: int) -> Iterator[SentMail]:
    """Yield mails of the corpus; each fourth as it is, the others sealed and altered in turn."""
    for number, (_, octets) in enumerate(corpus_sample(3)[:count]):
        mail = _with_crlf(octets)
        variant = "plain" if number % 4 == 0 else _NAMES[number % len(_NAMES)]
        yield _sent(f"corpus {number}", variant, mail, number, now)


def fresh_mails(count: int, *, now: int) -> Iterator[SentMail]:
    """Yield mails that were written and sealed a moment ago, and not altered."""
    random = Random(SEED)
    for number in range(count):
        variant = "ed25519" if number % 2 else "intact"
        yield _sent(f"fresh {number}", variant, _written(random, number, now), number, now)


def _written(random: Random, number: int, now: int) -> bytes:
    lines = ["".join(random.choices(LETTERS, k=random.randrange(120))) for _ in range(random.randrange(40))]
    file = Attachment(f"räume {number}.bin", "application/octet-stream", random.randbytes(random.randrange(4000)))
    message = compose(
        author="Sender <sender@harbor.test>",
        to=["Bob <bob@lagoon.test>", "Żaneta <zaneta@lagoon.test>"],
        cc=["cc@lagoon.test"] * random.randrange(3),
        reply_to="reply@harbor.test" if number % 3 else (),
        subject="".join(random.choices(LETTERS, k=random.randrange(90))),
        text="\r\n".join(lines),
        html=f"<p>{'<br>'.join(lines)}</p>" if number % 4 == 1 else None,
        attachments=[file] if number % 5 == 2 else (),
        date=datetime.datetime.fromtimestamp(now, datetime.UTC),
        message_id=f"{number}.{SEED}@harbor.test",
    )
    return message.to_octets()


def _sent(name: str, variant: str, mail: bytes, number: int, now: int) -> SentMail:
    domain = list(DOMAINS)[number % len(DOMAINS)]
    if variant != "plain":
        mail = _VARIANTS[variant](_from(mail, domain), now)
    return SentMail(name, variant, mail, ADDRESSES[number // 3 % len(ADDRESSES)], f"mx.{domain}", f"sender@{domain}")


def _with_crlf(octets: bytes) -> bytes:
    # The first line of some is the mark of an mbox, which is no field
    octets = octets.split(b"\n", 1)[1] if octets.startswith(b"From ") else octets
    return octets.replace(b"\r\n", b"\n").replace(b"\r", b"\n").replace(b"\n", b"\r\n")


def _from(mail: bytes, domain: str) -> bytes:
    """Return the mail with one From of `domain`."""
    header, _, body = mail.partition(b"\r\n\r\n")
    kept = [field for field in re.split(rb"\r\n(?![ \t])", header) if not field.lower().startswith(b"from:")]
    return b"From: Sender <sender@" + domain.encode() + b">\r\n" + b"\r\n".join(kept) + b"\r\n\r\n" + body


def _sealed(mail: bytes, now: int, key: str = "rsa", *, lifetime_seconds: int = 0) -> bytes:
    return sign(mail, (_keys()[key],), now=now, lifetime_seconds=lifetime_seconds) + mail


def _body_altered(mail: bytes, now: int) -> bytes:
    header, _, body = _sealed(mail, now).partition(b"\r\n\r\n")
    return header + b"\r\n\r\n" + b"Buy now!\r\n" + body


def _footer(mail: bytes, now: int) -> bytes:
    return _sealed(mail, now) + b"-- \r\nThis list is for all\r\n"


def _empty_lines(mail: bytes, now: int) -> bytes:
    return _sealed(mail, now) + b"\r\n \r\n\r\n"


def _subject_altered(mail: bytes, now: int) -> bytes:
    sealed = _sealed(mail, now)
    return re.sub(rb"(?im)^subject:", b"Subject: [list]", sealed, count=1)


def _refolded(mail: bytes, now: int) -> bytes:
    return re.sub(rb"(?m)^From: Sender <", b"from:  Sender\r\n\t <", _sealed(mail, now), count=1)


def _second_from(mail: bytes, now: int) -> bytes:
    return b"From: Somebody Else <boss@harbor.test>\r\n" + _sealed(mail, now)


_VARIANTS: dict[str, Callable[[bytes, int], bytes]] = {
    "intact": _sealed,
    "ed25519": lambda mail, now: _sealed(mail, now, "ed25519"),
    "body altered": _body_altered,
    "footer added": _footer,
    "empty lines added": _empty_lines,
    "subject altered": _subject_altered,
    "folded anew": _refolded,
    "second From": _second_from,
    "field added": lambda mail, now: b"X-Passed-By: a relay\r\n" + _sealed(mail, now),
    "key revoked": lambda mail, now: _sealed(mail, now, "revoked"),
    "key unknown": lambda mail, now: _sealed(mail, now, "unknown"),
    "key swapped": lambda mail, now: _sealed(mail, now, "swapped"),
    "expired": lambda mail, now: _sealed(mail, now - 3 * DAY_SECONDS, lifetime_seconds=DAY_SECONDS),
}
_NAMES = tuple(_VARIANTS)
