"""The TXT record that says there is a policy, and which version of it.

Standards: RFC 8461 §3.1 (record), §3.3 (where the policy is).
"""

from __future__ import annotations

import re

from scop.base import Check, RemoteProtocolError
from scop.dns import TXT, Answer, Question

__all__ = ["lookup", "parse_record", "policy_url"]

MAX_RECORD_OCTETS = 4096  # an id and room for extensions

_VERSION = b"v=STSv1"
_DELIMITER = re.compile(rb"[ \t]*;[ \t]*")
_ID = re.compile(rb"id=([A-Za-z0-9]{1,32})")
_EXTENSION = re.compile(rb"[A-Za-z0-9][A-Za-z0-9_.-]{0,31}=[!-:<>-~]+")


def policy_url(domain: str) -> str:
    """Return where the policy of a domain is fetched from."""
    return f"https://mta-sts.{domain}/.well-known/mta-sts.txt"  # RFC 8461 §3.3


def parse_record(octets: bytes) -> str:
    """Return the id of an MTA-STS record; raises `RemoteProtocolError` where it is none."""
    if len(octets) > MAX_RECORD_OCTETS:
        raise RemoteProtocolError(f"an MTA-STS record is longer than {MAX_RECORD_OCTETS} octets")
    version, *fields = _DELIMITER.split(octets)
    if version != _VERSION:
        raise RemoteProtocolError("no MTA-STS record")
    if fields and not fields[-1]:  # a delimiter may stand at the end
        fields.pop()
    ids = [found[1] for field in fields if (found := _ID.fullmatch(field))]
    if not all(_ID.fullmatch(field) or _EXTENSION.fullmatch(field) for field in fields):
        raise RemoteProtocolError("a field of an MTA-STS record is malformed")
    if len(ids) != 1:
        raise RemoteProtocolError("an MTA-STS record has one id")
    return ids[0].decode("ascii")


def lookup(domain: str) -> Check[Question, Answer, str | None]:
    """Ask for the id of a domain's policy; empty where there is none, None where nothing can be known now."""
    if domain.startswith("["):  # an address literal
        return ""
    try:
        question = Question(f"_mta-sts.{domain}", "TXT")
    except ValueError:  # no name, or one too long to have a policy
        return ""
    answer = yield question
    if answer.is_temporary:
        return None
    texts = [record.joined for record in answer.records if isinstance(record, TXT)]
    # RFC 8461 §3.1: what does not begin so is discarded; if not one record remains, there is no policy.
    found = [text for text in texts if re.match(rb"v=STSv1[ \t]*;", text)]
    if len(found) != 1:
        return ""
    try:
        return parse_record(found[0])
    except RemoteProtocolError:
        return ""
