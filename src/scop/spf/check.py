"""check_host: the evaluation of a policy, as a generator of DNS questions.

Theory of operation. `_Evaluation` carries the facts of one connection and the two budgets of the
standard. Its methods are generators that ask through `_Evaluation._ask`; whatever ends the whole
check early (a broken policy, a silent DNS, a budget spent) is thrown as `_Ended` from any depth and
caught once, in `check_host`. Included and redirected policies are evaluated by the same method.

Standards: RFC 7208 §2.3 and §2.4 (which domain), §4 (check_host), §5 (mechanisms), §6.2 (explanation); RFC 8616 §4
(names that are not ASCII).
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterable
from typing import NamedTuple, TypeAlias, TypeVar

from scop.base import Check, RemoteProtocolError, a_labels, printable
from scop.dns import AAAA, MX, PTR, TXT, Answer, Question, Rcode
from scop.dns import A as IPv4Record
from scop.dns.names import is_askable
from scop.spf.address import Address, Network
from scop.spf.macros import MacroString, NotExpandable, parse_explanation
from scop.spf.record import A, All, Directive, Exists, Include, Mechanism, Mx, Ptr, Record, is_spf, parse_record
from scop.spf.result import SpfOptions, SpfResult, SpfStep, SpfWord

__all__ = ["check_helo", "check_host", "check_mail_from"]

MAX_EXCHANGERS = 10  # RFC 7208 §4.6.4: more is a permerror
MAX_POINTERS = 10  # RFC 7208 §4.6.4: further ones are ignored
MAX_EXPLANATION = 500  # characters; fits a reply line

# No domain of a mail is written with these (RFC 5322 §3.2.3 "specials", spaces, controls), though the DNS knows such
# names: what another program takes for the end of a name would be judged here as a part of it.
_NOT_IN_DOMAINS = re.compile(r'[\x00-\x20\x7f()<>\[\]:;@\\,"]')

_DEFAULTS = SpfOptions()

_T = TypeVar("_T")
_Asking: TypeAlias = Generator[Question, Answer, _T]


class _Ended(Exception):
    """The check ends here, with this result."""

    def __init__(self, result: SpfWord, reason: str) -> None:
        super().__init__(reason)
        self.result = result
        self.reason = reason


class _Finding(NamedTuple):
    """What one policy says, and whose explanation goes with it."""

    result: SpfWord
    reason: str
    domain: str = ""
    explanation: MacroString | None = None
    mechanism: str = ""


def check_helo(ip: str, helo: str, options: SpfOptions = _DEFAULTS) -> Check[Question, Answer, SpfResult]:
    """Check the HELO identity, the name by which the client called itself."""
    # RFC 7208 §2.3; §4.3: the local part is "postmaster"
    return check_host(ip, helo, f"postmaster@{helo}", helo, options)


def check_mail_from(
    ip: str, sender: str, helo: str, options: SpfOptions = _DEFAULTS
) -> Check[Question, Answer, SpfResult]:
    """Check the MAIL FROM identity, which for an empty reverse-path is `postmaster` at the HELO name."""
    # RFC 7208 §2.4
    identity = sender or f"postmaster@{helo}"
    return check_host(ip, identity.rpartition("@")[2], identity, helo, options)


def check_host(
    ip: str, domain: str, sender: str, helo: str = "", options: SpfOptions = _DEFAULTS
) -> Check[Question, Answer, SpfResult]:
    """Return whether the client at `ip` may send as `domain`, the domain of `sender` or of `helo`.

    Names may come with U-labels; they are asked for and told with A-labels. Raises a `ValueError` when `ip` is not an
    address.
    """
    address = Address.parse(ip).unmapped()
    # RFC 8616 §4: U-labels become A-labels before anything is done with a name
    name = a_labels(domain).removesuffix(".")
    # RFC 7208 §4.3: no policy without a well-formed name. Stricter than it: of a mail, not only of the DNS
    if _NOT_IN_DOMAINS.search(name):
        return SpfResult(SpfWord.NONE, name, reason=f"{printable(name)} can have no policy")
    evaluation = _Evaluation(address, sender, helo, options)
    try:
        finding = yield from evaluation.policy_of(name)
    except _Ended as end:
        return SpfResult(end.result, name, reason=end.reason, steps=evaluation.steps)
    explanation = ""
    if finding.result is SpfWord.FAIL:
        explanation = yield from evaluation.explain(finding, name)
    return SpfResult(finding.result, name, explanation, finding.reason, finding.mechanism, evaluation.steps)


class _Evaluation:
    """One check under way."""

    __slots__ = (
        "_address", "_client", "_depth", "_helo", "_lookups", "_options", "_sender", "_steps", "_void_lookups",
    )  # fmt: skip

    def __init__(self, address: Address, sender: str, helo: str, options: SpfOptions) -> None:
        self._address = address
        self._sender = sender
        self._helo = helo
        self._options = options
        self._lookups = options.max_lookups
        self._void_lookups = options.max_void_lookups
        self._steps: list[SpfStep] | None = [] if options.notes_steps else None
        self._depth = 0
        self._client: tuple[Answer, list[str]] | None = None  # the pointers of the address, and names that hold

    @property
    def steps(self) -> tuple[SpfStep, ...]:
        """What was noted on the way, in order."""
        return tuple(self._steps or ())

    def policy_of(self, domain: str) -> _Asking[_Finding]:
        """Evaluate the policy of `domain`."""
        # RFC 7208 §4.3: a malformed domain or a single label has no policy
        if "." not in domain or not is_askable(domain):
            what = printable(domain) or "a client without a name"
            return _Finding(SpfWord.NONE, f"{what} can have no policy")
        record = self._record_in((yield Question(domain, "TXT")), domain)
        if record is None:
            return _Finding(SpfWord.NONE, f"{domain} has no policy")
        # RFC 7208 §4.6.2: the first mechanism that matches decides
        for directive in record.directives:
            mechanism = directive.mechanism
            if self._steps is not None:
                matches = yield from self._noted(directive, domain)
            elif isinstance(mechanism, Network):  # as most terms are: nothing to ask
                matches = mechanism.contains(self._address)
            else:
                matches = yield from self._matches(mechanism, domain)
            if matches:
                reason = f"{directive.text} of {domain} matches"
                return _Finding(directive.qualifier, reason, domain, record.explanation, directive.text)
        if record.redirect is not None:
            return (yield from self._redirected(record.redirect, domain))
        # RFC 7208 §4.7
        return _Finding(SpfWord.NEUTRAL, f"nothing in the policy of {domain} matches", domain)

    def _noted(self, directive: Directive, domain: str) -> _Asking[bool]:
        """Say whether a term matches, and note it with what came of it, before what was looked at within it."""
        assert self._steps is not None
        place = len(self._steps)
        self._steps.append(SpfStep(self._depth, domain, directive.text))
        self._depth += 1
        matches = yield from self._matches(directive.mechanism, domain)
        self._depth -= 1
        outcome = f"matches: {directive.qualifier}" if matches else "does not match"
        self._steps[place] = SpfStep(self._depth, domain, directive.text, outcome)
        return matches

    def _note(self, domain: str, term: str, outcome: str) -> None:
        if self._steps is not None:
            self._steps.append(SpfStep(self._depth, domain, printable(term, limit=MAX_EXPLANATION), outcome))

    def _redirected(self, redirect: MacroString, domain: str) -> _Asking[_Finding]:
        self._note(domain, "redirect", "nothing before it matches, so it decides")
        self._count_lookup()
        try:
            target = yield from self._name(redirect, domain)
        except NotExpandable as fault:
            raise _Ended(SpfWord.PERMERROR, f"redirect of {domain} cannot be expanded") from fault
        finding = yield from self.policy_of(target)
        # RFC 7208 §6.1: no policy there is a fault of this one; the explanation is the target's
        if finding.result is SpfWord.NONE:
            raise _Ended(SpfWord.PERMERROR, f"redirect of {domain}: {finding.reason}")
        return finding

    def _record_in(self, answer: Answer, domain: str) -> Record | None:
        _check_answered(answer)
        # RFC 7208 §4.5: exactly one record
        records = [text for text in _texts(answer) if is_spf(text)]
        if not records:
            return None
        if len(records) > 1:
            raise _Ended(SpfWord.PERMERROR, f"{domain} has {len(records)} policies")
        if self._steps is not None:
            self._note(domain, records[0].decode("utf-8", "backslashreplace"), "policy")
        try:
            return parse_record(records[0])
        except RemoteProtocolError as fault:
            raise _Ended(SpfWord.PERMERROR, f"policy of {domain}: {printable(str(fault))}") from fault

    def _matches(self, mechanism: Mechanism, domain: str) -> _Asking[bool]:
        match mechanism:
            case Network():
                return mechanism.contains(self._address)
            case All():
                return True
        # RFC 7208 §4.6.4: every other mechanism asks
        self._count_lookup()
        try:
            target = domain if mechanism.target is None else (yield from self._name(mechanism.target, domain))
        except NotExpandable:
            return False
        match mechanism:
            case Include():
                return (yield from self._include(target))
            case Mx():
                return (yield from self._mx(mechanism, target))
            case A():
                return (yield from self._a(mechanism, target))
            case Ptr():
                return (yield from self._ptr(target))
            case Exists():
                # RFC 7208 §5.7: type A whatever the client's address is
                return bool((yield from self._ask(target, "A")).records)

    def _include(self, target: str) -> _Asking[bool]:
        finding = yield from self.policy_of(target)
        # RFC 7208 §5.2: only a pass matches; no policy is a fault of the including one
        if finding.result is SpfWord.NONE:
            raise _Ended(SpfWord.PERMERROR, f"include: {finding.reason}")
        return finding.result is SpfWord.PASS

    def _a(self, mechanism: A, target: str) -> _Asking[bool]:
        answer = yield from self._ask(target, self._address_type)
        network = self._address.network(mechanism.prefix_bits(self._address.version))
        return any(network.contains(address) for address in _addresses(answer))

    def _mx(self, mechanism: Mx, target: str) -> _Asking[bool]:
        # RFC 7208 §5.4: an absent MX is never replaced by the name itself
        answer = yield from self._ask(target, "MX")
        exchangers = [record.exchange for record in answer.records if isinstance(record, MX)]
        if len(exchangers) > MAX_EXCHANGERS:
            raise _Ended(SpfWord.PERMERROR, f"{target} has more than {MAX_EXCHANGERS} mail exchangers")
        for exchanger in exchangers:
            if (yield from self._a(mechanism, exchanger.lower().removesuffix("."))):
                return True
        return False

    def _ptr(self, target: str) -> _Asking[bool]:
        # RFC 7208 §5.5
        names = yield from self._validated_names(charged=True)
        return any(_is_under(name, target) for name in names)

    def _validated_names(self, *, charged: bool) -> _Asking[list[str]]:
        """Return the names of the client that lead back to its address; a `charged` lookup may be void."""
        if self._client is None:  # asked for once, however many terms want to know
            self._client = yield from self._client_names()
        pointers, names = self._client
        if charged:
            self._count_void(pointers)
        return names

    def _client_names(self) -> _Asking[tuple[Answer, list[str]]]:
        answer = yield Question(self._address.reverse_name, "PTR")
        # RFC 7208 §5.5: DNS faults (and forged answers) make names unknown, they do not end the check
        if answer.is_temporary:
            return answer, []
        names = [record.target.lower().removesuffix(".") for record in answer.records if isinstance(record, PTR)]
        validated = []
        for name in filter(is_askable, names[:MAX_POINTERS]):
            addresses = yield Question(name, self._address_type)
            if not addresses.is_temporary and self._address in _addresses(addresses):
                validated.append(name)
        return answer, validated

    def _name(self, target: MacroString, domain: str) -> _Asking[str]:
        """Expand a domain-spec; raises `NotExpandable`."""
        if target.literal_name is not None:
            return target.literal_name
        return target.expand_name((yield from self._all_facts(target, domain)))

    def _all_facts(self, text: MacroString, domain: str) -> _Asking[dict[str, str]]:
        # RFC 7208 §7.2
        facts = {**self._sender_facts(), "d": domain, "i": self._address.dotted, "v": self._address.arpa_label}
        if text.needs_validated_name:
            names = yield from self._validated_names(charged=False)
            facts["p"] = _preferred_name(names, domain)
        return facts

    def _sender_facts(self) -> dict[str, str]:
        """Return what macros may ask of the sender; few records have any."""
        local_part, _, domain = self._sender.rpartition("@")
        # RFC 7208 §4.3: without a local part it is "postmaster"
        local_part = local_part or "postmaster"
        domain = a_labels(domain)
        return {"s": f"{local_part}@{domain}", "l": local_part, "o": domain, "h": a_labels(self._helo)}

    def explain(self, finding: _Finding, default_domain: str) -> _Asking[str]:
        """Return the domain owner's explanation of a fail; any trouble with it means our default."""
        default = self._options.default_explanation
        if finding.explanation is None:
            return default
        domain = finding.domain or default_domain
        try:
            # RFC 7208 §6.2: exactly one TXT record, in US-ASCII; §4.6.4: not counted
            target = yield from self._name(finding.explanation, domain)
            texts = _texts((yield Question(target, "TXT"))) if is_askable(target) else []
            if len(texts) != 1:
                return default
            text = parse_explanation(texts[0].decode("ascii"))
            facts = yield from self._all_facts(text, domain)
            facts |= {"c": str(self._address), "r": self._options.receiver, "t": str(self._options.now_unix)}
            return printable(text.expand(facts), limit=MAX_EXPLANATION)
        except (NotExpandable, ValueError):
            return default

    def _ask(self, name: str, record_type: str) -> _Asking[Answer]:
        # RFC 7208 §4.3 by analogy: a name that no query can carry does not exist
        if not is_askable(name):
            return Answer(Question("invalid", record_type), Rcode.NXDOMAIN)
        answer = yield Question(name, record_type)
        _check_answered(answer)
        self._count_void(answer)
        return answer

    def _count_lookup(self) -> None:
        # RFC 7208 §4.6.4
        self._lookups -= 1
        if self._lookups < 0:
            raise _Ended(SpfWord.PERMERROR, f"more than {self._options.max_lookups} terms ask the DNS")

    def _count_void(self, answer: Answer) -> None:
        # RFC 7208 §4.6.4: "void lookups" find no name or no record
        if answer.records or answer.is_temporary:
            return
        self._void_lookups -= 1
        if self._void_lookups < 0:
            raise _Ended(SpfWord.PERMERROR, f"more than {self._options.max_void_lookups} lookups found nothing")

    @property
    def _address_type(self) -> str:
        return "A" if self._address.version == 4 else "AAAA"


def _check_answered(answer: Answer) -> None:
    # RFC 7208 §4.4: any other rcode than 0 and 3, or no answer in time; a bogus one is none either
    if answer.is_temporary:
        name = f"{printable(answer.question.name)} {answer.question.type}"
        raise _Ended(SpfWord.TEMPERROR, f"no answer for {name}")


def _texts(answer: Answer) -> list[bytes]:
    # RFC 7208 §3.3: the strings of a record are joined without spaces
    return [record.joined for record in answer.records if isinstance(record, TXT)]


def _addresses(answer: Answer) -> Iterable[Address]:
    return (Address.parse(record.address) for record in answer.records if isinstance(record, IPv4Record | AAAA))


def _is_under(name: str, domain: str) -> bool:
    return name == domain or name.endswith(f".{domain}")


def _preferred_name(names: list[str], domain: str) -> str:
    # RFC 7208 §7.3: the domain itself, else a name under it, else any, else "unknown"
    if domain in names:
        return domain
    return next((name for name in names if _is_under(name, domain)), names[0] if names else "unknown")
