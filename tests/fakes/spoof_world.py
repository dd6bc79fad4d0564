"""A bank that does all that the standards ask, a forger with a domain and a server of his own, and who judges them."""

from __future__ import annotations

import asyncio
import binascii
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache

from fakes.dkim_keys import rsa_key
from fakes.verifier_world import NOW, AsyncNames
from scop.cells.verifier.judgement import Judgement, JudgeOptions, Sending, judge
from scop.cells.verifier.results import cleaned, results_field
from scop.cells.verifier.verdict import Decision, decide
from scop.dkim import Algorithm, SigningKey, canonical_body, canonical_header, generate_key, public_record, sign
from scop.dkim.header import split_message
from scop.dmarc.overrides import OverrideOptions
from scop.dns import StaticNames
from scop.smtp import Mailbox

__all__ = [
    "BANK",
    "EVIL",
    "HOST",
    "Spoof",
    "bank_key",
    "decision_of",
    "evil_key",
    "forged",
    "honest",
    "judged",
    "list_key",
    "sign_loosely",
    "signed_by",
    "written_results",
]

HOST = "mx.harbor.test"  # who judges
BANK = "192.0.2.10"  # from where bank.test sends
EVIL = "203.0.113.66"  # from where evil.test sends
TRUST = JudgeOptions(OverrideOptions(trusted_sealers=("list.test",)))
REST = b"To: bob@harbor.test\r\nSubject: Hello\r\nDate: Mon, 13 Nov 2023 09:00:00 +0000\r\nMessage-ID: <1@x.test>\r\n"


@cache
def bank_key() -> SigningKey:
    """Return the key of the bank."""
    return replace(rsa_key(), domain="bank.test", selector="bank")


@cache
def evil_key(domain: str = "evil.test") -> SigningKey:
    """Return a key of the forger, published for `domain`."""
    return replace(_evil_private(), domain=domain)


@cache
def _evil_private() -> SigningKey:
    return generate_key("evil.test", "evil", Algorithm.ED25519_SHA256)


@cache
def list_key() -> SigningKey:
    """Return the key with which a mailing list seals."""
    return generate_key("list.test", "arc", Algorithm.ED25519_SHA256)


_EVIL_DOMAINS = (
    "evil.test",
    "shop.strict.test",
    "evil.suffix.test",
    "bank.test.evil.test",
    "test",
    "evilbank.test",
    "quiet.test",
)


@cache
def _world() -> StaticNames:
    evil_spf: list[object] = [{"TXT": f"v=spf1 ip4:{EVIL} -all"}, {"A": EVIL}]
    zone: dict[str, list[object]] = {
        "bank.test": [{"TXT": f"v=spf1 ip4:{BANK} -all"}, {"A": BANK}],
        "_dmarc.bank.test": [{"TXT": "v=DMARC1; p=reject; sp=reject; np=reject"}],
        "news.bank.test": [{"A": BANK}],
        "_dmarc.strict.test": [{"TXT": "v=DMARC1; p=reject; adkim=s; aspf=s"}],
        "strict.test": [{"A": BANK}],
        "_dmarc.open.test": [{"TXT": "v=DMARC1; p=reject"}],
        "open.test": [{"TXT": f"v=spf1 ?ip4:{EVIL} -all"}],
        "_dmarc.broken.test": [{"TXT": "v=DMARC1; p=reject"}],
        "broken.test": [{"TXT": f"v=spf1 ip4:{EVIL} include:broken.test oops"}],
        "_dmarc.suffix.test": [{"TXT": "v=DMARC1; p=reject; psd=y"}],
        "_dmarc.bank.suffix.test": [{"TXT": "v=DMARC1; p=reject"}],
        "bank.suffix.test": [{"A": BANK}],
        "_dmarc.xn--bnk-qla.test": [{"TXT": "v=DMARC1; p=reject"}],
        "_dmarc.evil.test": [{"TXT": "v=DMARC1; p=reject"}],
        "_dmarc.quiet.test": ["TIMEOUT"],  # the forger's too
        "_dmarc.soft.test": [{"TXT": "v=DMARC1; p=quarantine"}],
        **{name: ["TIMEOUT"] for name in ("lame.soft.test", "lame.bank.test", "evil._domainkey.lame.soft.test")},
        "revoked._domainkey.bank.test": [{"TXT": "v=DKIM1; k=ed25519; p="}],
        **dict.fromkeys((*_EVIL_DOMAINS, "mx.evil.test", "any.evil.test"), evil_spf),
    }
    for key in (bank_key(), list_key(), *map(evil_key, _EVIL_DOMAINS)):
        record = public_record(key)
        zone[key.record_name] = [{"TXT": [record[:200], record[200:]]}]
    return StaticNames.from_openspf(zone)


@dataclass(frozen=True)
class Spoof:
    """A mail and how it came; `mail_from` is what stands between the angle brackets."""

    octets: bytes
    mail_from: str = "x@evil.test"
    helo: str = "mx.evil.test"
    address: str = EVIL


def forged(top: bytes, *, body: bytes = b"Send money\r\n", keys: Sequence[SigningKey] | None = None) -> Spoof:
    """Return a mail of the forger with `top` above the other fields, authenticated as evil.test wherever that works."""
    return Spoof(signed_by(top + REST + b"\r\n" + body, (evil_key(),) if keys is None else keys))


def honest(top: bytes = b"From: Ann <ann@bank.test>\r\n", body: bytes = b"Hello\r\n") -> Spoof:
    """Return a mail of the bank as the bank sends it."""
    octets = signed_by(top + REST + b"\r\n" + body, (bank_key(),))
    return Spoof(octets, "ann@bank.test", "bank.test", BANK)


def signed_by(octets: bytes, keys: Sequence[SigningKey]) -> bytes:
    """Return a mail under the seals of `keys`, where its header can be sealed at all."""
    try:
        return sign(octets, keys, now=NOW) + octets if keys else octets
    except ValueError:
        return octets


def sign_loosely(octets: bytes, key: SigningKey, names: Sequence[str], *tags: str) -> bytes:
    """Return a mail under a seal that covers just `names` and has further `tags`, as careless signers write it."""
    header, body = split_message(octets)
    length = next((int(tag[2:]) for tag in tags if tag.startswith("l=")), None)
    digest = binascii.b2a_base64(hashlib.sha256(canonical_body(body, "relaxed")[:length]).digest(), newline=False)
    covered = header.covered([name.lower().encode() for name in names], "relaxed")
    start = f"DKIM-Signature: v=1; a={key.algorithm}; c=relaxed/relaxed; d={key.domain}; s={key.selector};"
    listed = f" h={':'.join(names)}; bh={digest.decode()}; {''.join(f'{tag}; ' for tag in tags)}b="
    field = (start + listed).encode("latin-1")
    return field + binascii.b2a_base64(key.sign(covered + canonical_header(field, "relaxed")))[:-1] + b"\r\n" + octets


def judged(spoof: Spoof) -> Judgement:
    """Judge a mail as the verifier does; raises `ValueError` where the receiver refuses the path at MAIL already."""
    path = Mailbox.parse(spoof.mail_from) if spoof.mail_from else None
    sending = Sending(spoof.address, spoof.helo, path)
    return asyncio.run(judge(spoof.octets, sending, AsyncNames(_world()), now_unix=NOW, options=TRUST))


def decision_of(spoof: Spoof) -> tuple[str, Decision]:
    """Return the word of DMARC, and what is done with the mail; `refused path` where it does not come as far."""
    try:
        judgement = judged(spoof)
    except ValueError:
        return "refused path", Decision.REFUSE
    return str(judgement.dmarc.result), decide(judgement).decision


def written_results(spoof: Spoof) -> tuple[bytes, bytes]:
    """Return the field that we write, and what is left of the mail below it."""
    return results_field(judged(spoof), HOST), cleaned(b"", spoof.octets, HOST, HOST.partition(".")[2])[1]
