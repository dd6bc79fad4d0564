"""How a resolution is shown: the records, every step, and the chain of trust as a tree."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from scop.base import RemoteProtocolError, printable
from scop.cli.shared import console, print_table
from scop.dns.answer import Question
from scop.dns.names import is_at_or_below
from scop.dns.rdata import read_rdata
from scop.dns.words import Security
from scop.dns.zone.master_file import rdata_text
from scop.mesh.vocabulary.resolver import ResolvedName, ResolvedRecord, ResolvingStep, TrustLink

if TYPE_CHECKING:
    from rich.tree import Tree

__all__ = ["print_resolved", "resolved_json"]

MAX_TEXT = 300
_COLOURS = {"secure": "green", "bogus": "red", "insecure": "yellow", "indeterminate": "yellow"}
_ANSWERED = ("NOERROR", "NXDOMAIN")
_PROOFS = ("RRSIG", "NSEC", "NSEC3")


def resolved_json(question: Question, resolved: ResolvedName) -> dict[str, object]:
    """Return it for programs."""
    return {
        "name": f"{question.name}.",
        "type": question.type,
        "rcode": resolved.rcode,
        "security": resolved.security,
        "reason": resolved.reason,
        "error_code": resolved.error_code,
        "answers": [_record_json(record) for record in resolved.answers],
        "authority": [_record_json(record) for record in resolved.authority],
        "steps": resolved.steps,
        "chain": resolved.chain,
    }


def print_resolved(question: Question, resolved: ResolvedName, *, steps: bool) -> None:
    """Print it for people; proofs only with the steps."""
    if steps:
        _print_steps(resolved.steps)
    shown = [
        (f"{record.owner}.", str(record.ttl_seconds), record.type, _text(record))
        for record in (*resolved.answers, *resolved.authority)
        if steps or record.type not in _PROOFS
    ]
    if shown:
        print_table(("name", "seconds", "type", "data"), shown)
    _print_verdict(question, resolved)
    if resolved.chain:
        console.print(_tree(question, resolved))


def _print_steps(steps: Iterable[ResolvingStep]) -> None:
    rows = [
        (
            "  " * step.depth + step.kind,
            f"{step.name}. {step.type}",
            step.server,
            step.text,
        )
        for step in steps
    ]
    print_table(("step", "question", "server", "what came of it"), rows)
    console.print()


def _print_verdict(question: Question, resolved: ResolvedName) -> None:
    from rich.text import Text

    colour = _COLOURS.get(resolved.security, "")
    code = "" if resolved.error_code is None else f" (extended error {resolved.error_code})"
    why = f": {printable(resolved.reason, limit=MAX_TEXT)}" if resolved.reason else ""
    # Where there is no answer, it is not insecure either (RFC 4033 §5); bogus is why there is none.
    is_judged = resolved.rcode in _ANSWERED or resolved.security == Security.BOGUS
    sure = (", ", (resolved.security, colour)) if is_judged else ()
    line = Text.assemble(f"{question.name}. {question.type} is {resolved.rcode}", *sure, f"{why}{code}")
    console.print(line, soft_wrap=True)


def _tree(question: Question, resolved: ResolvedName) -> Tree:
    """Draw the zones from the anchor down, each below the one that vouches for it."""
    from rich.text import Text
    from rich.tree import Tree

    root = Tree(Text("chain of trust", style="bold"))
    branches: list[tuple[TrustLink, Tree]] = []
    for link in resolved.chain:
        parent = _closest(link.zone, branches) or root
        branches.append((link, parent.add(Text.assemble(*_link_words(link)))))
    leaf = _closest(question.name, branches) or root
    leaf.add(Text.assemble(f"{question.name}. {question.type}  ", (resolved.security, _COLOURS[resolved.security])))
    return root


def _closest(name: str, branches: Iterable[tuple[TrustLink, Tree]]) -> Tree | None:
    above = [(link, tree) for link, tree in branches if is_at_or_below(name, link.zone)]
    return max(above, key=lambda branch: len(branch[0].zone))[1] if above else None


def _link_words(link: TrustLink) -> list[str | tuple[str, str]]:
    words: list[str | tuple[str, str]] = [(f"{link.zone}.", "bold"), "  ", (link.security, _COLOURS[link.security])]
    if link.entries:
        words.append(f"  vouched for: key {', '.join(map(str, link.entries))}")
    others = [str(tag) for tag in link.keys if tag not in link.entries]
    if others:
        words.append(f"  also signs: {', '.join(others)}")
    if link.reason:
        words.append(f"  {printable(link.reason, limit=MAX_TEXT)}")
    return words


def _record_json(record: ResolvedRecord) -> dict[str, object]:
    return {
        "owner": f"{record.owner}.",
        "ttl_seconds": record.ttl_seconds,
        "type": record.type,
        "text": _text(record),
    }


def _text(record: ResolvedRecord) -> str:
    try:
        return rdata_text(read_rdata(record.type, record.rdata))
    except (RemoteProtocolError, ValueError):
        return f"\\# {len(record.rdata)} {record.rdata.hex()}"  # RFC 3597 §5
