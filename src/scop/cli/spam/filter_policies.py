"""What is done with a mail for what was found in its attachments: by severity, alike for all stand-alone filters."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import click

from scop.cells.filter.examination import policy_on, refusal
from scop.cli.gathering import gathered
from scop.mesh.config.attachments import Attachments, Policy
from scop.mesh.vocabulary.examiner import FoundThing
from scop.smtp import Reply

__all__ = ["Examining", "Judged", "examine_options", "judged"]


@dataclass(frozen=True, slots=True)
class Judged:
    """What was found in a mail, what is done with it, and what its sender hears where it is refused."""

    found: tuple[FoundThing, ...] = ()
    policy: Policy = Policy.TAG
    refusal: Reply | None = None


def judged(found: tuple[FoundThing, ...], policies: Attachments) -> Judged:
    """Return what findings lead to; a sender is told the kind and none of the reasons."""
    policy, worst = policy_on(found, policies)
    is_refused = policy is Policy.REFUSE and worst is not None
    return Judged(found, policy, refusal(worst) if is_refused and worst is not None else None)


@dataclass(frozen=True, slots=True)
class Examining:
    """Whether attachments are looked into, and what each severity leads to, as the command line says it."""

    examine: bool = False
    on_suspicious: str = Attachments().suspicious.value
    on_dangerous: str = Attachments().dangerous.value
    on_unscannable: str = Attachments().unscannable.value

    @property
    def policies(self) -> Attachments:
        """What each severity leads to."""
        return Attachments(Policy(self.on_suspicious), Policy(self.on_dangerous), Policy(self.on_unscannable))


def _on(severity: str, default: str, what: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    return click.option(
        f"--on-{severity}",
        type=click.Choice([policy.value for policy in Policy]),
        default=default,
        show_default=True,
        help=f"With --examine: what is done with {what}.",
    )


_USUAL = Examining()
examine_options = gathered(
    "examining",
    Examining,
    click.option("--examine", is_flag=True, help="Look into attachments, too, and say what is found."),
    _on("suspicious", _USUAL.on_suspicious, "what honest mail has rarely"),
    _on("dangerous", _USUAL.on_dangerous, "what runs where somebody opens it"),
    _on("unscannable", _USUAL.on_unscannable, "what could not be looked into"),
)
