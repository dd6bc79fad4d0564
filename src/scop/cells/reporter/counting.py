"""Counts mails that were judged, for the domains that want to be told, by UTC day and by all that a record tells.

Two mails are one count where a report would tell the same of both. What a report does not tell is not kept: neither
who wrote to whom nor why a check failed, beyond the word for it.

Standards: RFC 9990 §3.1.1 (records), §3.1.3 (signatures in a row), §7.2 (no personal information).
"""

from __future__ import annotations

import ipaddress
import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator

import msgspec

from scop.base import a_labels, printable
from scop.base.days import day_of
from scop.dmarc.destinations import MAX_DESTINATIONS
from scop.mesh.vocabulary.reporter import DkimJudged, JudgedMail, Override, PublishedPolicy

__all__ = [
    "CountedMail",
    "Counts",
    "add_judgements",
    "counts_of",
    "domains_with_counts",
    "drop_counts",
    "forget_counts",
    "policy_of",
]

# 20,000 records are some 15 MB of a report: whoever forges with ever new addresses and names fills no disk, and the
# report can still be read by others.
MAX_ROWS_OF_DOMAIN = 20_000
MAX_ROWS_OF_DAY = 500_000  # of all domains together
MAX_SIGNATURES = 100  # RFC 9990 §3.1.3
MAX_OVERRIDES = 10  # of one mail; more than there are words for
MAX_NAME = 255  # characters, of a domain or selector
MAX_COMMENT = 200  # characters
MAX_URI = 1_000  # characters: no address is longer than a third of that

_encode = msgspec.msgpack.Encoder().encode


class CountedMail(msgspec.Struct, frozen=True, array_like=True):
    """All that makes two mails different to a report."""

    source_address: str
    author_domain: str
    envelope_from: str
    envelope_to: str
    disposition: str
    dkim_aligned: bool
    spf_aligned: bool
    spf_domain: str
    spf_scope: str
    spf_result: str
    dkim: tuple[tuple[str, str, str], ...]  # domain, selector, result
    overrides: tuple[Override, ...]


class Counts(msgspec.Struct, frozen=True):
    """What is counted of one domain on one day, in order; the freshest policy with it."""

    policy: PublishedPolicy
    mails: tuple[tuple[CountedMail, int], ...]


_decode_mail = msgspec.msgpack.Decoder(CountedMail).decode
_decode_policy = msgspec.msgpack.Decoder(PublishedPolicy).decode


def add_judgements(sql: sqlite3.Connection, judgements: Iterable[JudgedMail]) -> int:
    """Count mails; return how many there was no room for."""
    counted: Counter[tuple[str, str, bytes]] = Counter()
    freshest: dict[tuple[str, str], JudgedMail] = {}
    for mail in judgements:
        if not mail.policy.domain:
            continue
        day, domain = day_of(mail.unix), _name(mail.policy.domain)
        if _is_wanted(mail):
            counted[day, domain, _encode(_counted(mail))] += 1
        known = freshest.get((day, domain))
        if known is None or known.unix <= mail.unix:
            freshest[day, domain] = mail
    for (day, domain), mail in freshest.items():
        _keep_policy(sql, day, domain, mail)
    return sum(count for key, count in counted.items() if not _add(sql, *key, count))


def domains_with_counts(sql: sqlite3.Connection, *, up_to_day: str) -> list[tuple[str, str]]:
    """Return day and domain of all that is counted up to a day, the oldest first."""
    rows = sql.execute("SELECT day, domain FROM policies WHERE day <= ? ORDER BY day, domain", (up_to_day,))
    return [(day, domain) for day, domain in rows]


def policy_of(sql: sqlite3.Connection, day: str, domain: str) -> PublishedPolicy | None:
    """Return the freshest policy of a domain on a day of which something is counted; None for nothing."""
    found = sql.execute("SELECT policy FROM policies WHERE day = ? AND domain = ?", (day, domain)).fetchone()
    return None if found is None else _decode_policy(found[0])


def counts_of(sql: sqlite3.Connection, day: str, domain: str) -> Counts | None:
    """Return what is counted of a domain on a day; None for nothing."""
    policy = policy_of(sql, day, domain)
    if policy is None:
        return None
    rows = sql.execute("SELECT row, mails FROM judged WHERE day = ? AND domain = ?", (day, domain))
    mails = sorted(((_decode_mail(row), count) for row, count in rows), key=_order)
    return Counts(policy, tuple(mails))


def drop_counts(sql: sqlite3.Connection, day: str, domain: str, told: Iterable[tuple[CountedMail, int]]) -> None:
    """Take what was told off the counts of a domain on a day; what was counted meanwhile stays."""
    sql.executemany(
        "UPDATE judged SET mails = mails - ? WHERE day = ? AND domain = ? AND row = ?",
        [(count, day, domain, _encode(mail)) for mail, count in told],
    )
    gone = sql.execute("DELETE FROM judged WHERE day = ? AND domain = ? AND mails <= 0", (day, domain)).rowcount
    sql.execute("UPDATE policies SET rows = rows - ? WHERE day = ? AND domain = ?", (gone, day, domain))
    sql.execute("DELETE FROM policies WHERE day = ? AND domain = ? AND rows <= 0", (day, domain))
    sql.execute("UPDATE days SET rows = rows - ? WHERE day = ?", (gone, day))
    sql.execute("DELETE FROM days WHERE rows <= 0")


def forget_counts(sql: sqlite3.Connection, before_day: str) -> None:
    """Forget what nobody was told of for long."""
    for table in ("judged", "policies", "days"):
        sql.execute(f"DELETE FROM {table} WHERE day < ?", (before_day,))  # noqa: S608 - constants only


def _is_wanted(mail: JudgedMail) -> bool:
    """Say whether somebody asked to be told of this mail, and whether it can be told of."""
    if not mail.policy.rua:
        return False
    try:
        ipaddress.ip_address(mail.source_address)
    except ValueError:  # it came over no network, as from a test of the operator's
        return False
    return True


def _counted(mail: JudgedMail) -> CountedMail:
    return CountedMail(
        source_address=mail.source_address,
        author_domain=_name(mail.author_domain),
        envelope_from=_name(mail.envelope_from),
        envelope_to=_name(mail.envelope_to),
        disposition=mail.disposition,
        dkim_aligned=mail.dkim_aligned,
        spf_aligned=mail.spf_aligned,
        spf_domain=_name(mail.spf_domain),
        spf_scope=mail.spf_scope,
        spf_result=mail.spf_result,
        dkim=tuple(_signatures(mail)),
        overrides=tuple(_overrides(mail)),
    )


def _signatures(mail: JudgedMail) -> Iterator[tuple[str, str, str]]:
    """Yield the signatures that are told of, by RFC 9990's order of preference, and by name within it."""
    author, policy = _name(mail.author_domain), _name(mail.policy.domain)

    def preference(one: DkimJudged) -> tuple[int, str, str, str]:
        domain = _name(one.domain)
        if one.result != "pass":
            rank = 4
        elif domain == author:
            rank = 1
        elif domain == policy or author.endswith(f".{domain}") or domain.endswith((f".{author}", f".{policy}")):
            rank = 2
        else:
            rank = 3
        return rank, domain, one.selector, one.result

    for one in sorted(mail.dkim, key=preference)[:MAX_SIGNATURES]:
        yield _name(one.domain), printable(one.selector, limit=MAX_NAME), one.result


def _overrides(mail: JudgedMail) -> Iterator[Override]:
    for one in mail.overrides[:MAX_OVERRIDES]:
        yield Override(one.type, printable(one.comment, limit=MAX_COMMENT))


def _name(domain: str) -> str:
    # RFC 8616 §3: a signature may write its domain in U-labels; who reads reports compares A-labels.
    return printable(a_labels(domain.removesuffix(".")), limit=MAX_NAME)


def _keep_policy(sql: sqlite3.Connection, day: str, domain: str, mail: JudgedMail) -> None:
    """Keep the freshest policy: of a domain that is new where it asks for reports and the day has room for it."""
    uris = tuple(uri for uri in dict.fromkeys(mail.policy.rua) if len(uri) <= MAX_URI)[:MAX_DESTINATIONS]
    policy = msgspec.structs.replace(mail.policy, rua=uris, ruf=())
    sql.execute(
        """INSERT INTO policies (day, domain, policy, seen_unix) SELECT ?1, ?2, ?3, ?4
           WHERE (?6 AND coalesce((SELECT rows FROM days WHERE day = ?1), 0) < ?5)
           OR EXISTS (SELECT 1 FROM policies WHERE day = ?1 AND domain = ?2)
           ON CONFLICT DO UPDATE SET policy = excluded.policy, seen_unix = excluded.seen_unix
           WHERE excluded.seen_unix >= seen_unix""",
        (day, domain, _encode(policy), mail.unix, MAX_ROWS_OF_DAY, _is_wanted(mail)),
    )


def _add(sql: sqlite3.Connection, day: str, domain: str, row: bytes, count: int) -> bool:
    """Add to a count; say whether there was room for it."""
    key = (day, domain, row)
    if sql.execute(
        "UPDATE judged SET mails = mails + ? WHERE day = ? AND domain = ? AND row = ?", (count, *key)
    ).rowcount:
        return True
    of_domain = sql.execute("SELECT rows FROM policies WHERE day = ? AND domain = ?", (day, domain)).fetchone()
    of_day = sql.execute("SELECT rows FROM days WHERE day = ?", (day,)).fetchone()
    if not of_domain or of_domain[0] >= MAX_ROWS_OF_DOMAIN or (of_day and of_day[0] >= MAX_ROWS_OF_DAY):
        return False
    sql.execute("INSERT INTO judged VALUES (?, ?, ?, ?)", (*key, count))
    sql.execute("UPDATE policies SET rows = rows + 1 WHERE day = ? AND domain = ?", (day, domain))
    sql.execute("INSERT INTO days VALUES (?, 1) ON CONFLICT DO UPDATE SET rows = rows + 1", (day,))
    return True


def _order(counted: tuple[CountedMail, int]) -> tuple[int, int, bytes]:
    address = ipaddress.ip_address(counted[0].source_address)
    return address.version, int(address), _encode(counted[0])
