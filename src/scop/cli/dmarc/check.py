"""`scop dmarc check`: what a domain asks to be done with mail in its name, or how a mail fares under that."""

from __future__ import annotations

import sys
from collections.abc import Generator, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from scop.base import a_labels, printable
from scop.cli.check_names import NamesChoice, asked_json, print_asked, run_check
from scop.cli.mail_doubts import doubt_line
from scop.cli.mail_files import MAIL_SUFFIXES, MBOX_SUFFIX, on_the_wire, read_named
from scop.cli.shared import COULD_NOT, IS_NO, console, json_option, print_json
from scop.dmarc import Authorship, read_authorship
from scop.dmarc.author import MAX_AUTHOR_DOMAINS
from scop.dmarc.destinations import Destination, ReportKind, verify_destinations
from scop.dmarc.discovery import Discovery, discover
from scop.dns import Answer, Question
from scop.dns.names import is_askable
from scop.net.noted_names import Asked

if TYPE_CHECKING:
    from scop.cells.verifier.judgement import Judgement

__all__ = ["check"]

FILE_SUFFIXES = {*MAIL_SUFFIXES, MBOX_SUFFIX}


@dataclass(frozen=True, slots=True)
class _Found:
    """What one domain asks for, and where it may have reports sent."""

    discovery: Discovery
    reports: tuple[Destination, ...] = ()
    failures: tuple[Destination, ...] = ()


@click.command()
@click.argument("subject", metavar="DOMAIN|FILE")
@click.option("--ip", default="", metavar="ADDRESS", help="The address of the client that sends the mail.")
@click.option("--helo", default="", metavar="NAME", help="What the client calls itself.")
@click.option("--mail-from", default="", metavar="PATH", help="The reverse-path; left out for a notice (<>).")
@NamesChoice.options
@json_option
def check(
    *, subject: str, ip: str, helo: str, mail_from: str, zone: Path | None, server: str, config: Path, as_json: bool
) -> None:
    """Show the DMARC policy for DOMAIN, or for the author of a mail (FILE, or - for standard input).

    With --ip (and --helo, --mail-from) the mail is judged under that policy; `scop mail verify` shows more of that.

    Status 0: there is a policy, and a mail that was judged passes; 1: there is none, or the mail does not pass, or
    it is not clear who wrote it; 2: the DNS could not say.
    """
    choice = NamesChoice(zone, server, config)
    if subject != "-" and not Path(subject).exists():
        if ip or helo or mail_from:
            raise click.UsageError(
                f"--ip, --helo and --mail-from are about a mail, and {printable(subject)} is no file"
            )
        sys.exit(_check_domains((_domain(subject),), None, choice, as_json=as_json))
    octets = _mail(subject)
    if ip:
        sys.exit(_judge(octets, (ip, helo, mail_from), choice, as_json=as_json))
    if helo or mail_from:
        raise click.UsageError("say with --ip from where the mail comes, else there is nothing to judge")
    from scop.mime import parse

    authorship = read_authorship(parse(octets))
    sys.exit(_check_domains(authorship.domains[:MAX_AUTHOR_DOMAINS], authorship, choice, as_json=as_json))


def _domain(text: str) -> str:
    if Path(text).suffix.lower() in FILE_SUFFIXES:  # no top-level domain is called so
        raise click.ClickException(f"{printable(text)}: there is no such file")
    if any(character in "@/" or character.isspace() for character in text) or not is_askable(
        a_labels(text.removesuffix("."))
    ):
        raise click.UsageError(f"{printable(text)} is no file and no domain; write one such as lagoon.example")
    return text


def _mail(file: str) -> bytes:
    mails = list(read_named(file))
    if len(mails) != 1:
        raise click.ClickException(f"{file}: {len(mails)} mails are in it, and one is wanted")
    return on_the_wire(mails[0].octets)


def _check_domains(
    domains: tuple[str, ...], authorship: Authorship | None, choice: NamesChoice, *, as_json: bool
) -> int:
    found, asked = run_check(_find(domains), choice)
    if as_json:
        print_json(
            {**_authorship_json(authorship), "domains": [_json(one) for one in found], "asked": asked_json(asked)}
        )
    else:
        _print(found, authorship, asked)
    if any(one.discovery.fault for one in found):
        return COULD_NOT
    is_clear = authorship is None or not authorship.misleads
    return 0 if is_clear and found and all(one.discovery.published for one in found) else IS_NO


def _find(domains: tuple[str, ...]) -> Generator[Question, Answer, tuple[_Found, ...]]:
    found: list[_Found] = []
    for domain in domains:
        discovery = yield from discover(domain)
        policy, at = discovery.published, discovery.policy_domain
        if policy is None:
            found.append(_Found(discovery))
            continue
        reports = yield from verify_destinations(at, policy.aggregate_uris)
        failures = yield from verify_destinations(at, policy.failure_uris, ReportKind.FAILURE)
        found.append(_Found(discovery, reports, failures))
    return tuple(found)


def _sentence(found: Discovery) -> str:
    if found.fault:
        return f"{found.author_domain}: nothing can be said, {found.fault}"
    if found.published is None:
        return f"{found.author_domain}: no policy applies, DMARC asks for nothing"
    done = {"none": "is delivered", "quarantine": "is filed apart", "reject": "is refused"}[found.applied]
    tested = "" if found.applied is found.requested else f" ({found.requested} is only tested: t=y)"
    return f"{found.author_domain}: mail that fails {done} under the policy of {found.policy_domain}{tested}"


def _lines(one: _Found) -> Iterator[str]:
    found = one.discovery
    for domain, policy in found.records:
        yield f"record at _dmarc.{domain}: " + "; ".join(f"{name}={value}" for name, value in policy.tags)
        yield from (f"passed over at {domain}: {defect}" for defect in policy.defects)
    if found.organization:
        yield f"organizational domain: {found.organization}"
    if found.published is not None:
        strict = {True: "the same domain", False: "the same organization"}
        yield f"aligned: SPF by {strict[found.published.strict_spf]}, DKIM by {strict[found.published.strict_dkim]}"
    for kind, destinations in (("reports", one.reports), ("failures", one.failures)):
        for to in destinations:
            where = f" to {', '.join(to.addresses)}" if to.addresses else ""
            yield f"{kind} {to.uri}: {to.word}{where} – {to.reason}"


def _print(found: tuple[_Found, ...], authorship: Authorship | None, asked: tuple[Asked, ...]) -> None:
    for doubt in authorship.doubts if authorship else ():
        console.print(doubt_line(doubt), markup=False, soft_wrap=True)
    for one in found:
        for line in _lines(one):
            console.print(printable(line, limit=1000), markup=False, soft_wrap=True)
    if asked:
        print_asked(asked)
    for one in found:
        console.print(_sentence(one.discovery), markup=False, soft_wrap=True)
    if authorship is not None and authorship.misleads:
        console.print("It is not clear who wrote this mail, so nothing makes it pass", markup=False)


def _authorship_json(authorship: Authorship | None) -> dict[str, object]:
    if authorship is None:
        return {}
    return {
        "author_domains": [printable(domain) for domain in authorship.domains],
        "doubts": [{"word": str(one.word), "detail": one.detail} for one in authorship.doubts],
    }


def _json(one: _Found) -> dict[str, object]:
    found = one.discovery
    return {
        "domain": printable(found.author_domain),
        "organization": found.organization,
        "policy_domain": found.policy_domain,
        "records": [
            {"domain": domain, "tags": dict(policy.tags), "defects": policy.defects} for domain, policy in found.records
        ],
        "requested": str(found.requested) if found.published else "",
        "applied": str(found.applied) if found.published else "",
        "reports": [_destination_json(to) for to in one.reports],
        "failures": [_destination_json(to) for to in one.failures],
        "fault": found.fault,
        "sentence": _sentence(found),
    }


def _destination_json(to: Destination) -> dict[str, object]:
    return {"uri": printable(to.uri), "word": str(to.word), "addresses": to.addresses, "reason": printable(to.reason)}


def _judge(octets: bytes, sending: tuple[str, str, str], choice: NamesChoice, *, as_json: bool) -> int:
    from scop.cells.verifier.verdict import decide
    from scop.cli.mail_verify import judged, sending_of
    from scop.cli.mail_verify_shown import dmarc_json, dmarc_lines

    judgement = judged(octets, sending_of(*sending), choice)
    verdict = decide(judgement)
    dmarc = judgement.dmarc
    proofs = tuple(_proofs(judgement))
    asked = tuple(one for method in ("spf", "dkim", "dmarc") for one in judgement.asked.get(method, ()))
    if as_json:
        words = {"decision": str(verdict.decision), "sentence": verdict.sentence, "asked": asked_json(asked)}
        methods = {"checks": [asdict(one) for one in proofs]}
        print_json({**_authorship_json(judgement.authorship), **methods, **dmarc_json(dmarc), **words})
    else:
        lines = (*map(doubt_line, judgement.authorship.doubts), *map(str, proofs), *dmarc_lines(dmarc))
        for line in lines:
            console.print(printable(line, limit=1000), markup=False, soft_wrap=True)
        if asked:
            print_asked(asked)
        console.print(f"{dmarc.result}: {verdict.sentence}", markup=False, soft_wrap=True)
    if dmarc.result == "temperror":
        return COULD_NOT
    return 0 if dmarc.result == "pass" else IS_NO


@dataclass(frozen=True, slots=True)
class _Proof:
    """What one method says, on which DMARC stands."""

    method: str
    result: str
    domain: str
    reason: str

    def __str__(self) -> str:
        because = f" – {self.reason}" if self.reason else ""
        return f"{self.method}: {self.result} for {self.domain or 'no domain'}{because}"


def _proofs(judgement: Judgement) -> Iterator[_Proof]:
    spf = judgement.spf
    yield _Proof("spf", str(spf.result), printable(spf.domain), printable(spf.reason))
    for one in judgement.dkim:
        yield _Proof("dkim", str(one.result), printable(one.domain), printable(one.reason))
