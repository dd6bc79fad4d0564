"""Reads an Authentication-Results field.

Strict by default: a field that a standard reader could understand in two ways is refused. `lenient`
takes what real servers write beside the standard.

Standards: RFC 8601 §2.2 (grammar), §2.3 (properties), RFC 5321 §4.1.2 (Keyword).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from scop.authres.field import AuthenticationResults, MethodResult, quote
from scop.authres.scanner import Scanner
from scop.base import LimitExceeded, RemoteProtocolError

__all__ = ["parse", "read_authserv_id"]

MAX_RESULTS = 100  # real mails have a dozen; bounds what one field can cost
MAX_FIELD_OCTETS = 65_536  # longer than any header a receiver should add

_NAME = re.compile(r"authentication-results[ \t]*:", re.IGNORECASE)
_KEYWORD = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?")
_NONE = re.compile(r"none\b", re.IGNORECASE)
_NUMBER = re.compile(r"[0-9]{1,9}")
_TOKEN = re.compile(r"[^\x00-\x20\x7f()<>@,;:\\\"/\[\]?=]+")
_LOCAL_PART = re.compile(r"(?:[^\x00-\x20\x7f()<>@,;:\\\"\[\]]+)?@")  # RFC 5322 §3.2.3: dot-atom-text
_DOMAIN = re.compile(r"[^\x00-\x2c\x2f\x3a-\x40\x5b-\x5e\x60\x7b-\x7f]+")  # letters, digits, - . _ and beyond ASCII
_BEGUN = re.compile(r"[A-Za-z0-9-]+[ \t]*=")
_WORD_BESIDE = re.compile(r"[A-Za-z0-9_-]+(?==)")
_BARE = re.compile(r"[^\x00-\x20\x7f();\"]+")
# RFC 8601 §2.7, RFC 6212, RFC 7293, RFC 7281, RFC 8616 §6, RFC 8904: the registry of methods
_METHODS = frozenset(
    {"arc", "auth", "dkim", "dkim-adsp", "dkim-atps", "dmarc", "dnswl", "domainkeys", "iprev", "rrvs", "sender-id"}
    | {"smime", "spf", "vbr"}
)
_REASON = re.compile(r"reason(?=[ \t\r\n(]*=)", re.IGNORECASE)


def parse(field: bytes | str, *, lenient: bool = False) -> AuthenticationResults:
    """Read a field, with or without its name; raises a `ValueError` when it is malformed.

    `lenient` takes what real servers write: values that should be quoted stand bare (`header.b=a/b+c`) or are
    missing, a property appears twice (the first counts) or is no property (`action=none`, passed over), a
    semicolon stands at the end, there is no result at all, or something that is no result (passed over, unless
    it is one of a registered method), and no server is named (`authserv_id` is then empty).
    """
    if len(field) > MAX_FIELD_OCTETS:
        raise LimitExceeded(f"a field of more than {MAX_FIELD_OCTETS} octets")
    scanner = Scanner(_text(field))
    scanner.match(_NAME)
    if lenient and _names_nobody(scanner):
        results = tuple(_results(scanner, lenient=True, begun=True))
        return AuthenticationResults("", 1, results)
    authserv_id, version = read_authserv_id(scanner)
    results = tuple(_results(scanner, lenient=lenient))
    return AuthenticationResults(authserv_id, version, results)


def _text(field: bytes | str) -> str:
    # RFC 8601 §2.2: UTF-8 may stand in values (RFC 6532)
    try:
        text = field if isinstance(field, str) else field.decode("utf-8")
    except UnicodeDecodeError as fault:
        raise RemoteProtocolError("a field that is no UTF-8") from fault
    return text.removesuffix("\n").removesuffix("\r")


def read_authserv_id(scanner: Scanner) -> tuple[str, int]:
    """Read the head of a field, up to its first semicolon or its end."""
    scanner.skip_space()
    quoted = scanner.quoted_string()
    authserv_id = scanner.match(_TOKEN) if quoted is None else quoted
    if not authserv_id:
        raise scanner.fault("an authserv-id is wanted")
    spaced = scanner.skip_space()
    version = scanner.match(_NUMBER) if spaced else None
    scanner.skip_space()
    if not scanner.at_end and not scanner.text.startswith(";", scanner.position):
        raise scanner.fault("';' is wanted")
    return authserv_id, int(version or 1)


def _names_nobody(scanner: Scanner) -> bool:
    """Say whether a field begins with its first result, and go there."""
    scanner.skip_space()
    return _BEGUN.match(scanner.text, scanner.position) is not None


def _results(scanner: Scanner, *, lenient: bool, begun: bool = False) -> Iterator[MethodResult]:
    count = 0
    while begun or scanner.skip_sign(";"):
        begun = False
        scanner.skip_space()
        # Lenient: a semicolon ends the field
        if lenient and scanner.at_end:
            return
        # RFC 8601 §2.2: no-result = ";" "none", and nothing else
        if count == 0 and _is_none(scanner):
            return
        count += 1
        if count > MAX_RESULTS:
            raise LimitExceeded(f"more than {MAX_RESULTS} results")
        result = _lenient_result(scanner) if lenient else _result(scanner, lenient=False)
        if result is not None:
            yield result
    # Lenient: some servers that checked nothing write nothing
    if not scanner.at_end or (count == 0 and not lenient):
        raise scanner.fault("a result is wanted")


def _lenient_result(scanner: Scanner) -> MethodResult | None:
    """Read a result, or pass over what is none; a registered method's has to be one, lest a verdict be lost."""
    start = scanner.position
    try:
        return _result(scanner, lenient=True)
    except LimitExceeded:
        raise
    except RemoteProtocolError:
        scanner.position = start
        if (scanner.match(_KEYWORD) or "").lower() in _METHODS:
            raise
    scanner.position = start
    while not scanner.at_end and not scanner.text.startswith(";", scanner.position):
        if not scanner.skip_space() and scanner.quoted_string() is None and scanner.match(_BARE) is None:
            raise scanner.fault("a result is wanted")
    return None


def _is_none(scanner: Scanner) -> bool:
    start = scanner.position
    if scanner.match(_NONE) is not None:
        scanner.skip_space()
        if scanner.at_end:
            return True
    scanner.position = start
    return False


def _result(scanner: Scanner, *, lenient: bool) -> MethodResult:
    method = _keyword(scanner)
    scanner.skip_space()
    version = 1
    if scanner.skip_sign("/"):
        scanner.skip_space()
        version = int(scanner.match(_NUMBER) or 0)
        scanner.skip_space()
    scanner.expect("=")
    scanner.skip_space()
    result = _keyword(scanner)
    spaced = scanner.skip_space()
    reason = _reason(scanner) if spaced else ""
    properties = _properties(scanner, lenient=lenient)
    return MethodResult(method, result, reason, properties, version)


def _keyword(scanner: Scanner) -> str:
    word = scanner.match(_KEYWORD)
    if word is None:
        raise scanner.fault("a keyword is wanted")
    return word


def _reason(scanner: Scanner) -> str:
    if scanner.match(_REASON) is None:
        return ""
    scanner.skip_space()
    scanner.expect("=")
    scanner.skip_space()
    quoted = scanner.quoted_string()
    reason = scanner.match(_TOKEN) if quoted is None else quoted
    if reason is None:
        raise scanner.fault("a reason is wanted")
    scanner.skip_space()
    return reason


def _properties(scanner: Scanner, *, lenient: bool) -> dict[str, str]:
    properties: dict[str, str] = {}
    while not scanner.at_end and not scanner.text.startswith(";", scanner.position):
        name = _property_name(scanner, lenient=lenient)
        value = _property_value(scanner, lenient=lenient)
        # Stricter than RFC 8601: the same property twice has no one meaning
        if name in properties and not lenient:
            raise RemoteProtocolError(f"property {name!r} appears twice")
        properties.setdefault(name, value)
        scanner.skip_space()
    properties.pop("", None)  # words beside the standard
    return properties


def _property_name(scanner: Scanner, *, lenient: bool) -> str:
    """Read a name and its sign; "" for a word beside the standard."""
    # Lenient: words of their own, such as `action=none`
    if lenient and scanner.match(_WORD_BESIDE) is not None:
        name = ""
    else:
        ptype = _keyword(scanner)
        scanner.skip_space()
        scanner.expect(".")
        scanner.skip_space()
        name = f"{ptype.lower()}.{_keyword(scanner).lower()}"
        scanner.skip_space()
    scanner.expect("=")
    scanner.skip_space()
    return name


def _property_value(scanner: Scanner, *, lenient: bool) -> str:
    # RFC 8601 §2.2: pvalue = value / [ [ local-part ] "@" ] domain-name
    quoted = scanner.quoted_string()
    if quoted is not None:
        return f"{quote(quoted)}@{_domain(scanner)}" if scanner.skip_sign("@") else quoted
    # Lenient: addresses and signatures often stand bare, with characters that no token has, or nothing stands there
    if lenient:
        return scanner.match(_BARE) or ""
    local_part = scanner.match(_LOCAL_PART)
    if local_part is not None:
        return local_part + _domain(scanner)
    value = scanner.match(_TOKEN)
    if value is None:
        raise scanner.fault("a value is wanted")
    return value


def _domain(scanner: Scanner) -> str:
    domain = scanner.match(_DOMAIN)
    if domain is None:
        raise scanner.fault("a domain is wanted")
    return domain
