"""How a judgement is shown: a picture of every check with its questions for people, all of it for programs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from scop.base import printable
from scop.cells.verifier.judgement import Judgement
from scop.cells.verifier.verdict import Decision, Verdict
from scop.cli import shared
from scop.cli.check_names import asked_json, asked_lines
from scop.cli.mail_doubts import doubt_line
from scop.dkim import DkimResult
from scop.dmarc import DmarcResult
from scop.iprev import IprevWord
from scop.spf import SpfResult

if TYPE_CHECKING:
    from rich.tree import Tree

__all__ = ["dmarc_json", "dmarc_lines", "judgement_json", "print_judgement"]

MAX_SHOWN = 500  # characters of one line
_COLOURS = {
    "pass": "green",
    "deliver": "green",
    "fail": "red",
    "refuse": "red",
    "softfail": "yellow",
    "policy": "yellow",
    "temperror": "yellow",
    "permerror": "yellow",
    "quarantine": "yellow",
    "defer": "yellow",
}
_NO_NAME = {
    IprevWord.FAIL: "no name of the address leads back to it",
    IprevWord.TEMPERROR: "the DNS is silent",
    IprevWord.PERMERROR: "the address has no name",
}
_DONE = {
    Decision.DELIVER: "delivered",
    Decision.QUARANTINE: "filed apart",
    Decision.REFUSE: "refused",
    Decision.DEFER: "put off",
}


def print_judgement(name: str, judgement: Judgement, verdict: Verdict) -> None:
    """Print a tree of what was checked, and the sentence that decides."""
    from rich.markup import escape
    from rich.tree import Tree

    sending = judgement.sending
    path = f"<{sending.mail_from}>" if sending.mail_from else "<>"
    root = Tree(
        f"[bold]{escape(printable(name))}[/bold] from {_escaped(sending.address)}, "
        f"HELO {_escaped(sending.helo or '(none)')}, MAIL FROM {_escaped(path)}",
        guide_style="dim",
    )
    author = root.add(f"author: {_escaped(', '.join(judgement.authorship.domains) or 'none')}")
    _add(author, map(doubt_line, judgement.authorship.doubts))
    _add_spf(root, "SPF of MAIL FROM", judgement.spf, asked_lines(judgement.asked.get("spf", ())))
    if sending.mail_from is not None:
        _add_spf(root, "SPF of HELO", judgement.helo, asked_lines(judgement.asked.get("helo", ())))
    _add_dkim(root, judgement)
    _add_rest(root, judgement)
    shared.console.print(root)
    reply = f" ({verdict.reply.code} {verdict.reply.enhanced})" if verdict.reply else ""
    shared.console.print(
        f"{_coloured(verdict.decision, _DONE[verdict.decision])}{reply}: {_escaped(verdict.sentence)}."
    )


def _add_spf(root: Tree, title: str, spf: SpfResult, asked: Iterable[str]) -> None:
    of = f" for {_escaped(spf.domain)}" if spf.domain else ""
    branch = root.add(f"{title}: {_coloured(spf.result)}{of}{_because(spf.reason)}")
    _add(branch, asked)
    _add(branch, (f"{'  ' * step.depth}{step.domain}: {step.term} – {step.outcome or 'ends it'}" for step in spf.steps))


def _add_dkim(root: Tree, judgement: Judgement) -> None:
    found = judgement.dkim
    branch = root.add("DKIM: " + (f"{len(found)} signature{'s' if len(found) > 1 else ''}" if found else "none"))
    for one in found:
        words = " ".join(filter(None, (f"d={one.domain}", f"s={one.selector}", one.algorithm)))
        branch.add(f"{_coloured(one.result)} {_escaped(words)}{_because(one.reason)}{_testing(one)}")
    _add(branch, asked_lines(judgement.asked.get("dkim", ())))


def _testing(one: DkimResult) -> str:
    return "; its owner is only testing (t=y)" if one.is_testing else ""


def _add_rest(root: Tree, judgement: Judgement) -> None:
    arc, reverse, dmarc = judgement.arc, judgement.reverse, judgement.dmarc
    sealers = f" by {_escaped(', '.join(arc.sealers))}" if arc.sealers else ""
    branch = root.add(f"ARC: {_coloured(arc.result)}{sealers}{_because(arc.reason)}")
    _add(branch, asked_lines(judgement.asked.get("arc", ())))
    branch = root.add(f"iprev: {_coloured(reverse.result)}{_because(reverse.name or _NO_NAME[reverse.result])}")
    _add(branch, asked_lines(judgement.asked.get("iprev", ())))
    branch = root.add(f"DMARC: {_coloured(dmarc.result)}{_because(dmarc.reason)}; names are {judgement.names}")
    _add(branch, asked_lines(judgement.asked.get("dmarc", ())))
    _add(branch, dmarc_lines(dmarc))


def dmarc_lines(dmarc: DmarcResult) -> Iterator[str]:
    """Say which policy there is, what of it was passed over, what is aligned and why it was put aside."""
    if dmarc.published is None:
        return
    yield f"policy of {dmarc.policy_domain} for {dmarc.author_domain}: {dmarc.policy}; asked of us: {dmarc.disposition}"
    yield from (f"passed over: {defect}" for defect in dmarc.published.defects)
    yield from (f"aligned: {one.method} {one.domain}" for one in dmarc.aligned)
    yield from (f"put aside: {one.word} {one.comment}" for one in dmarc.overrides)


def _add(branch: Tree, lines: Iterable[str]) -> None:
    for line in lines:
        branch.add(_escaped(line))


def _because(reason: str) -> str:
    return f" – {_escaped(reason)}" if reason else ""


def _coloured(word: str, text: str = "") -> str:
    colour = _COLOURS.get(word, "")
    return f"[bold {colour}]{text or word}[/]" if colour else text or str(word)


def _escaped(text: str) -> str:
    from rich.markup import escape

    return escape(printable(text, limit=MAX_SHOWN))


def judgement_json(judgement: Judgement, verdict: Verdict) -> dict[str, object]:
    """Return all of it for programs."""
    sending, asked = judgement.sending, judgement.asked
    return {
        "address": sending.address,
        "helo": printable(sending.helo),
        "mail_from": printable(str(sending.mail_from)) if sending.mail_from else "",
        "author_domains": [printable(domain) for domain in judgement.authorship.domains],
        "doubts": [{"word": str(one.word), "detail": one.detail} for one in judgement.authorship.doubts],
        "spf": _spf_json(judgement.spf) | {"asked": asked_json(asked.get("spf", ()))},
        "helo_spf": _spf_json(judgement.helo) | {"asked": asked_json(asked.get("helo", ()))},
        "dkim": {
            "signatures": [_signature_json(one) for one in judgement.dkim],
            "asked": asked_json(asked.get("dkim", ())),
        },
        "arc": {
            "result": str(judgement.arc.result),
            "sealers": judgement.arc.sealers,
            "reason": printable(judgement.arc.reason, limit=MAX_SHOWN),
            "asked": asked_json(asked.get("arc", ())),
        },
        "iprev": {
            "result": str(judgement.reverse.result),
            "name": judgement.reverse.name,
            "asked": asked_json(asked.get("iprev", ())),
        },
        "dmarc": dmarc_json(judgement.dmarc) | {"asked": asked_json(asked.get("dmarc", ()))},
        "names": str(judgement.names),
        "decision": str(verdict.decision),
        "sentence": verdict.sentence,
        "reply": str(verdict.reply) if verdict.reply else "",
    }


def _spf_json(spf: SpfResult) -> dict[str, object]:
    return {
        "result": str(spf.result),
        "domain": printable(spf.domain),
        "reason": printable(spf.reason, limit=MAX_SHOWN),
        "mechanism": printable(spf.mechanism),
        "steps": [
            {"depth": one.depth, "domain": printable(one.domain), "term": printable(one.term), "outcome": one.outcome}
            for one in spf.steps
        ],
    }


def _signature_json(one: DkimResult) -> dict[str, object]:
    return {
        "result": str(one.result),
        "domain": printable(one.domain),
        "selector": printable(one.selector),
        "algorithm": one.algorithm,
        "reason": printable(one.reason, limit=MAX_SHOWN),
        "is_testing": one.is_testing,
    }


def dmarc_json(dmarc: DmarcResult) -> dict[str, object]:
    """Return the outcome of DMARC for programs."""
    return {
        "result": str(dmarc.result),
        "author_domain": printable(dmarc.author_domain),
        "policy_domain": printable(dmarc.policy_domain),
        "policy": str(dmarc.policy),
        "disposition": str(dmarc.disposition),
        "tags": dict(dmarc.published.tags) if dmarc.published else {},
        "spf_aligned": dmarc.spf_aligned,
        "dkim_aligned": dmarc.dkim_aligned,
        "reason": printable(dmarc.reason),
        "overrides": [{"type": str(one.word), "comment": one.comment} for one in dmarc.overrides],
    }
