"""What the verifier writes above a mail, and what it takes out of it.

Received-SPF (RFC 7208 §9.1) is not written: RFC 8601 §2.7.2 says the same in the field that everything else stands in.

Standards: RFC 8601 §2.2, §2.7 (Authentication-Results), §5 (removal), RFC 6008 (header.b), RFC 8617 §6 (arc), RFC 9989
§9.1 (dmarc).
"""

from __future__ import annotations

from collections.abc import Iterator

from scop.arc import ArcWord
from scop.authres import AuthenticationResults, MethodResult, remove_forged
from scop.base import printable
from scop.cells.verifier.judgement import Judgement
from scop.cells.verifier.verdict import Decision, Verdict
from scop.dkim import DkimResult

__all__ = ["cleaned", "stamps"]

_OWN_PREFIX = b"x-scop-"
MAX_VALUE_CHARACTERS = 400  # of one value, which may double where it is quoted: below what a line holds


def stamps(judgement: Judgement, verdict: Verdict, hostname: str) -> tuple[bytes, bytes]:
    """Return the two fields that go above a mail: X-SCoP-Disposition and Authentication-Results."""
    word = "quarantine" if verdict.decision is Decision.QUARANTINE else "none"
    return f"X-SCoP-Disposition: {word}\r\n".encode(), results_field(judgement, hostname)


def results_field(judgement: Judgement, hostname: str) -> bytes:
    """Write Authentication-Results: every method that was used, with what it was used on."""
    return AuthenticationResults(hostname, results=tuple(_results(judgement))).to_field()


def cleaned(own_stamps: bytes, below: bytes, hostname: str, domain: str) -> tuple[bytes, bytes]:
    """Return our stamps and what is below them without fields that others wrote in the name of our domain."""
    # No cell above us writes Authentication-Results: one among the stamps is forged too
    kept = remove_forged(own_stamps, hostname, domain=domain)
    return kept, remove_forged(below, hostname, domain=domain, also=(_OWN_PREFIX,))


def _results(judgement: Judgement) -> Iterator[MethodResult]:
    sending = judgement.sending
    # RFC 8601 §2.7.2: smtp.mailfrom, and smtp.helo, which alone counts where the reverse-path is empty
    if sending.mail_from:
        yield MethodResult("spf", judgement.spf.result, properties=_present({"smtp.mailfrom": judgement.spf.domain}))
    if sending.helo or not sending.mail_from:
        yield MethodResult("spf", judgement.helo.result, properties=_present({"smtp.helo": judgement.helo.domain}))
    # RFC 8601 §2.7.1: one result a signature, or none
    if not judgement.dkim:
        yield MethodResult("dkim", "none")
    for one in judgement.dkim:
        yield _signature(one)
    if judgement.arc.result is not ArcWord.NONE:
        yield _chain(judgement)
    # RFC 8601 §2.7.3
    yield MethodResult("iprev", judgement.reverse.result, properties=_present({"policy.iprev": sending.address}))
    yield _dmarc(judgement)


def _signature(one: DkimResult) -> MethodResult:
    properties = {
        "header.d": one.domain,
        "header.i": one.identity if one.identity != f"@{one.domain}" else "",
        "header.s": one.selector,
        "header.a": one.algorithm,
        "header.b": one.signature_start,
    }
    # Lenient: RFC 6376 §3.6.1 has a mail signed in test mode treated as unsigned. Many forget to end the test, and
    # others count such signatures: to refuse what they signed would help nobody
    return MethodResult("dkim", one.result, "test mode" if one.is_testing else "", _present(properties))


def _chain(judgement: Judgement) -> MethodResult:
    oldest = str(judgement.arc.oldest_pass) if judgement.arc.result is ArcWord.PASS else ""
    properties = {"smtp.remote-ip": judgement.sending.address, "header.oldest-pass": oldest}
    return MethodResult("arc", judgement.arc.result, properties=_present(properties))


def _dmarc(judgement: Judgement) -> MethodResult:
    dmarc = judgement.dmarc
    domains = judgement.authorship.domains
    author = domains[0] if len(domains) == 1 else ""
    # RFC 9989 §9.1: the policy that is applied to a mail that fails, after all options
    applied = str(dmarc.disposition) if dmarc.policy_domain else ""
    # RFC 9989 §5.4: why that is not what was published
    reason = "; ".join(f"{one.word}: {one.comment}" for one in dmarc.overrides)
    properties = _present({"header.from": author, "policy.dmarc": applied})
    return MethodResult("dmarc", dmarc.result, _bounded(reason), properties)


def _present(properties: dict[str, str]) -> dict[str, str]:
    return {name: _bounded(value) for name, value in properties.items() if value}


def _bounded(value: str) -> str:
    if len(value) <= MAX_VALUE_CHARACTERS and value.isascii() and value.isprintable():  # as almost always
        return value
    # RFC 8601 §2.2: UTF-8 only where the mail is international; whoever reads this may know ASCII only
    ascii_text = printable(value, limit=MAX_VALUE_CHARACTERS).encode("ascii", "backslashreplace").decode("ascii")
    return ascii_text[:MAX_VALUE_CHARACTERS]
