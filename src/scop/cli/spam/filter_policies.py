"""What is done with a mail for what was found in its attachments: by severity, alike for all stand-alone filters."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import click

from scop.cells.filter.examination import policy_on, refusal
from scop.mesh.config.attachments import Attachments, Policy
from scop.mesh.vocabulary.examiner import FoundThing
from scop.smtp import Reply

__all__ = ["Judged", "examine_options", "judged", "policies_of"]


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


def examine_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add --examine, and what each severity leads to."""
    usual = Attachments()
    for name, default, what in (
        ("unscannable", usual.unscannable, "what could not be looked into"),
        ("dangerous", usual.dangerous, "what runs where somebody opens it"),
        ("suspicious", usual.suspicious, "what honest mail has rarely"),
    ):
        option = click.option(
            f"--on-{name}",
            type=click.Choice([policy.value for policy in Policy]),
            default=default.value,
            show_default=True,
            help=f"With --examine: what is done with {what}.",
        )
        command = option(command)
    examine = click.option("--examine", is_flag=True, help="Look into attachments, too, and say what is found.")
    return examine(command)


def policies_of(on_suspicious: str, on_dangerous: str, on_unscannable: str) -> Attachments:
    """Return what each severity leads to."""
    return Attachments(Policy(on_suspicious), Policy(on_dangerous), Policy(on_unscannable))
