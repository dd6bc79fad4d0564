"""What a judgement means for the mail: a refusal, or the fields above it.

Standards: RFC 9989 §5.3.6, §7.2, §B.3.1 (what is done), RFC 8601 §2.2, §2.7 (Authentication-Results), §5 (removal).
"""

from __future__ import annotations

from scop.authres import AuthenticationResults, MethodResult, remove_forged
from scop.base import printable
from scop.cells.verifier.judgement import Judgement
from scop.dmarc import Disposition, DmarcResult, DmarcWord
from scop.smtp import Reply, reply

__all__ = ["cleaned", "refusal", "stamps"]

_OWN_PREFIX = b"x-scop-"


def refusal(judgement: Judgement) -> Reply | None:
    """Return the reply to a mail that does not go on, None for one that does."""
    dmarc = judgement.dmarc
    if dmarc.disposition is Disposition.REJECT:
        # RFC 9989 §7.2: name DMARC, so that a legitimate sender finds the cause
        return reply(
            550,
            "5.7.1",
            f"Refused under the DMARC policy of {printable(dmarc.policy_domain)}:",
            "neither SPF nor DKIM shows that this mail comes from the domain in From",
        )
    if _is_open(dmarc):
        # RFC 9989 §B.3.1: transient errors are answered 4yz
        return reply(451, "4.7.1", "The DMARC policy of the domain in From cannot be checked now, try again later")
    return None


def _is_open(dmarc: DmarcResult) -> bool:
    """Say whether a mail might have to be rejected if only the DNS had answered."""
    unknown = not dmarc.policy_domain
    return dmarc.result is DmarcWord.TEMPERROR and (unknown or dmarc.policy is Disposition.REJECT)


def stamps(judgement: Judgement, hostname: str) -> tuple[bytes, bytes]:
    """Return the two fields that go above a mail: X-SCoP-Disposition and Authentication-Results."""
    disposition = f"X-SCoP-Disposition: {judgement.dmarc.disposition}\r\n".encode()
    results = (_spf(judgement), *_dkim(judgement), _dmarc(judgement))
    return disposition, AuthenticationResults(hostname, results=results).to_field()


def cleaned(own_stamps: bytes, below: bytes, hostname: str) -> tuple[bytes, bytes]:
    """Return our stamps and what is below them without fields that others wrote in our name."""
    # No cell above us writes Authentication-Results: one among the stamps is forged too
    return remove_forged(own_stamps, hostname), remove_forged(below, hostname, also=(_OWN_PREFIX,))


def _spf(judgement: Judgement) -> MethodResult:
    # RFC 8601 §2.7.2: smtp.mailfrom, or smtp.helo where the reverse-path is empty
    name = "smtp.mailfrom" if judgement.sending.mail_from else "smtp.helo"
    return MethodResult("spf", judgement.spf.result, properties=_present({name: judgement.spf.domain}))


def _dkim(judgement: Judgement) -> tuple[MethodResult, ...]:
    # RFC 8601 §2.7.1: one result a signature, or none
    return tuple(
        MethodResult("dkim", one.result, properties=_present({"header.d": one.domain, "header.s": one.selector}))
        for one in judgement.dkim
    ) or (MethodResult("dkim", "none"),)


def _dmarc(judgement: Judgement) -> MethodResult:
    domains = judgement.author_domains
    author = domains[0] if len(domains) == 1 else ""
    return MethodResult("dmarc", judgement.dmarc.result, properties=_present({"header.from": author}))


def _present(properties: dict[str, str]) -> dict[str, str]:
    return {name: printable(value) for name, value in properties.items() if value}
